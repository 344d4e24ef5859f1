// The Planner port: an operation over the public schema becomes requests to subgraphs. Plans are data of our own, so that
// the executor knows no planner. Adapter: hive-planner.

/** Where entities are in the data so far: response keys, `list` for every list on the way, and types to keep. */
export type PathSegment =
  | { readonly kind: 'field'; readonly key: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'type'; readonly names: readonly string[] }

/** What of an entity goes into its representation. */
export type Requirement =
  | {
      readonly kind: 'field'
      /** Response key in the data so far. */
      readonly key: string
      /** Name in the representation. */
      readonly name: string
      readonly selections: readonly Requirement[] | null
    }
  | { readonly kind: 'type'; readonly name: string; readonly selections: readonly Requirement[] }

export type RewriteSegment =
  { readonly kind: 'field'; readonly key: string } | { readonly kind: 'type'; readonly names: readonly string[] }

/** `rename` gives the value at `path` another key; `set` sets it. */
export type Rewrite =
  | { readonly kind: 'rename'; readonly path: readonly RewriteSegment[]; readonly to: string }
  | { readonly kind: 'set'; readonly path: readonly RewriteSegment[]; readonly value: string }

export interface RootFetch {
  readonly kind: 'root'
  readonly service: string
  readonly operation: string
  /** Client variables that it uses. */
  readonly variables: readonly string[]
  /** Relative to the response's data. */
  readonly outputRewrites: readonly Rewrite[]
}

export interface EntityBatch {
  /** Response key of the `_entities` field. */
  readonly alias: string
  /** Variable that takes the representations; batches may share one. */
  readonly variable: string
  readonly paths: readonly (readonly PathSegment[])[]
  readonly requires: readonly Requirement[]
  readonly inputRewrites: readonly Rewrite[]
  /** Relative to one entity. */
  readonly outputRewrites: readonly Rewrite[]
}

export interface EntityFetch {
  readonly kind: 'entities'
  readonly service: string
  readonly operation: string
  readonly variables: readonly string[]
  readonly batches: readonly EntityBatch[]
}

export type PlanNode =
  | RootFetch
  | EntityFetch
  | { readonly kind: 'sequence'; readonly nodes: readonly PlanNode[] }
  | { readonly kind: 'parallel'; readonly nodes: readonly PlanNode[] }
  | {
      readonly kind: 'condition'
      readonly variable: string
      readonly whenTrue: PlanNode | null
      readonly whenFalse: PlanNode | null
    }

/** For a subscription `source` is the stream and `node` what follows for every event; else `source` is null. */
export interface Plan {
  readonly source: RootFetch | null
  readonly node: PlanNode | null
}

export interface Planner {
  /**
   * `operation` is one validated operation without named fragments, introspection fields and unused variables, within the limits
   * of the document. Rejects with PLAN_FAILED. Does not block the event loop.
   */
  plan(operation: string): Promise<Plan>
}
