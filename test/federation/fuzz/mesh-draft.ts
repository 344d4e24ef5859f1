// A mesh while it is being made: what types exist (specs), and what each subgraph says of them (drafts). `ensure` brings a type to a subgraph
// with all that it needs there, so that every field stays reachable: an entity always comes with one of its keys.
export type Random = () => number

export interface ArgumentSpec {
  readonly name: string
  readonly type: string
  readonly defaultText: string | null
}

export interface FieldSpec {
  readonly name: string
  readonly arguments: readonly ArgumentSpec[]
  /** With as many `!` as any subgraph has. */
  readonly type: string
  readonly target: string
  /** Subgraphs that resolve it. */
  owners: readonly number[]
  /** Nullability and arguments are the same everywhere: an interface has it too. */
  readonly isFixed: boolean
  /** A field may require only what came before it. */
  readonly rank: number
}

export interface EntitySpec {
  readonly kind: 'entity'
  readonly name: string
  readonly home: number
  /** The first is `id`. */
  readonly keys: string[]
  readonly keyFields: Map<string, string>
  readonly graphs: Set<number>
  readonly banned: Set<number>
  /** Subgraphs where it must have the key `id`: an interface of it has. */
  readonly inInterface: Set<number>
  readonly fields: FieldSpec[]
}

export interface ValueSpec {
  readonly kind: 'value'
  readonly name: string
  readonly fields: FieldSpec[]
  /** Fields by subgraph where they are spread; null: every subgraph has all. */
  readonly spread: ReadonlyMap<number, string[]> | null
}

export interface AbstractSpec {
  readonly kind: 'union' | 'interface'
  readonly name: string
  readonly members: readonly string[]
  /** Of an interface: without `id`, which it always has. */
  readonly fields: readonly FieldSpec[]
}

export interface EntityInterfaceSpec {
  readonly kind: 'entityInterface'
  readonly name: string
  readonly members: readonly string[]
  readonly fields: readonly FieldSpec[]
  readonly home: number
  /** Subgraphs where it is an interface object, with what they add. */
  readonly objects: ReadonlyMap<number, FieldSpec[]>
}

export type CompositeSpec = EntitySpec | ValueSpec | AbstractSpec | EntityInterfaceSpec

export interface DraftField {
  readonly spec: FieldSpec
  type: string
  arguments: readonly ArgumentSpec[]
  readonly directives: Set<string>
}

export interface DraftType {
  readonly name: string
  kind: 'object' | 'interface' | 'union'
  readonly implements: Set<string>
  readonly directives: Set<string>
  readonly fields: Map<string, DraftField>
  readonly members: Set<string>
}

export interface DraftGraph {
  readonly index: number
  readonly name: string
  readonly types: Map<string, DraftType>
  /** Enums, inputs and scalars, printed. */
  readonly leaves: Map<string, string>
}

export interface MeshDraft {
  readonly random: Random
  readonly graphs: readonly DraftGraph[]
  readonly specs: Map<string, CompositeSpec>
  /** Subgraphs agree on nullability and arguments: where data fails, they could not agree on what an error nulls. */
  readonly isEven: boolean
  rank: number
}

export function chance({ random }: MeshDraft, probability: number): boolean {
  return random() < probability
}

export function pickOne<Item>({ random }: { readonly random: Random }, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('nothing to pick')
  return item
}

export function someOf<Item>(draft: MeshDraft, items: readonly Item[], least: number): Item[] {
  const left = [...items]
  const wanted = least + Math.floor(draft.random() * (items.length - least + 1))
  const taken: Item[] = []
  while (taken.length < wanted && left.length > 0)
    taken.push(...left.splice(Math.floor(draft.random() * left.length), 1))
  return items.filter((item) => taken.includes(item))
}

export function entityOf(draft: MeshDraft, name: string): EntitySpec | undefined {
  const spec = draft.specs.get(name)
  return spec?.kind === 'entity' ? spec : undefined
}

export function graphAt(draft: MeshDraft, index: number): DraftGraph {
  const graph = draft.graphs[index]
  if (graph === undefined) throw new Error(`no subgraph ${index}`)
  return graph
}

/** Whether a field may have this type in a subgraph. */
export function isUsable(draft: MeshDraft, graph: number, name: string, seen: readonly string[] = []): boolean {
  const spec = draft.specs.get(name)
  if (spec === undefined || seen.includes(name)) return true
  const inner = [...seen, name]
  switch (spec.kind) {
    case 'entity':
      return !spec.banned.has(graph) && keyTargets(spec).every((each) => isUsable(draft, graph, each, inner))
    case 'value':
      return spec.fields.every((field) => isUsable(draft, graph, field.target, inner))
    case 'entityInterface':
      return graph === spec.home || spec.objects.has(graph)
    default:
      return spec.members.some((member) => isUsable(draft, graph, member, inner))
  }
}

function keyTargets(spec: EntitySpec): string[] {
  return [...spec.keyFields.values()].map((type) => type.replaceAll(/[[\]!]/g, ''))
}

