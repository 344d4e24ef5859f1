// How often one client may ask: a bucket of operations for each, which fills evenly. Owns the buckets, a bounded number of them: what was used
// longest ago goes first, and a client without a bucket has a full one.
import { isIPv6 } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { HttpProblem } from './http-problem.ts'

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

export interface RateLimiter {
  /** Null where so many operations may run now; they are then taken out of the client's bucket. All or none. */
  take(request: IncomingMessage, principal: Principal, operations: number): RateProblem | null
  /** The same of what an operation costs. Null where costs are not limited. */
  readonly spend: ((request: IncomingMessage, principal: Principal, cost: number) => RateProblem | null) | null
}

export interface RateProblem extends HttpProblem {
  readonly code: 'RATE_LIMITED'
  readonly retryAfterMs: number
}

export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { operations, cost, windowMs, trustedProxies, clock } = options
  const keyOf = (request: IncomingMessage, principal: Principal): string =>
    principal === ANONYMOUS ? `@${clientAddress(request, trustedProxies)}` : subjectKey(principal)
  const limited = (amount: number, what: string): NonNullable<RateLimiter['spend']> => {
    const take = createBuckets(amount, windowMs, clock)
    const many = `More than ${amount} ${what} in ${windowMs} ms.`
    return (request, principal, wanted) => {
      const retryAfterMs = take(keyOf(request, principal), wanted)
      return retryAfterMs === 0 ? null : problem(many, retryAfterMs)
    }
  }
  return {
    take: operations === undefined ? () => null : limited(operations, 'operations'),
    spend: cost === undefined ? null : limited(cost, 'of costs'),
  }
}

interface Bucket {
  left: number
  filledAtMs: number
}

/** Takes so much out of the key's bucket, and answers 0; or nothing, and says when to come again. What is larger than a bucket needs a full one. */
function createBuckets(amount: number, windowMs: number, clock: Clock): (key: string, wanted: number) => number {
  const buckets = new Map<string, Bucket>()
  const perMs = amount / windowMs
  return (key, wanted) => {
    const nowMs = clock.monotonic()
    const bucket = buckets.get(key) ?? { left: amount, filledAtMs: nowMs }
    bucket.left = Math.min(amount, bucket.left + (nowMs - bucket.filledAtMs) * perMs)
    bucket.filledAtMs = nowMs
    buckets.delete(key)
    buckets.set(key, bucket)
    for (const oldest of buckets.keys()) {
      if (buckets.size <= limits.rateBucketsMax) break
      buckets.delete(oldest)
    }
    const needed = Math.min(wanted, amount)
    if (bucket.left < needed) return Math.ceil((needed - bucket.left) / perMs)
    bucket.left -= wanted
    return 0
  }
}

function problem(many: string, retryAfterMs: number): RateProblem {
  const message = `${many} Ask again in ${retryAfterMs} ms.`
  const headers = ['retry-after', retryAfterSeconds(retryAfterMs)]
  return { status: 429, code: 'RATE_LIMITED', message, headers, retryAfterMs }
}

/** As Retry-After has it. */
export function retryAfterSeconds(retryAfterMs: number): string {
  return String(Math.max(1, Math.ceil(retryAfterMs / 1_000)))
}

function subjectKey({ subject, issuer = '' }: Principal): string {
  return `${issuer} ${subject}`
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
