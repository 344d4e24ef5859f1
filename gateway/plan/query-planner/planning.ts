// The state of one operation's planning: sites (objects of the response), the sources that their values come from, the requests that
// these sources belong to, and what each request selects. Everything is only ever appended, and the journal can take it back.
import type { FragmentDefinitionNode, SelectionSetNode } from 'graphql'
import { MeshgateError } from '../../../platform/errors.ts'
import { limits } from '../../../platform/limits.ts'
import type { EntityKey, FieldSet, GraphId, Supergraph } from '../../supergraph/supergraph.ts'

export interface Planning {
  readonly supergraph: Supergraph
  readonly isLabelActive: (label: string) => boolean
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** One site for each concrete type of the parent: for the rare operations that cannot be planned with several in one. */
  readonly splitTypes: boolean
  /** look-up.ts: here because looking up needs sources, and getting a source may need a lookup. */
  readonly lookUp: (planning: Planning, wanted: LookUp) => Source
  readonly sites: Site[]
  readonly requests: Request[]
  readonly journal: (() => void)[]
  /** What is being looked for already: meeting it again is a cycle. */
  readonly inProgress: Set<string>
  readonly lookahead: Map<SelectionSetNode, Map<string, number>>
  /** Selections planned so far. */
  count: number
  /** Of the mutation's root fields. */
  stage: number
}

/** One root fetch, or one `_entities` lookup, before they are put together. */
export interface Request {
  readonly graph: GraphId
  readonly stage: number
  readonly operation: 'query' | 'mutation' | 'subscription'
  readonly selection: Selection
  readonly dependsOn: Set<Request>
  /** Requests that must have been answered before, one after the other. */
  readonly depth: number
  readonly lookup: PlannedLookup | null
  /** For a mutation's root field that allows no null. */
  requiredEntry: Entry | null
  mergedInto: Request | null
}

/** How an object can be looked up in a graph. */
export interface KeyWay {
  readonly key: EntityKey
  /** The interface as which it is looked up; null: as its concrete type. */
  readonly typename: string | null
}

export interface LookUp {
  readonly site: Site
  readonly types: readonly string[]
  readonly graph: GraphId
  readonly way: KeyWay
  readonly requires: FieldSet | null
}

export interface PlannedLookup {
  readonly site: Site
  readonly types: readonly string[]
  /** Null: the concrete type of the object. */
  readonly typename: string | null
  /** Type that the entities are selected on; null: each of `types`. */
  readonly condition: string | null
  readonly onSource: Source
  readonly fields: readonly RepresentedField[]
  /** The requirements that its representations carry, as text; empty for a plain lookup. */
  readonly requires: string
  readonly requiredSet: FieldSet | null
}

export interface RepresentedField {
  readonly name: string
  readonly types: readonly string[]
  readonly source: Source
  readonly entry: Entry
  readonly isKey: boolean
  readonly child: { readonly site: Site; readonly fields: readonly RepresentedField[] } | null
}

export interface Site {
  readonly id: number
  readonly parent: Site | null
  /** Concrete types of the parent's object that have it. */
  readonly parentTypes: readonly string[]
  /** Null for the root. */
  readonly field: FieldRequest | null
  /** Concrete types that its objects may have, hidden ones too. */
  readonly types: readonly string[]
  /** Those that clients may see: the same array where all are. */
  readonly publicTypes: readonly string[]
  /** Null where there is only one concrete type. */
  readonly abstractType: string | null
  readonly sources: Source[]
  /** By `fieldKey`. */
  readonly children: Map<string, Site[]>
  /** Whose `__typename` tells the concrete type. */
  typename: Source | null
}

export interface Source {
  readonly site: Site
  readonly graph: GraphId
  readonly request: Request
  readonly selection: Selection
  /** Concrete types that it can have; null: all of the site's. */
  readonly types: readonly string[] | null
  /** It answers an interface's name as its type. */
  readonly isInterfaceObject: boolean
  /** What fields above @provides of it, beyond what its graph always answers. */
  readonly provided: FieldSet | null
  readonly way:
    | { readonly kind: 'root' }
    | { readonly kind: 'field'; readonly of: Source; readonly entry: Entry }
    | { readonly kind: 'link'; readonly of: Source }
}

