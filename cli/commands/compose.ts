// `meshgate compose`: several subgraphs' SDL into one supergraph file, as `meshgate gateway` reads it.
import { readFile, writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import { composeSupergraph, formatProblems } from '../../gateway/compose/compose-supergraph.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples } from '../command-help.ts'

interface Service {
  readonly name: string
  readonly url: string
  readonly sdl: string
}

export function composeCommand(run: RunCommand): Command {
  return new Command('compose')
    .description('compose subgraphs into one supergraph file')
    .argument('<NAME=URL=SDLFILE...>', 'a subgraph: its name, where it answers, and the file of its SDL')
    .requiredOption('-o, --out <FILE>', 'file to write the supergraph to; - for standard output')
    .addHelpText(
      'after',
      examples([
        ['meshgate subgraph --sdl sdl', "the SDL of the project's subgraphs"],
        ['meshgate compose --out supergraph.graphql \\', ''],
        ['  sales-orders=http://localhost:4003/graphql=sdl/sales-orders.graphql \\', ''],
        ['  reviews=http://reviews:4010/graphql=reviews.graphql', 'any Federation 2 subgraph will do'],
      ]),
    )
    .action((services: string[], options: { out: string }) => run((context) => compose(services, options.out, context)))
}

async function compose(texts: readonly string[], out: string, { terminal }: CommandContext): Promise<ExitCode> {
  const services = await Promise.all(texts.map(readService))
  const composed = composeSupergraph(services)
  if (composed.kind === 'failed') {
    terminal.report(`${formatProblems(composed.problems)}\n`)
    return EXIT.failure
  }
  if (out === '-') terminal.print(composed.supergraphSdl)
  else await writeFile(out, composed.supergraphSdl)
  return EXIT.ok
}

/** The URL may hold `=`; names and most file names do not. */
async function readService(text: string): Promise<Service> {
  const match = /^([^=]+)=(.+)=([^=]+)$/.exec(text)
  const [, name, url, file] = match ?? []
  if (name === undefined || url === undefined || file === undefined || !URL.canParse(url)) {
    throw new MeshgateError(
      'CONFIG_INVALID',
      `${text} is no subgraph: write NAME=URL=SDLFILE, for example sales=http://localhost:4001/graphql=sales.graphql.`,
    )
  }
  return { name, url, sdl: await readFile(file, 'utf8') }
}
