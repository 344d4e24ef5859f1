// Verifies assertions of a gateway for one subgraph, and remembers them until they expire.
import { errors, jwtVerify } from 'jose'
import { MeshgateError } from '../errors.ts'
import { limits } from '../limits.ts'
import { createLruCache } from '../lru-cache.ts'
import type { Clock } from '../ports/clock.ts'
import { ASSERTION_ISSUER, ASSERTION_TYPE, principalOf } from './assertion.ts'
import type { KeySet } from './key-set.ts'
import type { Principal } from './principal.ts'

/** Who asks, as the gateway says, and until when that holds: milliseconds since 1970, clocks that differ allowed for. Null: it does not end. */
export interface Asserted {
  readonly principal: Principal
  readonly expiresAtMs: number | null
}

/** Rejects with UNAUTHENTICATED, or AUTHENTICATION_UNAVAILABLE where the gateway's keys cannot be read. */
export type VerifyAssertion = (assertion: unknown) => Promise<Asserted>

export function createAssertionVerifier(keys: KeySet, subgraph: string, clock: Clock): VerifyAssertion {
  const bounds = { entriesMax: limits.tokensKeptMax, weightMax: limits.tokensKeptCharactersMax }
  const verified = createLruCache<{
    readonly asserted: Asserted
    readonly expiresAtMs: number
    readonly generation: number
  }>(bounds)
  return async (assertion) => {
    if (typeof assertion !== 'string' || assertion.length > limits.tokenCharactersMax) throw refusal(undefined)
    const known = verified.get(assertion)
    keys.refresh()
    if (known !== undefined && known.generation === keys.generation && known.expiresAtMs > clock.now()) {
      return known.asserted
    }
    try {
      const { payload } = await jwtVerify(assertion, keys.key, {
        issuer: ASSERTION_ISSUER,
        audience: subgraph,
        typ: ASSERTION_TYPE,
        algorithms: ['EdDSA', 'Ed25519'],
        clockTolerance: limits.tokenClockToleranceMs / 1_000,
        requiredClaims: ['exp'],
        currentDate: new Date(clock.now()),
      })
      const principal = principalOf(payload)
      if (principal === null) throw refusal(undefined)
      const expiresAtMs = (payload.exp ?? 0) * 1_000 + limits.tokenClockToleranceMs
      const asserted = { principal, expiresAtMs }
      verified.set(assertion, { asserted, expiresAtMs, generation: keys.generation }, assertion.length)
      return asserted
    } catch (error) {
      throw error instanceof errors.JOSEError ? refusal(error) : error
    }
  }
}

function refusal(cause: unknown): MeshgateError {
  const message = 'This subgraph answers its gateway only, by an assertion for it. Ask the gateway.'
  return new MeshgateError('UNAUTHENTICATED', message, cause)
}
