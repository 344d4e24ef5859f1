// How many tokens an address may get wrong: each costs a signature to check, and without a bound guessing is free.
import type { IncomingMessage } from 'node:http'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { addressKey } from '../http/client-key.ts'
import { RateBuckets } from '../http/rate-buckets.ts'
import { rateProblem } from '../http/rate-limiter.ts'
import type { Identified, Refusal } from './identity.ts'

export interface FailedTokensOptions {
  /** In a minute, of one address; 0: any number. */
  readonly max: number
  readonly trustedProxies: number
  readonly clock: Clock
}

/** Verifies where the address may still get a token wrong; one that is being verified counts until it is known to be right. */
export type Guard = (request: IncomingMessage, verify: () => Promise<Identified>) => Promise<Identified>

export function guardTokens({ max, trustedProxies, clock }: FailedTokensOptions): Guard {
  if (max === 0) return (_request, verify) => verify()
  const buckets = new RateBuckets(max, limits.tokenFailuresWindowMs, clock)
  return async (request, verify) => {
    const key = addressKey(request, trustedProxies)
    const retryAfterMs = buckets.take(key, 1)
    if (retryAfterMs > 0) return tooMany(retryAfterMs)
    const identified = await verify()
    // What nobody can tell at the moment is no failure of the client's.
    if (identified.kind === 'known' || identified.status === 503) buckets.giveBack(key, 1)
    return identified
  }
}

function tooMany(retryAfterMs: number): Refusal {
  const { status, code, message, headers = [] } = rateProblem('Too many tokens from here were wrong.', retryAfterMs)
  return { kind: 'refused', status, code, message, headers }
}
