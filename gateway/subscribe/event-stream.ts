// Opens a client's subscription: the root field's stream from one subgraph, and for every event what the plan joins from the others. And plans it
// again for a new supergraph.
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphEndpoint, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { TraceParent } from '../../platform/telemetry/tracer.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from '../engine-contract.ts'
import type { CompiledSource } from '../execute/compile-operation.ts'
import { describeHidden, formatSubgraphError, formatSubgraphFailure } from '../execute/format-subgraph-error.ts'
import type { Gathering, RequestContext } from '../execute/gathering.ts'
import { nextArrival } from '../endpoints/arrival.ts'
import { principalKey, requirementKey } from '../principal-view.ts'
import { respond } from '../execute/respond.ts'
import type { EventQueue, QueuedEvent } from './event-queue.ts'
import type { UpstreamDefinition } from './shared-upstream.ts'
import { endings } from './stream-endings.ts'
import { isStreamProblem, readStreamRequest, type StreamRequest } from './subscribe-request.ts'
import type { Replanned, SubscriptionHub } from './subscription-hub.ts'
import { extensionsFor, noticeOf, toldOf } from './upstream-event.ts'

export interface EventStreamOptions {
  readonly operation: ReadyOperation
  readonly request: EngineRequest
  readonly context: RequestContext
  readonly hub: SubscriptionHub
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>
  /** Labels of @override are drawn for each request: whoever asks may change the plan in ways that only the decider knows. */
  readonly plansByRequest: boolean
  readonly newGathering: (variables: Readonly<Record<string, unknown>>, request: RequestContext) => Gathering
}

export async function openEventStream(options: EventStreamOptions): Promise<EventQueue<EngineResult> | EngineResult> {
  const { operation, request, hub } = options
  const { source } = operation.prepared.compiled
  if (source === null) return { errors: [requestProblem('The operation is no subscription.')] }
  const wanted = readStreamRequest(request.extensions)
  if (isStreamProblem(wanted)) return { errors: [wanted] }
  const hasLeft = (): boolean => request.signal?.aborted === true
  const left: EngineResult = { errors: [requestProblem('The client has left.')] }
  if (hasLeft()) return left
  try {
    return await hub.subscribe(upstream(source, wanted, options), {
      key: upstreamKey(options),
      cursor: wanted.cursor,
      snapshot: wanted.snapshot,
      tellsStart: wanted.started,
      signal: request.signal,
      expiresAtMs: request.expiresAtMs,
      ...(wanted.conflate ? { conflate: conflated } : {}),
    })
  } catch (error) {
    if (hasLeft()) return left
    return { errors: refusal(source.service, error, options) }
  }
}

export interface ReplanOptions {
  readonly prepare: Engine['prepare']
  /** As `openEventStream` is given them. */
  readonly optionsFor: (operation: ReadyOperation, request: EngineRequest) => EventStreamOptions
}

/** How the stream of another supergraph's plan goes on by this one's. */
export async function replanStream(
  { request, view }: UpstreamDefinition,
  { prepare, optionsFor }: ReplanOptions,
): Promise<Replanned> {
  // Its first client may have left: the others are still there. And what it costs has been paid.
  const { signal: _, spend: _paid, ...asked } = request
  const operation = await prepare(asked)
  const source = isReady(operation) ? operation.prepared.compiled.source : null
  if (!isReady(operation) || source === null) {
    const [problem] = isReady(operation) ? [] : (operation.errors ?? [])
    return { ending: endings.replaced(problem?.message ?? 'The operation cannot be planned any more.') }
  }
  const options = optionsFor(operation, asked)
  // Where it stands it has a cursor: a snapshot is not begun again.
  const wanted = { cursor: undefined, snapshot: false, conflate: false, started: false }
  const definition = upstream(source, wanted, options)
  // Its other clients may differ from the first in what has begun to matter.
  if (definition.view !== view) return { ending: endings.reconnect('Another part of who asks matters now.') }
  return { definition, key: upstreamKey(options) }
}

/** Everything that may change an event: the operation, its variables, the view of who asks, and what is forwarded. */
function upstreamKey(options: EventStreamOptions): string {
  const { operation, context } = options
  return JSON.stringify([operation.prepared.key, operation.variables, viewOf(options), context.headers])
}

function viewOf({ operation, context, endpoints, plansByRequest }: EventStreamOptions): string {
  const { services } = operation.prepared.compiled
  const isWhole = plansByRequest || services.some((service) => endpoints.get(service)?.ignoresPrincipal !== true)
  return isWhole ? principalKey(context.principal) : requirementKey(context.principal)
}

