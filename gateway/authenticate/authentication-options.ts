// What the gateway is told of tokens: whose it accepts, where they stand in a request, and what their claims mean.
import type { TokenAlgorithm } from '../../platform/identity-settings.ts'

export interface AuthenticationOptions {
  readonly issuers: readonly TokenIssuer[]
  /** One of them must be in the token's `aud`. Null: any audience. */
  readonly audiences: readonly string[] | null
  /** Default: all of `TOKEN_ALGORITHMS`. */
  readonly algorithms?: readonly TokenAlgorithm[]
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
