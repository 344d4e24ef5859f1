// How often one client may ask: a bucket of operations for each, which fills evenly. Owns the buckets, a bounded number of them: what was used
// longest ago goes first, and a client without a bucket has a full one.
import { isIPv6 } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { HttpProblem } from './http-problem.ts'

export interface RateLimit {
  /** That one client may run in a window; as many at once, after a window without any. */
  readonly operations: number
  readonly windowMs: number
}

export interface RateLimiterOptions extends RateLimit {
  /** How many proxies append to X-Forwarded-For. 0: the header is not read. */
  readonly trustedProxies: number
  readonly clock: Clock
}

export interface RateLimiter {
  /** Null where so many operations may run now; they are then taken out of the client's bucket. All or none. */
  take(request: IncomingMessage, principal: Principal, operations: number): RateProblem | null
}

export interface RateProblem extends HttpProblem {
  readonly code: 'RATE_LIMITED'
  readonly retryAfterMs: number
}

interface Bucket {
  left: number
  filledAtMs: number
}

export function createRateLimiter({ operations, windowMs, trustedProxies, clock }: RateLimiterOptions): RateLimiter {
  const buckets = new Map<string, Bucket>()
  const perMs = operations / windowMs
  const bucketOf = (key: string, nowMs: number): Bucket => {
    const known = buckets.get(key)
    if (known === undefined) return { left: operations, filledAtMs: nowMs }
    buckets.delete(key)
    known.left = Math.min(operations, known.left + (nowMs - known.filledAtMs) * perMs)
    known.filledAtMs = nowMs
    return known
  }
  return {
    take: (request, principal, wanted) => {
      const key = principal === ANONYMOUS ? `@${clientAddress(request, trustedProxies)}` : subjectKey(principal)
      const bucket = bucketOf(key, clock.monotonic())
      buckets.set(key, bucket)
      for (const oldest of buckets.keys()) {
        if (buckets.size <= limits.rateBucketsMax) break
        buckets.delete(oldest)
      }
      if (bucket.left >= wanted) {
        bucket.left -= wanted
        return null
      }
      return problem(Math.ceil((Math.min(wanted, operations) - bucket.left) / perMs), { operations, windowMs })
    },
  }
}

function subjectKey({ subject, issuer = '' }: Principal): string {
  return `${issuer} ${subject}`
}

function problem(retryAfterMs: number, { operations, windowMs }: RateLimit): RateProblem {
  const message = `More than ${operations} operations in ${windowMs} ms. Ask again in ${retryAfterMs} ms.`
  const headers = ['retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1_000)))]
  return { status: 429, code: 'RATE_LIMITED', message, headers, retryAfterMs }
}

/** Each proxy appends the address that it was asked from: what stands before is the client's own word. Whoever has an IPv6 /64 is one client. */
export function clientAddress({ headers, socket }: IncomingMessage, trustedProxies: number): string {
  const { remoteAddress = '' } = socket
  const forwarded = headers['x-forwarded-for']
  const said = trustedProxies === 0 || forwarded === undefined ? [] : String(forwarded).split(',')
  const address = said.at(-Math.min(trustedProxies, said.length))?.trim() ?? remoteAddress
  return isIPv6(address) && !address.startsWith('::ffff:') ? networkOf(address) : address
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const behind = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : Math.max(0, 8 - groups.length - behind.length)
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...behind]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
