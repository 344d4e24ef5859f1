// The gateway role: composes, listens, and swaps the supergraph between requests. Owns the server, the engine of the moment and the
// endpoints it made itself; endpoints that were passed in are closed by whoever made them.
import { parse, validate } from 'graphql'
import type { Logger } from 'pino'
import { createPage, type ExampleQuery } from '../console/page.ts'
import { MeshgateError } from '../platform/errors.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { SubgraphEndpoint } from '../platform/ports/subgraph-endpoint.ts'
import { systemClock } from '../platform/system-clock.ts'
import { composeSupergraph, formatProblems } from './compose/compose-supergraph.ts'
import { readSupergraph } from './compose/public-schema.ts'
import { HttpEndpoint } from './endpoints/http-endpoint.ts'
import { SubgraphReach } from './endpoints/subgraph-reach.ts'
import { createEngine } from './engine.ts'
import type { Engine } from './engine-contract.ts'
import type { CorsOptions } from './http/cors.ts'
import type { CsrfOptions } from './http/csrf.ts'
import type { GatewayObserver, SubgraphReachability } from './gateway-observer.ts'
import { startGatewayServer, type Readiness, type Route } from './http/gateway-server.ts'
import { createHivePlanner } from './plan/hive-planner.ts'
import type { DocumentLimits } from './plan/operation-limits.ts'
import type { Sharing } from './sharing.ts'

export type { AnsweredRequest, GatewayObserver, SubgraphReachability } from './gateway-observer.ts'

/** A subgraph and how to reach it. */
export interface GatewaySubgraph {
  readonly name: string
  readonly sdl: string
  readonly endpoint: SubgraphEndpoint
}

/** Subgraphs to compose, or a composed supergraph whose subgraphs are reached over HTTP at their join__Graph URLs. */
export type GatewayMesh =
  | { readonly subgraphs: readonly GatewaySubgraph[] }
  | { readonly supergraphSdl: string; readonly endpoints?: readonly SubgraphEndpoint[] }

export interface GatewayOptions {
  readonly mesh: GatewayMesh
  /** 0: any free port. */
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  readonly ready?: () => Readiness
  /** Asked before the gateway's own paths. */
  readonly routes?: readonly Route[]
  /** Tabs of the page; those that ask what this mesh has not are left out. */
  readonly exampleQueries?: readonly ExampleQuery[]
  readonly title?: string
  readonly logger: Logger
  readonly observer?: GatewayObserver
  /** Default: the system's. */
  readonly clock?: Clock
  readonly limits?: Partial<DocumentLimits>
  readonly exposeSubgraphErrors?: boolean
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
  /** New requests run on the new mesh, running ones finish on the old, its subscriptions end with SUBSCRIPTION_RECONNECT. */
  replaceSupergraph(mesh: GatewayMesh): Promise<void>
  close(): Promise<void>
}

interface Loaded {
  readonly engine: Engine
  readonly endpoints: readonly SubgraphEndpoint[]
  /** Endpoints made here, and whether they can be reached. */
  readonly owned: readonly SubgraphEndpoint[]
  readonly reaches: ReadonlyMap<string, SubgraphReach>
}

/** Rejects with COMPOSITION_FAILED, CONFIG_INVALID or PORT_IN_USE; nothing is left open then. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  let current = loadMesh(options.mesh, options)
  const engine = (): Engine => current.engine
  const server = await startGatewayServer({
    port: options.port,
    host: options.host ?? '127.0.0.1',
    engine,
    ready: options.ready ?? (() => ({ ready: true, reasons: [] })),
    routes: options.routes ?? [],
    page: createPage({ title: options.title ?? 'Meshgate', exampleQueries: fitting(options, engine()) }),
    ...(options.cors === undefined ? {} : { cors: options.cors }),
    onError: (message, error) => options.logger.error({ err: error }, message),
  }).catch(async (error: unknown) => {
    await unload(current, 'The gateway did not start.')
    throw error
  })
  return {
    url: server.url,
    port: server.port,
    engine,
    subgraphs: () => current.endpoints.map(({ name }) => current.reaches.get(name)?.state ?? { name, reachable: true }),
    replaceSupergraph: async (mesh) => {
      const old = current
      current = loadMesh(mesh, options)
      await unload(old, 'A new supergraph has replaced the old.')
    },
    close: async () => {
      const closing = server.close()
      await current.engine.close('The gateway is stopping.')
      await closing
      await unload(current, 'The gateway is stopping.')
    },
  }
}

function fitting({ exampleQueries = [] }: GatewayOptions, { publicSchema }: Engine): readonly ExampleQuery[] {
  return exampleQueries.filter(({ query }) => validate(publicSchema, parse(query)).length === 0)
}

function loadMesh(mesh: GatewayMesh, options: GatewayOptions): Loaded {
  const { supergraphSdl, endpoints, owned } = 'subgraphs' in mesh ? composeMesh(mesh.subgraphs) : reachMesh(mesh)
  const { logger, observer, clock = systemClock } = options
  const reaches = new Map(owned.map((endpoint) => [endpoint.name, new SubgraphReach(endpoint, { clock, logger })]))
  const engine = createEngine({
    supergraphSdl,
    endpoints,
    planner: createHivePlanner(supergraphSdl),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    exposeSubgraphErrors: options.exposeSubgraphErrors ?? false,
    clock,
    ...(observer === undefined ? {} : { observer }),
    onFailure: (message, error) => logger.warn({ err: error }, message),
    onSubgraphFailure: (subgraph, error) => {
      // A subgraph that is away is told of once, by who watches it.
      if (reaches.get(subgraph)?.suspects(error) === true) return
      logger.warn({ err: error, subgraph }, `Subgraph "${subgraph}" failed`)
    },
  })
  return { engine, endpoints, owned, reaches }
}

interface Reached {
  readonly supergraphSdl: string
  readonly endpoints: readonly SubgraphEndpoint[]
  readonly owned: readonly SubgraphEndpoint[]
}

function composeMesh(subgraphs: readonly GatewaySubgraph[]): Reached {
  const composition = composeSupergraph(subgraphs)
  if (composition.kind === 'failed') {
    throw new MeshgateError(
      'COMPOSITION_FAILED',
      `The subgraphs do not compose:\n${formatProblems(composition.problems)}`,
    )
  }
  return {
    supergraphSdl: composition.supergraphSdl,
    endpoints: subgraphs.map(({ endpoint }) => endpoint),
    owned: [],
  }
}

function reachMesh(mesh: Extract<GatewayMesh, { supergraphSdl: string }>): Reached {
  const { supergraphSdl, endpoints: given = [] } = mesh
  const subgraphs = readSubgraphs(supergraphSdl)
  const owned = subgraphs
    .filter(({ name }) => !given.some((endpoint) => endpoint.name === name))
    .map((subgraph) => new HttpEndpoint(subgraph))
  return { supergraphSdl, endpoints: [...given, ...owned], owned }
}

function readSubgraphs(supergraphSdl: string): readonly { name: string; url: string }[] {
  try {
    return readSupergraph(supergraphSdl).subgraphs
  } catch (error) {
    if (error instanceof MeshgateError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('COMPOSITION_FAILED', `The supergraph cannot be read: ${reason} Compose it anew.`, error)
  }
}

async function unload({ engine, owned, reaches }: Loaded, reason: string): Promise<void> {
  await engine.close(reason)
  await engine.idle()
  await Promise.all([...reaches.values()].map((reach) => reach.close()))
  await Promise.all(owned.map((endpoint) => endpoint.close()))
}
