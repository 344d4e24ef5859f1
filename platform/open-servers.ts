// Log and store on servers: both opened at once, waited for while they are away, and watched from then on.
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { awaitServer, retryWhileAway } from './await-server.ts'
import { MeshgateError } from './errors.ts'
import type { EventLog } from './ports/event-log.ts'
import type { Store } from './ports/store.ts'
import { CURSOR_KEY_BYTES } from './settings.ts'
import { systemClock } from './system-clock.ts'
import type { ServerHealth } from './telemetry/server-health.ts'
import { watchServers } from './telemetry/server-watch.ts'

/** Of the two servers, made before they are reached. */
export interface ServersHealth {
  readonly kafka: ServerHealth
  readonly cassandra: ServerHealth
}

export interface SharedStore extends Store {
  /** Made once, by whoever comes first. */
  sharedSecret(name: string, create: () => Uint8Array): Promise<Uint8Array>
}

export interface ServersToOpen {
  readonly openLog: () => Promise<EventLog>
  readonly openStore: () => Promise<SharedStore>
  readonly health: ServersHealth
  readonly logger: Logger
  /** Null: the one that all instances share by the store. */
  readonly cursorKey: Uint8Array | null
  /** Ends the waiting, with its reason. */
  readonly stop: AbortSignal
}

export interface OpenedServers {
  readonly log: EventLog
  readonly store: Store
  readonly cursorKey: Uint8Array
  close(): Promise<void>
}

/** Rejects with what no waiting mends, or with the reason of `stop`; nothing is left open then. */
export async function openServers(options: ServersToOpen): Promise<OpenedServers> {
  const { openLog, openStore, health, logger, stop } = options
  // One that can never be opened ends the waiting for the other.
  const failed = new AbortController()
  const signal = AbortSignal.any([stop, failed.signal])
  const wait = <Server extends { close(): Promise<void> }>(open: () => Promise<Server>, of: ServerHealth) =>
    awaitServer(open, { health: of, clock: systemClock, signal }).catch((error: unknown) => {
      failed.abort(error)
      throw error
    })
  const [log, store] = await Promise.allSettled([wait(openLog, health.kafka), wait(openStore, health.cassandra)])
  const opened = [log, store].flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  if (log.status === 'rejected' || store.status === 'rejected') {
    await closeAll(opened, logger)
    throw stop.aborted ? stop.reason : failed.signal.reason
  }
  const watch = watchServers(
    [
      { health: health.kafka, ping: () => log.value.ping() },
      { health: health.cassandra, ping: () => store.value.ping() },
    ],
    systemClock,
  )
  const close = async (): Promise<void> => {
    watch.close()
    await closeAll(opened, logger)
  }
  try {
    const cursorKey = options.cursorKey ?? (await sharedCursorKey(store.value, health.cassandra, stop))
    return { log: log.value, store: store.value, cursorKey, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function sharedCursorKey(store: SharedStore, health: ServerHealth, signal: AbortSignal): Promise<Uint8Array> {
  const create = () => new Uint8Array(randomBytes(CURSOR_KEY_BYTES))
  const key = await retryWhileAway(() => store.sharedSecret('cursor.key', create), {
    clock: systemClock,
    signal,
    onFailure: (error) => health.away(error),
  })
  if (key.length === CURSOR_KEY_BYTES) return key
  const message = `Cassandra keeps a cursor.key of ${key.length} bytes. Set MESHGATE_CURSOR_KEY to one of ${CURSOR_KEY_BYTES}, the same for all instances.`
  throw new MeshgateError('CONFIG_INVALID', message)
}

/** A server that is away cannot be said goodbye to: what was in hand there is done again by whoever comes next. */
async function closeAll(parts: readonly { close(): Promise<void> }[], logger: Logger): Promise<void> {
  for (const part of parts.toReversed()) {
    await part.close().catch((error: unknown) => {
      if (!(error instanceof MeshgateError && error.retryable)) throw error
      logger.warn({ err: error }, 'A server could not be left cleanly.')
    })
  }
}
