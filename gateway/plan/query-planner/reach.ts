// Makes an object present in a graph: by its keys, through other graphs where needed, or by entering its parent's field there again.
import type { FieldSet, GraphId } from '../../supergraph/supergraph.ts'
import { keyPath, keyWays } from './key-path.ts'
import { attempt, DEAD_END, once, takeBack, type KeyWay, type Planning, type Site, type Source } from './planning.ts'
import { answers, covers, fieldOf, isPlain } from './resolvable.ts'
import { select } from './select.ts'
import { addFieldSource, addRootSource } from './sites.ts'
import { readType } from './type-text.ts'

export interface Wanted {
  readonly site: Site
  readonly types: readonly string[]
  readonly graph: GraphId
  /** An interface object may be asked about these types only. */
  readonly isExact: boolean
}

export interface Reached {
  readonly source: Source
  readonly types: readonly string[]
}

/** A source for each of the types. Throws DEAD_END. */
export function reach(planning: Planning, wanted: Wanted): readonly Reached[] {
  const reached: Reached[] = []
  let rest = wanted.types
  while (rest.length > 0) {
    const some = reachFirst(planning, { ...wanted, types: rest })
    if (some.types.length === 0) throw DEAD_END
    reached.push(some)
    rest = some.types.length === rest.length ? [] : rest.filter((type) => !some.types.includes(type))
  }
  return reached
}

/** A source for the first of the types, and those that come the same way. Throws DEAD_END. */
export function reachFirst(planning: Planning, wanted: Wanted): Reached {
  const known = present(wanted)
  if (known !== null) return known
  const { site, types, graph } = wanted
  if (types[0] === planning.supergraph.queryType && site.types.length === 1) {
    if (site.parent !== null || site.sources[0]?.request.operation !== 'mutation') {
      return { source: addRootSource(planning, site, graph, 'query'), types }
    }
  }
  return once(planning, `${site.id}@${graph}`, () => byKeyOrParent(planning, wanted))
}

function present({ site, types, graph, isExact }: Wanted): Reached | null {
  for (const source of site.sources) {
    if (source.graph !== graph || !isPlain(source)) continue
    const covered = types.filter((type) => covers(source, type))
    if (covered.length === 0) continue
    if (isExact && source.isInterfaceObject) {
      const met = source.types ?? site.types
      if (!met.every((type) => types.includes(type))) continue
    }
    return { source, types: covered.length === types.length ? types : covered }
  }
  return null
}

function byKeyOrParent(planning: Planning, wanted: Wanted): Reached {
  const { site, types, graph } = wanted
  const path = keyPath(planning, site, types[0] ?? '', graph)
  if (path?.length === 1) {
    const [step] = path
    const reached = step && attempt(planning, () => byKey(planning, wanted, step))
    if (reached) return reached
  }
  const ways: (() => Reached)[] = [() => byParent(planning, wanted)]
  if (path !== null && path.length > 1) {
    ways.unshift(() => {
      for (const step of path.slice(0, -1)) reach(planning, { ...wanted, graph: step.graph, isExact: false })
      const last = path.at(-1)
      if (last === undefined) throw DEAD_END
      return byKey(planning, wanted, last)
    })
  }
  return cheapest(planning, ways) ?? byAnyKey(planning, wanted)
}

/** Tries all, then does the one that adds the fewest requests. */
function cheapest(planning: Planning, ways: readonly (() => Reached)[]): Reached | null {
  let best: { readonly way: () => Reached; readonly cost: number } | null = null
  for (const way of ways) {
    const mark = planning.journal.length
    const before = planning.requests.length
    if (attempt(planning, way) === null) continue
    const cost = planning.requests.length - before
    takeBack(planning, mark)
    if (best === null || cost < best.cost) best = { way, cost }
  }
  return best === null ? null : best.way()
}

/** Where a key must itself be got from elsewhere: every way is tried. */
function byAnyKey(planning: Planning, wanted: Wanted): Reached {
  const { site, types, graph } = wanted
  for (const way of keyWays(planning, site, types[0] ?? '', graph)) {
    const reached = attempt(planning, () => byKey(planning, wanted, way))
    if (reached !== null) return reached
  }
  throw DEAD_END
}

