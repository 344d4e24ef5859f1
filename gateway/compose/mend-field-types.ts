// Puts right what the composition library (0.27) leaves out: the type that a subgraph has for a field where it differs from the composed one.
// It is told where nullability differs, but not where one subgraph says a member and another the union.
import { Kind, parse, print, type ConstDirectiveNode, type DocumentNode, type FieldDefinitionNode } from 'graphql'
import { appliedDirectives, stringValue } from '../supergraph/directive-values.ts'
import type { SubgraphModel } from './subgraph-model.ts'

/** The supergraph as it was where all types of a field have one name: the usual case costs no parsing. */
export function mendFieldTypes(supergraphSdl: string, subgraphs: readonly SubgraphModel[]): string {
  const differing = differingFields(subgraphs)
  if (differing.size === 0) return supergraphSdl
  const supergraph = parse(supergraphSdl, { noLocation: true })
  const graphs = graphValues(supergraph)
  const definitions = supergraph.definitions.map((node) => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return node
    const fields = (node.fields ?? []).map((field) => {
      const coordinate = `${node.name.value}.${field.name.value}`
      if (!differing.has(coordinate)) return field
      return withTypes(field, { typeName: node.name.value, subgraphs, graphs })
    })
    return { ...node, fields }
  })
  return print({ ...supergraph, definitions })
}

/** Fields whose types have different names in different subgraphs. */
function differingFields(subgraphs: readonly SubgraphModel[]): ReadonlySet<string> {
  const names = new Map<string, string>()
  const differing = new Set<string>()
  for (const { types } of subgraphs) {
    for (const type of types.values()) {
      if (type.kind !== 'object' && type.kind !== 'interface') continue
      for (const field of type.fields.values()) {
        const coordinate = `${type.name}.${field.name}`
        const known = names.get(coordinate)
        if (known !== undefined && known !== field.namedType) differing.add(coordinate)
        names.set(coordinate, field.namedType)
      }
    }
  }
  return differing
}

interface Sources {
  readonly typeName: string
  readonly subgraphs: readonly SubgraphModel[]
  /** Values of join__Graph by the names of subgraphs. */
  readonly graphs: ReadonlyMap<string, string>
}

function withTypes(field: FieldDefinitionNode, { typeName, subgraphs, graphs }: Sources): FieldDefinitionNode {
  const composed = print(field.type)
  const own = new Map<string, string>()
  for (const { name, types } of subgraphs) {
    const graph = graphs.get(name)
    const found = types.get(typeName)?.fields.get(field.name.value)
    if (graph !== undefined && found !== undefined) own.set(graph, print(found.type))
  }
  const isMarked = appliedDirectives(field, 'join__field').length > 0
  // Without a mark all subgraphs of the type were meant that have it.
  const marks = isMarked
    ? (field.directives ?? [])
    : [...(field.directives ?? []), ...[...own.keys()].map((graph) => joinField(graph))]
  const directives = marks.map((mark) => {
    const graph = mark.arguments?.find(({ name }) => name.value === 'graph')?.value
    const type = graph?.kind === Kind.ENUM ? own.get(graph.value) : undefined
    const isTold = mark.arguments?.some(({ name }) => name.value === 'type') === true
    if (mark.name.value !== 'join__field' || type === undefined || type === composed || isTold) return mark
    return { ...mark, arguments: [...(mark.arguments ?? []), typeArgument(type)] }
  })
  return { ...field, directives }
}

function joinField(graph: string): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: 'join__field' },
    arguments: [
      { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: 'graph' }, value: { kind: Kind.ENUM, value: graph } },
    ],
  }
}

function typeArgument(type: string): NonNullable<ConstDirectiveNode['arguments']>[number] {
  return {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: 'type' },
    value: { kind: Kind.STRING, value: type },
  }
}

function graphValues(supergraph: DocumentNode): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const node of supergraph.definitions) {
    if (node.kind !== Kind.ENUM_TYPE_DEFINITION || node.name.value !== 'join__Graph') continue
    for (const value of node.values ?? []) {
      const [graph = {}] = appliedDirectives(value, 'join__graph')
      values.set(stringValue(graph, 'name') ?? value.name.value, value.name.value)
    }
  }
  return values
}
