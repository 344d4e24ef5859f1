// How often one client may ask, and what that may cost: a bucket for each. Owns the buckets.
import type { IncomingMessage } from 'node:http'
import type { Principal } from '../../platform/governance/principal.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { SpendingWindow } from '../engine-contract.ts'
import { clientKey } from './client-key.ts'
import type { HttpProblem } from './http-problem.ts'
import { RateBuckets } from './rate-buckets.ts'

export interface RateLimit {
  /** That one client may run in a window; as many at once, after a window without any. Absent: any number. */
  readonly operations?: number
  /** What they may cost together. Absent: anything. */
  readonly cost?: number
  readonly windowMs: number
}

export interface RateLimiterOptions extends RateLimit {
  /** How many proxies append to X-Forwarded-For. 0: the header is not read. */
  readonly trustedProxies: number
  readonly clock: Clock
}

/** What the operations of a client may cost. */
export interface Spending {
  /** Null where an operation of this cost may run now; it is then taken out of the client's bucket. */
  spend(request: IncomingMessage, principal: Principal, cost: number): RateProblem | null
  /** What is left of it now. */
  window(request: IncomingMessage, principal: Principal): SpendingWindow
}

export interface RateLimiter {
  /** Null where so many operations may run now; they are then taken out of the client's bucket. All or none. */
  take(request: IncomingMessage, principal: Principal, operations: number): RateProblem | null
  /** Null where costs are not limited. */
  readonly costs: Spending | null
}

export interface RateProblem extends HttpProblem {
  readonly code: 'RATE_LIMITED'
  readonly retryAfterMs: number
}

export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { operations, cost, windowMs, trustedProxies, clock } = options
  const keyOf = (request: IncomingMessage, principal: Principal): string =>
    clientKey(request, principal, trustedProxies)
  const limited = (buckets: RateBuckets, what: string): Spending['spend'] => {
    const many = `More than ${buckets.amount} ${what} in ${windowMs} ms.`
    return (request, principal, wanted) => {
      const retryAfterMs = buckets.take(keyOf(request, principal), wanted)
      return retryAfterMs === 0 ? null : rateProblem(many, retryAfterMs)
    }
  }
  const costs = cost === undefined ? null : new RateBuckets(cost, windowMs, clock)
  return {
    take: operations === undefined ? () => null : limited(new RateBuckets(operations, windowMs, clock), 'operations'),
    costs: costs && {
      spend: limited(costs, 'of costs'),
      window: (request, principal) => ({
        max: costs.amount,
        remaining: costs.left(keyOf(request, principal)),
        windowMs,
      }),
    },
  }
}

export function rateProblem(many: string, retryAfterMs: number): RateProblem {
  const message = `${many} Ask again in ${retryAfterMs} ms.`
  const headers = ['retry-after', retryAfterSeconds(retryAfterMs)]
  return { status: 429, code: 'RATE_LIMITED', message, headers, retryAfterMs }
}

/** As Retry-After has it. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1_000)))
}
