// What a composed supergraph says of its subgraphs, as the planner reads it: plain data, looked up by name and graph.
import type { GraphQLSchema } from 'graphql'
import type { Requirement } from './requirements.ts'
import type { CostRules } from '../cost/cost-rules.ts'

/** Index into `Supergraph.graphs`. */
export type GraphId = number

export interface Graph {
  readonly id: GraphId
  /** As clients and logs see it: join__graph(name:). */
  readonly name: string
  readonly url: string
}

/** A selection of @key, @requires or @provides, parsed. A type condition is an entry of its own kind. */
export type FieldSet = readonly FieldSetEntry[]
export type FieldSetEntry =
  | {
      readonly kind: 'field'
      readonly name: string
      /** As written, `size(unit: CM)` has `unit: CM`; empty without arguments. */
      readonly arguments: string
      /** Null for a leaf. */
      readonly selections: FieldSet | null
    }
  | { readonly kind: 'on'; readonly type: string; readonly selections: FieldSet }

export interface EntityKey {
  readonly fields: FieldSet
  /** False: other subgraphs cannot look the entity up here by it, though its fields may be read here. */
  readonly resolvable: boolean
}

/** A composite type as one subgraph has it. */
export interface TypeInGraph {
  readonly keys: readonly EntityKey[]
  /** An interface that is an object type there (@interfaceObject): it answers the interface's name as __typename. */
  readonly isInterfaceObject: boolean
  /** Concrete types that this graph can answer for it; the type itself for an object type; empty for an interface object. */
  readonly possibleTypes: readonly string[]
}

/** A field as one subgraph has it. */
export interface FieldInGraph {
  /** Printed; where subgraphs differ (nullability, member types) this is the subgraph's own. */
  readonly type: string
  /** It cannot answer it, except where a field above @provides it. */
  readonly external: boolean
  /**
   * Part of a key here: where a key is made of the object at hand, this graph can answer it even if it is external or overridden
   * (to clients, who ask for the field itself, it is not resolvable then).
   */
  readonly inKey: boolean
  readonly requires: FieldSet | null
  readonly provides: FieldSet | null
  /** Progressive @override: it answers the field only while the label is active (`active: true`) or only while it is not. */
  readonly label: { readonly name: string; readonly active: boolean } | null
}

export interface SupergraphField {
  readonly name: string
  /** Printed, as composed. */
  readonly type: string
  readonly namedType: string
  readonly inaccessible: boolean
  /** Only graphs that define the field and were not overridden for good. */
  readonly graphs: ReadonlyMap<GraphId, FieldInGraph>
}

export interface CompositeType {
  readonly kind: 'object' | 'interface' | 'union'
  readonly name: string
  readonly graphs: ReadonlyMap<GraphId, TypeInGraph>
  /** Empty for unions. Fields that an interface object adds stand on the interface and on every implementing type, there with the graphs of the interface object. */
  readonly fields: ReadonlyMap<string, SupergraphField>
  /** Concrete types in the whole supergraph, @inaccessible ones too; itself for an object type. */
  readonly possibleTypes: readonly string[]
  /** Interfaces it implements. */
  readonly interfaces: readonly string[]
}

/** What must be met to see something, by requirementText; who may see it is decided by `requirements`. */
export interface Access {
  readonly requirements: ReadonlyMap<string, Requirement>
  /** Of object types; absent: open. */
  readonly types: ReadonlyMap<string, string>
  /** By object type and field, its type's and its value's requirements included; absent: open. */
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, string>>
}

export interface Supergraph {
  readonly graphs: readonly Graph[]
  /** Composite types by name; leaves are not here. */
  readonly types: ReadonlyMap<string, CompositeType>
  readonly queryType: string
  readonly mutationType: string | null
  readonly subscriptionType: string | null
  /** What @cost and @listSize say. */
  readonly costs: CostRules
  /** Labels of progressive overrides: `percent(n)` and names of the users' own. */
  readonly overrideLabels: readonly string[]
  readonly access: Access
  /** Everything that clients may ask: without federation's own types and what is @inaccessible. */
  readonly publicSchema: GraphQLSchema
  readonly publicSdl: string
}
