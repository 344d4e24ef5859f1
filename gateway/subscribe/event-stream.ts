// Opens a client's subscription: the root field's stream from one subgraph, and for every event what the plan joins from the others.
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphEndpoint, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { EngineRequest, EngineResult, ReadyOperation } from '../engine-contract.ts'
import type { CompiledSource } from '../execute/compile-operation.ts'
import { describeHidden, formatSubgraphError, formatSubgraphFailure } from '../execute/format-subgraph-error.ts'
import type { Gathering, RequestContext } from '../execute/gathering.ts'
import { nextArrival } from '../endpoints/arrival.ts'
import { isObject } from '../execute/plain-object.ts'
import { respond } from '../execute/respond.ts'
import type { QueuedEvent } from './event-queue.ts'
import { isPassing, type Notice, type UpstreamDefinition } from './shared-upstream.ts'
import type { SubscriptionHub } from './subscription-hub.ts'

export interface EventStreamOptions {
  readonly operation: ReadyOperation
  readonly request: EngineRequest
  readonly context: RequestContext
  readonly hub: SubscriptionHub<SubgraphResponse, EngineResult>
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>
  readonly newGathering: (variables: Readonly<Record<string, unknown>>, request: RequestContext) => Gathering
}

export async function openEventStream(
  options: EventStreamOptions,
): Promise<AsyncIterableIterator<EngineResult> | EngineResult> {
  const { operation, request, hub } = options
  const { source } = operation.prepared.compiled
  if (source === null) return { errors: [requestProblem('The operation is no subscription.')] }
  const cursor = requestedCursor(request.extensions)
  if (cursor !== undefined && typeof cursor !== 'string') {
    return { errors: [requestProblem('extensions.meshgate.cursor must be the string that came with an event.')] }
  }
  const hasLeft = (): boolean => request.signal?.aborted === true
  const left: EngineResult = { errors: [requestProblem('The client has left.')] }
  if (hasLeft()) return left
  try {
    return await hub.subscribe(upstream(source, options), {
      key: cursor === undefined ? upstreamKey(options) : null,
      cursor,
      signal: request.signal,
    })
  } catch (error) {
    if (hasLeft()) return left
    return { errors: refusal(source.service, error, options) }
  }
}

/** Everything that may change an event: the operation, its variables, who asks, and what is forwarded. */
function upstreamKey({ operation, context }: EventStreamOptions): string {
  return JSON.stringify([operation.prepared.key, operation.variables, context.principal, context.headers])
}

function upstream(
  source: CompiledSource,
  options: EventStreamOptions,
): UpstreamDefinition<SubgraphResponse, EngineResult> {
  const { operation, context, endpoints } = options
  const { principal, headers } = context
  const forwarded = headers === undefined ? {} : { headers }
  return {
    service: source.service,
    open: async (signal, cursor) => {
      const endpoint = endpoints.get(source.service)
      if (endpoint === undefined) {
        throw new MeshgateError('SUBGRAPH_UNAVAILABLE', `No endpoint is configured for subgraph "${source.service}".`)
      }
      return endpoint.subscribe({
        query: source.query,
        variables: source.variables(operation.variables),
        principal,
        signal,
        ...forwarded,
        // Whoever knows nothing of this leaves it alone; ours say where the stream begins, so that it can be resumed before its first event.
        extensions: { meshgate: { ...(cursor === undefined ? {} : { cursor }), started: true } },
      })
    },
    inspect: (event) => noticeOf(event, source.service),
    // The event outlives any one client, so joins end with the upstream and not with a client's signal. It has just arrived, whenever the
    // client did: what was sent before it does not know of it.
    join: (event, signal) =>
      joinEvent(event, source, {
        ...options,
        context: { principal, arrival: nextArrival(), signal, ...forwarded },
      }),
  }
}

function noticeOf(event: SubgraphResponse, service: string): Notice {
  const meshgate = isObject(event) && isObject(event.extensions) ? event.extensions['meshgate'] : undefined
  const cursor = isObject(meshgate) && typeof meshgate['cursor'] === 'string' ? meshgate['cursor'] : undefined
  if (!isObject(meshgate) || cursor === undefined) return { kind: 'event', cursor }
  if (meshgate['started'] === true) return { kind: 'started', cursor }
  const { errors } = event
  const isEnding = meshgate['key'] === undefined && !isObject(event.data) && Array.isArray(errors) && errors.length > 0
  if (!isEnding || !errors.every(isPassing)) return { kind: 'event', cursor }
  const failure = new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${service}" has ended the stream.`, errors)
  return { kind: 'interrupted', cursor, failure }
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
  const meshgate = isObject(event) && isObject(event.extensions) ? event.extensions['meshgate'] : undefined
  if (!isObject(meshgate)) return { event: result, cursor: undefined }
  const cursor = meshgate['cursor']
  return { event: { ...result, extensions: { meshgate } }, cursor: typeof cursor === 'string' ? cursor : undefined }
}

function requestedCursor(extensions: Readonly<Record<string, unknown>> | undefined): unknown {
  const meshgate = extensions?.['meshgate']
  return isObject(meshgate) ? meshgate['cursor'] : undefined
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
