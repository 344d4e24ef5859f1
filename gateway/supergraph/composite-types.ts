// The composite types of a supergraph as its join directives tell them: where each type is, with which keys, and who answers its fields.
// Two things that are written nowhere are added by complete-types.ts: what keys and @provides imply, and what interface objects add.
import {
  Kind,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
  type TypeNode,
  type UnionTypeDefinitionNode,
} from 'graphql'
import { appliedDirectives, hasDirective, stringValue, type DirectiveValues } from './directive-values.ts'
import { parseFieldSet, parseKey } from './field-set.ts'
import type { CompositeType, EntityKey, FieldInGraph, FieldSet, Graph, GraphId } from './supergraph.ts'

export interface JoinNames {
  /** `join`, or what the document calls it. */
  readonly prefix: string
  /** Join v0.1, of Federation 1: value types are unmarked, entities have an owner. */
  readonly isFirst: boolean
  readonly inaccessible: string | null
}

export interface DraftTypeInGraph {
  readonly keys: EntityKey[]
  readonly isInterfaceObject: boolean
  readonly possibleTypes: string[]
}

export interface DraftField {
  readonly name: string
  readonly type: string
  readonly namedType: string
  readonly inaccessible: boolean
  readonly graphs: Map<GraphId, FieldInGraph>
}

export interface DraftType extends CompositeType {
  readonly graphs: Map<GraphId, DraftTypeInGraph>
  readonly fields: Map<string, DraftField>
  readonly possibleTypes: string[]
}

type CompositeNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode

interface Reading {
  readonly names: JoinNames
  /** By the value of join__Graph. */
  readonly graphIds: ReadonlyMap<string, GraphId>
  readonly byName: ReadonlyMap<string, GraphId>
  readonly fieldSets: Map<string, FieldSet>
}

/** Graphs in the order of join__Graph, and each value's name there. */
export function readGraphs(supergraph: DocumentNode, prefix: string): { graphs: Graph[]; ids: Map<string, GraphId> } {
  const graphs: Graph[] = []
  const ids = new Map<string, GraphId>()
  for (const definition of supergraph.definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== `${prefix}__Graph`) continue
    for (const value of definition.values ?? []) {
      const [graph = {}] = appliedDirectives(value, `${prefix}__graph`)
      ids.set(value.name.value, graphs.length)
      const name = stringValue(graph, 'name') ?? value.name.value
      graphs.push({ id: graphs.length, name, url: stringValue(graph, 'url') ?? '' })
    }
  }
  return { graphs, ids }
}

export function readCompositeTypes(
  supergraph: DocumentNode,
  names: JoinNames,
  { graphs, ids }: ReturnType<typeof readGraphs>,
): Map<string, DraftType> {
  const byName = new Map(graphs.map(({ id, name }) => [name, id]))
  const reading: Reading = { names, graphIds: ids, byName, fieldSets: new Map() }
  const nodes = new Map<string, CompositeNode>()
  const types = new Map<string, DraftType>()
  for (const node of supergraph.definitions) {
    if (!isComposite(node)) continue
    nodes.set(node.name.value, node)
    types.set(node.name.value, readType(reading, node))
  }
  for (const node of nodes.values()) addPossibleTypes(reading, types, node)
  return types
}

function isComposite(node: DocumentNode['definitions'][number]): node is CompositeNode {
  return (
    node.kind === Kind.OBJECT_TYPE_DEFINITION ||
    node.kind === Kind.INTERFACE_TYPE_DEFINITION ||
    node.kind === Kind.UNION_TYPE_DEFINITION
  )
}

function readType(reading: Reading, node: CompositeNode): DraftType {
  const { prefix, isFirst } = reading.names
  const graphs = new Map<GraphId, DraftTypeInGraph>()
  for (const join of appliedDirectives(node, `${prefix}__type`)) {
    const id = graphOf(reading, join)
    if (id === null) continue
    const known = graphs.get(id) ?? {
      keys: [],
      isInterfaceObject: join['isInterfaceObject'] === true,
      possibleTypes: [],
    }
    const key = stringValue(join, 'key')
    if (key !== null)
      known.keys.push({ fields: fieldSet(reading, key, parseKey), resolvable: join['resolvable'] !== false })
    graphs.set(id, known)
  }
  if (isFirst && graphs.size === 0) {
    for (const id of reading.graphIds.values())
      graphs.set(id, { keys: [], isInterfaceObject: false, possibleTypes: [] })
  }
  const [owner = {}] = appliedDirectives(node, `${prefix}__owner`)
  const ownerId = graphOf(reading, owner)
  const unmarkedIn = ownerId === null ? [...graphs.keys()] : [ownerId]
  const fieldNodes = node.kind === Kind.UNION_TYPE_DEFINITION ? [] : (node.fields ?? [])
  const interfaces = node.kind === Kind.UNION_TYPE_DEFINITION ? [] : (node.interfaces ?? [])
  return {
    kind: kindOf(node),
    name: node.name.value,
    graphs,
    fields: new Map(fieldNodes.map((field) => [field.name.value, readField(reading, field, unmarkedIn)])),
    possibleTypes: node.kind === Kind.OBJECT_TYPE_DEFINITION ? [node.name.value] : [],
    interfaces: interfaces.map((each) => each.name.value),
  }
}

