// From a mesh to what runs it: an engine, endpoints for subgraphs over the network, and who watches them. What `main.ts` and the gateway for
// Apollo Server swap between two requests. Owns the endpoints it made itself; those that were passed in are closed by whoever made them.
import type { Logger } from 'pino'
import { MeshgateError } from '../platform/errors.ts'
import type { AssertionSigner } from '../platform/governance/assertion-signer.ts'
import type { Principal } from '../platform/governance/principal.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { SubgraphEndpoint } from '../platform/ports/subgraph-endpoint.ts'
import { ToldFailures } from '../platform/telemetry/told-failures.ts'
import { systemClock } from '../platform/system-clock.ts'
import type { CostOptions } from './cost/cost-budget.ts'
import type { Documents } from './documents/documents.ts'
import { readSupergraph } from './supergraph/read-supergraph.ts'
import type { Supergraph } from './supergraph/supergraph.ts'
import { RemoteEndpoint } from './endpoints/remote-endpoint.ts'
import type { SubgraphSettings } from './endpoints/subgraph-settings.ts'
import { createEngine, type EngineOptions, type WarmEngine } from './engine.ts'
import type { GatewayObserver, SubgraphReachability } from './gateway-observer.ts'
import type { DocumentLimits } from './plan/operation-limits.ts'
import type { Sharing } from './sharing.ts'
import type { SubscriptionHub } from './subscribe/subscription-hub.ts'

/** A composed supergraph. Subgraphs without an endpoint here are reached over HTTP at their join__Graph URLs. */
export interface SupergraphMesh {
  readonly supergraphSdl: string
  readonly endpoints?: readonly SubgraphEndpoint[]
}

export interface MeshOptions {
  readonly logger: Logger
  readonly observer?: GatewayObserver
  /** Default: the system's. */
  readonly clock?: Clock
  readonly limits?: Partial<DocumentLimits>
  /** Whether `__schema` and `__type` are answered. Default true. */
  readonly introspection?: boolean
  /** Passes messages and extensions of unforeseen subgraph errors on to clients. Default false. */
  readonly exposeSubgraphErrors?: boolean
  /** Streams that outlive the mesh. Default: they end with it. */
  readonly hub?: SubscriptionHub
  /** What an operation may cost, and whether answers tell it. Default: any, and they do not. */
  readonly cost?: CostOptions
  /** Which documents a request may name in place of its text. Default: none. */
  readonly documents?: Documents
  /** How far requests in flight are shared. Default `fresh`. */
  readonly sharing?: Sharing
  /** By name, for subgraphs over the network: where they differ from the usual. */
  readonly subgraphSettings?: Readonly<Record<string, SubgraphSettings>>
  /** Tells subgraphs over the network who asks: those that are ours, or have it in their settings. Absent: none is told. */
  readonly assertions?: AssertionSigner
}

export interface LoadedMesh {
  readonly supergraphSdl: string
  readonly engine: WarmEngine
  /** Every subgraph of the mesh, and whether it could be reached of late. Those in this process always can. */
  subgraphs(): readonly SubgraphReachability[]
  /** The way to a subgraph over the network, for the mesh that follows: a stream on it goes on. Null where there is none of that address. */
  endpointOf(name: string, url: string): RemoteEndpoint | null
  /** It serves from now on: what it took over from the mesh before is its own to close. */
  takeOver(): void
  handOver(endpoint: RemoteEndpoint): void
  /** Ends subscriptions with this reason unless they outlive it, lets requests under way finish, then closes what was opened for them. */
  unload(reason: string): Promise<void>
}

/**
 * `before`: the mesh that this one follows, whose ways to subgraphs at the same addresses it uses too. Throws COMPOSITION_FAILED or CONFIG_INVALID;
 * nothing is left open then, and the one before is as it was.
 */
