// Finds where things stand in the client's response: the objects of a position, and what a subgraph's path means below one. Only errors
// need it, so it interprets the plan.
import { limits } from '../../platform/limits.ts'
import type { Plan, PositionId, ResponseField, ResponseObject } from '../plan/plan.ts'
import type { Gathering } from './gathering.ts'
import { isObject, readKey } from './plain-object.ts'
import { isReadByLookups } from './read-by-lookups.ts'
import { pathToArray, type ResponsePath } from './response-path.ts'
import { fieldValues, itemValues, typenameOf, withLinks, type SourceValues } from './source-values.ts'
import { positionAt } from './walk-route.ts'

export type Path = readonly (string | number)[]

export interface Place {
  readonly path: ResponsePath | null
  /** By source of the position. */
  readonly values: SourceValues
  /** What the client asked there; null where only the plan needs the position: the path is then that of what is above. */
  readonly node: ResponseObject | null
}

/** A way through the response's tree, and what is behind its end where the tree does not go on. */
interface Route {
  readonly steps: readonly RouteStep[]
  readonly node: ResponseObject | null
}

interface RouteStep {
  readonly position: PositionId
  /** Null where the client asked nothing of it. */
  readonly responseKey: string | null
  readonly types: readonly string[] | null
}

export function placesOf(plan: Plan, gathering: Gathering, position: PositionId): Place[] {
  const places: Place[] = []
  const root = positionAt(plan, 0)
  for (const { steps, node } of routesTo(plan, position)) {
    walk({ plan, gathering, steps, node, places }, 0, { path: null, values: withLinks(root, [], gathering), at: 0 })
  }
  return places
}

function routesTo(plan: Plan, position: PositionId): readonly Route[] {
  const hidden: RouteStep[] = []
  for (let at: PositionId | null = position; at !== null; at = positionAt(plan, at).parent) {
    const routes = responseRoutes(plan, at)
    if (routes.length > 0) {
      return routes.map(({ steps, node }) => ({
        steps: [...steps, ...hidden],
        node: hidden.length === 0 ? node : null,
      }))
    }
    hidden.unshift({ position: at, responseKey: null, types: null })
  }
  return []
}

function responseRoutes(plan: Plan, position: PositionId): Route[] {
  const routes: Route[] = []
  const ancestry = new Set<PositionId>()
  for (let at: PositionId | null = position; at !== null; at = positionAt(plan, at).parent) ancestry.add(at)
  const search = (node: ResponseObject, steps: readonly RouteStep[]): void => {
    if (node.position === position) routes.push({ steps, node })
    for (const field of node.fields) {
      if (field.kind !== 'object' || !ancestry.has(field.child.position)) continue
      const { responseKey, types, child } = field
      search(child, [...steps, { position: child.position, responseKey, types }])
    }
  }
  search(plan.response, [])
  return routes
}

interface Walking {
  readonly plan: Plan
  readonly gathering: Gathering
  readonly steps: readonly RouteStep[]
  readonly node: ResponseObject | null
  readonly places: Place[]
}

interface Standing {
  readonly at: PositionId
  readonly path: ResponsePath | null
  readonly values: SourceValues
}

function walk(walking: Walking, depth: number, { at, path, values }: Standing): void {
  const { plan, steps, node, places } = walking
  const step = steps[depth]
  if (step === undefined) return void places.push({ path, values, node })
  const typename = typenameOf(positionAt(plan, at), values)
  const position = positionAt(plan, step.position)
  if (!admits(step.types, typename) || !admits(position.parentTypes, typename)) return
  const enter = (fields: SourceValues, below: ResponsePath | null, level = 0): void => {
    const [first] = fields
    if (Array.isArray(first)) {
      if (level === limits.listLevelsMax) return
      for (let index = 0; index < first.length; index++) {
        enter(itemValues(fields, index), step.responseKey === null ? below : { parent: below, key: index }, level + 1)
      }
    } else if (isObject(first)) {
      walk(walking, depth + 1, {
        at: step.position,
        path: below,
        values: withLinks(position, fields, walking.gathering),
      })
    }
  }
  enter(fieldValues(position, values), step.responseKey === null ? path : { parent: path, key: step.responseKey })
}

function admits(types: readonly string[] | null, typename: string | undefined): boolean {
  return types === null || typename === undefined || types.includes(typename)
}

export interface PathsBelow {
  readonly whole: readonly Path[]
  /** Paths that end above what the client did not ask for. */
  readonly cut: readonly Path[]
  /** It is a field that the client asked of other types than the object's: what has failed there is none of the client's. */
  readonly isOfOtherTypes: boolean
}

/** The client's paths of what a subgraph calls `rest` below source `source` of a place. */
export function pathsBelow(context: PathContext, place: Place, source: number, rest: Path): PathsBelow {
  const paths = { whole: [], cut: [], ofOtherTypes: [] } satisfies Paths
  follow(
    { ...context, paths },
    { node: place.node, values: place.values, source, lists: 0, entered: true },
    {
      path: pathToArray(place.path),
      rest,
    },
  )
  return { ...paths, isOfOtherTypes: paths.ofOtherTypes.length > 0 }
}

