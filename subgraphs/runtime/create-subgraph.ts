// One product as a subgraph: its schema, answers in-process or over HTTP and WebSocket, and its subscriptions. It owns what runs in it and
// ends it on close; store and log are the caller's.
import { randomUUID } from 'node:crypto'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { parse } from 'graphql'
import type { ApolloServer } from '@apollo/server'
import type { Product } from '../../schema/model.ts'
import { emitSubgraphSdl } from '../../schema/emit/emit-subgraph-sdl.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { declaresPolicies } from '../../schema/declared-policies.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { createGenerationStore } from '../../platform/generation-store.ts'
import type { VerifyAssertion } from '../../platform/governance/assertion-verifier.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { SubgraphEndpoint, SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { createSealer } from '../../platform/seal.ts'
import { productKey } from '../../platform/table-generations.ts'
import { buildResolvers } from './build-resolvers.ts'
import { checkRepresentations } from './check-representations.ts'
import { codeOf, createApollo, type Observing } from './create-apollo.ts'
import { createQueryAnswerer, type AnswerQuery } from './execute/answer-query.ts'
import { createErrorFormatter, type SubgraphLogger } from './format-error.ts'
import { createRequestContext, type RequestContext } from './request-context.ts'
import { startSubscription } from './run-subscription.ts'
import { createRunningSubscriptions } from './running-subscriptions.ts'
import { serveProduct } from './served-product.ts'
import { createFace, serveSubgraph } from './serve-subgraph.ts'
import type { ServedSubgraph, Subgraph, SubgraphFace, SubgraphServer } from './subgraph.ts'
import type { SubgraphObserver } from './subgraph-observer.ts'
import { subgraphName } from './subgraph-name.ts'

export interface SubgraphOptions {
  readonly product: Product
  readonly store: Store
  readonly log: EventLog
  /** At least 32 secret bytes that seal cursors, shared by all instances. */
  readonly cursorKey: Uint8Array
  readonly clock: Clock
  readonly logger?: SubgraphLogger
  readonly observer?: SubgraphObserver
  /** Who asks over the network. Absent: whoever can reach it is answered, as nobody in particular. */
  readonly verifyAssertion?: VerifyAssertion
  /** What `/health/ready` of its own servers says; default: ready. */
  readonly ready?: () => { readonly ready: boolean; readonly reasons: readonly string[] }
  /** Ids of internal errors, by which a client's report is found in the log. */
  readonly newErrorId?: () => string
}

const silent = (): void => undefined
const silentLogger: SubgraphLogger = { debug: silent, warn: silent, error: silent }

/** The promise, or the signal's reason as soon as it aborts. */
async function unlessAborted<Result>(promise: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function executeOperation(
  apollo: ApolloServer<RequestContext>,
  request: SubgraphRequest,
  contextValue: RequestContext,
): Promise<SubgraphResponse> {
  const { query, variables, operationName } = request
  const operation = {
    query,
    ...(variables === undefined ? {} : { variables }),
    ...(operationName === undefined ? {} : { operationName }),
  }
  const response = await apollo.executeOperation(operation, { contextValue })
  if (response.body.kind === 'single') return response.body.singleResult
  throw new MeshgateError('SUBGRAPH_PROTOCOL', 'A subgraph answers whole: ask without @defer')
}

/** Tells of each query what Apollo Server's plugins would tell. */
function observeQueries(answer: AnswerQuery, { observer, clock, subgraph }: Observing): AnswerQuery {
  const tell = observer?.request?.bind(observer)
  if (tell === undefined) return answer
  return (request, context) => {
    const startedMs = clock.monotonic()
    const answering = answer(request, context)
    if (answering === null) return null
    return answering.then((response) => {
      tell({ subgraph, durationMs: clock.monotonic() - startedMs, codes: (response.errors ?? []).map(codeOf) })
      return response
    })
  }
}

/** The schema and what runs on it. */
function runProduct(options: SubgraphOptions, name: string, sdl: string) {
  const { product, store, log, clock, cursorKey, logger = silentLogger, newErrorId = randomUUID } = options
  const { pageReadsInFlightMax, replayReadsInFlightMax, snapshotReadsInFlightMax } = limits
  const bounds = { pageReadsInFlightMax, replayReadsInFlightMax, snapshotReadsInFlightMax }
  const served = serveProduct({ product, store, log, clock, sealer: createSealer(cursorKey), ...bounds })
  const typeDefs = parse(sdl)
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: buildResolvers(served, typeDefs) ?? {} }])
  checkRepresentations(schema)
  const formatError = createErrorFormatter({ logger, clock, newErrorId, subgraph: name })
  const observed = { observer: options.observer, clock, subgraph: name }
  return {
    schema,
    served,
    formatError,
    apollo: createApollo(schema, formatError, observed),
    answer: observeQueries(createQueryAnswerer(schema, formatError), observed),
  }
}