function kindOf(node: CompositeNode): CompositeType['kind'] {
  if (node.kind === Kind.OBJECT_TYPE_DEFINITION) return 'object'
  return node.kind === Kind.INTERFACE_TYPE_DEFINITION ? 'interface' : 'union'
}

function readField(reading: Reading, node: FieldDefinitionNode, unmarkedIn: readonly GraphId[]): DraftField {
  const type = printType(node.type)
  const graphs = new Map<GraphId, FieldInGraph>()
  const joins = appliedDirectives(node, `${reading.names.prefix}__field`)
  // Without a mark it is in every graph of its type. A mark without a graph says that only interface objects have it.
  if (joins.length === 0) for (const id of unmarkedIn) graphs.set(id, plainField(type))
  for (const join of joins) {
    const id = graphOf(reading, join)
    if (id !== null) graphs.set(id, readFieldInGraph(reading, join, type))
  }
  for (const join of joins) labelOverridden(reading, join, graphs)
  dropLonelyLabels(graphs)
  const inaccessible = hasDirective(node, reading.names.inaccessible)
  return { name: node.name.value, type, namedType: namedType(node.type), inaccessible, graphs }
}

/** A field that its graph answers and of which nothing more is said. */
export function plainField(type: string): FieldInGraph {
  return { type, external: false, inKey: false, requires: null, provides: null, label: null }
}

function readFieldInGraph(reading: Reading, join: DirectiveValues, type: string): FieldInGraph {
  const label = stringValue(join, 'overrideLabel')
  const requires = stringValue(join, 'requires')
  const provides = stringValue(join, 'provides')
  return {
    ...plainField(stringValue(join, 'type') ?? type),
    external: join['external'] === true || (join['usedOverridden'] === true && label === null),
    requires: requires === null ? null : fieldSet(reading, requires, parseFieldSet),
    provides: provides === null ? null : fieldSet(reading, provides, parseFieldSet),
    label: label === null ? null : { name: label, active: stringValue(join, 'override') !== null },
  }
}

/** The composition library 0.27 leaves the label out where a root field is overridden: both subgraphs would seem to share it. */
function labelOverridden(reading: Reading, join: DirectiveValues, graphs: Map<GraphId, FieldInGraph>): void {
  const name = stringValue(join, 'overrideLabel')
  const from = reading.byName.get(stringValue(join, 'override') ?? '')
  const field = from === undefined ? undefined : graphs.get(from)
  if (name === null || from === undefined || field?.label !== null) return
  graphs.set(from, { ...field, external: false, label: { name, active: false } })
}

/** Overridden from a graph that has no such field: there is nothing to fall back to, whatever the label says. */
function dropLonelyLabels(graphs: Map<GraphId, FieldInGraph>): void {
  for (const [id, field] of graphs) {
    if (field.label?.active !== true) continue
    const name = field.label.name
    const hasFallback = [...graphs.values()].some(({ label }) => label?.name === name && !label.active)
    if (!hasFallback) graphs.set(id, { ...field, label: null })
  }
}

function addPossibleTypes(
  { names, graphIds }: Reading,
  types: ReadonlyMap<string, DraftType>,
  node: CompositeNode,
): void {
  const add = (abstract: string, concrete: string, isIn: (id: GraphId) => boolean): void => {
    const type = types.get(abstract)
    if (type === undefined || types.get(concrete)?.kind !== 'object') return
    type.possibleTypes.push(concrete)
    for (const [id, graph] of type.graphs) {
      if (!graph.isInterfaceObject && types.get(concrete)?.graphs.has(id) === true && isIn(id))
        graph.possibleTypes.push(concrete)
    }
  }
  const name = node.name.value
  if (node.kind === Kind.UNION_TYPE_DEFINITION) {
    const marks = appliedDirectives(node, `${names.prefix}__unionMember`)
    for (const { name: member } of node.types ?? []) {
      const marked = marks
        .filter((mark) => mark['member'] === member.value)
        .map((mark) => graphIds.get(String(mark['graph'])))
      add(name, member.value, (id) => marks.length === 0 || marked.includes(id))
    }
    return
  }
  if (node.kind === Kind.INTERFACE_TYPE_DEFINITION) return
  for (const graph of types.get(name)?.graphs.values() ?? []) graph.possibleTypes.push(name)
  const marks = appliedDirectives(node, `${names.prefix}__implements`)
  for (const { name: implemented } of node.interfaces ?? []) {
    const marked = marks.filter((mark) => mark['interface'] === implemented.value)
    const ids = marked.map((mark) => graphIds.get(String(mark['graph'])))
    add(implemented.value, name, (id) => names.isFirst || ids.includes(id))
  }
}

function graphOf(reading: Reading, join: DirectiveValues): GraphId | null {
  const name = stringValue(join, 'graph')
  return name === null ? null : (reading.graphIds.get(name) ?? null)
}

function fieldSet(reading: Reading, text: string, parse: (text: string) => FieldSet): FieldSet {
  const known = reading.fieldSets.get(text) ?? parse(text)
  reading.fieldSets.set(text, known)
  return known
}

function printType(type: TypeNode): string {
  if (type.kind === Kind.NON_NULL_TYPE) return `${printType(type.type)}!`
  return type.kind === Kind.LIST_TYPE ? `[${printType(type.type)}]` : type.name.value
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}
