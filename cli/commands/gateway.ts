// `meshgate gateway`: the gateway over a supergraph; its subgraphs answer over HTTP and WebSocket where the file, or an option, says.
import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { readConfig, type GivenSettings } from '../../platform/config.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { EXIT, type CommandContext, type ExitCode, type RunCommand } from '../command-context.ts'
import { examples, portOption } from '../command-help.ts'
import { gatewayFromConfig } from '../gateway-from-config.ts'
import { gatewayReadiness } from '../gateway-readiness.ts'
import { openSupergraph, type OpenedSupergraph } from '../supergraph/open-supergraph.ts'
import { keepSupergraph } from '../supergraph/keep-supergraph.ts'
import { supergraphId } from '../supergraph/supergraph-source.ts'
import type { SupergraphState } from '../supergraph/watch-supergraph.ts'
import { describeSupergraphProblem } from '../supergraph-file.ts'
import { addGatewayOptions, givenSettings } from '../gateway-options.ts'
import { observeGateway } from '../observe-gateway.ts'
import { readSubgraphsUp } from '../role-metrics.ts'
import { metricsRoute } from '../role-server.ts'
import { runRole, type RoleNeeds, type RoleProcess } from '../run-role.ts'
import { sampleQueries } from '../sample-queries.ts'
import { urlHost } from '../url-host.ts'
import { runWorkers } from '../workers/run-workers.ts'
import { openWorkerChannel, type WorkerChannel } from '../workers/worker-channel.ts'

interface Options {
  readonly supergraph?: string
  readonly port?: number
}

const MORE_HELP = `
Any Federation 2 supergraph will do, whoever has composed it. Options that name a subgraph use its name in the supergraph.
Each option has a setting in the environment (docs/settings.md); the option wins.

The file, or URL, is looked at again and again: a new supergraph that can be served replaces the old between two requests. SIGHUP
looks at once.

Health is at /health/live and /health/ready, metrics are at /metrics, on the same port.`

export function gatewayCommand(run: RunCommand): Command {
  const command = new Command('gateway')
    .description('run the gateway over a supergraph')
    .option(
      '-s, --supergraph <FILE>',
      'supergraph file, as `meshgate compose` writes it, or its URL; - for standard input',
    )
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

async function runGateway(options: Options, command: Command, context: CommandContext): Promise<ExitCode> {
  const given = givenSettings(command)
  const channel = await openWorkerChannel()
  if (channel !== null) {
    // The process that has started this one looks after the supergraph.
    if (context.signals !== undefined && !context.terminal.interactive) context.signals.onHangUp = () => undefined
    const needs = { servers: false, given, logged: { worker: channel.worker } }
    const opened = { supergraphSdl: channel.supergraphSdl, source: null, copy: null, stale: null }
    return serve(context, needs, { port: options.port, from: nameOf(options, context, given), opened, channel })
  }
  const config = readConfig(context.environment, given, context.settingsFile)
  const from = nameOf(options, context, given)
  const port = options.port ?? config.port
  const opened = await openSupergraph(from, config, { context, port })
  if (opened === null) return EXIT.ok
  const workers = config.gateway.workers === 'auto' ? availableParallelism() : config.gateway.workers
  if (workers > 1) return runWorkers({ config, workers, opened }, context)
  return serve(context, { servers: false, given }, { port, from, opened, channel: null })
}

function nameOf({ supergraph }: Options, context: CommandContext, given: GivenSettings): string {
  const from = supergraph ?? readConfig(context.environment, given, context.settingsFile).operating.supergraph
  if (from !== null && from !== '') return from
  const message =
    supergraph === ''
      ? '--supergraph names no file. Write its path.'
      : 'No supergraph is named. Write --supergraph FILE.'
  throw new MeshgateError('CONFIG_INVALID', message)
}

interface Serving {
  readonly port: number | undefined
  /** Where the supergraph is read. */
  readonly from: string
  readonly opened: OpenedSupergraph
  /** Null where the gateway is one process. */
  readonly channel: WorkerChannel | null
}

/** It stands on its subgraphs alone: what servers they use is not its business. */
function serve(context: CommandContext, needs: RoleNeeds, serving: Serving): Promise<ExitCode> {
  return runRole(context, needs, async (role) => {
    const { config, logger, metrics, parts } = role
    const { channel, opened } = serving
    const served: Served = {
      state: () => ({ id: supergraphId(opened.supergraphSdl), problem: null }),
    }
    const gateway = await listen(role, serving, served)
    parts.defer(() => gateway.close())
    readSubgraphsUp(metrics, gateway)
    const replace = (supergraphSdl: string): Promise<void> => replaceIn(gateway, supergraphSdl, serving)
    if (channel === null) {
      const kept = keepSupergraph({ opened, replace, context, logger, metrics })
      parts.defer(() => kept.close())
      served.state = kept.state
      context.terminal.print(`Gateway: http://${urlHost(config.host)}:${gateway.port}/\n`)
    } else {
      let id = supergraphId(opened.supergraphSdl)
      served.state = () => ({ id, problem: channel.stale() })
      channel.ready(gateway.port, metrics, async (supergraphSdl) => {
        await replace(supergraphSdl)
        id = supergraphId(supergraphSdl)
      })
    }
  })
}

interface Served {
  state: () => Pick<SupergraphState, 'id' | 'problem'>
}

/** Resolves when new requests run on it; those under way on the one before are not waited for. */
async function replaceIn(gateway: Gateway, supergraphSdl: string, { from }: Serving): Promise<void> {
  const served = Promise.withResolvers<void>()
  const replaced = gateway.replaceSupergraph({ supergraphSdl }, served.resolve)
  replaced.catch(served.reject)
  try {
    await served.promise
  } catch (error) {
    throw describeSupergraphProblem(error, { source: from, supergraphSdl })
  }
}

async function listen(role: RoleProcess, serving: Serving, served: Served): Promise<Gateway> {
  const { port, opened, channel, from } = serving
  const { supergraphSdl } = opened
  const { config, logger, health, metrics } = role
  const told = channel === null ? metrics : { contentType: metrics.contentType, text: () => channel.allMetrics() }
  const observer = await observeGateway(role)
  const gateway: Gateway = await startGateway({
    ...gatewayFromConfig(config.gateway, { isOpen: false }),
    mesh: { supergraphSdl },
    host: config.host,
    port: port ?? config.port,
    logger,
    observer,
    exampleQueries: sampleQueries,
    routes: [metricsRoute(told)],
    ready: () => gatewayReadiness(health.state(), gateway.subgraphs(), served.state()),
  }).catch((error: unknown) => {
    throw describeSupergraphProblem(error, { source: from === '-' ? 'standard input' : from, supergraphSdl })
  })
  return gateway
}
