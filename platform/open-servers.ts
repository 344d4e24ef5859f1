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

const STORE_ID_BYTES = 16

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
  /** Of the store, in hex: made once and kept in it. */
  readonly storeId: string
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
    const shared = (name: string, bytes: number) =>
      sharedSecret(store.value, { name, bytes, health: health.cassandra, signal: stop })
    const cursorKey = options.cursorKey ?? checkedCursorKey(await shared('cursor.key', CURSOR_KEY_BYTES))
    const storeId = Buffer.from(await shared('store.id', STORE_ID_BYTES)).toString('hex')
    return { log: log.value, store: store.value, cursorKey, storeId, close }
  } catch (error) {
    await close()
    throw error
  }
}

interface SecretToShare {
  readonly name: string
  readonly bytes: number
  readonly health: ServerHealth
  readonly signal: AbortSignal
}

function sharedSecret(store: SharedStore, { name, bytes, health, signal }: SecretToShare): Promise<Uint8Array> {
  const create = () => new Uint8Array(randomBytes(bytes))
  const onFailure = (error: unknown): void => health.away(error)
  return retryWhileAway(() => store.sharedSecret(name, create), { clock: systemClock, signal, onFailure })
}

function checkedCursorKey(key: Uint8Array): Uint8Array {
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
