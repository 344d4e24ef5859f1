// What goes in and comes out of a subscription through this package. Shapes are those of GraphQL over WebSocket and over SSE, so that sinks and
// payloads written for graphql-ws fit.

/** A subscribe request: what graphql-ws calls its payload. */
export interface SubscriptionRequest {
  /** Empty where a trusted document is named by its id. */
  readonly query: string
  readonly documentId?: string | undefined
  readonly variables?: Record<string, unknown> | null | undefined
  readonly operationName?: string | null | undefined
  /** `snapshot: true`: the current rows first. `cursor`: where to go on. `conflate: true`: the latest of each key where this client is slow. */
  readonly extensions?: Record<string, unknown> | null | undefined
}

/** An error in the form of the GraphQL specification. */
export interface StreamError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly locations?: readonly { readonly line: number; readonly column: number }[]
  /** `code` says what it is (docs/errors.md). */
  readonly extensions?: Record<string, unknown>
}

/** What the gateway says of an event beside its data. */
export interface EventExtensions {
  /** Where to go on behind this event. Absent where the subgraph is not one of Meshgate's. */
  readonly cursor?: string
  /** The entity's key, as on its changes topic: a deleted one is known by it, since its data is null. */
  readonly key?: string
  /** The event is a row of the snapshot. */
  readonly snapshot?: true
  /** All rows of the snapshot have come: changes follow. The event has no data. */
  readonly snapshotComplete?: true
  /** How many older events of the key this one stands for, where the client asked to conflate. */
  readonly conflated?: number
  /** The first event behind a gap: what was collected before it may lack changes and is to be dropped. */
  readonly restarted?: true
  readonly [name: string]: unknown
}

export interface StreamEvent<Data = Record<string, unknown>> {
  readonly data?: Data | null
  readonly errors?: readonly StreamError[]
  readonly extensions?: EventExtensions
}

export interface EventSink<Data = Record<string, unknown>> {
  next(event: StreamEvent<Data>): void
  /** The end: errors of the gateway as an array, or what the connection failed with. */
  error(error: unknown): void
  complete(): void
}

/** Ends the subscription; nothing is delivered behind it. */
export interface Unsubscribe {
  (): void
  /** Behind the last event delivered; undefined before the first, and where the subgraph gives none. */
  readonly cursor: string | undefined
}

export interface RequestSource {
  /** As the subscription was asked for. */
  readonly original: SubscriptionRequest
  /** As it is to be sent now: asked for once each time it is sent, also where the transport connects again by itself. */
  current(): SubscriptionRequest
}

/** Opens one stream. Of the sink's `error` and `complete` one is called at its end, unless the function given back has closed it before. */
export type OpenStream = (request: RequestSource, sink: EventSink) => () => void
