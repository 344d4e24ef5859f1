// Authenticates by JSON Web Tokens: finds the token of a request, verifies it with the keys of its issuer, and remembers what it has verified
// until it expires, so that a client's next request costs a look-up. Never `none`, never a symmetric algorithm, never without `exp`.
import type { IncomingMessage } from 'node:http'
import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose'
import { MeshgateError, type FailureCode } from '../../platform/errors.ts'
import { TOKEN_ALGORITHMS } from '../../platform/identity-settings.ts'
import { limits } from '../../platform/limits.ts'
import { createLruCache, type LruCache } from '../../platform/lru-cache.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { isObject } from '../execute/plain-object.ts'
import { CLAIM_NAMES, type AuthenticationOptions, type ClaimNames } from './authentication-options.ts'
import { guardTokens } from './failed-tokens.ts'
import { NOBODY, type Authenticate, type ConnectionParameters, type Identified, type Refusal } from './identity.ts'
import { KeySet } from '../../platform/governance/key-set.ts'
import { readPrincipal } from './read-claims.ts'

export interface TokenAuthenticatorOptions extends AuthenticationOptions {
  readonly clock: Clock
  /** That one address may get wrong in a minute; 0: any number. Default `limits.tokenFailuresMax`. */
  readonly tokenFailures?: number | undefined
  /** Default 0. */
  readonly trustedProxies?: number | undefined
  /** Keys could not be read. */
  readonly onFailure: (message: string, error: unknown) => void
}

interface Verifying {
  readonly options: TokenAuthenticatorOptions
  readonly keySets: ReadonlyMap<string, KeySet>
  readonly verified: LruCache<Verified>
  readonly names: ClaimNames
  readonly toleranceMs: number
}

interface Verified {
  readonly identity: Identified & { readonly kind: 'known' }
  readonly expiresAtMs: number
  readonly keySet: KeySet
  readonly generation: number
}

export function createTokenAuthenticator(options: TokenAuthenticatorOptions): Authenticate {
  const { issuers, clock, onFailure, header = 'authorization', prefix = 'Bearer' } = options
  const keySets = new Map(
    issuers.map(({ issuer, keys }) => {
      const told = (error: MeshgateError): void => onFailure(error.message, error)
      return [issuer, new KeySet({ from: keys, clock, onFailure: told })]
    }),
  )
  const verifying: Verifying = {
    options,
    keySets,
    verified: createLruCache({ entriesMax: limits.tokensKeptMax, weightMax: limits.tokensKeptCharactersMax }),
    names: { ...CLAIM_NAMES, ...options.claims },
    toleranceMs: options.clockToleranceMs ?? limits.tokenClockToleranceMs,
  }
  const absent = options.requireAuthentication === true ? unauthenticated('The request has no token.', false) : NOBODY
  const { tokenFailures: max = limits.tokenFailuresMax, trustedProxies = 0 } = options
  const guard = guardTokens({ max, trustedProxies, clock })
  const name = header.toLowerCase()
  return (request, parameters) => {
    const credentials = headerOf(request, name) ?? parameterOf(parameters, name)
    if (credentials === null) return absent
    const token = afterPrefix(credentials, prefix)
    if (token === null) return unauthenticated(`Send the token as "${header}: ${prefix} TOKEN".`, true)
    return known(verifying, token) ?? guard(request, () => verify(verifying, token))
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** Clients put it there by the header's name in any case, or inside `headers`. */
function parameterOf(parameters: ConnectionParameters | undefined, name: string): string | null {
  if (parameters === undefined) return null
  for (const within of [parameters, parameters['headers']]) {
    if (!isObject(within)) continue
    for (const [key, value] of Object.entries(within)) {
      if (key.toLowerCase() === name && typeof value === 'string' && value !== '') return value
    }
  }
  return null
}

function afterPrefix(credentials: string, prefix: string): string | null {
  if (prefix === '') return credentials.trim()
  const start = credentials.slice(0, prefix.length + 1).toLowerCase()
  if (start !== `${prefix.toLowerCase()} `) return null
  return credentials.slice(prefix.length + 1).trim()
}

function known({ verified, options }: Verifying, token: string): Identified | null {
  const found = verified.get(token)
  if (found === undefined) return null
  const { identity, expiresAtMs, keySet, generation } = found
  if (expiresAtMs <= options.clock.now()) return expired()
  keySet.refresh()
  return generation === keySet.generation ? identity : null
}

async function verify(verifying: Verifying, token: string): Promise<Identified> {
  if (token.length > limits.tokenCharactersMax) {
    return unauthenticated(`The token has more than ${limits.tokenCharactersMax} characters.`, true)
  }
  try {
    return await verifyOrThrow(verifying, token)
  } catch (error) {
    return refusalOf(error, verifying.options)
  }
}

async function verifyOrThrow(verifying: Verifying, token: string): Promise<Identified> {
  const { options, keySets, names, toleranceMs, verified } = verifying
  const { iss: issuer } = decodeJwt(token)
  const keySet = issuer === undefined ? undefined : keySets.get(issuer)
  if (issuer === undefined || keySet === undefined) return unauthenticated('Nobody here trusts its issuer.', true)
  const { payload } = await jwtVerify(token, keySet.key, {
    issuer,
    ...(options.audiences === null ? {} : { audience: [...options.audiences] }),
    algorithms: [...(options.algorithms ?? TOKEN_ALGORITHMS)],
    clockTolerance: toleranceMs / 1_000,
    requiredClaims: ['exp'],
    currentDate: new Date(options.clock.now()),
  })
  const principal = readPrincipal(issuer, payload, names)
  if (principal === null) return unauthenticated('The token names no subject (sub).', true)
  const expiresAtMs = expiryOf(payload) + toleranceMs
  const identity = { kind: 'known', principal, expiresAtMs } as const
  verified.set(token, { identity, expiresAtMs, keySet, generation: keySet.generation }, token.length)
  return identity
}

function expiryOf({ exp = 0 }: JWTPayload): number {
  return exp * 1_000
}

/** What is wrong with it is for its owner to know; what a verifier thinks beyond that is not told. */
function refusalOf(error: unknown, { onFailure }: TokenAuthenticatorOptions): Refusal {
  if (error instanceof MeshgateError && error.code === 'AUTHENTICATION_UNAVAILABLE') {
    return refusal(503, error.code, error.message, ['retry-after', '5'])
  }
  if (error instanceof errors.JWTExpired) return expired()
  if (error instanceof errors.JWTClaimValidationFailed) {
    return unauthenticated(`The claim "${error.claim}" of the token is missing or not as it must be.`, true)
  }
  if (error instanceof errors.JOSEError) return unauthenticated('The token cannot be verified.', true)
  onFailure('A token could not be verified', error)
  return unauthenticated('The token cannot be verified.', true)
}

function expired(): Refusal {
  return unauthenticated('The token has expired.', true)
}

/** RFC 6750, 3: a request without a token is told only that it needs one. */
function unauthenticated(message: string, isGiven: boolean): Refusal {
  const challenge = isGiven
    ? `Bearer error="invalid_token", error_description="${message.replaceAll('"', "'")}"`
    : 'Bearer'
  return refusal(401, 'UNAUTHENTICATED', `${message} Ask again with a token that is valid.`, [
    'www-authenticate',
    challenge,
  ])
}

function refusal(status: Refusal['status'], code: FailureCode, message: string, headers: readonly string[]): Refusal {
  return { kind: 'refused', status, code, message, headers }
}
