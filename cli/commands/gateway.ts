// `meshgate gateway`: the gateway over a supergraph file; its subgraphs answer over HTTP and WebSocket where the file says.
import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import type { CommandContext, ExitCode, RunCommand } from '../command-context.ts'
import { examples, portOption } from '../command-help.ts'
import { gatewayObserver, readSubgraphsUp } from '../role-metrics.ts'
import { metricsRoute } from '../role-server.ts'
import { runRole } from '../run-role.ts'
import { sampleQueries } from '../sample-queries.ts'
import { urlHost } from '../url-host.ts'

interface Options {
  readonly supergraph: string
  readonly port?: number
}

export function gatewayCommand(run: RunCommand): Command {
  return new Command('gateway')
    .description('run the gateway over a supergraph')
    .requiredOption('-s, --supergraph <FILE>', 'supergraph file, as `meshgate compose` writes it')
    .addOption(portOption())
    .addHelpText(
      'after',
      examples([
        ['meshgate gateway --supergraph supergraph.graphql', 'on the port that PORT sets, 4000 by default'],
        ['meshgate gateway --supergraph supergraph.graphql --port 8080', 'on another'],
      ]),
    )
    .action((options: Options) => run((context) => runGateway(options, context)))
}

async function runGateway({ supergraph, port }: Options, context: CommandContext): Promise<ExitCode> {
  const supergraphSdl = await readFile(supergraph, 'utf8')
  // It stands on its subgraphs alone: what servers they use is not its business.
  return runRole(context, { servers: false }, async ({ config, logger, health, metrics, parts }) => {
    const gateway: Gateway = await startGateway({
      mesh: { supergraphSdl },
      host: config.host,
      port: port ?? config.port,
      logger,
      observer: gatewayObserver(metrics),
      exampleQueries: sampleQueries,
      routes: [metricsRoute(metrics)],
      // A subgraph that is away costs its own fields: the others are served.
      ready: () => {
        const { ready, reasons } = health.state()
        return { ready, reasons: ready ? unreachable(gateway) : reasons }
      },
    })
    parts.defer(() => gateway.close())
    readSubgraphsUp(metrics, gateway)
    context.terminal.print(`Gateway: http://${urlHost(config.host)}:${gateway.port}/\n`)
  })
}

function unreachable(gateway: Gateway): readonly string[] {
  return gateway
    .subgraphs()
    .filter(({ reachable }) => !reachable)
    .map(({ name, reason }) => `subgraph "${name}" cannot be reached${reason === undefined ? '' : `: ${reason}`}`)
}
