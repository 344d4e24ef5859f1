// The state of one operation under way: what the subgraphs have answered, where entities were linked, what went wrong, and who asks.
import type { OperationWatch } from '../observe/operation-watch.ts'
import type { Principal } from '../../platform/governance/principal.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import type { FetchId } from '../plan/plan.ts'
import type { DataObject } from './plain-object.ts'

export interface RequestContext {
  readonly principal: Principal
  /** See WireRequest. */
  readonly arrival: number
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal
  /** Told of each request to a subgraph. */
  readonly watch?: OperationWatch
  /** Forwarded to subgraphs over HTTP. */
  readonly headers?: Readonly<Record<string, string>>
}

export interface Gathering {
  readonly endpoints: ReadonlyMap<string, SubgraphEndpoint>
  readonly request: RequestContext
  /** Coerced, by the client's names. */
  readonly variables: Readonly<Record<string, unknown>>
  /** By fetch: the data of root fetches. */
  readonly roots: (DataObject | undefined)[]
  /** By link: for which objects which representation was asked. */
  readonly asked: (AskedTarget | undefined)[]
  /** By link: the distinct entities linked, kept where lookups begin at them. */
  readonly linked: (DataObject[] | undefined)[]
  /** In the order in which they happened. */
  readonly incidents: Incident[]
  /** No answer had a backslash: all its strings can be written as they are. */
  isClean: boolean
  /** Whether an answer's bytes may be the response: not where the response is wanted as an object. */
  readonly mayBeWhole: boolean
  /** The answer's bytes where they are the whole response. */
  whole: Uint8Array | undefined
  readonly exposeSubgraphErrors: boolean
  /** Told of failures whose cause clients do not see. */
  readonly onSubgraphFailure: (service: string, error: unknown) => void
}

export interface AskedTarget {
  readonly objects: DataObject[]
  /** Of each object's representation in its lookup. */
  readonly indexes: number[]
  /** Whether one entity was asked for several objects. */
  isShared: boolean
}

/** Representations of one request of a fetch: from `offset` on, as many as one request may have. */
export interface Incident {
  readonly fetch: FetchId
  readonly offset: number
  /** No answer, or none that can be used. For a lookup fetch: of all its lookups, or of the one named. */
  readonly failure: { readonly error: unknown; readonly lookup: number | null } | null
  /** What the subgraph reported, and its data beside it. */
  readonly errors: readonly unknown[]
  readonly data: DataObject | null
}
