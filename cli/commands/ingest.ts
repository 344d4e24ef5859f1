// `meshgate ingest`: takes records over HTTP and writes the products' tables, without a subgraph or gateway.
import { Command } from 'commander'
import { startIngest } from '../../ingest/main.ts'
import { readConfig } from '../../platform/config.ts'
import { openPlatform } from '../../platform/main.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption, productArguments } from '../command-help.ts'
import { ingestStatusRoute } from '../ingest-status-route.ts'
import { urlHost } from '../mesh.ts'
import { readProductsToRun } from '../read-products.ts'
import { createRoleLogger } from '../role-logger.ts'
import { serveRoutes } from '../serve-routes.ts'

export function ingestCommand(run: RunCommand): Command {
  return new Command('ingest')
    .description('ingest the topics of products, and take records at POST /topics/{topic}')
    .addArgument(productArguments())
    .addOption(portOption())
    .addHelpText(
      'after',
      examples([
        ['meshgate ingest', 'all products of the project'],
        ['meshgate ingest subgraphs/sales --port 4100', 'one, on port 4100'],
      ]),
    )
    .action((paths: string[], options: { port?: number }) => run((context) => runIngest(paths, options, context)))
}

async function runIngest(
  paths: readonly string[],
  options: { readonly port?: number },
  context: CommandContext,
): Promise<ExitCode> {
  const { terminal } = context
  const config = readConfig(context.environment)
  const products = await readProductsToRun(paths, terminal)
  if (products === null) return EXIT.failure
  const logger = createRoleLogger(config, terminal)
  const parts = new AsyncDisposableStack()
  try {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const ingest = await startIngest({ products, ...platform, logger })
    parts.defer(() => ingest.close())
    const port = options.port ?? config.port
    const routes = [...ingest.routes, ingestStatusRoute(ingest)]
    const server = await serveRoutes({ routes, host: config.host, port, logger })
    parts.defer(() => server.close())
    const url = `http://${urlHost(config.host)}:${server.port}`
    await platform.announce(url)
    terminal.print(`Ingest: ${url}/topics\n`)
    await stopped(context)
    return EXIT.ok
  } finally {
    await parts.disposeAsync()
  }
}
