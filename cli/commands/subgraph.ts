// `meshgate subgraph`: serves the subgraphs of products over HTTP and WebSocket, for a gateway in another process.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { MeshgateError } from '../../platform/errors.ts'
import { createGenerationStore } from '../../platform/generation-store.ts'
import type { Platform } from '../../platform/main.ts'
import { makeDirectory } from '../../platform/make-directory.ts'
import { productKey } from '../../platform/table-generations.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Product } from '../../schema/model.ts'
import { subgraphName } from '../../subgraphs/runtime/subgraph-name.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand, type Terminal } from '../command-context.ts'
import { examples, ingestPortOption, portOption, PORT_MAX, productArguments } from '../command-help.ts'
import { readProductsToRun } from '../read-products.ts'
import { subgraphObserver } from '../role-metrics.ts'
import type { RoleServer } from '../role-server.ts'
import { holdTopics, listenFor, openPlatformFor, runRole, startWhileAway, type RoleProcess } from '../run-role.ts'
import { serveIngest } from '../serve-ingest.ts'
import { reachableHost } from '../url-host.ts'

interface Options {
  readonly port?: number
  readonly ingestPort?: number
  readonly sdl?: string
}

const MORE_HELP = `
Health is at /health/live and /health/ready, metrics are at /metrics, on the same port.

One process at a time uses a data directory. Where subscriptions are to tell of new records, this one has to take the
records too: --ingest-port. \`meshgate load\` then loads through it. On Kafka and Cassandra \`meshgate ingest\` takes them,
and any number of processes serve the same subgraph.`

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
        ['meshgate subgraph sales/orders --port 4001', 'one subgraph'],
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
  const products = await readProductsToRun(paths, terminal)
  if (products === null) return EXIT.failure
  if (options.sdl !== undefined) return writeSdl(products, options.sdl, terminal)
  return runRole(context, { servers: true }, async (role) => {
    const servers = await listenForEach(role, products, options.port ?? role.config.port)
    const { ingestPort } = options
    const ingestServer = ingestPort === undefined ? null : await listenFor(role, ingestPort)
    const platform = await openPlatformFor(role)
    const { log } = platform
    await startWhileAway(role, async () => {
      await holdTopics(platform, products, 'read')
      await migrateLive(platform, products)
      await log.createTopics(products.flatMap(emitTopics))
    })
    for (const { product, server } of servers) serveSubgraph(role, { platform, product, server })
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

interface Listening {
  readonly product: Product
  readonly server: RoleServer
}

/** A port for each, the first named; with 0 any. */
async function listenForEach(role: RoleProcess, products: readonly Product[], first: number): Promise<Listening[]> {
  if (first + products.length - 1 > PORT_MAX) {
    throw new MeshgateError(
      'CONFIG_INVALID',
      `${products.length} subgraphs have no ports from ${first} on. Name a lower port.`,
    )
  }
  const servers: Listening[] = []
  for (const [index, product] of products.entries()) {
    servers.push({ product, server: await listenFor(role, first === 0 ? 0 : first + index) })
  }
  return servers
}

function serveSubgraph(role: RoleProcess, serving: Listening & { readonly platform: Platform }): void {
  const { config, logger, metrics, parts, context } = role
  const { product, server, platform } = serving
  const { log, store, clock, cursorKey } = platform
  const observer = subgraphObserver(metrics)
  const subgraph = createSubgraph({ product, log, store, clock, cursorKey, logger, observer })
  const face = subgraph.mount()
  server.mount({
    routes: [(request, response) => face.answer(request, response)],
    upgrade: (request, socket, head) => face.upgrade(request, socket, head),
  })
  // Nothing new is taken while what is in hand is finished, and subscribers are told.
  parts.defer(async () => {
    const closing = server.close()
    await subgraph.close()
    await closing
  })
  context.terminal.print(`Subgraph ${subgraph.name}: http://${reachableHost(config.host)}:${server.port}/graphql\n`)
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