export function loadMesh(mesh: SupergraphMesh, options: MeshOptions, before: LoadedMesh | null = null): LoadedMesh {
  const { supergraphSdl } = mesh
  const supergraph = readMesh(supergraphSdl)
  const { endpoints, reached, opened } = reachMesh(mesh, supergraph, { options, before })
  const { logger, observer, clock = systemClock } = options
  const told = new ToldFailures(clock)
  const remote = new Map([...reached.values()].map((endpoint) => [endpoint.name, endpoint]))
  const engine = createEngineOrClose(opened, {
    supergraphSdl,
    supergraph,
    endpoints,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.introspection === undefined ? {} : { introspection: options.introspection }),
    ...(options.cost === undefined ? {} : { cost: options.cost }),
    ...(options.documents === undefined ? {} : { documents: options.documents }),
    exposeSubgraphErrors: options.exposeSubgraphErrors ?? false,
    clock,
    ...(observer === undefined ? {} : { observer }),
    ...(options.hub === undefined ? {} : { hub: options.hub }),
    onFailure: (message, error) => logger.warn({ err: error }, message),
    onSubgraphFailure: (subgraph, error) => {
      // A subgraph that is away is told of once, by who watches it.
      if (remote.get(subgraph)?.isAbsence(error) === true) return
      logger.debug({ err: error, subgraph }, `Subgraph "${subgraph}" failed`)
      const failedSince = told.next(`${error instanceof MeshgateError ? error.code : ''} ${subgraph}`)
      if (failedSince === null) return
      logger.warn({ err: error, subgraph, failedSince }, `Subgraph "${subgraph}" failed`)
    },
  })
  const owned = new Set(opened)
  return {
    supergraphSdl,
    engine,
    endpointOf: (name, url) => reached.get(addressOf(name, url)) ?? null,
    takeOver: () => {
      for (const endpoint of remote.values()) {
        if (!owned.has(endpoint)) before?.handOver(endpoint)
        owned.add(endpoint)
      }
    },
    handOver: (endpoint) => void owned.delete(endpoint),
    subgraphs: () => endpoints.map(({ name }) => remote.get(name)?.state ?? { name, reachable: true }),
    unload: async (reason) => {
      await engine.close(reason)
      await engine.idle()
      await Promise.all([...owned].map((endpoint) => endpoint.close()))
    },
  }
}

function createEngineOrClose(owned: readonly RemoteEndpoint[], options: EngineOptions): WarmEngine {
  try {
    return createEngine(options)
  } catch (error) {
    closeAll(owned)
    throw error
  }
}

interface Reached {
  readonly endpoints: readonly SubgraphEndpoint[]
  /** Over the network, by address. */
  readonly reached: ReadonlyMap<string, RemoteEndpoint>
  /** Those of them that are new. */
  readonly opened: readonly RemoteEndpoint[]
}

function reachMesh(
  { endpoints: given = [] }: SupergraphMesh,
  supergraph: Supergraph,
  { options, before }: { readonly options: MeshOptions; readonly before: LoadedMesh | null },
): Reached {
  const { sharing = 'fresh', subgraphSettings = {}, clock = systemClock, logger } = options
  const subgraphs = supergraph.graphs
  checkNames(Object.keys(subgraphSettings), subgraphs)
  const reached = new Map<string, RemoteEndpoint>()
  const opened: RemoteEndpoint[] = []
  try {
    for (const { name, url } of subgraphs) {
      if (given.some((endpoint) => endpoint.name === name)) continue
      const known = before?.endpointOf(name, url) ?? null
      const settings = Object.hasOwn(subgraphSettings, name) ? subgraphSettings[name] : undefined
      const asserting = assertingTo(name, settings, options)
      const endpoint = known ?? new RemoteEndpoint({ name, url, ...settings, ...asserting, sharing, clock, logger })
      if (known === null) opened.push(endpoint)
      reached.set(addressOf(name, url), endpoint)
    }
  } catch (error) {
    closeAll(opened)
    throw error
  }
  return { endpoints: [...given, ...reached.values()], reached, opened }
}

function addressOf(name: string, url: string): string {
  return `${name} ${url}`
}

function assertingTo(name: string, settings: SubgraphSettings | undefined, { assertions }: MeshOptions) {
  if (assertions === undefined || !(settings?.assertsPrincipal ?? settings?.isOurs ?? false)) return {}
  return { assert: (principal: Principal) => assertions.assert(principal, name) }
}

/** A name that is misspelt would be passed over in silence, and the subgraph be asked where it is not. */
function checkNames(names: readonly string[], subgraphs: readonly { readonly name: string }[]): void {
  const unknown = names.filter((name) => !subgraphs.some((subgraph) => subgraph.name === name))
  if (unknown.length === 0) return
  const known = subgraphs.map(({ name }) => name).join(', ')
  const message = `The supergraph has no subgraph named ${unknown.join(', ')}. Write one of its names: ${known}.`
  throw new MeshgateError('CONFIG_INVALID', message)
}

/** They have not been used yet: nothing waits for it. */
function closeAll(owned: readonly RemoteEndpoint[]): void {
  for (const endpoint of owned) endpoint.close().catch(() => undefined)
}

function readMesh(supergraphSdl: string): Supergraph {
  try {
    return readSupergraph(supergraphSdl)
  } catch (error) {
    if (error instanceof MeshgateError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('COMPOSITION_FAILED', `The supergraph cannot be read: ${reason} Compose it anew.`, error)
  }
}
