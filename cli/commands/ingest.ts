// `meshgate ingest`: takes records over HTTP and writes the products' tables, without a subgraph or gateway.
import { Command } from 'commander'
import { readConfig } from '../../platform/config.ts'
import { openPlatform } from '../../platform/main.ts'
import { EXIT, stopped, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption, productArguments } from '../command-help.ts'
import { readProductsToRun } from '../read-products.ts'
import { createRoleLogger } from '../role-logger.ts'
import { serveIngest } from '../serve-ingest.ts'
import { withParts } from '../with-parts.ts'

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
  return withParts(async (parts) => {
    const platform = await openPlatform(config, logger)
    parts.defer(() => platform.close())
    const url = await serveIngest({ platform, products, port: options.port ?? config.port, config, logger }, parts)
    terminal.print(`Ingest: ${url}/topics\n`)
    await stopped(context)
    return EXIT.ok
  })
}
