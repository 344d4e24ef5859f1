// `meshgate subgraph`: serves the subgraphs of products over HTTP and WebSocket, for a gateway in another process.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { readConfig } from '../../platform/config.ts'
import { openPlatform } from '../../platform/main.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Product } from '../../schema/model.ts'
import { subgraphName } from '../../subgraphs/runtime/subgraph-name.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption, productArguments } from '../command-help.ts'
import { readProductsToRun } from '../read-products.ts'
import { createRoleLogger } from '../role-logger.ts'

interface Options {
  readonly port?: number
  readonly sdl?: string
}

export function subgraphCommand(run: RunCommand): Command {
  return new Command('subgraph')
    .description('serve the subgraph of each product, on one port after the other')
    .addArgument(productArguments())
    .addOption(portOption())
    .option('--sdl <DIRECTORY>', "write each subgraph's SDL there as NAME.graphql, for `meshgate compose`, and end")
    .addHelpText(
      'after',
      examples([
        ['meshgate subgraph subgraphs/sales --port 4001', 'one subgraph'],
        ['meshgate subgraph --port 4001', 'those of the project, from port 4001 on'],
        ['meshgate subgraph --sdl .', 'sales.graphql and so on, to compose'],
      ]),
    )
    .action((paths: string[], options: Options) => run((context) => runSubgraphs(paths, options, context)))
}

async function runSubgraphs(paths: readonly string[], options: Options, context: CommandContext): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment)
  const products = await readProductsToRun(paths, terminal)
  if (products === null) return EXIT.failure
  if (options.sdl !== undefined) return writeSdl(products, options.sdl)
  const logger = createRoleLogger(config, terminal)
  const parts = new AsyncDisposableStack()
  try {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    await platform.store.migrate(products.flatMap(emitTables))
    await platform.log.createTopics(products.flatMap(emitTopics))
    const first = options.port ?? config.port
    for (const [index, product] of products.entries()) {
      const subgraph = createSubgraph({ product, ...platform, logger })
      parts.defer(() => subgraph.close())
      const server = await subgraph.serve(first === 0 ? 0 : first + index, config.host)
      terminal.print(`Subgraph ${subgraph.name}: ${server.url}\n`)
    }
    await stopped(context)
    return EXIT.ok
  } finally {
    await parts.disposeAsync()
  }
}

async function writeSdl(products: readonly Product[], directory: string): Promise<ExitCode> {
  await mkdir(directory, { recursive: true })
  for (const product of products) {
    await writeFile(join(directory, `${subgraphName(product)}.graphql`), emitSubgraphSdl(product))
  }
  return EXIT.ok
}
