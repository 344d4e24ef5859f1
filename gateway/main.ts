// The gateway role: listens, and swaps the supergraph between requests. Owns the server and the loaded mesh of the moment.
import { parse, validate } from 'graphql'
import type { Logger } from 'pino'
import { createPage, type ExampleQuery } from '../console/page.ts'
import type { AssertionSigner } from '../platform/governance/assertion-signer.ts'
import type { Clock } from '../platform/ports/clock.ts'
import { systemClock } from '../platform/system-clock.ts'
import type { AuthenticationOptions } from './authenticate/authentication-options.ts'
import type { Authenticate } from './authenticate/identity.ts'
import type { CostOptions } from './cost/cost-budget.ts'
import { openDocuments, type TrustedDocumentsOptions } from './documents/open-documents.ts'
import type { Engine } from './engine-contract.ts'
import type { ClientLimitOptions } from './http/client-limits.ts'
import type { CorsOptions } from './http/cors.ts'
import type { CsrfOptions } from './http/csrf.ts'
import { createRateLimiter, type RateLimit } from './http/rate-limiter.ts'
import type { SubgraphSettings } from './endpoints/subgraph-settings.ts'
import type { GatewayObserver, SubgraphReachability } from './gateway-observer.ts'
import { startGatewayServer, type Readiness, type Route } from './http/gateway-server.ts'
import type { GatewaySubgraph } from './compose/compose-mesh.ts'
import { loadMesh, type SupergraphMesh } from './load-mesh.ts'
import type { DocumentLimits } from './plan/operation-limits.ts'
import type { Sharing } from './sharing.ts'
import { SubscriptionHub } from './subscribe/subscription-hub.ts'

export type { AuthenticationOptions } from './authenticate/authentication-options.ts'
export type { SubgraphSettings } from './endpoints/subgraph-settings.ts'
export type { GatewaySubgraph } from './compose/compose-mesh.ts'
export type { AnsweredRequest, GatewayObserver, SubgraphReachability } from './gateway-observer.ts'

/** Subgraphs to compose, or what is composed already. */
export type GatewayMesh = { readonly subgraphs: readonly GatewaySubgraph[] } | SupergraphMesh

export interface GatewayOptions {
  readonly mesh: GatewayMesh
  /** 0: any free port. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly ready?: () => Readiness
  /** Asked before the gateway's own paths, except /graphql. */
  readonly routes?: readonly Route[]
  /** Tabs of the page; those that ask what this mesh has not are left out. */
  readonly exampleQueries?: readonly ExampleQuery[]
  readonly title?: string
  readonly logger: Logger
  readonly observer?: GatewayObserver
  /** Default: the system's. */
  readonly clock?: Clock
  readonly limits?: Partial<DocumentLimits>
  /** Bytes of a request, over HTTP and in a message of a WebSocket. Default `limits.requestBodyBytesMax`. */
  readonly bodyBytesMax?: number
  /** Whether clients may read the schema: `__schema`, `__type`, /schema.graphql. Default true; `meshgate gateway` says false. */
  readonly introspection?: boolean
  /** Whether the page is served. Default true; `meshgate gateway` says false. */
  readonly page?: boolean
  readonly exposeSubgraphErrors?: boolean
  /** What an operation may cost, and whether answers tell it. Default: any, and they do not. */
  readonly cost?: CostOptions
  /** Documents that clients name by their ids: a manifest's file, and whether text of their own is answered. Default: none. */
  readonly trustedDocuments?: TrustedDocumentsOptions
  /** Apollo's automatic persisted queries, where text of clients' own is answered. Default true. */
  readonly persistedQueries?: boolean
  /** Absent: everybody is nobody in particular. */
  readonly authentication?: AuthenticationOptions
  /** Tells subgraphs over the network who asks; its public keys are at /.well-known/jwks.json. Absent: they are not told. */
  readonly assertions?: AssertionSigner
  /** Of one client: by its subject, without a token by its address. Absent: any number. */
  readonly rateLimit?: RateLimit
  /** How many proxies append to X-Forwarded-For. Default 0: it is not read. */
  readonly trustedProxies?: number
  /** Tokens that one address may get wrong in a minute; 0: any number. Default `limits.tokenFailuresMax`. */
  readonly tokenFailures?: number
  /** WebSockets and subscriptions, in all and of one client. */
  readonly clientLimits?: ClientLimitOptions
  /** Names by which it may be asked, beside localhost and addresses; `*.example.com` for all below one. Absent: any. */
  readonly allowedHosts?: readonly string[]
  /** Absent: pages of other origins are not answered. */
  readonly cors?: CorsOptions
  /** Requests that another site's page can make a browser send. Default: refused unless one of the usual headers shows a preflight. */
  readonly csrf?: CsrfOptions | false
  /** Operations of one request (a JSON array). Default 0: batches are refused. */
  readonly batchMax?: number
  /** Names of client headers that subgraphs may see. Default: none. */
  readonly forwardHeaders?: readonly string[]
  /** Default `fresh`. */
  readonly sharing?: Sharing
  /** By name, for subgraphs over the network: where they differ from the usual. */
  readonly subgraphSettings?: Readonly<Record<string, SubgraphSettings>>
  /** Responses are compressed for clients that accept it. Default true. */
  readonly compression?: boolean
}

