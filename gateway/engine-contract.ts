// What the engine takes and gives: the contract of its faces (HTTP, WebSocket, and whoever calls it in-process).
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql'
import type { FailureCode } from '../platform/errors.ts'
import type { Principal } from '../platform/governance/principal.ts'
import type { DataObject } from './execute/plain-object.ts'
import type { OperationWatch, RequestOrigin } from './observe/operation-watch.ts'
import type { PreparedOperation } from './plan/prepare-operation.ts'
import type { EventSink } from './subscribe/event-queue.ts'

/** A client has spent what it may for now. */
export interface SpendProblem {
  readonly message: string
  readonly code: FailureCode
  readonly retryAfterMs: number
}

/** What the operations of a client may cost in a time. */
export interface SpendingWindow {
  readonly max: number
  /** Now. */
  readonly remaining: number
  readonly windowMs: number
}

export interface EngineRequest {
  /** Empty where `documentId`, or a hash in the extensions, stands for it. */
  readonly query: string
  /** Of a trusted document. */
  readonly documentId?: string
  /** Its text was found by id or hash: it is not asked again whether it may be. */
  readonly isKnown?: true
  readonly operationName?: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly extensions?: Readonly<Record<string, unknown>>
  readonly principal?: Principal
  /** When what showed who it is expires, in milliseconds since 1970: a stream ends then. Absent: never. */
  readonly expiresAtMs?: number
  /** Takes what the operation costs out of what its client may spend. Null: it may run. */
  readonly spend?: (cost: number) => SpendProblem | null
  /** What is left of that; told where costs are. Absent where an answer is for others, too. */
  readonly window?: () => SpendingWindow
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** For the log and traces. */
  readonly origin?: RequestOrigin
  /** Told what happens within; the engine's own observer gives it. */
  readonly watch?: OperationWatch
  /** When it came, by nextArrival(). Default: when it is run. */
  readonly arrival?: number
}

/** Without `data` the request was refused before anything ran. */
export interface EngineResult {
  readonly data?: DataObject | null
  readonly errors?: readonly GraphQLFormattedError[]
  readonly extensions?: Readonly<Record<string, unknown>>
}

/** A client's stream: iterated, or piped. */
export interface ResultStream extends AsyncIterableIterator<EngineResult> {
  /** Writes what comes when it comes. Resolves when the stream has completed, rejects with the error that ends it. */
  pipeTo(sink: EventSink<EngineResult>): Promise<void>
}

/** A response as it goes over a wire. */
export interface SerializedResult {
  /** JSON of an EngineResult: `{"errors":[…],"data":…}`, without errors and extensions exactly `{"data":…}`. */
  readonly body: string | Uint8Array
  /** Those in the body; absent: none. */
  readonly errors?: readonly GraphQLFormattedError[]
  /** Those in the body, behind the data; absent: none. */
  readonly extensions?: Readonly<Record<string, unknown>>
  /** Nothing ran: no `data`. */
  readonly refused: boolean
}

export type OperationKind = 'query' | 'mutation' | 'subscription'

/** An operation that may run: what it is, and the document for those who need it. */
export interface ReadyOperation {
  readonly kind: OperationKind
  readonly prepared: PreparedOperation
  readonly variables: Readonly<Record<string, unknown>>
  /** The text that an id or a hash stood for. */
  readonly query?: string
  /** What it is estimated to cost; absent where costs are neither bounded nor told. */
  readonly cost?: number
}

export interface Engine {
  readonly publicSchema: GraphQLSchema
  readonly publicSdl: string
  /** Validates, plans and coerces; a result without data where the request is refused. */
  prepare(request: EngineRequest): Promise<ReadyOperation | EngineResult>
  /** Queries and mutations. Rejects only with the reason of the request's signal. */
  execute(request: EngineRequest): Promise<EngineResult>
  run(operation: ReadyOperation, request: EngineRequest): Promise<EngineResult>
  /** Like `run`, without making objects that would only be serialized. */
  runSerialized(operation: ReadyOperation, request: EngineRequest): Promise<SerializedResult>
  /**
   * Resolves once the stream is established, or with a result without data where it is refused. What of it the request's `extensions` may ask is in
   * subscribe/subscribe-request.ts. The stream throws a GraphQLError whose
   * extensions hold code and, where there is one, `cursor` to resume from.
   */
  subscribe(request: EngineRequest): Promise<ResultStream | EngineResult>
  runSubscription(operation: ReadyOperation, request: EngineRequest): Promise<ResultStream | EngineResult>
  /** Ends subscriptions with SUBSCRIPTION_RECONNECT and this reason, unless they outlive it. Requests under way finish. */
  close(reason: string): Promise<void>
  /** Resolves when no request is under way. */
  idle(): Promise<void>
}

export function isReady(operation: ReadyOperation | EngineResult): operation is ReadyOperation {
  return 'prepared' in operation
}
