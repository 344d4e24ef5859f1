// Defines the fields of entities where they are resolved, and what clients may begin with: queries and mutations.
import { isSpread, makeField, mayBeNone, scalar } from './field-maker.ts'
import {
  chance,
  defineField,
  ensure,
  graphAt,
  isUsable,
  pickOne,
  someOf,
  type DraftField,
  type DraftGraph,
  type DraftType,
  type MeshDraft,
} from './mesh-draft.ts'

/** What a client may begin with; a root field of a spread value type stands in all subgraphs that have a part of it. */
export function makeRoots(draft: MeshDraft): void {
  for (const spec of draft.specs.values()) {
    if (spec.kind !== 'entity') continue
    for (const field of spec.fields) {
      for (const graph of field.owners) {
        const type = ensure(draft, graph, spec.name)
        if (type === undefined) continue
        const defined = defineField(draft, { graph, type, spec: field, mayDiffer: graph !== field.owners[0] })
        if (field.owners.length > 1) defined.directives.add('@shareable')
        if (graph !== field.owners[0] && !field.isFixed) narrow(draft, graph, defined)
        // Who resolves more than keys must be reachable.
        const keys = [...type.directives].filter((each) => each.includes('resolvable: false'))
        for (const key of keys) {
          type.directives.delete(key)
          type.directives.add(key.replace(', resolvable: false', ''))
        }
      }
    }
  }
  let roots = 0
  for (const graph of draft.graphs) {
    const count = Math.floor(draft.random() * 4) + (graph.index === 0 ? 1 : 0)
    for (let each = 0; each < count; each++) {
      const targets = [...draft.specs.keys()].filter((name) => isUsable(draft, graph.index, name))
      const target = chance(draft, 0.12) || targets.length === 0 ? scalar(draft) : pickOne(draft, targets)
      const spec = draft.specs.get(target)
      let owners = chance(draft, 0.15)
        ? someOf(
            draft,
            draft.graphs.map(({ index }) => index),
            1,
          )
        : [graph.index]
      if (spec?.kind === 'value' && spec.spread !== null) owners = [...spec.spread.keys()]
      owners = owners.filter((owner) => isUsable(draft, owner, target))
      const field = mayBeNone(draft, { ...makeField(draft, { taken: [], target, fixed: false }), owners })
      const named = { ...field, name: chance(draft, 0.3) ? `${field.name}${roots++}` : `q${roots++}` }
      for (const owner of owners) {
        const type = rootType(graphAt(draft, owner), 'Query')
        const defined = defineField(draft, { graph: owner, type, spec: named, mayDiffer: owner !== owners[0] })
        if (owners.length > 1) defined.directives.add('@shareable')
        if (owner !== owners[0]) narrow(draft, owner, defined)
      }
    }
    if (chance(draft, 0.25)) makeMutation(draft, graph)
  }
  if (draft.graphs.every((graph) => !graph.types.has('Query'))) {
    const first = graphAt(draft, 0)
    const spec = { ...makeField(draft, { taken: [], target: 'Int', fixed: false }), name: 'only', owners: [0] }
    defineField(draft, { graph: 0, type: rootType(first, 'Query'), spec })
  }
}

function makeMutation(draft: MeshDraft, graph: DraftGraph): void {
  for (let each = 0; each < 2; each++) {
    const targets = [...draft.specs.keys()].filter(
      (name) => isUsable(draft, graph.index, name) && !isSpread(draft, name),
    )
    const target = chance(draft, 0.4) || targets.length === 0 ? 'Int' : pickOne(draft, targets)
    const spec = makeField(draft, { taken: [], target, fixed: false })
    const named = { ...spec, name: `m${graph.index}${each}`, owners: [graph.index] }
    defineField(draft, { graph: graph.index, type: rootType(graph, 'Mutation'), spec: named })
  }
}

export function rootType(graph: DraftGraph, name: 'Query' | 'Mutation' | 'Subscription'): DraftType {
  const known = graph.types.get(name)
  if (known !== undefined) return known
  const made = {
    name,
    kind: 'object' as const,
    implements: new Set<string>(),
    directives: new Set<string>(),
    fields: new Map(),
    members: new Set<string>(),
  }
  graph.types.set(name, made)
  return made
}

/** One of several subgraphs says more: a member where the others say the union. */
function narrow(draft: MeshDraft, graph: number, field: DraftField): void {
  const spec = draft.specs.get(field.spec.target)
  if ((spec?.kind !== 'union' && spec?.kind !== 'interface') || !chance(draft, 0.2)) return
  const members = spec.members.filter((member) => isUsable(draft, graph, member))
  if (members.length === 0) return
  const member = pickOne(draft, members)
  ensure(draft, graph, member)
  field.type = field.type.replace(spec.name, member)
}