/** The type in a subgraph; made with what it needs if it is not there. */
export function ensure(draft: MeshDraft, index: number, name: string): DraftType | undefined {
  const graph = graphAt(draft, index)
  const spec = draft.specs.get(name)
  if (spec === undefined) {
    ensureLeaf(draft, index, name)
    return undefined
  }
  const known = graph.types.get(name)
  if (known !== undefined) return known
  const type: DraftType = {
    name,
    kind: spec.kind === 'union' ? 'union' : spec.kind === 'interface' ? 'interface' : 'object',
    implements: new Set(),
    directives: new Set(),
    fields: new Map(),
    members: new Set(),
  }
  graph.types.set(name, type)
  if (spec.kind === 'entity') {
    const isStub = !spec.graphs.has(index)
    const keys = index === spec.home ? spec.keys : isStub ? [pickOne(draft, spec.keys)] : someOf(draft, spec.keys, 1)
    const isReference = isStub && chance(draft, 0.4)
    const all = spec.inInterface.has(index) ? [...new Set(['id', ...keys])] : keys
    for (const key of all) addKey(draft, { graph: index, spec, key, isReference })
  } else if (spec.kind === 'value') {
    type.directives.add('@shareable')
    const own = spec.spread?.get(index) ?? spec.fields.map((field) => field.name)
    for (const field of spec.fields)
      if (own.includes(field.name)) defineField(draft, { graph: index, type, spec: field })
  } else if (spec.kind === 'entityInterface') {
    type.directives.add('@key(fields: "id")')
    const id: FieldSpec = { name: 'id', arguments: [], type: 'ID!', target: 'ID', owners: [], isFixed: true, rank: 0 }
    defineField(draft, { graph: index, type, spec: id })
    if (index === spec.home) {
      type.kind = 'interface'
      for (const member of spec.members) ensure(draft, index, member)?.implements.add(name)
    } else type.directives.add('@interfaceObject')
  } else {
    const usable = spec.members.filter((member) => isUsable(draft, index, member))
    for (const member of someOf(draft, usable, Math.min(1, usable.length))) {
      const made = ensure(draft, index, member)
      // Of an interface only what has `id` here.
      if (spec.kind === 'interface' && made?.fields.has('id') !== true) {
        const entity = entityOf(draft, member)
        if (entity === undefined) continue
        addKey(draft, { graph: index, spec: entity, key: 'id', isReference: false })
      }
      if (spec.kind === 'interface') made?.implements.add(name)
      else type.members.add(member)
    }
  }
  return type
}

export interface KeyToAdd {
  readonly graph: number
  readonly spec: EntitySpec
  readonly key: string
  readonly isReference: boolean
}

export function addKey(draft: MeshDraft, { graph, spec, key, isReference }: KeyToAdd): void {
  const type = ensure(draft, graph, spec.name)
  if (type === undefined) return
  const text = `@key(fields: "${key}"`
  if ([...type.directives].some((each) => each.startsWith(`${text})`) || each.startsWith(`${text},`))) return
  type.directives.add(`${text}${isReference ? ', resolvable: false' : ''})`)
  // The host of a nested key is named by its `id`.
  const host = key.startsWith('host') ? draft.specs.get('E0') : undefined
  if (host?.kind === 'entity') addKey(draft, { graph, spec: host, key: 'id', isReference: false })
  for (const [name, printed] of spec.keyFields) {
    if (!new RegExp(`\\b${name}\\b`).test(key.replaceAll(/\{.*\}/g, ''))) continue
    const target = printed.replaceAll(/[[\]!]/g, '')
    const field: FieldSpec = { name, arguments: [], type: printed, target, owners: [], isFixed: true, rank: 0 }
    if (type.fields.has(name)) continue
    const defined = defineField(draft, { graph, type, spec: field })
    // As Federation 1 wrote it: the key is another's, and answered all the same.
    if (!spec.graphs.has(graph) && !isReference && spec.inInterface.size === 0 && chance(draft, 0.1)) {
      defined.directives.add('@external')
      type.directives.add('@extends')
    }
  }
}

export interface FieldToDefine {
  readonly graph: number
  readonly type: DraftType
  readonly spec: FieldSpec
  /** Nullability and optional arguments may differ from the spec. */
  readonly mayDiffer?: boolean
}

export function defineField(draft: MeshDraft, { graph, type, spec, mayDiffer = false }: FieldToDefine): DraftField {
  ensure(draft, graph, spec.target)
  for (const argument of spec.arguments) ensureLeaf(draft, graph, argument.type.replaceAll(/[[\]!]/g, ''))
  const differs = mayDiffer && !draft.isEven && !spec.isFixed
  const field: DraftField = {
    spec,
    type: differs && chance(draft, 0.4) ? spec.type.replaceAll('!', '') : spec.type,
    arguments: differs
      ? spec.arguments.filter((each) => (each.type.endsWith('!') && each.defaultText === null) || chance(draft, 0.7))
      : spec.arguments,
    directives: new Set(),
  }
  type.fields.set(spec.name, field)
  return field
}

/** Output enums may differ in values, input enums and inputs in parts that nobody must give. */
function ensureLeaf(draft: MeshDraft, index: number, name: string): void {
  const { leaves } = graphAt(draft, index)
  if (leaves.has(name)) return
  const some = (values: readonly string[]): string => values.filter(() => draft.isEven || chance(draft, 0.8)).join(' ')
  if (name === 'Blob') leaves.set(name, 'scalar Blob')
  if (name === 'Both') leaves.set(name, 'enum Both { B1 B2 B3 }')
  if (name === 'Hue') leaves.set(name, `enum Hue { H1 ${some(['H2', 'H3', 'H4'])} }`)
  if (name === 'Mode') leaves.set(name, `enum Mode { M1 ${some(['M2', 'M3'])} }`)
  if (name === 'Wish') {
    ensureLeaf(draft, index, 'Mode')
    ensureLeaf(draft, index, 'Blob')
    const optional = some(['at: [Int] = [1],', 'deep: Wish,', 'modes: [Mode!],', 'blob: Blob,', 'limit: Int = 2,'])
    leaves.set(name, `input Wish { text: String!, ${optional} }`)
  }
}