/** What is selected of an object in one request. */
export interface Selection {
  readonly graph: GraphId
  /** Types that it stands on in the subgraph; none: a type condition is always needed. */
  readonly statics: readonly string[]
  readonly entries: Entry[]
  /** Entries by what is asked: a hostile document asks thousands of fields of one object. */
  readonly index: Map<string, Entry[]>
  mergedInto: Selection | null
}

export interface Entry {
  readonly name: string
  /** As written in the document. */
  readonly arguments: string
  /** Client's variables in the arguments. */
  readonly variables: readonly string[]
  /** Concrete types that it is selected on; null: without a condition. */
  types: readonly string[] | null
  /** What two fields under one key must share: the whole type of a leaf, lists and non-nulls of a composite type. */
  readonly shape: string
  readonly child: Selection | null
  /** What the field @provides, for sources below. */
  readonly provided: FieldSet | null
  /** The client's response key, wanted if it is free. An object's selection is the client's under this key, or for representations only. */
  clientKey: string | null
  /** Types of an interface object that it was asked for, where others may be met; else empty. */
  readonly onlyOf: string
  /** It may be null, or is part of a key: asking for it takes nothing from others. */
  readonly isHarmless: boolean
  mergedInto: Entry | null
  /** Given when the document is printed. */
  key: string
}

export interface FieldRequest {
  readonly name: string
  readonly arguments: string
  readonly argumentNames: readonly string[]
  readonly variables: readonly string[]
  readonly clientKey: string | null
  /** The client's selections below it; null for a leaf and for what only representations need. */
  readonly below: readonly SelectionSetNode[] | null
  /** Read for a key: a graph may answer it from the reference. */
  readonly forKey: boolean
  /** How many fields of the same object a graph could answer: breaks ties. */
  readonly helpful: ReadonlyMap<GraphId, number> | null
}

/** Thrown inside the planner where a way leads nowhere; never leaves it. */
export const DEAD_END = new Error('no plan this way')

export function record(planning: Planning, undo: () => void): void {
  planning.journal.push(undo)
}

/** The action's result; null, with everything taken back, where it leads nowhere. */
export function attempt<Result>(planning: Planning, action: () => Result): Result | null {
  const mark = planning.journal.length
  try {
    return action()
  } catch (error) {
    if (error !== DEAD_END) throw error
    takeBack(planning, mark)
    return null
  }
}

export function takeBack(planning: Planning, mark: number): void {
  while (planning.journal.length > mark) planning.journal.pop()?.()
}

/** Runs the action unless the same is being looked for already. */
export function once<Result>(planning: Planning, what: string, action: () => Result): Result {
  if (planning.inProgress.has(what)) throw DEAD_END
  planning.inProgress.add(what)
  try {
    return action()
  } finally {
    planning.inProgress.delete(what)
  }
}

/** The same field with the same arguments, under one of the client's keys or for representations. */
export function fieldKey({ name, arguments: written, clientKey }: FieldRequest): string {
  return `${name}(${written}) ${clientKey ?? ''}`
}

/** Appends to the list under a key. */
export function appendTo<Item>(planning: Planning, lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key)
  if (list !== undefined) return append(planning, list, item)
  lists.set(key, [item])
  record(planning, () => void lists.delete(key))
}

export function depthBehind(requests: Iterable<Request>): number {
  let depth = 0
  for (const request of requests) depth = Math.max(depth, request.depth + 1)
  return depth
}

export function append<Item>(planning: Planning, list: Item[], item: Item): void {
  list.push(item)
  record(planning, () => void list.pop())
}

/** Bounds what one operation may cost, taken back or not. */
export function countSelection(planning: Planning): void {
  if (++planning.count <= limits.plannedSelectionsMax) return
  throw new MeshgateError(
    'PLAN_FAILED',
    `The operation becomes more than ${limits.plannedSelectionsMax} selections once its fragments on interfaces and unions are written out for each type. Nest fewer of them, or ask for the types themselves.`,
  )
}
