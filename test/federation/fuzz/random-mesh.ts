// A random mesh of two to six subgraphs from a seed. It is built so that it composes nearly always; what does not is made anew by the caller.
import { seededRandom } from '../../seeded-random.ts'
import { freeName, isSpread, makeField, mayBeNone, scalar } from './field-maker.ts'
import { addDirectives } from './mesh-directives.ts'
import {
  chance,
  defineField,
  ensure,
  entityOf,
  isUsable,
  pickOne,
  someOf,
  type DraftGraph,
  type EntitySpec,
  type FieldSpec,
  type MeshDraft,
} from './mesh-draft.ts'
import { addFurther } from './mesh-further.ts'
import type { SubgraphSdl } from './mesh-model.ts'
import { addNesting } from './mesh-nesting.ts'
import { addOddities } from './mesh-oddities.ts'
import { makeRoots } from './mesh-roots.ts'
import { printGraph } from './print-mesh.ts'

export function randomMesh(seed: number, failing: boolean): readonly SubgraphSdl[] {
  const random = seededRandom(seed)
  const count = 2 + Math.floor(random() * random() * 5)
  const graphs = Array.from({ length: count }, (_, index): DraftGraph => ({
    index,
    name: `g${index}`,
    types: new Map(),
    leaves: new Map(),
  }))
  const draft: MeshDraft = { random, graphs, specs: new Map(), isEven: failing, rank: 1 }
  makeValues(draft)
  makeEntities(draft)
  makeAbstract(draft)
  giveValuesEntities(draft)
  for (const spec of draft.specs.values()) {
    if (spec.kind !== 'entity') continue
    for (const graph of spec.graphs) ensure(draft, graph, spec.name)
    const fields = 1 + Math.floor(random() * 5)
    for (let each = 0; each < fields; each++) addEntityField(draft, spec)
  }
  addInterfaceObjectFields(draft)
  makeRoots(draft)
  addDirectives(draft)
  addOddities(draft)
  addNesting(draft)
  addFurther(draft)
  return graphs.map((graph) => ({ name: graph.name, sdl: printGraph(draft, graph) })).filter(({ sdl }) => sdl !== '')
}

function makeValues(draft: MeshDraft): void {
  const count = Math.floor(draft.random() * 3)
  for (let each = 0; each < count; each++) {
    const name = `V${each}`
    const fields = Array.from({ length: 2 + Math.floor(draft.random() * 3) }, () =>
      makeField(draft, { taken: [], target: scalar(draft), fixed: false }),
    ).filter((field, at, all) => all.findIndex((other) => other.name === field.name) === at)
    if (chance(draft, 0.4))
      fields.push({
        ...makeField(draft, { taken: [], target: 'ID', fixed: true }),
        name: 'id',
        type: 'ID!',
        arguments: [],
      })
    const isSpread = chance(draft, 0.4) && fields.length > 1
    const holders = someOf(
      draft,
      draft.graphs.map(({ index }) => index),
      2,
    )
    const spread = new Map(holders.map((graph): [number, string[]] => [graph, []]))
    for (const field of fields) {
      for (const holder of someOf(draft, holders, 1).slice(0, chance(draft, 0.7) ? 1 : 3))
        spread.get(holder)?.push(field.name)
    }
    const isWhole = [...spread.values()].every((own) => own.length > 0)
    draft.specs.set(name, { kind: 'value', name, fields, spread: isSpread && isWhole ? spread : null })
  }
  const values = [...draft.specs.values()].filter((spec) => spec.kind === 'value')
  const [outer, inner] = values
  if (
    outer !== undefined &&
    inner !== undefined &&
    inner.spread === null &&
    outer.spread === null &&
    chance(draft, 0.5)
  ) {
    const name = freeName(
      draft,
      outer.fields.map((field) => field.name),
    )
    outer.fields.push({ ...makeField(draft, { taken: [], target: inner.name, fixed: false }), name })
  }
}

