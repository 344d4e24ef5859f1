// What the gateway is told of tokens: whose it accepts, where they stand in a request, and what their claims mean.

export interface AuthenticationOptions {
  readonly issuers: readonly TokenIssuer[]
  /** One of them must be in the token's `aud`. Null: any audience. */
  readonly audiences: readonly string[] | null
  /** Default: the asymmetric ones of `ALGORITHMS`. */
  readonly algorithms?: readonly Algorithm[]
  /** How far clocks may differ. Default `limits.tokenClockToleranceMs`. */
  readonly clockToleranceMs?: number
  /** Refuses requests without a token. Default false: they come from nobody. */
  readonly requireAuthentication?: boolean
  /** Default `authorization`. */
  readonly header?: string
  /** What stands before the token, a space apart; empty: nothing. Default `Bearer`. */
  readonly prefix?: string
  readonly claims?: Partial<ClaimNames>
}

export interface TokenIssuer {
  /** The token's `iss`, to the character. */
  readonly issuer: string
  /** URL (http, https) or path of a file with its public keys, a JSON Web Key Set. */
  readonly keys: string
}

/**
 * Names of claims, each a list or a text with spaces between; a name with dots that the token does not have leads into objects:
 * `realm_access.roles`. What all named claims say counts.
 */
export interface ClaimNames {
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly purposes: readonly string[]
  /** Claims that hold names of policies which are met (@policy). */
  readonly policies: readonly string[]
  /** Kept as `Principal.claims`. */
  readonly kept: readonly string[]
}

export const CLAIM_NAMES: ClaimNames = {
  roles: ['roles'],
  scopes: ['scope', 'scp', 'scopes'],
  purposes: ['purposes'],
  policies: [],
  kept: [],
}

/** Whoever has the public key of one of these cannot make a signature with it: symmetric ones are not offered at all. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
export type Algorithm = (typeof ALGORITHMS)[number]
