// A random mesh of two to six subgraphs from a seed. It is built so that it composes nearly always; what does not is made anew by the caller.
import { seededRandom } from '../../seeded-random.ts'
import { addDirectives } from './mesh-directives.ts'
import {
  chance,
  defineField,
  ensure,
  entityOf,
  graphAt,
  isUsable,
  pickOne,
  someOf,
  type ArgumentSpec,
  type DraftGraph,
  type EntitySpec,
  type FieldSpec,
  type MeshDraft,
} from './mesh-draft.ts'
import type { SubgraphSdl } from './mesh-model.ts'
import { printGraph } from './print-mesh.ts'

const NAMES = [
  'name',
  'title',
  'size',
  'kind',
  'code2',
  'owner',
  'items',
  'note',
  'rank',
  'state',
  'unit',
  'near',
  'best',
  'price',
]

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
      const taken = [...members.flatMap((member) => member.fields), ...[...spec.objects.values()].flat()].map(
        (field) => field.name,
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
      defineField(draft, { graph, type, spec: field })
    }
  }
}

function isSpread(draft: MeshDraft, name: string): boolean {
  const spec = draft.specs.get(name)
  return spec?.kind === 'value' && spec.spread !== null
}

function addEntityField(draft: MeshDraft, entity: EntitySpec): void {
  const taken = [...entity.fields.map((field) => field.name)]
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

/** Subgraphs that share an abstract field may have no type in common. */
function mayBeNone(draft: MeshDraft, field: FieldSpec): FieldSpec {
  const spec = draft.specs.get(field.target)
  const isAbstract = spec?.kind === 'union' || spec?.kind === 'interface'
  return isAbstract && field.owners.length > 1
    ? { ...field, type: field.type.replace(`${field.target}!`, field.target) }
    : field
}

/** What a client may begin with; a root field of a spread value type stands in all subgraphs that have a part of it. */
function makeRoots(draft: MeshDraft): void {
  for (const spec of draft.specs.values()) {
    if (spec.kind !== 'entity') continue
    for (const field of spec.fields) {
      for (const graph of field.owners) {
        const type = ensure(draft, graph, spec.name)
        if (type === undefined) continue
        const defined = defineField(draft, { graph, type, spec: field, mayDiffer: graph !== field.owners[0] })
        if (field.owners.length > 1) defined.directives.add('@shareable')
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

function rootType(graph: DraftGraph, name: 'Query' | 'Mutation'): import('./mesh-draft.ts').DraftType {
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

function scalar(draft: MeshDraft): string {
  return pickOne(draft, ['Int', 'String', 'String', 'ID', 'Float', 'Boolean', 'Hue', 'Both', 'Blob'])
}

function freeName(draft: MeshDraft, taken: readonly string[]): string {
  const free = NAMES.filter((name) => !taken.includes(name))
  return free.length === 0 ? `more${draft.rank++}` : pickOne(draft, free)
}

export interface FieldWish {
  readonly taken: readonly string[]
  readonly target: string
  readonly fixed: boolean
}

export function makeField(draft: MeshDraft, { taken, target, fixed }: FieldWish): FieldSpec {
  const bang = (probability: number): string => (chance(draft, probability) ? '!' : '')
  const isComposite = draft.specs.has(target)
  let type = `${target}${bang(0.4)}`
  if (chance(draft, isComposite ? 0.35 : 0.1)) type = `[${type}]${bang(0.4)}`
  if (type.startsWith('[') && chance(draft, 0.1)) type = `[${type}]${bang(0.3)}`
  const args = chance(draft, 0.25) ? [makeArgument(draft, 'x')] : []
  if (args.length > 0 && chance(draft, 0.4)) args.push(makeArgument(draft, 'by'))
  return { name: freeName(draft, taken), arguments: args, type, target, owners: [], isFixed: fixed, rank: draft.rank++ }
}

function makeArgument(draft: MeshDraft, name: string): ArgumentSpec {
  const type = pickOne(draft, ['Int', 'String', 'Mode', 'Both', 'Wish', '[Int!]', '[Wish]', 'Blob', 'Boolean', 'ID'])
  const isRequired = chance(draft, 0.15)
  const defaults: Record<string, string> = {
    Int: '3',
    String: '"d"',
    Mode: 'M1',
    Both: 'B2',
    '[Int!]': '[1, 2]',
    Wish: '{ text: "w" }',
    Boolean: 'true',
  }
  const defaultText = !isRequired && chance(draft, 0.35) ? (defaults[type] ?? null) : null
  return { name, type: isRequired ? `${type}!` : type, defaultText }
}