function makeEntities(draft: MeshDraft): void {
  const count = 2 + Math.floor(draft.random() * 4)
  for (let each = 0; each < count; each++) {
    const name = `E${each}`
    const keyFields = new Map([['id', chance(draft, 0.7) ? 'ID!' : 'Int!']])
    // An entity interface has one type for the key of all.
    keyFields.set('id', 'ID!')
    const keys = ['id']
    const choice = draft.random()
    if (choice < 0.2) {
      keyFields.set('code', 'String!')
      keys.push('code')
    } else if (choice < 0.35) {
      keyFields.set('left', 'String!').set('right', 'Int!')
      keys.push('left right')
    } else if (choice < 0.47) {
      const value = [...draft.specs.values()].find((spec) => spec.kind === 'value' && spec.spread === null)
      const leaf = value?.fields.find(
        (field) => ['Int', 'String', 'ID'].includes(field.type.replace('!', '')) && field.arguments.length === 0,
      )
      if (value !== undefined && leaf !== undefined) {
        keyFields.set('spot', `${value.name}!`).set('slot', 'String!')
        keys.push(`spot { ${leaf.name} } slot`)
      }
    } else if (choice < 0.55 && each > 0) {
      keyFields.set('host', 'E0!').set('slot', 'Int!')
      keys.push('host { id } slot')
    }
    const indexes = draft.graphs.map(({ index }) => index)
    const graphs = new Set(someOf(draft, indexes, 1))
    const home = pickOne(draft, [...graphs])
    draft.specs.set(name, {
      kind: 'entity',
      name,
      home,
      keys,
      keyFields,
      graphs,
      banned: new Set(),
      inInterface: new Set(),
      fields: [],
    })
  }
}

/** Value types that lead on to entities. */
function giveValuesEntities(draft: MeshDraft): void {
  for (const spec of draft.specs.values()) {
    if (spec.kind !== 'value' || chance(draft, 0.5)) continue
    const targets = [...draft.specs.values()].filter((each) => each.kind === 'entity' && each.banned.size === 0)
    const target = targets.length === 0 ? undefined : pickOne(draft, targets)
    // The key of an entity may hold the value type: it would hold the entity.
    if (target?.kind !== 'entity' || target.keys.join().includes('spot')) continue
    const taken = spec.fields.map((field) => field.name)
    const field = makeField(draft, { taken, target: target.name, fixed: false })
    spec.fields.push(field)
    if (spec.spread !== null) {
      const holders = someOf(draft, [...spec.spread.entries()], 1)
      for (const [, own] of holders) own.push(field.name)
    }
  }
}

function makeAbstract(draft: MeshDraft): void {
  const entities = [...draft.specs.values()].filter((spec) => spec.kind === 'entity')
  const values = [...draft.specs.values()]
    .filter((spec) => spec.kind === 'value' && spec.spread === null)
    .map(({ name }) => name)
  const names = entities.map(({ name }) => name)
  if (chance(draft, 0.45) && draft.graphs.length > 1) makeEntityInterface(draft, entities)
  for (let each = 0; each < 2; each++) {
    if (chance(draft, 0.5)) {
      const members = someOf(draft, [...names, ...values], 2)
      draft.specs.set(`U${each}`, { kind: 'union', name: `U${each}`, members, fields: [] })
    }
    if (chance(draft, 0.5)) {
      const withId = values.filter((value) => {
        const spec = draft.specs.get(value)
        return spec?.kind === 'value' && spec.fields.some((field) => field.name === 'id' && field.type === 'ID!')
      })
      const members = someOf(draft, names, Math.min(2, names.length))
      const fields = sharedFields(draft, members)
      // A value type has none of the interface's own fields: it joins only those that have no more than `id`.
      const joined = fields.length === 0 ? [...members, ...withId] : members
      draft.specs.set(`I${each}`, { kind: 'interface', name: `I${each}`, members: joined, fields })
    }
  }
}

/** Fields that all members get, each in subgraphs of its own. */
function sharedFields(draft: MeshDraft, members: readonly string[]): FieldSpec[] {
  const fields: FieldSpec[] = []
  const entities = members.map((member) => entityOf(draft, member)).filter((entity) => entity !== undefined)
  const count = Math.floor(draft.random() * 4)
  for (let each = 0; each < count; each++) {
    const taken = [...fields, ...entities.flatMap((entity) => entity.fields)].map((field) => field.name)
    const targets = ['entity', 'scalar', 'scalar', 'scalar']
    const target = pickOne(draft, targets) === 'entity' ? pickOne(draft, entities).name : scalar(draft)
    const spec = makeField(draft, { taken, target, fixed: true })
    if (!entities.every((entity) => [...entity.graphs].some((graph) => isUsable(draft, graph, target)))) continue
    fields.push(spec)
    for (const entity of entities) {
      const usable = [...entity.graphs].filter((graph) => isUsable(draft, graph, target))
      const owners = chance(draft, 0.8) ? [pickOne(draft, usable)] : someOf(draft, usable, 1)
      entity.fields.push({ ...spec, owners, rank: draft.rank++ })
    }
  }
  return fields
}

