// Rarer shapes: types without a key that only their parent leads to, and root fields that moved to another subgraph.
import { isSpread } from './field-maker.ts'
import {
  chance,
  defineField,
  entityOf,
  graphAt,
  isUsable,
  pickOne,
  type DraftField,
  type DraftType,
  type EntitySpec,
  type MeshDraft,
} from './mesh-draft.ts'

export function addOddities(draft: MeshDraft): void {
  for (const graph of draft.graphs) {
    const query = graph.types.get('Query')
    for (const field of query?.fields.values() ?? []) {
      if (field.directives.size > 0) continue
      if (chance(draft, 0.08)) moveRoot(draft, graph.index, field)
      else if (chance(draft, 0.25)) shareWithoutKey(draft, graph.index, field)
    }
  }
}

function moveRoot(draft: MeshDraft, from: number, field: DraftField): void {
  const { spec } = field
  const others = draft.graphs.filter(
    ({ index, types }) =>
      index !== from && types.has('Query') && isUsable(draft, index, spec.target) && !isSpread(draft, spec.target),
  )
  if (others.length === 0) return
  const to = pickOne(draft, others)
  const type = to.types.get('Query')
  if (type === undefined || type.fields.has(spec.name)) return
  const label = pickOne(draft, ['', '', ', label: "percent(100)"', ', label: "percent(0)"'])
  const moved = defineField(draft, { graph: to.index, type, spec })
  moved.directives.add(`@override(from: "${graphAt(draft, from).name}"${label})`)
}

/** Another subgraph answers the same root field, and of its type a field or two, but does not know how to look it up. */
function shareWithoutKey(draft: MeshDraft, from: number, field: DraftField): void {
  const entity = entityOf(draft, field.spec.target)
  if (entity === undefined) return
  const others = draft.graphs.filter(
    ({ index, types }) => index !== from && types.has('Query') && !types.has(entity.name) && !entity.banned.has(index),
  )
  if (others.length === 0) return
  const other = pickOne(draft, others)
  const shared = sharedLeaves(draft, entity)
  const query = other.types.get('Query')
  if (shared.length === 0 || query === undefined || query.fields.has(field.spec.name)) return
  const type: DraftType = {
    name: entity.name,
    kind: 'object',
    implements: new Set(),
    directives: new Set(),
    fields: new Map(),
    members: new Set(),
  }
  other.types.set(entity.name, type)
  for (const leaf of shared.slice(0, 2)) {
    for (const owner of leaf.owners) definedIn(draft, owner, [entity.name, leaf.name])?.directives.add('@shareable')
    defineField(draft, { graph: other.index, type, spec: leaf }).directives.add('@shareable')
  }
  field.directives.add('@shareable')
  const same = defineField(draft, { graph: other.index, type: query, spec: field.spec })
  same.directives.add('@shareable')
}

function definedIn(draft: MeshDraft, graph: number, [type, field]: readonly [string, string]): DraftField | undefined {
  return graphAt(draft, graph).types.get(type)?.fields.get(field)
}

/** Leaves without arguments that nothing but sharing is said of. */
function sharedLeaves(draft: MeshDraft, entity: EntitySpec): EntitySpec['fields'] {
  return entity.fields.filter(
    (field) =>
      !draft.specs.has(field.target) &&
      field.arguments.length === 0 &&
      draft.graphs.every(({ index }) => {
        const defined = definedIn(draft, index, [entity.name, field.name])
        if (defined === undefined) return true
        return [...defined.directives].every((each) => each === '@shareable') && field.owners.includes(index)
      }),
  )
}
