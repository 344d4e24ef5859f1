// `meshgate subgraph`: serves the subgraphs of products over HTTP and WebSocket, for a gateway in another process.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { readConfig } from '../../platform/config.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { openPlatform } from '../../platform/main.ts'
import { makeDirectory } from '../../platform/make-directory.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Product } from '../../schema/model.ts'
import { subgraphName } from '../../subgraphs/runtime/subgraph-name.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import {
  EXIT,
  stopped,
  type CommandContext,
  type ExitCode,
  type RunCommand,
  type Terminal,
} from '../command-context.ts'
import { examples, ingestPortOption, portOption, PORT_MAX, productArguments } from '../command-help.ts'
import { readProductsToRun } from '../read-products.ts'
import { createRoleLogger } from '../role-logger.ts'
import { serveIngest } from '../serve-ingest.ts'
import { withParts } from '../with-parts.ts'

interface Options {
  readonly port?: number
  readonly ingestPort?: number
  readonly sdl?: string
}

const MORE_HELP = `
One process at a time uses a data directory. Where subscriptions are to tell of new records, this one has to take the
records too: --ingest-port. \`meshgate load\` then loads through it.`

export function subgraphCommand(run: RunCommand): Command {
  return new Command('subgraph')
    .description('serve the subgraph of each product, on one port after the other')
    .addArgument(productArguments())
    .addOption(portOption())
    .addOption(ingestPortOption())
    .option('--sdl <DIRECTORY>', "write each subgraph's SDL there as NAME.graphql, for `meshgate compose`, and end")
    .addHelpText(
      'after',
      examples([
        ['meshgate subgraph subgraphs/sales --port 4001', 'one subgraph'],
        ['meshgate subgraph --port 4001', 'those of the project, from port 4001 on'],
        ['meshgate subgraph --port 4001 --ingest-port 4000', 'and take their records'],
        ['meshgate subgraph --sdl sdl', 'sdl/sales-orders.graphql and so on, to compose'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((paths: string[], options: Options) => run((context) => runSubgraphs(paths, options, context)))
}

async function runSubgraphs(paths: readonly string[], options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment)
  const products = await readProductsToRun(paths, terminal)
  if (products === null) return EXIT.failure
  if (options.sdl !== undefined) return writeSdl(products, options.sdl, terminal)
  const first = options.port ?? config.port
  if (first + products.length - 1 > PORT_MAX) {
    throw new MeshgateError(
      'CONFIG_INVALID',
      `${products.length} subgraphs have no ports from ${first} on. Name a lower port.`,
    )
  }
  const logger = createRoleLogger(config, terminal)
  return withParts(async (parts) => {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    await platform.store.migrate(products.flatMap(emitTables))
    await platform.log.createTopics(products.flatMap(emitTopics))
    for (const [index, product] of products.entries()) {
      const subgraph = createSubgraph({ product, ...platform, logger })
      parts.defer(() => subgraph.close())
      const server = await subgraph.serve(first === 0 ? 0 : first + index, config.host)
      terminal.print(`Subgraph ${subgraph.name}: ${server.url}\n`)
    }
    if (options.ingestPort !== undefined) {
      const url = await serveIngest({ platform, products, port: options.ingestPort, config, logger }, parts)
      terminal.print(`Ingest: ${url}/topics\n`)
    }
    await stopped(context)
    return EXIT.ok
  })
}

async function writeSdl(products: readonly Product[], directory: string, terminal: Terminal): Promise<ExitCode> {
  await makeDirectory(directory)
  for (const product of products) {
    const path = join(directory, `${subgraphName(product)}.graphql`)
    await writeFile(path, emitSubgraphSdl(product))
    terminal.print(`${path}\n`)
  }
  return EXIT.ok
}
