// More of the type system: interfaces of interfaces, types that clients never see, subscriptions.
import { isSpread, makeField } from './field-maker.ts'
import {
  chance,
  defineField,
  isUsable,
  pickOne,
  type DraftField,
  type DraftGraph,
  type DraftType,
  type MeshDraft,
} from './mesh-draft.ts'
import { rootType } from './mesh-roots.ts'
import { completeInterface } from './print-mesh.ts'

export function addFurther(draft: MeshDraft): void {
  if (chance(draft, 0.3)) widenInterface(draft)
  for (const graph of draft.graphs) if (chance(draft, 0.2)) makeSubscriptions(draft, graph)
  if (chance(draft, 0.2)) hideType(draft)
}

/** An interface that another one, and so all of its types, implement; some types implement it alone. */
function widenInterface(draft: MeshDraft): void {
  const narrow = [...draft.specs.values()].filter(
    (spec) => spec.kind === 'interface' || spec.kind === 'entityInterface',
  )
  if (narrow.length === 0) return
  const spec = pickOne(draft, narrow)
  const shown = spec.fields.filter(() => chance(draft, 0.3)).map(({ name }) => name)
  for (const graph of draft.graphs) {
    const type = graph.types.get(spec.name)
    if (type?.kind !== 'interface') continue
    completeInterface(draft, graph, type)
    if (type.fields.size === 0 || !type.fields.has('id')) continue
    const wide = emptyType('W0', 'interface')
    for (const [name, field] of type.fields) {
      if (name === 'id' || shown.includes(name)) wide.fields.set(name, { ...field, directives: new Set() })
    }
    graph.types.set('W0', wide)
    type.implements.add('W0')
    for (const each of graph.types.values()) {
      const id = each.fields.get('id')
      const isAlone = each.kind === 'object' && wide.fields.size === 1 && id?.type === 'ID!' && chance(draft, 0.3)
      const isPlain = ![...each.directives].includes('@interfaceObject')
      if (each.implements.has(spec.name) || (isAlone && isPlain)) each.implements.add('W0')
    }
    if (chance(draft, 0.7)) addRoot(draft, graph, { target: 'W0', root: 'Query' })
  }
}

/** No field that clients see may have the type itself: it hides among the types of unions and interfaces. */
function hideType(draft: MeshDraft): void {
  const members = [...draft.specs.values()].flatMap((spec) => ('members' in spec ? spec.members : []))
  if (members.length === 0) return
  const name = pickOne(draft, members)
  const abstract = [...draft.specs.values()].filter((spec) => 'members' in spec && spec.members.includes(name))
  const around = ['W0', ...abstract.map((spec) => spec.name)]
  const inInterfaces = [...draft.specs.values()].flatMap((spec) =>
    spec.kind === 'interface' || spec.kind === 'entityInterface' ? spec.fields.map(({ target }) => target) : [],
  )
  const isAlone = abstract.some((spec) => 'members' in spec && spec.members.length < 2)
  if (isAlone || [name, ...around].some((each) => inInterfaces.includes(each))) return
  const fields: DraftField[] = []
  for (const graph of draft.graphs) {
    graph.types.get(name)?.directives.add('@inaccessible')
    for (const type of graph.types.values()) {
      // Where one of it stands, clients see null and an error.
      for (const field of type.fields.values())
        for (const each of around) field.type = field.type.replace(`${each}!`, each)
      if (type.name !== name)
        fields.push(...[...type.fields.values()].filter((field) => field.type.replaceAll(/[[\]!]/g, '') === name))
    }
  }
  for (const field of fields) if (!field.directives.has('@external')) field.directives.add('@inaccessible')
}

function makeSubscriptions(draft: MeshDraft, graph: DraftGraph): void {
  const targets = [...draft.specs.keys()].filter((name) => isUsable(draft, graph.index, name) && !isSpread(draft, name))
  const target = targets.length === 0 ? 'Int' : pickOne(draft, targets)
  addRoot(draft, graph, { target, root: 'Subscription' })
}

function addRoot(
  draft: MeshDraft,
  graph: DraftGraph,
  { target, root }: { target: string; root: 'Query' | 'Subscription' },
): void {
  const spec = makeField(draft, { taken: [], target, fixed: false })
  const name = `${root === 'Query' ? 'wide' : 'on'}${graph.index}`
  const type = target === 'W0' && chance(draft, 0.4) ? '[W0]' : spec.type
  const named = { ...spec, name, type, owners: [graph.index] }
  defineField(draft, { graph: graph.index, type: rootType(graph, root), spec: named })
}

function emptyType(name: string, kind: DraftType['kind']): DraftType {
  return { name, kind, implements: new Set(), directives: new Set(), fields: new Map(), members: new Set() }
}
