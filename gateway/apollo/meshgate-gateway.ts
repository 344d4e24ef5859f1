// Meshgate as the gateway of an Apollo Server, in place of ApolloGateway: Apollo Server keeps its HTTP, plugins and caches, Meshgate plans and
// executes. Owns the loaded mesh and the WebSockets attached beside it; both end with the server.
import type { ApolloServerOptionsWithGateway, ApolloServerPlugin, BaseContext } from '@apollo/server'
import { validateSchema, type ExecutionResult } from 'graphql'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, Server } from 'node:http'
import { MeshgateError } from '../../platform/errors.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { isReady, type EngineRequest } from '../engine-contract.ts'
import { checkCors, isOriginAllowed, type CorsOptions } from '../http/cors.ts'
import { ClientLimits } from '../http/client-limits.ts'
import { createHeaderForwarder } from '../http/forwarded-headers.ts'
import { attachGraphqlSocket, type GraphqlSocket } from '../http/graphql-socket.ts'
import { loadMesh, type LoadedMesh, type MeshOptions } from '../load-mesh.ts'
import { SubscriptionHub } from '../subscribe/subscription-hub.ts'
import { toApolloResult, toLazyResult } from './apollo-result.ts'
import { documentText } from './document-text.ts'
import { stringifyResult } from './serialized-data.ts'

export { disconnectSignal } from './disconnect-signal.ts'

/** Text, or a file that holds it. `endpoints` answer for the subgraphs of their names; the others are reached at the URLs in the supergraph. */
export type ApolloSupergraph = ({ readonly supergraphSdl: string } | { readonly supergraphFile: string }) & {
  readonly endpoints?: readonly SubgraphEndpoint[]
}

/** What a request brings along for subgraphs, and the signal that ends it. */
export type ApolloRequest = Pick<EngineRequest, 'headers' | 'principal' | 'signal'>

export type MeshgateGatewayOptions<TContext extends BaseContext = BaseContext> = ApolloSupergraph &
  Partial<MeshOptions> & {
    /** Made from the context value of Apollo Server. Default: no headers, nobody asks. */
    readonly request?: (context: TContext) => ApolloRequest
  }

export interface AttachedSubscriptions {
  /** Default `/graphql`. */
  readonly path?: string
  /** Absent: pages of other origins are not answered. */
  readonly cors?: CorsOptions
  /** Names of headers of the client's handshake that subgraphs may see. Default: none. */
  readonly forwardHeaders?: readonly string[]
  readonly principal?: (request: IncomingMessage) => Principal
}

type Gateway = ApolloServerOptionsWithGateway<BaseContext>['gateway']
type Executor = NonNullable<Awaited<ReturnType<Gateway['load']>>['executor']>
type SchemaListener = Parameters<Gateway['onSchemaLoadOrUpdate']>[0]

export class MeshgateGateway<TContext extends BaseContext = BaseContext> implements Gateway {
  readonly #options: MeshgateGatewayOptions<TContext>
  readonly #meshOptions: MeshOptions
  /** Of all supergraphs, until it is stopped. */
  #hub: SubscriptionHub
  readonly #listeners = new Set<SchemaListener>()
  readonly #sockets: GraphqlSocket[] = []
  #supergraph: ApolloSupergraph
  #mesh: LoadedMesh | null = null
  /** One after the other: two that replace at once would each unload the same. */
  #changing: Promise<unknown> = Promise.resolve()
  #servers = 0

  constructor(options: MeshgateGatewayOptions<TContext>) {
    this.#options = options
    this.#supergraph = options
    this.#meshOptions = { ...options, logger: options.logger ?? defaultLogger() }
    this.#hub = newHub(this.#meshOptions)
  }