/** Its tables may be switched to newly built ones while it serves. */
function readLiveTables(options: SubgraphOptions): SubgraphOptions {
  const { product, store, clock } = options
  const tables = emitTables(product)
  if (tables.length === 0) return options
  const further = product.entities.flatMap((entity) => entity.tables.slice(1).map(({ name }) => name))
  const products = [{ product: productKey(product), tables, further }]
  return { ...options, store: createGenerationStore({ store, clock, products }) }
}

const believeAnybody: VerifyAssertion = () => Promise.resolve({ principal: ANONYMOUS, expiresAtMs: null })

export function createSubgraph(given: SubgraphOptions): Subgraph {
  const options = readLiveTables(given)
  const { product, store, clock } = options
  const name = subgraphName(product)
  const sdl = emitSubgraphSdl(product)
  const { schema, served, formatError, apollo, answer } = runProduct(options, name, sdl)
  const running = createRunningSubscriptions((active) => options.observer?.subscriptions?.({ subgraph: name, active }))
  const servers = new Set<SubgraphServer | SubgraphFace>()
  let closed = false

  const closedError = (): MeshgateError => new MeshgateError('SUBGRAPH_UNAVAILABLE', `${name} is closed`)
  const checkOpen = (signal: AbortSignal | undefined): void => {
    signal?.throwIfAborted()
    if (closed) throw closedError()
  }
  const subscribe: ServedSubgraph['subscribe'] = async (request) => {
    checkOpen(request.signal)
    const start = await startSubscription({ served, schema, formatError }, request)
    if (start.kind === 'refused') return start
    const started = await running.add(start, request.signal)
    if (!closed) return started
    await started.responses.return?.()
    throw closedError()
  }
  const endpoint: SubgraphEndpoint = {
    name,
    answersAreOwn: true,
    ignoresPrincipal: !declaresPolicies(product),
    async execute(request) {
      checkOpen(request.signal)
      const context = createRequestContext(store, request.principal)
      return unlessAborted(answer(request, context) ?? executeOperation(apollo, request, context), request.signal)
    },
    async subscribe(request) {
      const start = await subscribe(request)
      if (start.kind === 'started') return start.responses
      const reasons = start.errors.map((error) => error.message).join('; ')
      throw new MeshgateError('SUBGRAPH_REFUSED', `${name} refused the subscription: ${reasons}`, start.errors)
    },
    // In-process there is no connection to close: the subgraph lives on.
    close: () => Promise.resolve(),
  }
  const createContext = (principal: Principal): RequestContext => createRequestContext(store, principal)
  const verify = options.verifyAssertion ?? believeAnybody
  const onFailure = (err: unknown): void => options.logger?.error({ err, subgraph: name }, 'A WebSocket failed')
  const servedSubgraph = { endpoint, apollo, schema, createContext, subscribe, verify, clock, onFailure }

  return {
    name,
    sdl,
    endpoint,
    async serve(port, host) {
      const server = await serveSubgraph(servedSubgraph, { port, host, ready: options.ready })
      servers.add(server)
      return server
    },
    mount(paths) {
      const face = createFace(servedSubgraph, paths)
      servers.add(face)
      return face
    },
    async close() {
      if (closed) return
      closed = true
      running.failAll(new MeshgateError('SUBSCRIPTION_LOST', `${name} is closing; subscribe again with the cursor`))
      await Promise.all([...servers].map((server) => server.close()))
      await apollo.stop()
    },
  }
}
