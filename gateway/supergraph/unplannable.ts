// What a supergraph may say that this gateway cannot do: each found use is a sentence that names the place and the way out.
import { Kind, type DocumentNode, type FieldDefinitionNode } from 'graphql'
import type { DraftType } from './composite-types.ts'
import { appliedDirectives, hasDirective, type WithDirectives } from './directive-values.ts'
import { schemaNodes } from './linked-features.ts'
import type { Graph } from './supergraph.ts'

export interface ReadParts {
  readonly document: DocumentNode
  readonly prefix: string
  readonly types: ReadonlyMap<string, DraftType>
  readonly graphs: readonly Graph[]
}

export function unplannable(parts: ReadParts): string[] {
  const { graphs, types } = parts
  const problems: string[] = []
  if (graphs.length === 0)
    problems.push('It names no subgraphs (join__Graph). Compose the subgraphs with `meshgate compose`.')
  if (!types.has('Query') && rootQuery(parts) === null) problems.push('It has no query type.')
  const context = contextualFields(parts)
  if (context.length > 0) {
    problems.push(
      `It uses @fromContext in ${context.join(', ')}, which this gateway cannot plan. Pass the value as an argument or by @requires, and compose it anew.`,
    )
  }
  problems.push(...joinDirectives(parts), ...implementedBesideObject(parts))
  return problems
}

function rootQuery({ document, types }: ReadParts): string | null {
  const roots = schemaNodes(document).flatMap((schema) => schema.operationTypes ?? [])
  const name = roots.find(({ operation }) => operation === 'query')?.type.name.value
  return name !== undefined && types.has(name) ? name : null
}

/** How @fromContext looks once composed: the argument is gone, and the subgraph would answer something else without it. */
function contextualFields({ document, prefix }: ReadParts): string[] {
  const usesContext = (field: FieldDefinitionNode): boolean =>
    appliedDirectives(field, `${prefix}__field`).some((join) => join['contextArguments'] !== undefined) ||
    (field.arguments ?? []).some((argument) =>
      ['fromContext', 'federation__fromContext'].some((name) => hasDirective(argument, name)),
    )
  return document.definitions.flatMap((node) => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) return []
    return (node.fields ?? []).filter(usesContext).map((field) => `${node.name.value}.${field.name.value}`)
  })
}

/** join__directive carries directives of the subgraphs that change where fields come from (`@connect`, `@source`). */
function joinDirectives({ document, prefix }: ReadParts): string[] {
  const names = new Set<string>()
  const add = (node: WithDirectives): void => {
    for (const { name } of appliedDirectives(node, `${prefix}__directive`)) {
      if (name !== 'link') names.add(String(name))
    }
  }
  for (const schema of schemaNodes(document)) add(schema)
  for (const node of document.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue
    add(node)
    for (const field of node.fields ?? []) add(field)
  }
  return [...names].map(
    (name) =>
      `It gives @${name} to the gateway (join__directive), which this gateway does not do. Let a subgraph of its own answer those fields.`,
  )
}

/** There the type would be of two minds: an object of its own, and the interface object's. */
function implementedBesideObject({ types, graphs }: ReadParts): string[] {
  const problems: string[] = []
  for (const type of types.values()) {
    for (const name of type.interfaces) {
      for (const [id, { isInterfaceObject }] of types.get(name)?.graphs ?? []) {
        if (!isInterfaceObject || !type.graphs.has(id)) continue
        problems.push(
          `Subgraph ${graphs[id]?.name ?? id} has ${name} as an @interfaceObject and defines ${type.name}, which implements it. Keep one of the two there.`,
        )
      }
    }
  }
  return problems
}
