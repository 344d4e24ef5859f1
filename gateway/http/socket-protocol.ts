// What graphql-ws is told of one gateway's sockets: who may come in, what an operation is, and how it runs.
import { GraphQLError, type ExecutionArgs, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import { makeServer, type SubscribePayload } from 'graphql-ws'
import type { IncomingMessage } from 'node:http'
import type { Authenticate, ConnectionParameters, Identity } from '../authenticate/identity.ts'
import { limits } from '../../platform/limits.ts'
import { FORBIDDEN, TRY_AGAIN_LATER } from '../../platform/socket-closing.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from '../engine-contract.ts'
import { originOf } from '../observe/request-origin.ts'
import type { ClientLimits, SocketPlace } from './client-limits.ts'
import { readParameters } from './graphql-request.ts'
import { isProblem, type HttpProblem } from './http-problem.ts'
import { payingBy } from './paying.ts'
import type { RateLimiter, RateProblem } from './rate-limiter.ts'
import type { TellRefusal } from './tell-refusal.ts'
import type { SocketOperations } from './socket-operations.ts'
import { pipedStream, type SocketWriter } from './socket-stream.ts'

export interface SocketProtocolOptions {
  readonly engine: () => Engine
  /** Asked once per socket, with what its client puts into connection_init. */
  readonly authenticate: Authenticate
  /** Null: whoever asks is answered. */
  readonly rateLimiter: RateLimiter | null
  readonly clientLimits: ClientLimits
  /** Told of what is refused here, before the engine knows of it. */
  readonly refused: TellRefusal
}

/** What is kept of one socket. */
export interface SocketExtra {
  readonly request: IncomingMessage
  readonly place: SocketPlace
  readonly close: (code: number, reason: string) => void
  /** Nobody until connection_init has said who it is. */
  identity: Identity
  /** Told when the socket's credentials expire. */
  readonly expireAt: (timeMs: number) => void
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly operations: () => SocketOperations
  readonly writer: SocketWriter
}

export type SocketProtocol = ReturnType<typeof createSocketProtocol>

/** What runs, handed from graphql-ws's onSubscribe to its execute and subscribe. */
interface Running {
  readonly id: string
  readonly extra: SocketExtra
  readonly engine: Engine
  readonly operation: ReadyOperation
  readonly request: EngineRequest
}

/** False: the socket is closed. */
async function admit(
  extra: SocketExtra,
  parameters: ConnectionParameters | undefined,
  { authenticate, refused }: SocketProtocolOptions,
): Promise<boolean> {
  const { request } = extra
  const found = authenticate(request, parameters)
  const identity = found instanceof Promise ? await found : found
  if (identity.kind === 'refused') {
    refused({ via: 'websocket', request, problem: identity })
    // graphql-ws clients come back after both, with what their connectionParams then give.
    extra.close(identity.status === 401 ? FORBIDDEN : TRY_AGAIN_LATER, identity.message)
    return false
  }
  const crowded = extra.place.become(identity.principal)
  if (crowded !== null) {
    refused({ via: 'websocket', request, problem: crowded, principal: identity.principal })
    extra.close(TRY_AGAIN_LATER, crowded.message)
    return false
  }
  extra.identity = identity
  if (identity.expiresAtMs !== null) extra.expireAt(identity.expiresAtMs)
  return true
}

export function createSocketProtocol(
  options: SocketProtocolOptions,
): ReturnType<typeof makeServer<undefined, SocketExtra>> {
  const { engine, rateLimiter, clientLimits, refused } = options
  return makeServer<undefined, SocketExtra>({
    connectionInitWaitTimeout: limits.socketInitTimeoutMs,
    onConnect: ({ extra, connectionParams }) => admit(extra, connectionParams, options),
    onSubscribe: async (context, id, payload): Promise<ExecutionArgs | readonly GraphQLError[]> => {
      const signal = context.extra.operations().begin(id)
      const { headers, request: handshake } = context.extra
      const { principal, expiresAtMs } = context.extra.identity
      const refuse = (why: HttpProblem | RateProblem): readonly GraphQLError[] => {
        refused({ via: 'websocket', request: handshake, problem: why, principal })
        return [problemError(why)]
      }
      const most = clientLimits.subscriptionsPerSocket
      if (most > 0 && Object.keys(context.subscriptions).length > most) return refuse(clientLimits.tooManyOfSocket())
      const current = engine()
      const parameters = readParameters(withDocumentId(payload))
      if (isProblem(parameters)) return refuse(parameters)
      const forwarded = headers === undefined ? {} : { headers }
      const tooMany = rateLimiter?.take(handshake, principal, 1) ?? null
      if (tooMany !== null) return refuse(tooMany)
      const expiring = expiresAtMs === null ? {} : { expiresAtMs }
      const origin = originOf(handshake.headers, parameters.extensions)
      const from = origin === undefined ? {} : { origin }
      const known = { ...parameters, ...payingBy(rateLimiter, handshake, principal), principal, signal }
      const request: EngineRequest = { ...known, ...from, ...expiring, ...forwarded }
      const operation = await current.prepare(request)
      if (!isReady(operation)) return toGraphqlErrors(operation.errors ?? [])
      const open = operation.kind === 'subscription' ? clientLimits.openSubscription(handshake, principal) : null
      if (open !== null && typeof open !== 'function') return refuse(open)
      if (open !== null) context.extra.operations().whenEnded(id, open)
      const running: Running = { id, extra: context.extra, engine: current, operation, request }
      const { document } = operation.prepared.selected
      return {
        schema: current.publicSchema,
        document,
        operationName: parameters.operationName ?? null,
        contextValue: running,
      }
    },
    execute: async ({ contextValue }) => {
      const { engine: current, operation, request } = contextValue as Running
      try {
        return asResult(await current.run(operation, request))
      } catch (error) {
        // Nobody waits for an answer any more: graphql-ws sends none.
        if (request.signal?.aborted === true) return {}
        throw error
      }
    },
    subscribe: async ({ contextValue }) => {
      const { id, extra, engine: current, operation, request } = contextValue as Running
      const stream = await current.runSubscription(operation, request)
      return Symbol.asyncIterator in stream ? pipedStream(stream, extra.writer.sink(id)) : asResult(stream)
    },
    // Results are formatted already: graphql-ws would ask their errors for toJSON.
    onNext: (...given) => given[4] as never,
    onError: (_context, _id, _payload, errors) => errors.map((error) => error.toJSON()),
  })
}

/** Types of common clients have no place for it but the extensions. */
function withDocumentId(payload: SubscribePayload): unknown {
  const documentId = payload.extensions?.['documentId']
  return typeof documentId === 'string' ? { documentId, ...payload } : payload
}

function asResult(result: EngineResult): ExecutionResult {
  return result as unknown as ExecutionResult
}

function toGraphqlErrors(errors: readonly GraphQLFormattedError[]): GraphQLError[] {
  return errors.map((error) => {
    const rebuilt = new GraphQLError(error.message, { extensions: error.extensions ?? null })
    Object.defineProperty(rebuilt, 'toJSON', { value: () => error })
    return rebuilt
  })
}

function problemError({ message, code = 'REQUEST_INVALID', ...more }: HttpProblem | RateProblem): GraphQLError {
  const later = 'retryAfterMs' in more ? { retryAfterMs: more.retryAfterMs } : {}
  return new GraphQLError(message, { extensions: { code, ...later } })
}
