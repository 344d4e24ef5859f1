// The part of the configuration that says who may ask, and how often.
import { CLIENT_SETTINGS } from './client-settings.ts'
import { invariant } from './errors.ts'
import { IDENTITY_SETTINGS, type TokenAlgorithm, type TokenIssuerSetting } from './identity-settings.ts'
import type { Setting } from './setting.ts'

export interface IdentityConfig {
  /** Null: no tokens are believed. */
  readonly tokens: TokenConfig | null
  /** File of the key that assertions are signed with. Null: none are. */
  readonly assertionKey: string | null
  /** Null: any number of operations. */
  readonly rate: { readonly operations?: number; readonly cost?: number; readonly windowMs: number } | null
  readonly trustedProxies: number
  /** What of the gateway one client may take. 0: any number. */
  readonly clients: ClientsConfig
}

export interface ClientsConfig {
  readonly tokenFailures: number
  readonly sockets: number
  readonly socketsPerClient: number
  readonly subscriptionsPerClient: number
  readonly subscriptionsPerSocket: number
}

export interface TokenConfig {
  readonly issuers: readonly TokenIssuerSetting[]
  /** Null: any. */
  readonly audiences: readonly string[] | null
  readonly algorithms: readonly TokenAlgorithm[]
  readonly header: string
  /** Empty: none. */
  readonly prefix: string
  readonly clockToleranceMs: number
  readonly requireAuthentication: boolean
  readonly claims: {
    readonly roles: readonly string[]
    readonly scopes: readonly string[]
    readonly purposes: readonly string[]
    readonly policies: readonly string[]
    readonly kept: readonly string[]
  }
}

/** Null when `problems` has been told what is wrong. */
export function readIdentity(read: <T>(setting: Setting<T>) => T | null, problems: string[]): IdentityConfig | null {
  const known = problems.length
  const tokens = readTokens(read, problems)
  const settings = IDENTITY_SETTINGS
  const operations = read(settings.rateLimit)
  const cost = read(settings.rateCost)
  const windowMs = read(settings.rateWindowMs)
  const trustedProxies = read(settings.trustedProxies)
  const assertionKey = read(settings.assertionKey)
  const clients = readClients(read)
  if (problems.length > known) return null
  invariant(windowMs !== null && trustedProxies !== null, 'a setting has a default')
  const bounds = { ...(operations === null ? {} : { operations }), ...(cost === null ? {} : { cost }) }
  const rate = Object.keys(bounds).length === 0 ? null : { ...bounds, windowMs }
  return { tokens, assertionKey, rate, trustedProxies, clients }
}

function readClients(read: <T>(setting: Setting<T>) => T | null): ClientsConfig {
  const settings = CLIENT_SETTINGS
  // One that cannot be read has been told.
  return {
    tokenFailures: read(settings.tokenFailures) ?? 0,
    sockets: read(settings.sockets) ?? 0,
    socketsPerClient: read(settings.socketsPerClient) ?? 0,
    subscriptionsPerClient: read(settings.subscriptionsPerClient) ?? 0,
    subscriptionsPerSocket: read(settings.subscriptionsPerSocket) ?? 0,
  }
}

function readTokens(read: <T>(setting: Setting<T>) => T | null, problems: string[]): TokenConfig | null {
  const settings = IDENTITY_SETTINGS
  const known = problems.length
  const issuers = read(settings.tokenIssuers)
  const areIssuersUsable = problems.length === known
  const audiences = read(settings.tokenAudiences)
  const areAudiencesUsable = problems.length === known
  const algorithms = read(settings.tokenAlgorithms)
  const header = read(settings.tokenHeader)
  const prefix = read(settings.tokenPrefix)
  const clockToleranceMs = read(settings.tokenClockToleranceMs)
  const requireAuthentication = read(settings.requireAuthentication)
  const claims = {
    roles: read(settings.claimsOfRoles) ?? [],
    scopes: read(settings.claimsOfScopes) ?? [],
    purposes: read(settings.claimsOfPurposes) ?? [],
    policies: read(settings.claimsOfPolicies) ?? [],
    kept: read(settings.claimsKept) ?? [],
  }
  const { tokenIssuers, tokenAudiences } = settings
  if (issuers === null && areIssuersUsable && requireAuthentication === true) {
    problems.push(
      `${settings.requireAuthentication.name} needs ${tokenIssuers.name}: without issuers no token is believed.`,
    )
  }
  if (issuers !== null && audiences === null && areAudiencesUsable) {
    problems.push(
      `${tokenIssuers.name} needs ${tokenAudiences.name}: else tokens that were made for other services would open this one. Write * where that is meant.`,
    )
  }
  if (issuers === null || problems.length > known) return null
  invariant(algorithms !== null && header !== null && prefix !== null, 'a setting has a default')
  invariant(clockToleranceMs !== null && requireAuthentication !== null, 'a setting has a default')
  const accepted = audiences === null || audiences === '*' ? null : audiences
  return { issuers, audiences: accepted, algorithms, header, prefix, clockToleranceMs, requireAuthentication, claims }
}