  /**
   * For `new ApolloServer({ ...meshgate.apolloOptions() })`: the gateway whose answers are JSON already, and what writes them as they are. With
   * plugins of your own pass them here, or list what this returns beside them.
   */
  apolloOptions<Context extends TContext = TContext>(
    own: { readonly plugins?: readonly ApolloServerPlugin<Context>[] } = {},
  ): Required<Pick<ApolloServerOptionsWithGateway<Context>, 'gateway' | 'stringifyResult' | 'plugins'>> {
    const gateway: Gateway = {
      onSchemaLoadOrUpdate: (listener) => this.onSchemaLoadOrUpdate(listener),
      load: async () => {
        await this.load()
        return { executor: (context) => this.#execute(context, 'text') }
      },
      stop: () => this.stop(),
    }
    const draining: ApolloServerPlugin<Context> = {
      serverWillStart: () => Promise.resolve({ drainServer: () => this.#drain() }),
    }
    return { gateway, stringifyResult, plugins: [draining, ...(own.plugins ?? [])] }
  }

  /** Apollo Server calls it. The listener is told of every schema, the present one too. */
  onSchemaLoadOrUpdate(listener: SchemaListener): () => void {
    this.#listeners.add(listener)
    if (this.#mesh !== null) listener(schemaOf(this.#mesh))
    return () => this.#listeners.delete(listener)
  }

  /** Apollo Server calls it when it starts. Rejects with COMPOSITION_FAILED, CONFIG_INVALID or FILE_UNREADABLE. */
  async load(): Promise<{ executor: Executor }> {
    await this.#inTurn(async () => {
      if (this.#mesh === null) this.#use(await this.#loaded(this.#supergraph))
      this.#servers++
    })
    return { executor: (context) => this.#execute(context, 'object') }
  }

  /** Apollo Server calls it when it has stopped. Requests under way finish. */
  async stop(): Promise<void> {
    await this.#inTurn(async () => {
      if (--this.#servers > 0) return
      await this.#drain()
      const mesh = this.#mesh
      this.#mesh = null
      await mesh?.unload(STOPPING)
    })
  }

  /**
   * New requests run on the new supergraph, running ones finish on the old, subscriptions go on by the new one or end with SUBSCRIPTION_REPLACED. Rejects like `load`,
   * and the old one stays.
   */
  async replaceSupergraph(supergraph: ApolloSupergraph): Promise<void> {
    await this.#inTurn(async () => {
      const old = this.#mesh
      const mesh = old === null ? null : await this.#loaded(supergraph, old)
      this.#supergraph = supergraph
      if (mesh === null) return
      mesh.takeOver()
      this.#use(mesh)
      if (old !== null) void mesh.engine.warmUp(old.engine.recentOperations())
      const { engine } = mesh
      await this.#hub.replan((definition) => engine.replan(definition))
      await old?.unload('A new supergraph has replaced the old.')
    })
  }

  /**
   * Answers graphql-transport-ws at a path of the HTTP server that Apollo Server's middleware stands on: subscriptions, which Apollo Server
   * does not carry for gateways, and all other operations. Ends with the Apollo Server. Throws CONFIG_INVALID.
   */
  attachSubscriptions(server: Server, options: AttachedSubscriptions = {}): void {
    const { path = '/graphql', cors, forwardHeaders = [], principal = () => ANONYMOUS } = options
    checkCors(cors)
    const socket = attachGraphqlSocket(server, {
      path,
      engine: () => this.#loadedMesh().engine,
      authenticate: (request) => ({ kind: 'known', principal: principal(request), expiresAtMs: null }),
      rateLimiter: null,
      clientLimits: new ClientLimits({}, 0),
      refused: () => undefined,
      onSockets: () => undefined,
      clock: this.#meshOptions.clock ?? systemClock,
      forwarded: createHeaderForwarder(forwardHeaders),
      // Whoever's server it is decides by which names it is asked.
      hostGuard: () => null,
      originAllowed: (request) => isOriginAllowed(request, cors),
      messageBytesMax: limits.requestBodyBytesMax,
      onError: (error) => this.#meshOptions.logger.error({ err: error }, 'A WebSocket failed'),
    })
    this.#sockets.push(socket)
  }

  async #execute(context: Parameters<Executor>[0], form: 'text' | 'object'): Promise<ExecutionResult> {
    const { engine } = this.#loadedMesh()
    const { operationName, variables, extensions } = context.request
    const request: EngineRequest = {
      query: documentText(context.document, context.source),
      ...(typeof operationName === 'string' ? { operationName } : {}),
      ...(variables === undefined ? {} : { variables }),
      ...(extensions === undefined ? {} : { extensions }),
      ...this.#options.request?.(context.context as TContext),
    }
    const operation = await engine.prepare(request)
    if (!isReady(operation)) return toApolloResult(operation)
    return form === 'text'
      ? toLazyResult(await engine.runSerialized(operation, request))
      : toApolloResult(await engine.run(operation, request))
  }

  #loadedMesh(): LoadedMesh {
    if (this.#mesh !== null) return this.#mesh
    throw new MeshgateError(
      'ROLE_NOT_READY',
      'The gateway has no supergraph: start the Apollo Server that it belongs to first.',
    )
  }

  async #loaded(supergraph: ApolloSupergraph, before: LoadedMesh | null = null): Promise<LoadedMesh> {
    const { endpoints = [] } = supergraph
    const supergraphSdl =
      'supergraphSdl' in supergraph ? supergraph.supergraphSdl : await readSupergraphFile(supergraph.supergraphFile)
    const mesh = loadMesh({ supergraphSdl, endpoints }, { ...this.#meshOptions, hub: this.#hub }, before)
    const [problem] = validateSchema(mesh.engine.publicSchema)
    if (problem === undefined) return mesh
    // Apollo Server would refuse it when it is told of it, and the gateway would stand without one.
    await mesh.unload(STOPPING)
    throw new MeshgateError('COMPOSITION_FAILED', `The supergraph has no valid schema for clients: ${problem.message}`)
  }

  #use(mesh: LoadedMesh): void {
    this.#mesh = mesh
    for (const listener of this.#listeners) listener(schemaOf(mesh))
  }

  /**
   * Subscribers are told, then their sockets are closed. Both happen in the turn in which Apollo Server's own plugin begins to drain, and before
   * it ends connections that have no request.
   */
  async #drain(): Promise<void> {
    const sockets = this.#sockets.splice(0)
    const ending = this.#hub.close(STOPPING)
    // It may be started again.
    this.#hub = newHub(this.#meshOptions)
    await new Promise((resolve) => setImmediate(resolve))
    await Promise.all([ending, ...sockets.map((socket) => socket.close(STOPPING, limits.closeGraceMs))])
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#changing.then(work)
    this.#changing = done.catch(() => undefined)
    return done
  }
}

const STOPPING = 'The gateway is stopping.'

function newHub({ clock = systemClock, observer }: MeshOptions): SubscriptionHub {
  return new SubscriptionHub({ clock, observer })
}

function schemaOf({ engine, supergraphSdl }: LoadedMesh): Parameters<SchemaListener>[0] {
  return { apiSchema: engine.publicSchema, coreSupergraphSdl: supergraphSdl }
}

async function readSupergraphFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MeshgateError('FILE_UNREADABLE', `The supergraph cannot be read: ${reason}.`, error)
  }
}

function defaultLogger(): MeshOptions['logger'] {
  return createLogger({ level: 'warn', readable: false, write: (line) => void process.stderr.write(line) })
}
