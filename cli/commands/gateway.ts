// `meshgate gateway`: the gateway over a supergraph; its subgraphs answer over HTTP and WebSocket where the file, or an option, says.
import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { readConfig } from '../../platform/config.ts'
import type { CommandContext, ExitCode, RunCommand } from '../command-context.ts'
import { examples, portOption } from '../command-help.ts'
import { gatewayFromConfig } from '../gateway-from-config.ts'
import { describeSupergraphProblem, readSupergraphFile } from '../supergraph-file.ts'
import { addGatewayOptions, givenSettings } from '../gateway-options.ts'
import { gatewayObserver, readSubgraphsUp } from '../role-metrics.ts'
import { metricsRoute } from '../role-server.ts'
import { runRole, type RoleNeeds, type RoleProcess } from '../run-role.ts'
import { sampleQueries } from '../sample-queries.ts'
import { urlHost } from '../url-host.ts'
import { runWorkers } from '../workers/run-workers.ts'
import { openWorkerChannel, type WorkerChannel } from '../workers/worker-channel.ts'

interface Options {
  readonly supergraph: string
  readonly port?: number
}

const STANDARD_INPUT = '-'

const MORE_HELP = `
Any Federation 2 supergraph will do, whoever has composed it. Options that name a subgraph use its name in the supergraph.
Each option has a setting in the environment (docs/settings.md); the option wins.

Health is at /health/live and /health/ready, metrics are at /metrics, on the same port.`

export function gatewayCommand(run: RunCommand): Command {
  const command = new Command('gateway')
    .description('run the gateway over a supergraph')
    .requiredOption('-s, --supergraph <FILE>', 'supergraph file, as `meshgate compose` writes it; - for standard input')
    .addOption(portOption())
  return addGatewayOptions(command)
    .addHelpText(
      'after',
      examples([
        ['meshgate gateway -s supergraph.graphql', 'on the port that PORT sets, 4000 by default'],
        ['meshgate gateway -s supergraph.graphql --port 8080 --workers auto', 'on another, and on all cores'],
        ['rover supergraph compose --config mesh.yaml | meshgate gateway -s -', 'what another tool has composed'],
        ['meshgate gateway -s supergraph.graphql --forward-header authorization', 'subgraphs see who asks'],
        ['meshgate gateway -s supergraph.graphql --subgraph-url reviews=http://reviews:4001/graphql', ''],
      ]),
    )
    .addHelpText('after', MORE_HELP)
    .action((options: Options) => run((context) => runGateway(options, command, context)))
}

async function runGateway({ supergraph, port }: Options, command: Command, context: CommandContext): Promise<ExitCode> {
  const given = givenSettings(command)
  const source = supergraph === STANDARD_INPUT ? 'standard input' : supergraph
  const channel = await openWorkerChannel()
  if (channel !== null) {
    const needs = { servers: false, given, logged: { worker: channel.worker } }
    return serve(context, needs, { port, source, supergraphSdl: channel.supergraphSdl, channel })
  }
  const config = readConfig(context.environment, given)
  const supergraphSdl = await (supergraph === STANDARD_INPUT ? context.input() : readSupergraphFile(supergraph))
  const workers = config.gateway.workers === 'auto' ? availableParallelism() : config.gateway.workers
  if (workers > 1) return runWorkers({ config, workers, supergraphSdl }, context)
  return serve(context, { servers: false, given }, { port, source, supergraphSdl, channel: null })
}

interface Serving {
  readonly port: number | undefined
  /** Where the supergraph was read. */
  readonly source: string
  readonly supergraphSdl: string
  /** Null where the gateway is one process. */
  readonly channel: WorkerChannel | null
}

/** It stands on its subgraphs alone: what servers they use is not its business. */
function serve(context: CommandContext, needs: RoleNeeds, serving: Serving): Promise<ExitCode> {
  return runRole(context, needs, async (role) => {
    const { config, metrics, parts } = role
    const { channel } = serving
    const gateway = await listen(role, serving)
    parts.defer(() => gateway.close())
    readSubgraphsUp(metrics, gateway)
    if (channel !== null) channel.ready(gateway.port, metrics)
    else context.terminal.print(`Gateway: http://${urlHost(config.host)}:${gateway.port}/\n`)
  })
}

async function listen(role: RoleProcess, serving: Serving): Promise<Gateway> {
  const { port, supergraphSdl, channel } = serving
  const { config, logger, health, metrics } = role
  const told = channel === null ? metrics : { contentType: metrics.contentType, text: () => channel.allMetrics() }
  const gateway: Gateway = await startGateway({
    ...gatewayFromConfig(config.gateway),
    mesh: { supergraphSdl },
    host: config.host,
    port: port ?? config.port,
    logger,
    observer: gatewayObserver(metrics),
    exampleQueries: sampleQueries,
    routes: [metricsRoute(told)],
    // A subgraph that is away costs its own fields: the others are served.
    ready: () => {
      const { ready, reasons } = health.state()
      return { ready, reasons: ready ? unreachable(gateway) : reasons }
    },
  }).catch((error: unknown) => {
    throw describeSupergraphProblem(error, serving)
  })
  return gateway
}

function unreachable(gateway: Gateway): readonly string[] {
  return gateway
    .subgraphs()
    .filter(({ reachable }) => !reachable)
    .map(({ name, reason }) => `subgraph "${name}" cannot be reached${reason === undefined ? '' : `: ${reason}`}`)
}
