// The part of the configuration that is the gateway's.
import { type CSRF_OFF, GATEWAY_SETTINGS, type SHARINGS } from './gateway-settings.ts'
import { invariant } from './errors.ts'
import { readIdentity, type IdentityConfig } from './identity-config.ts'
import { readSafety, type SafetyConfig } from './safety-config.ts'
import type { Setting } from './setting.ts'

export interface GatewayConfig {
  readonly workers: number | 'auto'
  readonly sharing: (typeof SHARINGS)[number]
  readonly forwardHeaders: readonly string[]
  /** 0: none. */
  readonly batchMax: number
  /** Null: those of the command; `*` among them: any. */
  readonly allowedHosts: readonly string[] | null
  /** Null: pages of other origins are not answered. */
  readonly cors: { readonly origins: readonly string[]; readonly credentials: boolean } | null
  /** Null: the usual headers. */
  readonly csrfHeaders: readonly string[] | typeof CSRF_OFF | null
  readonly compression: boolean
  readonly exposeErrors: boolean
  /** How much requests may ask, and what is shown. */
  readonly safety: SafetyConfig
  /** Who may ask, and how often. */
  readonly identity: IdentityConfig
  /** By name; what is not said stays as usual. */
  readonly subgraphs: Readonly<Record<string, SubgraphConfig>>
}

export interface SubgraphConfig {
  readonly url?: string
  readonly timeoutMs?: number
  readonly http2?: true
  readonly subscriptions?: 'sse'
  readonly subscriptionUrl?: string
  readonly isOurs?: true
  readonly assertsPrincipal?: true
}

/** Null when `problems` has been told what is wrong. */
export function readGateway(read: <T>(setting: Setting<T>) => T | null, problems: string[]): GatewayConfig | null {
  const known = problems.length
  const settings = GATEWAY_SETTINGS
  const workers = read(settings.workers)
  const sharing = read(settings.share)
  const forwardHeaders = read(settings.forwardHeaders) ?? []
  const batchMax = read(settings.batchMax)
  const allowedHosts = read(settings.allowedHosts)
  const origins = read(settings.corsOrigins)
  const credentials = read(settings.corsCredentials)
  const csrfHeaders = read(settings.csrfHeaders)
  const compression = read(settings.compression)
  const exposeErrors = read(settings.exposeErrors)
  const safety = readSafety(read, problems)
  const identity = readIdentity(read, problems)
  const subgraphs = readSubgraphs(read)
  if (credentials === true && (origins === null || origins.includes('*'))) {
    const { corsCredentials, corsOrigins } = settings
    problems.push(`${corsCredentials.name} needs ${corsOrigins.name} that lists the origins, without *.`)
  }
  if (problems.length > known) return null
  invariant(safety !== null && identity !== null, 'what has no problems is configured')
  invariant(workers !== null && sharing !== null && batchMax !== null, 'a setting has a default')
  invariant(credentials !== null && compression !== null && exposeErrors !== null, 'a setting has a default')
  const cors = origins === null ? null : { origins, credentials }
  const shown = { allowedHosts, cors, csrfHeaders, compression, exposeErrors }
  return { workers, sharing, forwardHeaders, batchMax, ...shown, safety, identity, subgraphs }
}

function readSubgraphs(read: <T>(setting: Setting<T>) => T | null): Readonly<Record<string, SubgraphConfig>> {
  const settings = GATEWAY_SETTINGS
  const subgraphs = new Map<string, SubgraphConfig>()
  const add = (name: string, more: SubgraphConfig): void =>
    void subgraphs.set(name, { ...subgraphs.get(name), ...more })
  for (const [name, url] of read(settings.subgraphUrls) ?? []) add(name, { url })
  for (const [name, timeoutMs] of read(settings.subgraphTimeouts) ?? []) add(name, { timeoutMs })
  for (const name of read(settings.subgraphHttp2) ?? []) add(name, { http2: true })
  for (const name of read(settings.subgraphSse) ?? []) add(name, { subscriptions: 'sse' })
  for (const [name, subscriptionUrl] of read(settings.subgraphSubscriptionUrls) ?? []) add(name, { subscriptionUrl })
  for (const name of read(settings.subgraphOurs) ?? []) add(name, { isOurs: true })
  for (const name of read(settings.subgraphAsserted) ?? []) add(name, { assertsPrincipal: true })
  return Object.fromEntries(subgraphs)
}
