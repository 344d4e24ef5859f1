// Decides where a field is asked: at a source that is there already, or in the graph that costs least to reach. Then it is asked there.
import type { FieldInGraph, GraphId } from '../../supergraph/supergraph.ts'
import { lookahead } from './lookahead.ts'
import {
  attempt,
  countSelection,
  DEAD_END,
  once,
  type FieldRequest,
  type Planning,
  type Site,
  type Source,
} from './planning.ts'
import { reachCost, reachFirst, reachWithRequirements } from './reach.ts'
import { answers, covers, fieldOf, isComposite, isPlain } from './resolvable.ts'
import { select, type Selected } from './select.ts'
import { readType } from './type-text.ts'

export interface Placement extends Selected {
  readonly source: Source
}

interface Option {
  readonly graph: GraphId
  readonly inGraph: FieldInGraph
  /** Null: the graph must be reached. */
  readonly source: Source | null
  readonly cost: number
}

/** A failing way costs more than any other that works. */
const UNKNOWN_COST = 50

/** Asks for the field on all the types. Throws DEAD_END where one of them cannot be answered. */
export function place(
  planning: Planning,
  site: Site,
  types: readonly string[],
  field: FieldRequest,
): readonly Placement[] {
  const placements: Placement[] = []
  let rest = types
  while (rest.length > 0) {
    const placed = placeSome(planning, site, rest, field)
    if (placed.length === 0) throw DEAD_END
    placements.push(...placed)
    const done = new Set(placed.flatMap((each) => each.types))
    rest = done.size === rest.length ? [] : rest.filter((type) => !done.has(type))
  }
  return placements
}

/**
 * A key field that the subgraph at hand answers of one type and has as @external of another: of the latter it only refers to objects, and
 * whether its reference may be trusted is not said.
 */
export function isTorn(planning: Planning, name: string, placements: readonly Placement[]): boolean {
  return placements.some(
    ({ source }) =>
      source.way.kind !== 'link' &&
      placements.some(
        (other) =>
          other.source.graph !== source.graph &&
          other.types.some((type) => {
            const inGraph = fieldOf(planning, type, name)?.graphs.get(source.graph)
            return inGraph !== undefined && inGraph.external && inGraph.inKey
          }),
      ),
  )
}

/** For the first type and those that can go the same way. */
function placeSome(
  planning: Planning,
  site: Site,
  types: readonly string[],
  field: FieldRequest,
): readonly Placement[] {
  const options = orderedOptions(planning, site, types, field)
  for (const option of options) {
    const placed =
      options.length === 1
        ? take(planning, { site, types, field, option })
        : attempt(planning, () => take(planning, { site, types, field, option }))
    if (placed !== null) return placed
  }
  return []
}

interface Taking {
  readonly site: Site
  readonly types: readonly string[]
  readonly field: FieldRequest
  readonly option: Option
}

function take(planning: Planning, { site, types, field, option }: Taking): readonly Placement[] {
  const { graph, source, inGraph } = option
  if (source !== null) {
    const here = types.filter((type) => answersHere(planning, source, type, { field, types }) !== null)
    return asked(planning, source, here.length === types.length ? types : here, field)
  }
  countSelection(planning)
  const { requires } = inGraph
  const alike = types.filter((type) => answers(planning, graph, type, field)?.requires === requires)
  const same = alike.length === types.length ? types : alike
  if (requires === null) {
    // An interface object is asked about these types only.
    const isExact = !readType(inGraph.type).isNullable
    // Other types may have the field in this graph and no way to it: they are placed on their own.
    const reached = reachFirst(planning, { site, types: same, graph, isExact })
    return asked(planning, reached.source, reached.types, field)
  }
  const what = `${site.id}.${field.name}@${graph}`
  const reached = once(planning, what, () =>
    reachWithRequirements(planning, { site, types: same, graph, isExact: true }, requires),
  )
  return reached.flatMap((each) => asked(planning, each.source, each.types, field))
}

function asked(
  planning: Planning,
  source: Source,
  types: readonly string[],
  field: FieldRequest,
): readonly Placement[] {
  return select(planning, source, types, field).map((selected) => ({ ...selected, source }))
}

/** For the first of the types, best first. */
function orderedOptions(
  planning: Planning,
  site: Site,
  types: readonly string[],
  field: FieldRequest,
): readonly Option[] {
  const [type = ''] = types
  const present = presentOptions(planning, site, types, field)
  const definition = fieldOf(planning, type, field.name)
  if (definition === undefined) return []
  const composite = isComposite(planning, definition.namedType) && field.below !== null
  const [first] = present
  // A leaf at hand is taken where it is soonest.
  if (first !== undefined && !composite) return present.length === 1 ? present : present.toSorted(bySoonest)
  const options = [...present]
  for (const [graph] of definition.graphs) {
    const inGraph = answers(planning, graph, type, field)
    if (inGraph === null || present.some((option) => option.graph === graph)) continue
    options.push({ graph, inGraph, source: null, cost: 0 })
  }
  if (options.length < 2) return options
  return options
    .map((option) => {
      const cost = costOf(planning, site, type, { option, field }) + restCost(planning, types, { option, field })
      return { ...option, cost }
    })
    .toSorted((a, b) => a.cost - b.cost)
}

function bySoonest(a: Option, b: Option): number {
  return (a.source?.request.depth ?? 0) - (b.source?.request.depth ?? 0)
}

function presentOptions(planning: Planning, site: Site, types: readonly string[], field: FieldRequest): Option[] {
  const options: Option[] = []
  for (const source of site.sources) {
    const inGraph = answersHere(planning, source, types[0] ?? '', { field, types })
    if (inGraph !== null) options.push({ graph: source.graph, inGraph, source, cost: 0 })
  }
  return options
}

/** Null where the source has no such field for the type, or asking it would touch objects of other types. */
function answersHere(
  planning: Planning,
  source: Source,
  type: string,
  { field, types }: { readonly field: FieldRequest; readonly types: readonly string[] },
): FieldInGraph | null {
  if (!covers(source, type) || !isPlain(source)) return null
  const inGraph = answers(planning, source.graph, type, { ...field, provided: source.provided })
  if (inGraph === null || inGraph.requires !== null) return null
  if (source.isInterfaceObject && !inGraph.inKey && !readType(inGraph.type).isNullable) {
    // It cannot be asked of some types only, and where it fails it takes the whole object with it.
    const met = source.types ?? source.site.types
    if (!met.every((each) => types.includes(each))) return null
  }
  return inGraph
}

/** The types that this graph does not answer have to be asked elsewhere, once it is known which they are. */
function restCost(
  planning: Planning,
  types: readonly string[],
  { option, field }: { readonly option: Option; readonly field: FieldRequest },
): number {
  const { graph, source } = option
  if (source !== null) return 0
  return types.every((type) => answers(planning, graph, type, field) !== null) ? 0 : 1.5
}

function costOf(
  planning: Planning,
  site: Site,
  type: string,
  { option, field }: { readonly option: Option; readonly field: FieldRequest },
): number {
  const { graph, source, inGraph } = option
  const below = field.below === null ? 0 : lookahead(planning, graph, readType(inGraph.type).named, field.below)
  const helped = Math.min(field.helpful?.get(graph) ?? 0, 9) * 0.01
  const isOnlyKey = inGraph.external && source?.provided === undefined ? 2 : 0
  const reached = source === null ? (reachCost(planning, site, type, graph) ?? UNKNOWN_COST) : 0
  const later = (source?.request.depth ?? 0) * 0.001
  return reached + (inGraph.requires === null ? 0 : 1.5) + below + isOnlyKey + later - helped
}
