// What the gateway tells of one client's operation while it answers it. Called synchronously, where it happens: it must be quick and must not
// throw. Absent, nothing is told and nothing costs.
import type { TraceParent } from '../../platform/telemetry/tracer.ts'

/** What a request says of where it comes from. */
export interface RequestOrigin {
  /** Of the client's trace. */
  readonly trace?: TraceParent | undefined
  readonly clientName?: string | undefined
  readonly clientVersion?: string | undefined
}

export interface FetchAsked {
  readonly subgraph: string
  readonly kind: 'query' | 'mutation' | 'lookup'
  /** Lookups that it makes at once; 0: it is of root fields. */
  readonly lookups: number
}

export interface FetchWatch {
  /** What the subgraph is sent, so that its spans belong to the same trace. */
  readonly trace: TraceParent | undefined
  /** `errors`: that it reported. `failure`: there is no answer. */
  ended(outcome: { readonly errors: number; readonly failure: unknown }): void
}

export interface OperationWatch {
  /** What a subgraph is sent with a subscription. */
  readonly trace: TraceParent | undefined
  planned(isCached: boolean): void
  fetch(asked: FetchAsked): FetchWatch
  /** An event of the subscription begins to be joined. Undefined: nobody wants to know of this one. */
  event(): EventWatch | undefined
}

/** One event: its fetches, and its end. */
export interface EventWatch extends OperationWatch {
  joined(): void
}