function byKey(planning: Planning, wanted: Wanted, way: KeyWay): Reached {
  const { site, types, graph } = wanted
  const group = sameWay(planning, wanted, way)
  if (group.length > 1) {
    const source = attempt(planning, () =>
      planning.lookUp(planning, { site, types: group, graph, way, requires: null }),
    )
    if (source !== null) return { source, types: group }
  }
  const alone = types.slice(0, 1)
  return { source: planning.lookUp(planning, { site, types: alone, graph, way, requires: null }), types: alone }
}

function sameWay(planning: Planning, { site, types, graph }: Wanted, way: KeyWay): readonly string[] {
  if (types.length === 1) return types
  const text = JSON.stringify(way.key.fields)
  const group = types.filter((type) =>
    keyWays(planning, site, type, graph).some(
      (each) => each.typename === way.typename && (each.key === way.key || JSON.stringify(each.key.fields) === text),
    ),
  )
  return group.length === types.length ? types : group
}

/** The parent's field, asked in the other graph as well. */
function byParent(planning: Planning, { site, types, graph }: Wanted): Reached {
  const { parent, field, parentTypes } = site
  if (parent === null || field === null) throw DEAD_END
  if (parent.parent === null && parent.sources[0]?.request.operation !== 'query') throw DEAD_END
  const asked = { ...field, forKey: false }
  for (const type of parentTypes) {
    const inGraph = answers(planning, graph, type, asked)
    if (inGraph === null || inGraph.requires !== null) throw DEAD_END
  }
  const reached = reach(planning, { site: parent, types: parentTypes, graph, isExact: true })
  const [above] = reached
  if (above === undefined || reached.length > 1) throw DEAD_END
  const selected = select(planning, above.source, parentTypes, asked)
  const [only] = selected
  const source = only && selected.length === 1 ? addFieldSource(planning, site, above.source, only.entry) : null
  if (source === null) throw DEAD_END
  // The graph may not have the type among those of the field.
  const covered = types.filter((type) => covers(source, type))
  if (!covers(source, types[0] ?? '')) throw DEAD_END
  return { source, types: covered.length === types.length ? types : covered }
}

/** Always a lookup of its own, whose representations carry the requirements. */
export function reachWithRequirements(planning: Planning, wanted: Wanted, requires: FieldSet): readonly Reached[] {
  const { site, types, graph } = wanted
  const known = site.sources.find(
    ({ request }) =>
      request.lookup?.site === site && request.graph === graph && request.lookup.requiredSet === requires,
  )
  if (known !== undefined && types.every((type) => covers(known, type))) return [{ source: known, types }]
  const [type = ''] = types
  const path = keyPath(planning, site, type, graph)
  const ways = keyWays(planning, site, type, graph)
  const direct = path?.length === 1 ? path[0] : undefined
  const last = path?.at(-1)
  for (const way of [...(direct ? [direct] : last ? [last] : []), ...ways]) {
    const group = sameWay(planning, wanted, way)
    for (const some of group.length > 1 ? [group, types.slice(0, 1)] : [group]) {
      const source = attempt(planning, () => {
        if (path !== null && way === last) {
          for (const step of path.slice(0, -1))
            reach(planning, { ...wanted, types: some, graph: step.graph, isExact: false })
        }
        return planning.lookUp(planning, { site, types: some, graph, way, requires })
      })
      if (source !== null) return [{ source, types: some }]
    }
  }
  throw DEAD_END
}

/** Requests that it would take, as an estimate; null where it is not known. */
export function reachCost(planning: Planning, site: Site, type: string, graph: GraphId): number | null {
  if (site.sources.some((source) => source.graph === graph && covers(source, type) && isPlain(source))) return 0
  if (type === planning.supergraph.queryType) return 1
  const path = keyPath(planning, site, type, graph)
  const { parent, field } = site
  let byParentCost: number | null = null
  if (parent !== null && field !== null && (path === null || path.length > 1)) {
    const [above = ''] = site.parentTypes
    const inGraph = fieldOf(planning, above, field.name)?.graphs.get(graph)
    if (inGraph !== undefined && !readType(inGraph.type).isList)
      byParentCost = reachCost(planning, parent, above, graph)
    else if (inGraph !== undefined) byParentCost = (reachCost(planning, parent, above, graph) ?? 50) + 0.5
  }
  if (path === null || byParentCost === null) return path?.length ?? byParentCost
  return Math.min(path.length, byParentCost)
}
