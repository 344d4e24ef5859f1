// What a stream's end means: whether it goes on from its cursor, begins anew, needs another token, or is over.
import type { StreamError } from './stream-types.ts'

export type Failure =
  /** `cursor`: where the gateway says to go on. `afterMs`: how long it wants to be left alone. */
  | { readonly kind: 'passing'; readonly error: unknown; readonly cursor?: string; readonly afterMs?: number }
  | { readonly kind: 'gap'; readonly error: unknown; readonly code: string }
  | { readonly kind: 'unauthenticated'; readonly error: unknown; readonly cursor?: string }
  | { readonly kind: 'final'; readonly error: unknown }

/** An answer over HTTP that is no stream. */
export class HttpFailure extends Error {
  readonly status: number
  /** Of its `retry-after`. */
  readonly retryAfterMs: number | undefined
  constructor(status: number, message: string, retryAfterMs?: number) {
    super(message)
    this.name = 'HttpFailure'
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/** What an iterator throws where the gateway ended its stream with errors. */
export class SubscriptionFailure extends Error {
  readonly errors: readonly StreamError[]
  constructor(errors: readonly StreamError[]) {
    super(errors.map(({ message }) => message).join('; '))
    this.name = 'SubscriptionFailure'
    this.errors = errors
  }
}

/** What an end is told with, as an Error: a socket's close and its failure are none. */
export function asError(error: unknown): Error {
  if (error instanceof Error) return error
  if (isErrorList(error)) return new SubscriptionFailure(error)
  const { code, reason, message } = isObject(error) ? error : {}
  const said = [reason, message].filter((each) => typeof each === 'string').find((each) => each !== '')
  const words = said ?? 'The connection was lost.'
  return new Error(typeof code === 'number' ? `${words} (${code})` : words, { cause: error })
}

/** A cursor is of no use any more, or there is none: events in between will not come. */
export const GAPS = new Set(['SUBSCRIPTION_GAP', 'RESUME_UNSUPPORTED', 'CURSOR_INVALID'])

/** The same request may succeed later (docs/errors.md); what else does says `retryable: true`. */
export const PASSING = new Set([
  'SUBSCRIPTION_RECONNECT',
  'SUBSCRIPTION_SLOW',
  'SUBSCRIPTION_LOST',
  'SUBSCRIPTION_OVERFLOW',
  'SUBGRAPH_UNAVAILABLE',
  'SUBGRAPH_TIMEOUT',
  'STORE_UNAVAILABLE',
  'LOG_UNAVAILABLE',
  'TABLE_FILLING',
  'PLANNING_OVERLOADED',
  'AUTHENTICATION_UNAVAILABLE',
  'RATE_LIMITED',
  'CONNECTIONS_EXCEEDED',
  'SUBSCRIPTIONS_EXCEEDED',
  'ASSERTION_EXPIRED',
])

export const UNAUTHENTICATED = new Set(['TOKEN_EXPIRED', 'UNAUTHENTICATED'])

/** Codes of a WebSocket's close after which the same would only happen again: the protocol was broken, or more was sent than is taken. */
const FINAL_CLOSES = new Set([1002, 1003, 1007, 1008, 1009, 1010, 4004, 4005, 4400, 4406, 4409, 4429])
const UNAUTHENTICATED_CLOSES = new Set([4401, 4403])

/** A server in trouble, or one that has had enough for now. */
export const isPassingStatus = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status)

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export const isErrorList = (value: unknown): value is readonly StreamError[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((each) => isObject(each) && typeof each['message'] === 'string')

export function failureOf(error: unknown): Failure {
  if (isErrorList(error)) return failureOfErrors(error)
  if (error instanceof HttpFailure) return failureOfStatus(error)
  if (isObject(error) && typeof error['code'] === 'number') return failureOfClose(error, error['code'])
  // A connection that was refused or broke, as WebSocket and fetch tell it.
  return { kind: 'passing', error }
}

function failureOfErrors(errors: readonly StreamError[]): Failure {
  const extensions = errors.map((error) => error.extensions ?? {})
  const codes = extensions.flatMap(({ code }) => (typeof code === 'string' ? [code] : []))
  const gap = codes.find((code) => GAPS.has(code))
  if (gap !== undefined) return { kind: 'gap', error: errors, code: gap }
  const cursor = extensions.map((each) => each['cursor']).find((each) => typeof each === 'string')
  const where = cursor === undefined ? {} : { cursor }
  if (codes.some((code) => UNAUTHENTICATED.has(code))) return { kind: 'unauthenticated', error: errors, ...where }
  const passes = extensions.every(
    ({ code, retryable }) => retryable === true || (typeof code === 'string' && PASSING.has(code)),
  )
  return passes ? { kind: 'passing', error: errors, ...where } : { kind: 'final', error: errors }
}

function failureOfClose(error: unknown, code: number): Failure {
  if (FINAL_CLOSES.has(code)) return { kind: 'final', error }
  return { kind: UNAUTHENTICATED_CLOSES.has(code) ? 'unauthenticated' : 'passing', error }
}

function failureOfStatus(error: HttpFailure): Failure {
  const { status, retryAfterMs } = error
  if (status === 401) return { kind: 'unauthenticated', error }
  if (!isPassingStatus(status)) return { kind: 'final', error }
  return { kind: 'passing', error, ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }) }
}