function upstream(source: CompiledSource, wanted: StreamRequest, options: EventStreamOptions): UpstreamDefinition {
  const { operation, request, context, endpoints } = options
  const { principal, headers } = context
  const { service, query } = source
  const forwarded = headers === undefined ? {} : { headers }
  const endpoint = endpoints.get(service)
  const variables = source.variables(operation.variables)
  return {
    request,
    service,
    view: viewOf(options),
    source: JSON.stringify([service, endpoint === undefined ? null : numberOf(endpoint), query, variables]),
    open: async (signal, cursor) => {
      if (endpoint === undefined) {
        throw new MeshgateError('SUBGRAPH_UNAVAILABLE', `No endpoint is configured for subgraph "${service}".`)
      }
      const begin = cursor === undefined ? (wanted.snapshot ? { snapshot: true } : {}) : { cursor }
      return endpoint.subscribe({
        query,
        variables,
        principal,
        signal,
        ...forwarded,
        // Whoever knows nothing of this leaves it alone; ours say where the stream begins and stands, so that it can be resumed before its
        // first event, and laid over others of the same.
        extensions: {
          meshgate: { ...begin, started: true, positions: true },
          ...traceExtensions(context.watch?.trace),
        },
      })
    },
    inspect: (event) => noticeOf(event, service),
    // The event outlives any one client, so joins end with the upstream and not with a client's signal. It has just arrived, whenever the
    // client did: what was sent before it does not know of it.
    join: (event, signal) => {
      const watch = context.watch?.event()
      const told = watch === undefined ? {} : { watch }
      const joined = joinEvent(event, source, {
        ...options,
        context: { principal, arrival: nextArrival(), signal, ...told, ...forwarded },
      })
      return watch === undefined ? joined : joined.finally(() => watch.joined())
    },
    mark: (said, cursor) => ({ data: null, extensions: { cursor, [said]: true } }),
  }
}

/** For a subgraph that traces: over a WebSocket there are no headers of one operation. */
function traceExtensions(trace: TraceParent | undefined): Readonly<Record<string, string>> {
  if (trace === undefined) return {}
  const { traceparent, tracestate } = trace
  return { traceparent, ...(tracestate === undefined ? {} : { tracestate }) }
}

let endpointsNumbered = 0
const endpointNumbers = new WeakMap<SubgraphEndpoint, number>()

function numberOf(endpoint: SubgraphEndpoint): number {
  const known = endpointNumbers.get(endpoint) ?? (endpointsNumbered += 1)
  endpointNumbers.set(endpoint, known)
  return known
}

/** The latest of its key, which stands for others that the client did not read in time. */
function conflated(event: EngineResult, replaced: number): EngineResult {
  return { ...event, extensions: { ...event.extensions, conflated: replaced } }
}

async function joinEvent(
  event: SubgraphResponse,
  source: CompiledSource,
  options: EventStreamOptions,
): Promise<QueuedEvent<EngineResult>> {
  const { operation } = options
  const { compiled, introspect } = operation.prepared
  const gathering = options.newGathering(operation.variables, options.context)
  try {
    source.absorb(gathering, event)
    await compiled.run(gathering)
  } catch (error) {
    gathering.request.signal?.throwIfAborted()
    gathering.onSubgraphFailure(source.service, error)
    gathering.incidents.push({ fetch: 0, offset: 0, failure: { error, lookup: null }, errors: [], data: null })
  }
  const result: EngineResult = respond(operation.prepared, gathering, introspect?.(operation.variables) ?? {})
  const told = toldOf(event)
  const extensions = extensionsFor(told)
  return { ...told, event: extensions === undefined ? result : { ...result, extensions } }
}

function refusal(service: string, error: unknown, options: EventStreamOptions): readonly GraphQLFormattedError[] {
  if (error instanceof GraphQLError) return [error.toJSON()]
  const gathering = options.newGathering({}, options.context)
  const reported = error instanceof MeshgateError && error.code === 'SUBGRAPH_REFUSED' ? error.cause : undefined
  if (Array.isArray(reported) && reported.length > 0) {
    const hidden = describeHidden(gathering, service, reported)
    if (hidden !== null) gathering.onSubgraphFailure(service, hidden)
    return reported.map((each) => formatSubgraphError(gathering, service, each))
  }
  gathering.onSubgraphFailure(service, error)
  return [formatSubgraphFailure(gathering, service, error)]
}

function requestProblem(message: string): GraphQLFormattedError {
  return { message, extensions: { code: 'REQUEST_INVALID' } }
}
