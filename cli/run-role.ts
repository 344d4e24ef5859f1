// A command that serves until it is stopped: what every such command has in common. It waits for servers that are away, and a stop ends
// that waiting as well as the serving.
import type { Logger } from 'pino'
import { retryWhileAway } from '../platform/await-server.ts'
import { readConfig, type Config, type GivenSettings } from '../platform/config.ts'
import { createServersHealth, openPlatform, type Platform, type ServersHealth } from '../platform/main.ts'
import { checkClaims, claimTopics } from '../platform/store-claims.ts'
import { systemClock } from '../platform/system-clock.ts'
import type { Metrics } from '../platform/telemetry/metrics.ts'
import type { Product } from '../schema/model.ts'
import { EXIT, stopped, type CommandContext, type ExitCode } from './command-context.ts'
import { createRoleHealth, type RoleHealth } from './role-health.ts'
import { createRoleLogger } from './role-logger.ts'
import { createProcessMetrics } from './role-metrics.ts'
import { startRoleServer, type RoleServer } from './role-server.ts'
import { withParts } from './with-parts.ts'

export interface RoleProcess {
  readonly config: Config
  readonly context: CommandContext
  readonly logger: Logger
  /** Null with the embedded log and store, and where the role needs neither. */
  readonly servers: ServersHealth | null
  readonly health: RoleHealth
  readonly metrics: Metrics
  /** What is opened is closed with them, the last first. */
  readonly parts: AsyncDisposableStack
}

export interface RoleNeeds {
  readonly servers: boolean
  /** Settings that the command line gives. */
  readonly given?: GivenSettings
  /** What every line of the log says. */
  readonly logged?: Readonly<Record<string, unknown>>
}

/** `start` resolves when the roles serve; the process then is ready until it is stopped. */
export async function runRole(
  context: CommandContext,
  needs: RoleNeeds,
  start: (role: RoleProcess) => Promise<void>,
): Promise<ExitCode> {
  const config = readConfig(context.environment, needs.given, context.settingsFile)
  const { drainDelayMs } = config.operating
  if (context.signals !== undefined) context.signals.drainMs = drainDelayMs
  const logger = createRoleLogger(config, context.terminal).child(needs.logged ?? {})
  const servers = needs.servers ? createServersHealth(config, logger) : null
  const health = createRoleHealth(servers)
  const metrics = createProcessMetrics(servers)
  return withParts(async (parts) => {
    await start({ config, context, logger, servers, health, metrics, parts })
    health.waitFor(null)
    await stopped(context)
    // Who balances load sees it before the port is closed, and sends nobody more.
    health.waitFor('stopping')
    if (drainDelayMs > 0) {
      logger.info({ drainDelayMs }, 'Stopping: not ready any more, and still served for a while.')
      await systemClock.sleep(drainDelayMs)
    }
    return EXIT.ok
  }).catch((error: unknown) => {
    // Stopped while it waited for a server.
    if (context.stop.aborted && error === context.stop.reason) return EXIT.ok
    throw error
  })
}

/** Listens; the role mounts what it serves later. */
export async function listenFor(role: RoleProcess, port: number): Promise<RoleServer> {
  const { config, logger, health, metrics, parts } = role
  const server = await startRoleServer({ host: config.host, port, logger, health, metrics })
  parts.defer(() => server.close())
  return server
}

/** Ingest claims its topics for its store; who only reads must stand on the same one. */
export async function holdTopics(
  { log, storeIdentity }: Platform,
  products: readonly Product[],
  use: 'ingest' | 'read',
): Promise<void> {
  if (storeIdentity === null) return
  const topics = products.flatMap(({ entities }) =>
    entities.flatMap(({ source }) => (source === null ? [] : [source.topic])),
  )
  await (use === 'ingest' ? claimTopics : checkClaims)(log, storeIdentity, topics)
}

export async function openPlatformFor(role: RoleProcess): Promise<Platform> {
  const { config, logger, servers, context, parts } = role
  const platform = await openPlatform(config, logger, { health: servers, stop: context.stop })
  parts.defer(() => platform.close())
  return platform
}

/**
 * Work of the start that needs the servers, again while one of them is away or lacks something that may come (brokers of a cluster that
 * starts). Embedded there is nobody to wait for.
 */
export async function startWhileAway<T>(role: RoleProcess, work: () => Promise<T>): Promise<T> {
  const { servers, health, logger, context } = role
  if (servers === null) return work()
  let told = ''
  const onFailure = (error: unknown): void => {
    const reason = error instanceof Error ? error.message : String(error)
    health.waitFor(`the start is tried again: ${reason}`)
    // What stays the same is told once; health has it all the while.
    if (reason !== told) logger.warn({ err: error }, 'The start failed and is tried again until it succeeds.')
    told = reason
  }
  const result = await retryWhileAway(work, { clock: systemClock, signal: context.stop, onFailure })
  if (told !== '') health.waitFor('starting')
  return result
}