interface Paths {
  readonly whole: Path[]
  readonly cut: Path[]
  readonly ofOtherTypes: Path[]
}

interface PathContext {
  readonly plan: Plan
  readonly gathering: Gathering
}

interface Following {
  readonly node: ResponseObject | null
  readonly values: SourceValues
  readonly source: number
  /** Lists that the path may still go into. */
  readonly lists: number
  /** Whether `values` are an object's, links followed. */
  readonly entered: boolean
}

function follow(
  context: PathContext & { readonly paths: Paths; readonly isShared?: boolean },
  { node, values, source, lists, entered }: Following,
  { path, rest }: { readonly path: Path; readonly rest: Path },
): void {
  const [key, ...behind] = rest
  if (key === undefined) return void context.paths.whole.push(path)
  if (node === null) return void context.paths.cut.push(path)
  if (typeof key === 'number') {
    const [list] = values
    if (lists === 0 || (Array.isArray(list) && key >= list.length)) return void context.paths.cut.push(path)
    const item = { node, values: itemValues(values, key), source, lists: lists - 1, entered: false }
    return follow(context, item, { path: [...path, key], rest: behind })
  }
  // A path that leaves out an index cannot tell which object it means.
  if (!entered && Array.isArray(values[0])) return void context.paths.cut.push(path)
  const position = positionAt(context.plan, node.position)
  const standing = entered ? values : withLinks(position, values, context.gathering)
  // Its object has gone with it, and the client asked of that too.
  if (context.isShared === true && !isObject(standing[source])) return
  const typename = typenameOf(position, standing)
  const { own, others } = fieldsAnswered(context.plan, node, { source, key, typename })
  const enter = (within: typeof context, { field, below }: Answered): void => {
    const next = [...path, field.responseKey]
    if (field.kind !== 'object')
      within.paths.whole.push([...next, ...indexesInto(field, behind, readFrom(standing[source], key))])
    else {
      const child = positionAt(context.plan, field.child.position)
      const inner = {
        node: field.child,
        values: fieldValues(child, standing),
        source: below,
        lists: listLevels(field),
        entered: false,
      }
      follow(within, inner, { path: next, rest: behind })
    }
  }
  const { whole, ofOtherTypes } = context.paths
  const before = whole.length
  for (const each of own) enter(context, each)
  if (whole.length > before) return
  const known = ofOtherTypes.length
  const paths: Paths = { whole: ofOtherTypes, cut: [], ofOtherTypes }
  const isNeeded = isReadByLookups(context.plan, { position: node.position, key, typename })
  const isShared = context.isShared === true || own.length > 0
  if (isObject(standing[source]) && !isNeeded) for (const each of others) enter({ ...context, paths, isShared }, each)
  if (own.length === 0 && ofOtherTypes.length === known) context.paths.cut.push(path)
}

function listLevels(field: ResponseField): number {
  return 'type' in field ? field.type.split('[').length - 1 : 0
}

function readFrom(object: unknown, key: string): unknown {
  return isObject(object) ? readKey(object, key) : undefined
}

/** As far as they lead into lists that the field's type has, and not beyond the end of those that are there. */
function indexesInto(field: ResponseField, rest: Path, value: unknown): Path {
  const indexes: number[] = []
  let at = value
  for (const key of rest.slice(0, listLevels(field))) {
    if (typeof key !== 'number' || (Array.isArray(at) && key >= at.length)) break
    indexes.push(key)
    at = Array.isArray(at) ? at[key] : undefined
  }
  return indexes
}

interface Answered {
  readonly field: ResponseField
  /** The source of the child's position that continues it. */
  readonly below: number
}

/** Response fields that are read from `key` of the source, for the object's type and for others. Where it is unknown, the first type's. */
function fieldsAnswered(
  plan: Plan,
  node: ResponseObject,
  { source, key, typename }: { readonly source: number; readonly key: string; readonly typename: string | undefined },
): { readonly own: readonly Answered[]; readonly others: readonly Answered[] } {
  const reading = node.fields.flatMap((field): Answered[] => {
    if (field.kind === 'leaf') return field.source === source && field.key === key ? [{ field, below: -1 }] : []
    if (field.kind !== 'object') return []
    const { sources } = positionAt(plan, field.child.position)
    const below = sources.findIndex((each) => each.kind === 'field' && each.of === source && each.key === key)
    return below === -1 ? [] : [{ field, below }]
  })
  if (typename === undefined) return { own: reading.slice(0, 1), others: [] }
  const isOwn = ({ field }: Answered): boolean => 'types' in field && admits(field.types, typename)
  return { own: reading.filter(isOwn), others: reading.filter((each) => !isOwn(each)) }
}

/** Response keys at the root that are read from one of its sources: what is null when its request fails. */
export function rootPaths(plan: Plan, source: number): Path[] {
  return plan.response.fields.flatMap((field): Path[] => {
    if (field.kind === 'leaf') return field.source === source ? [[field.responseKey]] : []
    if (field.kind !== 'object') return []
    const { sources } = positionAt(plan, field.child.position)
    return sources.some((each) => each.kind === 'field' && each.of === source) ? [[field.responseKey]] : []
  })
}
