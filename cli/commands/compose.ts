// `meshgate compose`: several subgraphs into one supergraph file, as `meshgate gateway` reads it. Their SDL is asked of the running subgraphs,
// or read from files.
import { readFile, stat } from 'node:fs/promises'
import { Command, InvalidArgumentError, Option } from 'commander'
import { composeSupergraph, formatProblems, type SubgraphDefinition } from '../../gateway/compose/compose-supergraph.ts'
import type { CompositionProblem } from '../../gateway/compose/composition-problem.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { awaitSdl, awaitSubgraphList, type SdlPatience } from '../await-sdl.ts'
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
      '<SUBGRAPH...>',
      'NAME=URL, a subgraph and where it answers; NAME=URL=SDLFILE, one that does not run; URL, all that a `meshgate subgraph` serves',
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
        ['meshgate compose --out supergraph.graphql \\', ''],
        ['  http://localhost:4001 \\', 'a `meshgate subgraph`, with all its products'],
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
  const services = await readServices(texts, patience).catch((error: unknown) => {
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

async function readServices(texts: readonly string[], patience: SdlPatience): Promise<readonly SubgraphDefinition[]> {
  // What is written wrongly is told before anybody is waited for.
  const asked = await Promise.all(texts.map(async (text) => (isOrigin(text) ? text : await readPlace(text))))
  refuseEqualNames(asked.filter((place) => typeof place !== 'string'))
  const places = await Promise.all(
    asked.map(async (place) => (typeof place === 'string' ? await listedPlaces(place, patience) : [place])),
  )
  refuseEqualNames(places.flat())
  return Promise.all(
    places.flat().map(async ({ name, url, file }) => {
      return { name, url, sdl: file === null ? await awaitSdl(name, url, patience) : await readFile(file, 'utf8') }
    }),
  )
}

const isOrigin = (text: string): boolean => /^https?:\/\//.test(text)

async function listedPlaces(origin: string, patience: SdlPatience): Promise<readonly Place[]> {
  const listed = await awaitSubgraphList(origin, patience)
  return listed.map(({ name, path }) => ({ name, url: new URL(path, origin).href, file: null }))
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
      `${text} is no subgraph: write NAME=URL, for example sales=http://localhost:4002/graphql, and =SDLFILE behind it where the subgraph does not run; or the URL of a \`meshgate subgraph\`.`,
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
