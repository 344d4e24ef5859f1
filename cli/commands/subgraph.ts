// `meshgate subgraph`: serves the subgraphs of products on one port, over HTTP and WebSocket, for a gateway in another process.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { createGenerationStore } from '../../platform/generation-store.ts'
import type { Platform } from '../../platform/main.ts'
import { makeDirectory } from '../../platform/make-directory.ts'
import { productKey } from '../../platform/table-generations.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Product } from '../../schema/model.ts'
import { subgraphName } from '../../subgraphs/runtime/subgraph-name.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand, type Terminal } from '../command-context.ts'
import { examples, ingestPortOption, portOption, productArguments } from '../command-help.ts'
import { readProductsToRun } from '../read-products.ts'
import { holdTopics, listenFor, openPlatformFor, runRole, startWhileAway } from '../run-role.ts'
import { serveIngest } from '../serve-ingest.ts'
import { serveSubgraphs } from '../serve-subgraphs.ts'

interface Options {
  readonly port?: number
  readonly ingestPort?: number
  readonly sdl?: string
}

const MORE_HELP = `
Each subgraph is at /NAME/graphql, the only one of a process also at /graphql; /subgraphs lists them, for
\`meshgate compose http://localhost:4001\`. Health is at /health/live and /health/ready, metrics are at /metrics.

One process at a time uses a data directory. Where subscriptions are to tell of new records, this one has to take the
records too: --ingest-port. \`meshgate load\` then loads through it. On Kafka and Cassandra \`meshgate ingest\` takes them,
and any number of processes serve the same subgraph.`

export function subgraphCommand(run: RunCommand): Command {
  return new Command('subgraph')
    .description('serve the subgraphs of products, all on one port')
    .addArgument(productArguments())
    .addOption(portOption())
    .addOption(ingestPortOption())
    .option('--sdl <DIRECTORY>', "write each subgraph's SDL there as NAME.graphql, for `meshgate compose`, and end")
    .addHelpText(
      'after',
      examples([
        ['meshgate subgraph sales/orders --port 4001', 'one subgraph'],
        ['meshgate subgraph subgraphs/sales --port 4001', 'those of a domain'],
        ['meshgate subgraph --port 4001', 'those of the project'],
        ['meshgate subgraph --port 4001 --ingest-port 4000', 'and take their records'],
        ['meshgate subgraph --sdl sdl', 'sdl/sales-orders.graphql and so on, to compose'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((paths: string[], options: Options) => run((context) => runSubgraphs(paths, options, context)))
}

async function runSubgraphs(paths: readonly string[], options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const products = await readProductsToRun(paths, terminal)
  if (products === null) return EXIT.failure
  if (options.sdl !== undefined) return writeSdl(products, options.sdl, terminal)
  return runRole(context, { servers: true }, async (role) => {
    const server = await listenFor(role, options.port ?? role.config.port)
    const { ingestPort } = options
    const ingestServer = ingestPort === undefined ? null : await listenFor(role, ingestPort)
    const platform = await openPlatformFor(role)
    const { log } = platform
    await startWhileAway(role, async () => {
      await holdTopics(platform, products, 'read')
      await migrateLive(platform, products)
      await log.createTopics(products.flatMap(emitTopics))
    })
    await serveSubgraphs(role, { platform, products, server })
    if (ingestServer === null) return
    const url = await serveIngest(role, { platform, products, server: ingestServer })
    terminal.print(`Ingest: ${url}/topics\n`)
  })
}

/** The tables that are read, whichever generation they are. */
async function migrateLive({ store, clock }: Platform, products: readonly Product[]): Promise<void> {
  const tables = products.map((product) => ({ product: productKey(product), tables: emitTables(product) }))
  await createGenerationStore({ store, clock, products: tables }).migrate(products.flatMap(emitTables))
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
