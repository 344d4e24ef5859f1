// `meshgate ingest`: takes records over HTTP and writes the products' tables, without a subgraph or gateway.
import { Command } from 'commander'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption, productArguments } from '../command-help.ts'
import { readProductsToRun } from '../read-products.ts'
import { listenFor, openPlatformFor, runRole } from '../run-role.ts'
import { serveIngest } from '../serve-ingest.ts'

const MORE_HELP = `
Health is at /health/live and /health/ready, metrics are at /metrics, on the same port.

On Kafka and Cassandra any number of processes ingest the same products: they share the partitions of their topics.`

export function ingestCommand(run: RunCommand): Command {
  return new Command('ingest')
    .description('ingest the topics of products, and take records at POST /topics/{topic}')
    .addArgument(productArguments())
    .addOption(portOption())
    .addHelpText(
      'after',
      examples([
        ['meshgate ingest', 'all products of the project'],
        ['meshgate ingest sales/orders --port 4100', 'one, on port 4100'],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((paths: string[], options: { port?: number }) => run((context) => runIngest(paths, options, context)))
}

async function runIngest(
  paths: readonly string[],
  options: { readonly port?: number },
  context: CommandContext,
): Promise<ExitCode> {
  const { terminal } = context
  const products = await readProductsToRun(paths, terminal)
  if (products === null) return EXIT.failure
  return runRole(context, { servers: true }, async (role) => {
    const server = await listenFor(role, options.port ?? role.config.port)
    const platform = await openPlatformFor(role)
    const url = await serveIngest(role, { platform, products, server })
    terminal.print(`Ingest: ${url}/topics\n`)
  })
}
