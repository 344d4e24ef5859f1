// Turns what went wrong into errors at the client's paths, once all answers are in: most operations have none, so nothing of it is kept
// while they run.
import type { GraphQLFormattedError } from 'graphql'
import { limits } from '../../platform/limits.ts'
import type { Fetch, LookupTarget, Plan } from '../plan/plan.ts'
import type { Gathering, Incident } from './gathering.ts'
import { isObject, readKey, type DataObject } from './plain-object.ts'
import { pathToArray } from './response-path.ts'
import { pathsBelow, placesOf, rootPaths, type Path, type Place } from './response-places.ts'
import { describeHidden, formatSubgraphError, formatSubgraphFailure } from './format-subgraph-error.ts'
import { positionAt } from './walk-route.ts'

export interface Reported {
  readonly errors: GraphQLFormattedError[]
  /** Places whose missing values are explained by an error that stands elsewhere. */
  readonly coveredPaths: Path[]
}

/** A place of a target, and the index of the representation that was asked for it. */
interface AskedPlace extends Place {
  readonly index: number
}

interface Reporting extends Reported {
  readonly plan: Plan
  readonly gathering: Gathering
  /** By link. */
  readonly places: Map<number, readonly AskedPlace[]>
}

export function reportIncidents(plan: Plan, gathering: Gathering): Reported {
  const reporting: Reporting = { plan, gathering, errors: [], coveredPaths: [], places: new Map() }
  for (const incident of gathering.incidents) {
    if (reporting.errors.length >= limits.responseErrorsMax) break
    const fetch = plan.fetches[incident.fetch]
    if (fetch === undefined) continue
    const hidden = describeHidden(gathering, fetch.service, incident.errors)
    if (hidden !== null) gathering.onSubgraphFailure(fetch.service, hidden)
    if (fetch.lookups.length === 0) reportRoot(reporting, incident, fetch)
    else reportLookups(reporting, incident, fetch)
  }
  return reporting
}

function add({ errors }: Reporting, error: GraphQLFormattedError, paths: readonly Path[]): void {
  for (const path of paths) {
    if (errors.length >= limits.responseErrorsMax) return
    errors.push(path.length === 0 ? error : { ...error, path })
  }
}

function reportRoot(reporting: Reporting, incident: Incident, { service }: Fetch): void {
  const { plan, gathering } = reporting
  const source = positionAt(plan, 0).sources.findIndex((each) => each.kind === 'root' && each.fetch === incident.fetch)
  const read = rootPaths(plan, source)
  const failurePaths = read.length === 0 ? [[]] : read
  if (incident.failure !== null) {
    return add(reporting, formatSubgraphFailure(gathering, service, incident.failure.error), failurePaths)
  }
  for (const error of incident.errors) {
    const path = readPath(error)
    const formatted = formatSubgraphError(gathering, service, error)
    const [place] = path === null ? [] : placesOf(plan, gathering, 0)
    if (path === null || place === undefined) add(reporting, formatted, failurePaths)
    else {
      const { whole, cut, isOfOtherTypes } = pathsBelow(reporting, place, source, path)
      if (whole.length === 0 && isOfOtherTypes) continue
      add(reporting, formatted, whole.length > 0 ? whole : cut)
    }
  }
  if (incident.data === null) reporting.coveredPaths.push(...failurePaths)
}

function reportLookups(reporting: Reporting, incident: Incident, fetch: Fetch): void {
  const { gathering, coveredPaths } = reporting
  const { failure, offset, data } = incident
  if (failure !== null) {
    const lookups = fetch.lookups.filter((_, index) => failure.lookup === null || failure.lookup === index)
    const places = lookups.flatMap(({ targets }) => targets.flatMap((target) => askedIn(reporting, target, offset)))
    return add(reporting, formatSubgraphFailure(gathering, fetch.service, failure.error), [commonPath(places)])
  }
  for (const error of incident.errors) {
    // Finding all places of an entity takes time, and a subgraph could report any number of errors.
    if (reporting.errors.length >= limits.responseErrorsMax) return
    const formatted = formatSubgraphError(gathering, fetch.service, error)
    add(reporting, formatted, lookupPaths(reporting, incident, { fetch, path: readPath(error) }))
  }
  for (const { alias, targets } of fetch.lookups) {
    const entities = data === null ? null : readKey(data, alias)
    for (const place of targets.flatMap((target) => askedIn(reporting, target, offset))) {
      const isNull = Array.isArray(entities) ? !isObject(entities[place.index - offset]) : data === null
      if (isNull) coveredPaths.push(pathToArray(place.path))
    }
  }
}

