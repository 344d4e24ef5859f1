// What a failure of Kafka or of the way to it means: whether to try again, and which error of ours it is.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { plainReason } from '../../tls-problem.ts'
import type { Clock } from '../../ports/clock.ts'

/** Kafka's name of a failure that a broker told (`NOT_LEADER_FOR_PARTITION`, …); null for any other error. */
export function kafkaErrorType(error: unknown): string | null {
  return error instanceof Error && 'type' in error && typeof error.type === 'string' ? error.type : null
}

/** Whether the same request may succeed soon: the network, a broker that starts or ends, a leader or coordinator that moves. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return false
  return 'retriable' in error && error.retriable === true
}

const OF_COORDINATOR: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
])

/** Whether a group's coordinator is being made, found or filled: brokers that have just started do that for a while. */
export function isOfCoordinator(error: unknown): boolean {
  return OF_COORDINATOR.has(kafkaErrorType(error instanceof MeshgateError ? error.cause : error) ?? '')
}

/** Whether a topic or partition was not to be found: it is deleted, or a leader that has just changed does not know it yet. */
export function isMissing(error: unknown): boolean {
  if (error instanceof MeshgateError && error.code === 'LOG_TOPIC_UNKNOWN') return true
  const cause = error instanceof MeshgateError ? error.cause : error
  return kafkaErrorType(cause) === 'UNKNOWN_TOPIC_OR_PARTITION'
}

/** Whether a failure that has gone on for so long is one to tell of: leaders and coordinators that move are nobody's business. */
export function isWorthTelling(error: unknown, lastedMs: number): boolean {
  const transient = error instanceof MeshgateError ? error.code === 'LOG_UNAVAILABLE' : isTransient(error)
  if (!transient) return true
  return lastedMs >= (isOfCoordinator(error) ? limits.kafkaCoordinatorWaitMs : limits.consumerOutageAfterMs)
}

/** The last is what a broker says that asks for no user at all. */
const REFUSALS: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
])

/** `doing`: what failed, as in "append to sales.orders". */
export function toMeshgateError(error: unknown, doing: string): MeshgateError {
  if (error instanceof MeshgateError) return error
  const reason = plainReason(error)
  if (isTransient(error)) {
    return new MeshgateError(
      'LOG_UNAVAILABLE',
      `Kafka: cannot ${doing}: ${reason}. Retry; see whether its brokers run.`,
      error,
    )
  }
  const type = kafkaErrorType(error) ?? ''
  if (type.endsWith('AUTHORIZATION_FAILED')) {
    return new MeshgateError(
      'LOG_ACCESS_DENIED',
      `Kafka: not allowed to ${doing}: ${reason}. Grant it to our user.`,
      error,
    )
  }
  if (REFUSALS.has(type) || (error instanceof Error && error.name === 'KafkaJSSASLAuthenticationError')) {
    return new MeshgateError(
      'LOG_ACCESS_DENIED',
      `Kafka refuses our user: ${reason}. Check mechanism, name and password.`,
      error,
    )
  }
  return new MeshgateError('INTERNAL', `Kafka: cannot ${doing}: ${reason}`, error)
}

export interface RetryOptions {
  readonly clock: Clock
  readonly doing: string
  /** After that no further attempt begins, or later where a group's coordinator is being made. 0: one attempt. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Tries again while failures are transient, with backoff; then rejects with LOG_UNAVAILABLE. Other failures are passed on as they are. */
export async function withRetries<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { clock, signal } = options
  const startedMs = clock.monotonic()
  for (let delayMs: number = limits.kafkaRetryDelayMsMin; ; delayMs = nextDelay(delayMs)) {
    signal?.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      signal?.throwIfAborted()
      if (!isTransient(error)) throw error
      const lastedMs = clock.monotonic() + delayMs - startedMs
      if (lastedMs >= patienceOf(error, options.timeoutMs)) throw toMeshgateError(error, options.doing)
    }
    await clock.sleep(delayMs, signal)
  }
}

function patienceOf(error: unknown, timeoutMs: number): number {
  return timeoutMs > 0 && isOfCoordinator(error) ? Math.max(timeoutMs, limits.kafkaCoordinatorWaitMs) : timeoutMs
}

export function nextDelay(delayMs: number): number {
  return Math.min(2 * delayMs, limits.kafkaRetryDelayMsMax)
}
