// Opens what every role stands on: log and store, embedded in a data directory or on Kafka and Cassandra. The one place beside the roles'
// own main.ts that knows adapters.
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.ts'
import { lockDataDirectory } from './data-directory.ts'
import { keptCursorKey } from './kept-cursor-key.ts'
import { openServers, type ServersHealth } from './open-servers.ts'
import type { Clock } from './ports/clock.ts'
import type { EventLog } from './ports/event-log.ts'
import type { Store } from './ports/store.ts'
import type { CassandraConfig, KafkaConfig } from './servers-config.ts'
import type { StoreIdentity } from './store-claims.ts'
import { systemClock } from './system-clock.ts'
import { ServerHealth } from './telemetry/server-health.ts'
import { namingDirectory } from './unusable-directory.ts'

export type { ServersHealth } from './open-servers.ts'

export interface Platform {
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
  readonly cursorKey: Uint8Array
  /** Null with the embedded store, which lies beside its log. */
  readonly storeIdentity: StoreIdentity | null
  /** Where this process takes records, for those that find the data directory locked. Nothing on servers. */
  announce(url: string): Promise<void>
  /** Closes the store and the log, then lets the data directory go. */
  close(): Promise<void>
}

export interface OpenOptions {
  /** Told how it stands with the servers, while they are opened and from then on. */
  readonly health?: ServersHealth | null
  /** Ends the waiting for servers that are away, with its reason. */
  readonly stop?: AbortSignal
}

export function createServersHealth({ servers }: Config, logger: Logger): ServersHealth | null {
  if (servers === null) return null
  const { kafka, cassandra } = servers
  const common = { clock: systemClock, logger }
  return {
    kafka: new ServerHealth({
      name: 'Kafka',
      address: kafka.brokers.join(','),
      unavailable: 'LOG_UNAVAILABLE',
      ...common,
    }),
    cassandra: new ServerHealth({
      name: 'Cassandra',
      address: cassandra.contactPoints.join(','),
      unavailable: 'STORE_UNAVAILABLE',
      ...common,
    }),
  }
}

/** Waits for servers that are away. What no waiting mends (a wrong password, a locked directory) is an error. */
export async function openPlatform(config: Config, logger: Logger, options: OpenOptions = {}): Promise<Platform> {
  const { servers, cursorKey } = config
  const health = options.health ?? createServersHealth(config, logger)
  if (servers === null || health === null) return openEmbedded(config, logger)
  const opened = await openServers({
    openLog: () => openLog(servers.kafka, logger),
    openStore: () => openStore(servers.cassandra, logger),
    health,
    logger,
    cursorKey,
    stop: options.stop ?? new AbortController().signal,
  })
  const { storeId, ...rest } = opened
  const storeIdentity = { id: storeId, keyspace: servers.cassandra.keyspace }
  return { ...rest, storeIdentity, clock: systemClock, announce: () => Promise.resolve() }
}

// Adapters are loaded where they are used: a laptop's start does not wait for the clients of servers, a gateway has none at all.

async function openLog(config: KafkaConfig, logger: Logger) {
  const { openKafkaLog } = await import('./adapters/kafka/kafka-log.ts')
  const { brokers, tls, sasl, replication } = config
  return openKafkaLog({
    brokers,
    tls,
    ...(sasl === null ? {} : { sasl }),
    ...(replication === null ? {} : { replication }),
    clock: systemClock,
    logger,
  })
}

async function openStore(config: CassandraConfig, logger: Logger) {
  const { openCassandraStore } = await import('./adapters/cassandra/cassandra-store.ts')
  const { contactPoints, dataCenter, keyspace, credentials, tls, consistency, replication } = config
  return openCassandraStore({
    contactPoints,
    keyspace,
    tls,
    consistency,
    ...(dataCenter === null ? {} : { dataCenter }),
    ...(credentials === null ? {} : { credentials }),
    ...(replication === null ? {} : { replication }),
    clock: systemClock,
    logger,
  })
}

async function openEmbedded(config: Config, logger: Logger): Promise<Platform> {
  const directory = config.dataDirectory
  const lock = await lockDataDirectory(directory).catch((error: unknown) => {
    throw namingDirectory(error, directory)
  })
  const opened: { close(): Promise<void> }[] = [{ close: () => lock.release() }]
  const close = async () => {
    for (const part of opened.splice(0).toReversed()) await part.close()
  }
  try {
    const cursorKey = config.cursorKey ?? (await keptCursorKey(join(directory, 'cursor.key')))
    const { openEmbeddedLog } = await import('./adapters/embedded-log/embedded-log.ts')
    const log = await openEmbeddedLog({
      directory: join(directory, 'log'),
      clock: systemClock,
      onMaintenanceError: (error) => logger.warn({ err: error }, 'maintenance of the log failed; it is tried again'),
    })
    opened.push(log)
    const { openSqliteStore } = await import('./adapters/sqlite/sqlite-store.ts')
    const store = await openSqliteStore({
      directory: join(directory, 'store'),
      clock: systemClock,
      onSweepError: (error) => logger.warn({ err: error }, 'sweeping of the store failed; it is tried again'),
    })
    opened.push(store)
    const announce = (url: string) => lock.announce({ url })
    return { log, store, clock: systemClock, cursorKey, storeIdentity: null, announce, close }
  } catch (error) {
    await close().catch(() => undefined)
    throw namingDirectory(error, directory)
  }
}
