// What the planner gives and the executor compiles: requests to subgraphs, what each waits for, and where every value of the response is
// found. Pure data without cycles, so that a plan can cross threads, be kept and be printed.
//
// Answers stay where they are. An entity's answer is linked to the objects that it was looked up for, and every value of the response
// (or of a representation) names the source that it is read from: nothing is merged.

/** Index into `Plan.fetches`. */
export type FetchId = number
/** Index into `Plan.positions`. */
export type PositionId = number
/** Numbered through the plan: one for every (lookup, target). */
export type LinkId = number

export interface Plan {
  readonly operation: 'query' | 'mutation' | 'subscription'
  /** In an order in which each fetch stands behind all that it depends on. For a subscription fetch 0 is its source. */
  readonly fetches: readonly Fetch[]
  /** A position stands behind its parent. Position 0 is the root. */
  readonly positions: readonly Position[]
  readonly response: ResponseObject
  /** One query whose only fetch is the client's own: same keys, same order, nothing added. Its answer's bytes are the response's. */
  readonly passthrough: boolean
  /** Where fields stand that whoever asks may not see, `@` for any index of a list. Absent: nowhere. */
  readonly denied?: readonly (readonly string[])[]
  /** Nothing of it may be asked, so that it has no data. */
  readonly isRefused?: true
}

export interface Fetch {
  readonly service: string
  /** Fetches whose answers (or failures) must be in before. */
  readonly dependsOn: readonly FetchId[]
  /**
   * For mutations the index of the root field that it belongs to, else 0. A stage begins when the one before has ended, and only if its
   * `requiredKey` has a value.
   */
  readonly stage: number
  /** Key in this root fetch's data that must not be null for the next stage to begin (a mutation's field of a non-null type). */
  readonly requiredKey: string | null
  /** Document with one operation of the kind that the fetch is (entities: a query). */
  readonly query: string
  /** Variables of the client that it uses, under their own names. */
  readonly variables: readonly string[]
  /** Empty: a fetch of root fields. */
  readonly lookups: readonly Lookup[]
}

/** One `_entities` field of a fetch. */
export interface Lookup {
  readonly alias: string
  /** Variable for its representations; never the name of a variable of the client. */
  readonly variable: string
  /** All positions that its answers go to. Representations are built in the order of the targets and deduplicated. */
  readonly targets: readonly LookupTarget[]
}

export interface LookupTarget {
  readonly position: PositionId
  /** Concrete types of the position's object to look up; null: all. */
  readonly types: readonly string[] | null
  /**
   * The answer is linked to the object that this source of the position has, under this id. Objects are found the way this source goes:
   * other sources of the positions above may come with this very fetch.
   */
  readonly onSource: number
  readonly link: LinkId
  readonly representation: Representation
}

export interface Representation {
  /** Null: the concrete type of the object at the position. */
  readonly typename: string | null
  readonly fields: readonly RepresentationField[]
}

export interface RepresentationField {
  readonly name: string
  /** Concrete types of the object that it is read for; null: all. */
  readonly types: readonly string[] | null
  /** Index of the position's source. */
  readonly source: number
  /** Response key in that source's object. */
  readonly key: string
  /** Part of the entity's key (else of @requires). Where all of the key is null nothing is looked up; null elsewhere is sent as null. */
  readonly isKey: boolean
  /** Null for a leaf; else what to read at the position below. `__typename` is a field like others. */
  readonly child: { readonly position: PositionId; readonly fields: readonly RepresentationField[] } | null
}

/** A place in the response's tree (or one that only representations need), and every way its objects are got. */
export interface Position {
  /** Null for the root. */
  readonly parent: PositionId | null
  /** Concrete types of the parent's object below which it exists; null: all. */
  readonly parentTypes: readonly string[] | null
  /** Ways to the object, each after those it builds on. Source 0 decides whether the object is null. */
  readonly sources: readonly PositionSource[]
  /**
   * Where its concrete type is read: a constant for an object type, else the source whose `__typename` tells. Where nothing depends on the
   * concrete type the constant is the abstract type's name. A type that the public schema does not have makes the object null.
   */
  readonly typename: { readonly constant: string } | { readonly source: number }
}

export type PositionSource =
  /** The `data` of a root fetch: of the root, or of a field that gives the query type again. */
  | { readonly kind: 'root'; readonly fetch: FetchId }
  /**
   * The value under `key` of the parent's source `of`; lists (of lists) are walked through. Where a position has several of this kind, their
   * lists are of the same things in the same order.
   */
  | { readonly kind: 'field'; readonly of: number; readonly key: string }
  /** The entity that a lookup linked to source `of` of this position. */
  | { readonly kind: 'link'; readonly of: number; readonly link: LinkId }

export interface ResponseObject {
  readonly position: PositionId
  /** In the order of the response for each type. */
  readonly fields: readonly ResponseField[]
}

export type ResponseField =
  | {
      readonly kind: 'leaf'
      readonly responseKey: string
      /** Concrete types of the object that have it; null: all. */
      readonly types: readonly string[] | null
      /** Printed type of the public schema, `[String!]!`. */
      readonly type: string
      readonly source: number
      /** Response key in the source's object. */
      readonly key: string
    }
  | {
      readonly kind: 'object'
      readonly responseKey: string
      readonly types: readonly string[] | null
      readonly type: string
      readonly child: ResponseObject
    }
  /** The concrete type's name. */
  | { readonly kind: 'typename'; readonly responseKey: string; readonly types: readonly string[] | null }
  /** Not asked of anybody, since whoever asks may not see it: null as far as `type` allows. */
  | {
      readonly kind: 'denied'
      readonly responseKey: string
      readonly types: readonly string[] | null
      readonly type: string
    }
  /** `__schema` and `__type` of the root: answered by the gateway itself. */
  | { readonly kind: 'introspection'; readonly responseKey: string }