/** `[alias, index, …]` of the subgraph is everywhere that the entity stands. */
function lookupPaths(
  reporting: Reporting,
  { offset }: Incident,
  { fetch, path }: { readonly fetch: Fetch; readonly path: Path | null },
): Path[] {
  const [alias, index, ...rest] = path ?? []
  const lookup = fetch.lookups.find((each) => each.alias === alias)
  if (lookup !== undefined && typeof index === 'number') {
    const whole = new Map<string, Path>()
    const cut = new Map<string, Path>()
    let isOfOtherTypes = false
    for (const target of lookup.targets) {
      const { sources } = positionAt(reporting.plan, target.position)
      const source = sources.findIndex((each) => each.kind === 'link' && each.link === target.link)
      for (const place of byIndex(reporting, target).get(index + offset) ?? []) {
        const below = pathsBelow(reporting, place, source, rest)
        for (const each of below.whole) whole.set(JSON.stringify(each), each)
        for (const each of below.cut) cut.set(JSON.stringify(each), each)
        isOfOtherTypes ||= below.isOfOtherTypes
        if (whole.size >= limits.responseErrorsMax) break
      }
    }
    if (whole.size > 0) return [...whole.values()]
    if (isOfOtherTypes) return []
    if (cut.size > 0) return [...cut.values()]
  }
  const all = fetch.lookups.flatMap(({ targets }) => targets.flatMap((target) => askedIn(reporting, target, offset)))
  // What it was asked for has become null for another error.
  return all.length === 0 && reporting.errors.length > 0 ? [] : [commonPath(all)]
}

const grouped = new WeakMap<readonly AskedPlace[], ReadonlyMap<number, readonly AskedPlace[]>>()

function byIndex(reporting: Reporting, target: LookupTarget): ReadonlyMap<number, readonly AskedPlace[]> {
  const places = askedPlaces(reporting, target)
  const known = grouped.get(places) ?? Map.groupBy(places, ({ index }) => index)
  grouped.set(places, known)
  return known
}

function askedIn(reporting: Reporting, target: LookupTarget, offset: number): AskedPlace[] {
  const end = offset + limits.representationsPerFetchMax
  return askedPlaces(reporting, target).filter(({ index }) => index >= offset && index < end)
}

function askedPlaces({ plan, gathering, places }: Reporting, target: LookupTarget): readonly AskedPlace[] {
  const known = places.get(target.link)
  if (known !== undefined) return known
  const asked = gathering.asked[target.link]
  const indexes = new Map<DataObject, number>()
  asked?.objects.forEach((object, each) => indexes.set(object, asked.indexes[each] ?? -1))
  const found = placesOf(plan, gathering, target.position).flatMap((place): AskedPlace[] => {
    const object = place.values[target.onSource]
    const index = isObject(object) ? indexes.get(object) : undefined
    return index === undefined ? [] : [{ ...place, index }]
  })
  places.set(target.link, found)
  return found
}

/** The deepest place that all are at or below: one failed request is one error. */
function commonPath(places: readonly Place[]): Path {
  const [first, ...rest] = places.map(({ path }) => pathToArray(path))
  if (first === undefined) return []
  let length = first.length
  for (const path of rest) {
    let shared = 0
    while (shared < length && shared < path.length && path[shared] === first[shared]) shared++
    length = shared
  }
  return first.slice(0, length)
}

function readPath(error: unknown): Path | null {
  const path: unknown = typeof error === 'object' && error !== null ? (error as { path?: unknown }).path : undefined
  if (!Array.isArray(path) || path.length === 0) return null
  return path.every((key) => typeof key === 'string' || (Number.isSafeInteger(key) && key >= 0)) ? path : null
}