function makeEntityInterface(draft: MeshDraft, entities: readonly EntitySpec[]): void {
  const members = someOf(draft, entities, 1)
    .filter((entity) => !entity.keys.join().includes('host'))
    .slice(0, 3)
  const used = entities.some((entity) => entity.keys.join().includes('host'))
  const first = members[0]
  if (first === undefined || (used && members.some(({ name }) => name === 'E0'))) return
  const { home } = first
  const others = draft.graphs.map(({ index }) => index).filter((index) => index !== home)
  const objects = new Map(
    someOf(draft, others, 1)
      .slice(0, 2)
      .map((graph): [number, FieldSpec[]] => [graph, []]),
  )
  for (const member of members) {
    for (const graph of objects.keys()) {
      member.banned.add(graph)
      member.graphs.delete(graph)
    }
    member.graphs.add(home)
    member.inInterface.add(home)
    // The home of an entity knows all of its keys.
    if (!member.graphs.has(member.home)) Object.assign(member, { home })
  }
  const names = members.map(({ name }) => name)
  const fields = sharedFields(draft, names)
  draft.specs.set('N0', { kind: 'entityInterface', name: 'N0', members: names, fields, home, objects })
}

function addInterfaceObjectFields(draft: MeshDraft): void {
  const spec = draft.specs.get('N0')
  if (spec?.kind !== 'entityInterface') return
  ensure(draft, spec.home, 'N0')
  const members = spec.members.map((name) => entityOf(draft, name)).filter((member) => member !== undefined)
  for (const [graph, fields] of spec.objects) {
    const type = ensure(draft, graph, 'N0')
    if (type === undefined) continue
    const count = 1 + Math.floor(draft.random() * 3)
    for (let each = 0; each < count; each++) {
      const taken = [...members.flatMap((member) => member.fields), ...[...spec.objects.values()].flat()].map((field) =>
        field.name.replace(/N\d$/, ''),
      )
      const target = chance(draft, 0.7)
        ? scalar(draft)
        : pickOne(
            draft,
            [...draft.specs.keys()].filter((name) => isUsable(draft, graph, name) && !isSpread(draft, name)),
          )
      const field = {
        ...makeField(draft, { taken, target, fixed: false }),
        owners: [graph],
        name: `${freeName(draft, taken)}N${graph}`,
      }
      fields.push(field)
      const defined = defineField(draft, { graph, type, spec: field })
      if (draft.specs.has(target) || chance(draft, 0.7)) continue
      // Some of the types have it themselves, too.
      defined.directives.add('@shareable')
      for (const member of someOf(draft, members, 1)) {
        const here = ensure(draft, spec.home, member.name)
        if (here !== undefined)
          defineField(draft, { graph: spec.home, type: here, spec: field }).directives.add('@shareable')
      }
    }
  }
}

function addEntityField(draft: MeshDraft, entity: EntitySpec): void {
  const taken = entity.fields.map((field) => field.name)
  const target = chance(draft, 0.55) ? scalar(draft) : pickOne(draft, [...draft.specs.keys()])
  const spread = draft.specs.get(target)
  const graphs = [...entity.graphs].filter((graph) => isUsable(draft, graph, target))
  let owners = chance(draft, 0.72) && graphs.length > 0 ? [pickOne(draft, graphs)] : someOf(draft, graphs, 1)
  if (spread?.kind === 'value' && spread.spread !== null) {
    owners = [...spread.spread.keys()]
    if (owners.some((graph) => entity.banned.has(graph) || !isUsable(draft, graph, target))) return
    for (const graph of owners) {
      entity.graphs.add(graph)
      ensure(draft, graph, entity.name)
    }
  }
  if (owners.length === 0) return
  entity.fields.push(
    mayBeNone(draft, { ...makeField(draft, { taken, target, fixed: false }), owners, rank: draft.rank++ }),
  )
}
