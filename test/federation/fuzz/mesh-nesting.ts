// What lies deeper: keys that hold other entities' keys, requirements that go through several entities, what is provided of several types.
import { isSpread, makeField } from './field-maker.ts'
import {
  addKey,
  chance,
  defineField,
  ensure,
  entityOf,
  graphAt,
  isUsable,
  pickOne,
  someOf,
  type DraftField,
  type DraftGraph,
  type EntitySpec,
  type FieldSpec,
  type MeshDraft,
} from './mesh-draft.ts'
import { argumentLiterals, defineExternal, isOverridden, provideField, resolvableKeys } from './mesh-directives.ts'

const REQUIRED_DEPTH_MAX = 3

export function addNesting(draft: MeshDraft): void {
  const entities = [...draft.specs.values()].filter((spec) => spec.kind === 'entity')
  for (const entity of entities) if (chance(draft, 0.2)) nestKey(draft, entity, entities)
  for (const entity of entities) if (chance(draft, 0.35)) requireDeeply(draft, entity)
  for (const graph of draft.graphs) {
    for (const type of graph.types.values()) {
      if (type.kind !== 'object') continue
      for (const field of type.fields.values()) if (chance(draft, 0.3)) provideOfSeveral(draft, graph, field)
    }
  }
}

/** A key that holds a whole key of another entity, which may hold one of a third. */
function nestKey(draft: MeshDraft, entity: EntitySpec, entities: readonly EntitySpec[]): void {
  const others = entities.filter(
    (each) => each !== entity && each.banned.size === 0 && !each.keys.join().includes('via'),
  )
  const isOpen = !['slot', 'via', 'left'].some((part) => entity.keys.join().includes(part))
  if (others.length === 0 || !isOpen || entity.inInterface.size > 0 || entity.banned.size > 0) return
  const other = pickOne(draft, others)
  const inner = pickOne(draft, other.keys)
  const key = `via { ${inner} } nth`
  entity.keys.push(key)
  entity.keyFields.set('via', `${other.name}!`)
  entity.keyFields.set('nth', 'Int!')
  const holders = draft.graphs.filter(({ index, types }) => types.has(entity.name) && entity.graphs.has(index))
  const chosen = new Set([entity.home, ...someOf(draft, holders, 1).map(({ index }) => index)])
  for (const index of chosen) {
    const type = ensure(draft, index, entity.name)
    if (type === undefined) continue
    addKey(draft, { graph: index, spec: other, key: inner, isReference: false })
    addKey(draft, { graph: index, spec: entity, key, isReference: false })
    if (index === entity.home || type.implements.size > 0 || chance(draft, 0.4)) continue
    // Here it goes by nothing else.
    for (const each of type.directives) if (each === '@key(fields: "id")') type.directives.delete(each)
    if (![...type.directives].some((each) => /\bid\b/.test(each.replaceAll(/\{.*\}/g, '')))) type.fields.delete('id')
  }
}

function requireDeeply(draft: MeshDraft, entity: EntitySpec): void {
  const graphs = [...entity.graphs].filter((graph) => resolvableKeys(graphAt(draft, graph).types.get(entity.name)))
  if (graphs.length === 0) return
  const graph = pickOne(draft, graphs)
  const part = deepPart(draft, { graph, entity, depth: REQUIRED_DEPTH_MAX })
  if (part === null || part === 'id') return
  const taken = entity.fields.map((field) => field.name)
  const target = pickOne(draft, ['Int', 'String'])
  const spec = { ...makeField(draft, { taken, target, fixed: false }), owners: [graph] }
  const type = ensure(draft, graph, entity.name)
  if (type === undefined) return
  entity.fields.push(spec)
  defineField(draft, { graph, type, spec }).directives.add(`@requires(fields: ${JSON.stringify(part)})`)
}

interface DeepPart {
  readonly graph: number
  readonly entity: EntitySpec
  readonly depth: number
}

/** Entities of entities, in lists or not, with leaves at every level. */
function deepPart(draft: MeshDraft, { graph, entity, depth }: DeepPart): string | null {
  const type = ensure(draft, graph, entity.name)
  const isExternal = (field: FieldSpec): boolean => {
    const here = type?.fields.get(field.name)
    return !field.owners.includes(graph) && (here === undefined || here.directives.has('@external'))
  }
  const usable = entity.fields.filter((field) => isExternal(field) && isUsable(draft, graph, field.target))
  const parts: string[] = []
  const further = usable.filter((field) => entityOf(draft, field.target) !== undefined)
  if (depth > 1 && further.length > 0) {
    const field = pickOne(draft, further)
    const target = entityOf(draft, field.target)
    const args = argumentLiterals(draft, field)
    if (args !== null && target !== undefined) {
      const below = deepPart(draft, { graph, entity: target, depth: depth - 1 }) ?? '__typename'
      defineExternal(draft, graph, { type: entity.name, spec: field })
      parts.push(`${field.name}${args} { ${below} }`)
    }
  }
  const leaves = usable.filter((field) => !draft.specs.has(field.target) && !isSpread(draft, field.target))
  if (leaves.length > 0 && (parts.length === 0 || chance(draft, 0.5))) {
    const leaf = pickOne(draft, leaves)
    const args = argumentLiterals(draft, leaf)
    if (args !== null) {
      defineExternal(draft, graph, { type: entity.name, spec: leaf })
      parts.push(`${leaf.name}${args}`)
    }
  }
  if (parts.length > 0) return parts.join(' ')
  return type?.fields.has('id') === true ? 'id' : null
}

function provideOfSeveral(draft: MeshDraft, graph: DraftGraph, field: DraftField): void {
  const isFree = ![...field.directives].some((each) => each === '@external' || each.startsWith('@provides'))
  const spec = draft.specs.get(field.spec.target)
  if (!isFree || (spec?.kind !== 'union' && spec?.kind !== 'interface')) return
  const inGraph = graph.types.get(spec.name)
  const parts = spec.members.flatMap((member) => {
    const entity = entityOf(draft, member)
    const here = graph.types.get(member)
    const isMember = inGraph?.members.has(member) === true || here?.implements.has(spec.name) === true
    if (entity === undefined || here === undefined || !isMember) return []
    const possible = entity.fields.filter(
      (each) =>
        !draft.specs.has(each.target) &&
        each.arguments.length === 0 &&
        (!here.fields.has(each.name) || here.fields.get(each.name)?.directives.has('@external') === true) &&
        !isOverridden(draft, member, each.name),
    )
    if (possible.length === 0) return []
    const provided = pickOne(draft, possible)
    provideField(draft, graph.index, { type: member, spec: provided })
    return [`... on ${member} { ${provided.name} }`]
  })
  if (parts.length > 0) field.directives.add(`@provides(fields: "${parts.join(' ')}")`)
}