export interface Gateway {
  readonly url: string
  readonly port: number
  /** In-process access to the engine of the moment. */
  readonly engine: () => Engine
  /** Every subgraph of the mesh, and whether it could be reached of late. Those in this process always can. */
  subgraphs(): readonly SubgraphReachability[]
  /** New requests run on the new mesh, running ones finish on the old, subscriptions go on by the new one or end with SUBSCRIPTION_REPLACED. */
  replaceSupergraph(mesh: GatewayMesh, onServed?: () => void): Promise<void>
  close(): Promise<void>
}

/** Rejects with COMPOSITION_FAILED, CONFIG_INVALID or PORT_IN_USE; nothing is left open then. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { clock = systemClock, observer } = options
  const hub = new SubscriptionHub({ clock, observer })
  const known = await openDocuments(options, (operations) => void current.engine.warmUp(operations))
  const meshOptions = { ...options, ...costsFor(options), hub, documents: known.documents }
  let current = await loadOr(() => known.close(), options.mesh, meshOptions)
  const engine = (): Engine => current.engine
  const authenticate = await authenticator(options)
  const server = await startGatewayServer({
    port: options.port,
    host: options.host ?? '127.0.0.1',
    engine,
    ready: options.ready ?? (() => ({ ready: true, reasons: [] })),
    routes: [...publicKeysOf(options), ...(options.routes ?? [])],
    page: options.page === false ? noPage : pageOf(options, engine),
    showsSchema: options.introspection ?? true,
    ...(options.bodyBytesMax === undefined ? {} : { bodyBytesMax: options.bodyBytesMax }),
    ...(authenticate === null ? {} : { authenticate }),
    ...rateLimited(options),
    trustedProxies: options.trustedProxies ?? 0,
    ...(options.clientLimits === undefined ? {} : { clientLimits: options.clientLimits }),
    ...(options.allowedHosts === undefined ? {} : { allowedHosts: options.allowedHosts }),
    ...(options.cors === undefined ? {} : { cors: options.cors }),
    ...(options.csrf === undefined ? {} : { csrf: options.csrf }),
    batchMax: options.batchMax ?? 0,
    forwardHeaders: options.forwardHeaders ?? [],
    sharing: options.sharing ?? 'fresh',
    compression: options.compression ?? true,
    ...(options.observer === undefined ? {} : { observer: options.observer }),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    onError: (message, error) => options.logger.error({ err: error }, message),
  }).catch(async (error: unknown) => {
    known.close()
    await current.unload('The gateway did not start.')
    throw error
  })
  void current.engine.warmUp(known.operations())
  return {
    url: server.url,
    port: server.port,
    engine,
    subgraphs: () => current.subgraphs(),
    replaceSupergraph: async (mesh, onServed) => {
      const next = await composed(mesh)
      const old = current
      current = loadMesh(next, meshOptions, old)
      current.takeOver()
      onServed?.()
      void current.engine.warmUp([...old.engine.recentOperations(), ...known.operations()])
      const { engine: replanning } = current
      await hub.replan((definition) => replanning.replan(definition))
      await old.unload('A new supergraph has replaced the old.')
    },
    close: async () => {
      known.close()
      const closing = server.close()
      await hub.close('The gateway is stopping.')
      await closing
      await current.unload('The gateway is stopping.')
    },
  }
}

async function loadOr(close: () => void, mesh: GatewayMesh, options: Parameters<typeof loadMesh>[1]) {
  try {
    return loadMesh(await composed(mesh), options)
  } catch (error) {
    close()
    throw error
  }
}

/** The composition library is loaded where there is something to compose: a supergraph's gateway does without its 25 MB. */
async function composed(mesh: GatewayMesh): Promise<SupergraphMesh> {
  if (!('subgraphs' in mesh)) return mesh
  const { composeMesh } = await import('./compose/compose-mesh.ts')
  return composeMesh(mesh.subgraphs)
}

const noPage: Route = () => Promise.resolve(false)

function pageOf(options: GatewayOptions, engine: () => Engine): Route {
  return createPage({ title: options.title ?? 'Meshgate', exampleQueries: () => fitting(options, engine()) })
}

function publicKeysOf({ assertions }: GatewayOptions): readonly Route[] {
  if (assertions === undefined) return []
  return [
    async (request, response) => {
      if (request.url !== '/.well-known/jwks.json') return false
      response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(assertions.publicKeys)
      return true
    },
  ]
}

/** Costs that nothing else asks for are estimated for the rate limit. */
function costsFor({ rateLimit, cost }: GatewayOptions): Pick<GatewayOptions, 'cost'> {
  return rateLimit?.cost === undefined ? {} : { cost: { max: 0, tell: false, ...cost, estimate: true } }
}

function rateLimited({ rateLimit, trustedProxies = 0, clock = systemClock }: GatewayOptions) {
  return rateLimit === undefined ? {} : { rateLimiter: createRateLimiter({ ...rateLimit, trustedProxies, clock }) }
}

/** Who has no tokens to verify does without what verifies them. */
async function authenticator({
  authentication,
  clock = systemClock,
  logger,
  tokenFailures,
  trustedProxies,
}: GatewayOptions): Promise<Authenticate | null> {
  if (authentication === undefined) return null
  const { createTokenAuthenticator } = await import('./authenticate/token-authenticator.ts')
  return createTokenAuthenticator({
    ...authentication,
    clock,
    tokenFailures,
    trustedProxies,
    onFailure: (message, error) => logger.warn({ err: error }, message),
  })
}

function fitting({ exampleQueries = [] }: GatewayOptions, { publicSchema }: Engine): readonly ExampleQuery[] {
  return exampleQueries.filter(({ query }) => validate(publicSchema, parse(query)).length === 0)
}
