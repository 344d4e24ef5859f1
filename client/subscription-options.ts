// What can be chosen for subscriptions, for all of a client and for each.
import type { CursorStorage } from './cursor-saver.ts'
import type { StreamEvent, SubscriptionRequest } from './stream-types.ts'

/** Events between the cursor and now are not to be had. */
export interface Gap {
  /** `SUBSCRIPTION_GAP`: older than the retention. `CURSOR_INVALID`: of another operation or key. `RESUME_UNSUPPORTED`: the subgraph gives none. */
  readonly code: string
  readonly error: unknown
  /** The one that was of no use. */
  readonly cursor: string | undefined
  readonly request: SubscriptionRequest
}

/** `snapshot`: anew with the current rows. `restart`: anew from now on. `fail`: the subscription ends with the error. */
export type AfterGap = 'snapshot' | 'restart' | 'fail'

export interface SubscriptionOptions {
  /** Default: `snapshot` where the request asked for one, else `fail`. The first event that follows has `extensions.restarted`. */
  readonly onGap?: (gap: Gap) => AfterGap | Promise<AfterGap>
  /**
   * Called where the token has expired or is refused, once until an event arrives or a stream has held for 30 s; resolves when the next connection has a new one. Default: the
   * subscription ends. A WebSocket carries its token from its opening: close it (`client.terminate()`) here.
   */
  readonly renew?: () => void | Promise<void>
  /** Told of each end that the subscription goes on after, before it does. */
  readonly onInterruption?: (error: unknown, attempt: number) => void
  /** How long to wait before attempt 0, 1, … since the last event, or a stream that held for 30 s. Default: random, up to 0.5 s doubled each time, 30 s at most. */
  readonly retryDelayMs?: (attempt: number) => number
  /** Attempts without an event before the subscription ends with the last error. Default: any number. */
  readonly attemptsMax?: number
  /** For page reloads. What the page has made of the events must be kept as well, or a snapshot asked for instead. */
  readonly storage?: CursorStorage
  /** By which the storage finds the cursor again. Default: query, operation name and variables. */
  readonly id?: string | ((request: SubscriptionRequest) => string)
  /** Between saves. Default: 1,000. A page that is left between two gets the events since again. */
  readonly saveMs?: number
  /** Events that wait for the consumer of `iterate` before the stream is closed, to be resumed once they are taken. Default: 1,000. */
  readonly waitingEventsMax?: number
}

const DELAY_MS_MIN = 500
const DELAY_MS_MAX = 30_000
/** A stream that was there for so long has ended for a reason of its own, though no event came: attempts are counted anew. */
export const STREAM_HELD_MS = DELAY_MS_MAX
export const SAVE_MS = 1_000
export const WAITING_EVENTS_MAX = 1_000

/** Spread over the whole delay: clients that lost one gateway come to the next one by one. */
export const spreadDelayMs = (attempt: number): number =>
  Math.random() * Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** attempt)

export const storageId = (request: SubscriptionRequest, id: SubscriptionOptions['id']): string => {
  if (typeof id === 'function') return id(request)
  const { query, documentId = null, operationName = null, variables } = request
  return id ?? JSON.stringify([query, documentId, operationName, variables ?? {}])
}

/** Whether an event only says where the stream begins. */
export const isStart = ({ data, extensions }: StreamEvent): boolean =>
  extensions?.['started'] === true && (data === null || data === undefined)
