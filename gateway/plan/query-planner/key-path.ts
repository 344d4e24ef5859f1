// The shortest chain of lookups by key from the graphs in which an object is at hand to the graph in which it is wanted.
import type { FieldSet, GraphId } from '../../supergraph/supergraph.ts'
import type { KeyWay, Planning, Site } from './planning.ts'
import { answers, answersAll, applies, covers, graphsOf, isPlain, possibleIn, providedBelow } from './resolvable.ts'
import { readType } from './type-text.ts'

export interface KeyStep extends KeyWay {
  readonly graph: GraphId
}

interface Present {
  readonly graph: GraphId
  readonly provided: FieldSet | null
  /** Step that it needs; null: at hand. */
  readonly step: number | null
}

interface Found extends KeyStep {
  /** Steps that its key is read from. */
  readonly after: readonly number[]
}

/** Null where keys alone do not lead there. */
export function keyPath(planning: Planning, site: Site, type: string, target: GraphId): readonly KeyStep[] | null {
  const composite = planning.supergraph.types.get(type)
  if (composite === undefined) return null
  const present: Present[] = []
  for (const source of site.sources) {
    if (!covers(source, type) || !isPlain(source)) continue
    present.push({ graph: source.graph, provided: source.provided, step: null })
  }
  const found: Found[] = []
  const waiting = graphsOf(planning, composite)
  for (;;) {
    const level = levelOf(planning, { site, type, present, found, waiting, target })
    if (level.length === 0) return null
    for (const step of level) {
      waiting.delete(step.graph)
      found.push(step)
      present.push({ graph: step.graph, provided: null, step: found.length - 1 })
    }
    const last = found.findIndex((step) => step.graph === target)
    if (last >= 0) return needed(found, last)
  }
}

interface Searching {
  readonly site: Site
  readonly type: string
  readonly present: readonly Present[]
  readonly found: readonly Found[]
  readonly waiting: ReadonlySet<GraphId>
  readonly target: GraphId
}

/** What one more lookup reaches: the target alone where it is among it. */
function levelOf(planning: Planning, searching: Searching): Found[] {
  const { site, type, present, waiting, target } = searching
  const step = (graph: GraphId): Found | null => {
    for (const way of keyWays(planning, site, type, graph)) {
      const after = readFrom(planning, type, way.key.fields, present)
      if (after !== null) return { ...way, graph, after }
    }
    return null
  }
  const reached = step(target)
  if (reached !== null) return [reached]
  return [...waiting].flatMap((graph) => (graph === target ? [] : (step(graph) ?? [])))
}

function needed(found: readonly Found[], last: number): KeyStep[] {
  const steps = new Set<number>()
  const add = (index: number): void => {
    for (const before of found[index]?.after ?? []) add(before)
    steps.add(index)
  }
  add(last)
  return [...steps].flatMap((index) => found[index] ?? [])
}

/** By its own keys, or as an interface of its: the only way while its concrete type is unknown. */
export function keyWays(planning: Planning, site: Site, type: string, graph: GraphId): KeyWay[] {
  const { types } = planning.supergraph
  const composite = types.get(type)
  const ways: KeyWay[] = []
  const isUnknown = site.abstractType !== null && site.typename === null && site.sources[0]?.isInterfaceObject === true
  for (const name of composite?.interfaces ?? []) {
    const inGraph = types.get(name)?.graphs.get(graph)
    if (inGraph === undefined) continue
    if (!inGraph.isInterfaceObject && !(isUnknown && inGraph.possibleTypes.includes(type))) continue
    for (const key of inGraph.keys) if (key.resolvable) ways.push({ key, typename: name })
  }
  for (const key of composite?.graphs.get(graph)?.keys ?? []) if (key.resolvable) ways.push({ key, typename: null })
  return ways
}

/** The steps that the fields are read from, or null where they cannot be read from what is present. */
function readFrom(
  planning: Planning,
  type: string,
  fields: FieldSet,
  present: readonly Present[],
): readonly number[] | null {
  const steps: number[] = []
  for (const entry of fields) {
    if (entry.kind === 'on') {
      const inner = applies(planning, entry.type, type) ? readFrom(planning, type, entry.selections, present) : []
      if (inner === null) return null
      steps.push(...inner)
      continue
    }
    const from = present.find((each) => canRead(planning, type, entry, each))
    if (from === undefined) return null
    if (from.step !== null) steps.push(from.step)
  }
  return steps
}

function canRead(
  planning: Planning,
  type: string,
  entry: FieldSet[number] & { readonly kind: 'field' },
  { graph, provided }: Present,
): boolean {
  const inGraph = answers(planning, graph, type, { name: entry.name, forKey: true, provided })
  if (inGraph === null || inGraph.requires !== null) return false
  const fields = entry.selections
  if (fields === null) return true
  const below = providedBelow(planning, provided, type, entry.name) ?? inGraph.provides
  return possibleIn(planning, graph, readType(inGraph.type).named).every((each) =>
    answersAll(planning, graph, each, { fields, forKey: true, provided: below }),
  )
}
