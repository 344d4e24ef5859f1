// A drafted subgraph as SDL. Interfaces get the fields that all their types have here.
import { chance, type DraftField, type DraftGraph, type DraftType, type MeshDraft } from './mesh-draft.ts'

export function printGraph(draft: MeshDraft, graph: DraftGraph): string {
  for (const type of graph.types.values()) if (type.kind === 'interface') completeInterface(draft, graph, type)
  const types = [...graph.types.values()].map((type) => printType(graph, type))
  return [...types, ...graph.leaves.values()].filter((text) => text !== '').join('\n')
}

export function completeInterface(draft: MeshDraft, graph: DraftGraph, type: DraftType): void {
  const spec = draft.specs.get(type.name)
  if (spec?.kind !== 'interface' && spec?.kind !== 'entityInterface') return
  const implementers = [...graph.types.values()].filter((each) => each.implements.has(type.name))
  const id = implementers[0]?.fields.get('id')
  if (id !== undefined) type.fields.set('id', { ...id, directives: new Set() })
  for (const field of spec.fields) {
    const everywhere = implementers.every((each) => each.fields.has(field.name))
    if (implementers.length > 0 && everywhere && chance(draft, 0.8)) {
      type.fields.set(field.name, { spec: field, type: field.type, arguments: field.arguments, directives: new Set() })
    }
  }
}

function printType(graph: DraftGraph, type: DraftType): string {
  if (type.kind === 'union')
    return type.members.size === 0 ? '' : `union ${type.name} = ${[...type.members].join(' | ')}`
  const interfaces = [...type.implements].filter((name) => graph.types.has(name))
  const head = [
    type.kind === 'interface' ? 'interface' : 'type',
    type.name,
    ...(interfaces.length > 0 ? [`implements ${interfaces.join(' & ')}`] : []),
    ...type.directives,
  ]
  return `${head.join(' ')} {\n${[...type.fields].map(([name, field]) => `  ${printField(name, field)}`).join('\n')}\n}`
}

function printField(name: string, { type, arguments: args, directives }: DraftField): string {
  const list = args.map(
    (each) => `${each.name}: ${each.type}${each.defaultText === null ? '' : ` = ${each.defaultText}`}`,
  )
  return [`${name}${list.length > 0 ? `(${list.join(', ')})` : ''}: ${type}`, ...directives].join(' ')
}
