// Opens a client's subscription: the root field's stream from one subgraph, and for every event what the plan joins from the others.
import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphEndpoint, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { EngineRequest, EngineResult, ReadyOperation } from '../engine-contract.ts'
import { readResponse } from '../execute/call-subgraph.ts'
import type { Execution, RequestContext } from '../execute/execution.ts'
import { isObject } from '../execute/plain-object.ts'
import { reportSubgraphError, reportSubgraphFailure } from '../execute/subgraph-errors.ts'
import type { PreparedSource } from '../plan/prepare-operation.ts'
import type { QueuedEvent } from './event-queue.ts'
import { isPassing, type Notice, type UpstreamDefinition } from './shared-upstream.ts'
import type { SubscriptionHub } from './subscription-hub.ts'

export interface EventStreamOptions {
  readonly operation: ReadyOperation
  readonly request: EngineRequest
  readonly context: RequestContext
  readonly hub: SubscriptionHub<SubgraphResponse, EngineResult>
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>
  readonly newExecution: (variables: Readonly<Record<string, unknown>>, request: RequestContext) => Execution
  readonly respond: (operation: ReadyOperation, execution: Execution) => EngineResult
}

export async function openEventStream(
  options: EventStreamOptions,
): Promise<AsyncIterableIterator<EngineResult> | EngineResult> {
  const { operation, request, hub } = options
  const { source } = operation.prepared
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
  const { document, operation: node } = operation.prepared.selected
  const source = document.loc?.source.body ?? ''
  return JSON.stringify([source, node.name?.value, operation.variables, context.principal, context.headers])
}

function upstream(
  source: PreparedSource,
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
    // The event outlives any one client, so joins end with the upstream and not with a client's signal.
    join: (event, signal) => joinEvent(event, source, { ...options, context: { principal, signal, ...forwarded } }),
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
  source: PreparedSource,
  options: EventStreamOptions,
): Promise<QueuedEvent<EngineResult>> {
  const { operation } = options
  const execution = options.newExecution(operation.variables, options.context)
  try {
    source.absorb(execution, readResponse(event, source.service))
    for (const step of operation.prepared.steps) await step.run(execution)
  } catch (error) {
    execution.request.signal?.throwIfAborted()
    reportSubgraphFailure(execution, source.service, error, [[]])
  }
  const result = options.respond(operation, execution)
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
  const execution = options.newExecution({}, options.context)
  const reported = error instanceof MeshgateError && error.code === 'SUBGRAPH_REFUSED' ? error.cause : undefined
  if (Array.isArray(reported) && reported.length > 0) {
    for (const each of reported) reportSubgraphError(execution, service, each, [[]])
  } else {
    reportSubgraphFailure(execution, service, error, [[]])
  }
  return execution.errors
}

function requestProblem(message: string): GraphQLFormattedError {
  return { message, extensions: { code: 'REQUEST_INVALID' } }
}
