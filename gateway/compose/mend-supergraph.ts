// Puts right what the composition library (0.27) prints wrongly: @external on fields of interface objects is lost, so that a gateway would ask
// the subgraph for what it does not have. Every other field that a subgraph marks @external is checked the same way.
import {
  Kind,
  parse,
  print,
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  type ObjectTypeDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { appliedDirectives, stringValue } from '../supergraph/directive-values.ts'
import { selectionOf } from './parse-selection.ts'
import { fieldsText, isExternal, type SubgraphModel, type SubgraphType } from './subgraph-model.ts'

type FieldedNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

/** The supergraph as it was where nothing is wrong with it: the usual case costs no parsing. */
export function mendSupergraph(supergraphSdl: string, subgraphs: readonly SubgraphModel[]): string {
  const external = new Map(subgraphs.map((subgraph) => [subgraph.name, externalCoordinates(subgraph)]))
  if ([...external.values()].every((coordinates) => coordinates.size === 0)) return supergraphSdl
  const supergraph = parse(supergraphSdl, { noLocation: true })
  const names = graphNames(supergraph)
  let isChanged = false
  const definitions = supergraph.definitions.map((node) => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return node
    const fields = (node.fields ?? []).map((field) => {
      const wrong = wrongGraphs({ node, field, names, external })
      if (wrong.length === 0) return field
      isChanged = true
      return withExternal(field, { wrong, graphs: graphsWith({ node, field, names, subgraphs }) })
    })
    return { ...node, fields }
  })
  return isChanged ? print({ ...supergraph, definitions }) : supergraphSdl
}

/** Fields that it marks @external and that are in none of its keys. */
function externalCoordinates(subgraph: SubgraphModel): Set<string> {
  const keyed = new Set<string>()
  for (const type of subgraph.types.values()) {
    for (const key of type.applied('key'))
      addCoordinates(subgraph, { type, selectionSet: selectionOf(fieldsText(key)), to: keyed })
  }
  const external = new Set<string>()
  for (const type of subgraph.types.values()) {
    for (const field of type.fields.values()) {
      const coordinate = `${type.name}.${field.name}`
      if (isExternal(type, field) && !keyed.has(coordinate)) external.add(coordinate)
    }
  }
  return external
}

function addCoordinates(
  subgraph: SubgraphModel,
  { type, selectionSet, to }: { type: SubgraphType; selectionSet: SelectionSetNode | null; to: Set<string> },
): void {
  for (const selection of selectionSet?.selections ?? []) {
    if (selection.kind !== Kind.FIELD) continue
    const field = type.fields.get(selection.name.value)
    const below = field === undefined ? undefined : subgraph.types.get(field.namedType)
    to.add(`${type.name}.${selection.name.value}`)
    if (below !== undefined && selection.selectionSet !== undefined) {
      addCoordinates(subgraph, { type: below, selectionSet: selection.selectionSet, to })
    }
  }
}

/** By the value of join__Graph. */
function graphNames(supergraph: DocumentNode): Map<string, string> {
  const names = new Map<string, string>()
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== 'join__Graph') continue
    for (const value of node.values ?? []) {
      const [graph = {}] = appliedDirectives(value, 'join__graph')
      names.set(value.name.value, stringValue(graph, 'name') ?? value.name.value)
    }
  }
  return names
}

interface Place {
  readonly node: FieldedNode
  readonly field: FieldDefinitionNode
  readonly names: ReadonlyMap<string, string>
}

/** Graphs that the supergraph says answer the field and whose own SDL says do not. */
function wrongGraphs(place: Place & { external: ReadonlyMap<string, ReadonlySet<string>> }): string[] {
  const { node, field, names, external } = place
  const joins = appliedDirectives(field, 'join__field')
  const claims = joins.length === 0 ? appliedDirectives(node, 'join__type') : joins
  return claims.flatMap((claim) => {
    const graph = stringValue(claim, 'graph')
    if (graph === null || claim['external'] === true || claim['usedOverridden'] === true) return []
    const isWrong = external.get(names.get(graph) ?? '')?.has(`${node.name.value}.${field.name.value}`) === true
    return isWrong ? [graph] : []
  })
}

/** Graphs that define the field. */
function graphsWith({ node, field, names, subgraphs }: Place & { subgraphs: readonly SubgraphModel[] }): string[] {
  return [...names].flatMap(([graph, name]) => {
    const types = subgraphs.find((each) => each.name === name)?.types
    return types?.get(node.name.value)?.fields.has(field.name.value) === true ? [graph] : []
  })
}

function withExternal(
  field: FieldDefinitionNode,
  { wrong, graphs }: { wrong: readonly string[]; graphs: readonly string[] },
): FieldDefinitionNode {
  const directives = field.directives ?? []
  const isMarked = directives.some(({ name }) => name.value === 'join__field')
  const marks = isMarked ? directives : [...directives, ...graphs.map(joinField)]
  return {
    ...field,
    directives: marks.map((directive) => {
      const [join = {}] = appliedDirectives({ directives: [directive] }, 'join__field')
      const isWrong = wrong.includes(stringValue(join, 'graph') ?? '')
      return isWrong ? { ...directive, arguments: [...(directive.arguments ?? []), EXTERNAL] } : directive
    }),
  }
}

const EXTERNAL = {
  kind: Kind.ARGUMENT,
  name: { kind: Kind.NAME, value: 'external' },
  value: { kind: Kind.BOOLEAN, value: true },
} as const

function joinField(graph: string): ConstDirectiveNode {
  const value = { kind: Kind.ENUM, value: graph } as const
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: 'join__field' },
    arguments: [{ kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: 'graph' }, value }],
  }
}
