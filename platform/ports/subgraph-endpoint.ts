// The SubgraphEndpoint port: how a gateway talks to a subgraph, in-process or over HTTP and WebSocket.
import type { GraphQLFormattedError } from 'graphql'
import type { TraceParent } from '../telemetry/tracer.ts'
import type { Principal } from '../governance/principal.ts'

export interface SubgraphRequest {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly operationName?: string
  readonly extensions?: Readonly<Record<string, unknown>>
  /** Headers to forward. In-process endpoints ignore them. */
  readonly headers?: Readonly<Record<string, string>>
  readonly principal: Principal
  readonly signal?: AbortSignal
}

/** A request in the form that goes over a wire. */
export interface WireRequest {
  /** The whole GraphQL request as JSON: `{"query":…,"variables":…}`. */
  readonly body: string
  /** May have happened although its answer was lost: never sent twice, never shared. */
  readonly isMutation: boolean
  /** A query that belongs to a mutation: sent after it and seeing what it did, so it joins no request of others. */
  readonly isAfterMutation?: boolean
  /** Headers to forward. */
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as W3C Trace Context; no part of what makes requests equal. */
  readonly trace?: TraceParent | undefined
  readonly principal: Principal
  /** When the client's request arrived, in the numbers that dispatched requests are counted in too: a request joins only what was sent after it arrived. */
  readonly arrival: number
  readonly signal?: AbortSignal
}

/** The answer's body, a JSON text in UTF-8, not yet trusted. It may be shared: never written to. */
export interface WireResponse {
  readonly bytes: Uint8Array
  /** One of our own subgraphs says: data as asked for, complete, no errors, no extensions. */
  readonly isWhole: boolean
}

/** A GraphQL response, not yet trusted: data may have any shape. In-process it may be shared: never written to. */
export interface SubgraphResponse {
  readonly data?: Readonly<Record<string, unknown>> | null
  readonly errors?: readonly GraphQLFormattedError[]
  /** Subscription events of our own subgraphs carry `extensions.meshgate: SubscriptionExtension`. */
  readonly extensions?: Readonly<Record<string, unknown>>
}

/**
 * `extensions.meshgate` of an event, and of the subscribe request that resumes (`{ cursor }`). A request with `started: true` is answered
 * first, as soon as it is established, by a response without data that has `started: true` and the cursor of where it begins. One with
 * `positions: true` is told with every answer where that stands in the changes topic, and by a response without data that has `caughtUp: true`
 * when a stream that was resumed has come to the head of the log: who has two streams of one subscription can tell what both have.
 * One with `snapshot: true` and no cursor is answered by the rows that are there now, each an event with `snapshot: true`, then by a response
 * without data that has `snapshotComplete: true`, then by every change since before the first row was read. A cursor says itself whether it
 * is within a snapshot.
 */
export interface SubscriptionExtension {
  /** The entity's key, as on the changes topic. */
  readonly key?: string
  readonly cursor: string
  readonly started?: true
  readonly caughtUp?: true
  /** The event is a row of the snapshot. */
  readonly snapshot?: true
  readonly snapshotComplete?: true
  /** Next offsets of the changes topic after it, by partition. All that lies before has been told, where it was to be told. */
  readonly positions?: readonly number[]
  /** Of the event's change. */
  readonly at?: readonly [partition: number, offset: number]
}

export interface SubgraphEndpoint {
  readonly name: string
  /** Each answer of `execute` is made for its request alone: whoever asked may write to its objects. */
  readonly answersAreOwn?: true
  /** What it answers hangs on the request and its headers, and not on who asks: clients of any principal may share an answer. Default false. */
  readonly ignoresPrincipal?: boolean
  /**
   * Rejects with SUBGRAPH_UNAVAILABLE (retryable), SUBGRAPH_TIMEOUT or SUBGRAPH_PROTOCOL when there is no GraphQL response; a response with
   * errors is a response. An aborted signal rejects with its reason.
   */
  execute(request: SubgraphRequest): Promise<SubgraphResponse>
  /** The lean way of endpoints that speak JSON over a wire, in place of `execute`. Rejects like it, except that the body was not parsed. */
  exchange?(request: WireRequest): Promise<WireResponse>
  /**
   * Resolves once the subscription is established: every event from then on is delivered, in order. Rejects like `execute`, or with
   * SUBGRAPH_REFUSED whose `cause` holds the GraphQL errors. Ends when the subgraph completes it; throws when it is lost. `return()` ends it upstream.
   */
  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>>
  close(): Promise<void>
}
