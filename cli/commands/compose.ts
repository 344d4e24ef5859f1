// `meshgate compose`: several subgraphs into one supergraph file, as `meshgate gateway` reads it. Their SDL is asked of the running subgraphs,
// or read from files.
import { readFile, stat } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { composeSupergraph, formatProblems, type SubgraphDefinition } from '../../gateway/compose/compose-supergraph.ts'
import type { CompositionProblem } from '../../gateway/compose/composition-problem.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { awaitSdl } from '../await-sdl.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'
import { writeWhole } from '../write-whole.ts'

/** That the composition library knows. */
const NEWEST_FEDERATION = 'v2.9'

interface Options {
  readonly out: string
  readonly wait: number
}

export function composeCommand(run: RunCommand): Command {
  return new Command('compose')
    .description('compose subgraphs into one supergraph file')
    .argument(
      '<NAME=URL[=SDLFILE]...>',
      'a subgraph: its name, where it answers, and the file of its SDL where it does not run',
    )
    .requiredOption('-o, --out <FILE>', 'file to write the supergraph to; - for standard output')
    .addOption(
      new Option('-w, --wait <SECONDS>', 'how long a subgraph that does not answer yet is waited for')
        .argParser(parseSeconds)
        .default(limits.composeWaitMs / 1_000),
    )
    .addHelpText(
      'after',
      examples([
        ['meshgate compose --out supergraph.graphql \\', 'of subgraphs that run'],
        ['  sales-orders=http://localhost:4002/graphql \\', ''],
        ['  reviews=http://reviews:4010/graphql', 'any Federation 2 subgraph will do'],
        ['meshgate subgraph --sdl sdl', "the SDL of the project's subgraphs, as files"],
        ['meshgate compose --out supergraph.graphql \\', ''],
        ['  sales-orders=http://localhost:4002/graphql=sdl/sales-orders.graphql', ''],
      ]),
    )
    .action((services: string[], options: Options) => run((context) => compose(services, options, context)))
}

function parseSeconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('Write a whole number, 0 to wait for nobody.')
  return Number(text)
}

async function compose(texts: readonly string[], options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal, stop } = context
  const { out, wait } = options
  const patience = { waitMs: wait * 1_000, clock: systemClock, terminal, stop }
  const places = await Promise.all(texts.map(readPlace))
  refuseEqualNames(places)
  const services = await Promise.all(
    places.map(async ({ name, url, file }): Promise<SubgraphDefinition> => {
      return { name, url, sdl: file === null ? await awaitSdl(name, url, patience) : await readFile(file, 'utf8') }
    }),
  ).catch((error: unknown) => {
    if (stop.aborted && error === stop.reason) return null
    throw error
  })
  if (services === null) {
    terminal.report('Stopped before the supergraph was written.\n')
    return EXIT.failure
  }
  const composed = composeSupergraph(services)
  if (composed.kind === 'failed') {
    terminal.report(`${formatProblems(composed.problems.map(withAdvice))}\n`)
    return EXIT.failure
  }
  if (out === '-') terminal.print(composed.supergraphSdl)
  else await writeWhole(out, composed.supergraphSdl)
  return EXIT.ok
}

/** The library names no version that it knows, and some servers link a newer one unless told otherwise. */
function withAdvice(problem: CompositionProblem): CompositionProblem {
  if (problem.code !== 'UNKNOWN_FEDERATION_LINK_VERSION') return problem
  const advice = `Versions up to ${NEWEST_FEDERATION} are composed: link that one, or tell the subgraph's server to.`
  return { ...problem, message: `${problem.message}. ${advice}` }
}

interface Place {
  readonly name: string
  readonly url: string
  readonly file: string | null
}

function refuseEqualNames(places: readonly Place[]): void {
  const names = places.map(({ name }) => name)
  const repeated = names.filter((name, index) => names.indexOf(name) < index)
  if (repeated.length === 0) return
  const message = `Several subgraphs are named ${[...new Set(repeated)].join(', ')}. Give each a name of its own.`
  throw new MeshgateError('CONFIG_INVALID', message)
}

async function readPlace(text: string): Promise<Place> {
  const at = text.indexOf('=')
  const name = text.slice(0, at)
  const { url, file } = await splitPlace(text.slice(at + 1))
  const protocol = URL.parse(url)?.protocol
  if (at < 1 || (protocol !== 'http:' && protocol !== 'https:')) {
    throw new MeshgateError(
      'CONFIG_INVALID',
      `${text} is no subgraph: write NAME=URL, for example sales=http://localhost:4002/graphql, and =SDLFILE behind it where the subgraph does not run.`,
    )
  }
  return { name, url, file }
}

/** The parameters of a URL may hold `=`; there, what stands behind the last one is a file only if it exists. */
async function splitPlace(place: string): Promise<{ url: string; file: string | null }> {
  const last = place.lastIndexOf('=')
  if (last < 0) return { url: place, file: null }
  const file = place.slice(last + 1)
  const inParameters = place.slice(0, last).includes('?') && (await stat(file).catch(() => null)) === null
  return inParameters ? { url: place, file: null } : { url: place.slice(0, last), file }
}
