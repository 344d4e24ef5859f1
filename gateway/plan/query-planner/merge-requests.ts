// Puts lookups of one object in one graph together: where they can be asked at the same time, or where one that nothing waits for may
// be asked later with another.
import { mergeSelection } from './merge-entries.ts'
import { mergeFields } from './merge-fields.ts'
import type { Entry, PlannedLookup, RepresentedField, Request } from './planning.ts'

/** Lookups between a request and the client's first. */
export type Depths = ReadonlyMap<Request, number>

export function finalRequest(request: Request): Request {
  return request.mergedInto === null ? request : finalRequest(request.mergedInto)
}

export function finalEntry(entry: Entry): Entry {
  return entry.mergedInto === null ? entry : finalEntry(entry.mergedInto)
}

/** The requests that are left, and their depths. Returns lookups that were widened by name of the request. */
export function mergeRequests(requests: readonly Request[]): { depths: Depths; lookups: Map<Request, PlannedLookup> } {
  const depths = depthsOf(requests)
  const lookups = new Map<Request, PlannedLookup>()
  for (const request of requests) if (request.lookup !== null) lookups.set(request, request.lookup)
  const waitedFor = new Set(requests.flatMap(({ dependsOn }) => [...dependsOn]))
  for (const group of alike(requests)) {
    group.sort((a, b) => (depths.get(a) ?? 0) - (depths.get(b) ?? 0))
    for (const [index, request] of group.entries()) {
      for (const later of group.slice(index + 1).toReversed()) {
        const isSameDepth = depths.get(request) === depths.get(later)
        if (!isSameDepth && waitedFor.has(request)) continue
        if (!mergeInto(request, later, lookups)) continue
        if (waitedFor.has(request)) waitedFor.add(later)
        break
      }
    }
  }
  return { depths, lookups }
}

function depthsOf(requests: readonly Request[]): Map<Request, number> {
  const depths = new Map<Request, number>()
  const depthOf = (request: Request): number => {
    const known = depths.get(request)
    if (known !== undefined) return known
    let depth = 0
    for (const before of request.dependsOn) depth = Math.max(depth, depthOf(before) + 1)
    depths.set(request, depth)
    return depth
  }
  for (const request of requests) depthOf(request)
  return depths
}

/** Lookups of the same objects in the same graph. */
function alike(requests: readonly Request[]): Request[][] {
  const groups = new Map<string, Request[]>()
  for (const request of requests) {
    const { lookup, graph } = request
    if (lookup === null) continue
    const key = `${graph} ${lookup.site.id} ${lookup.typename} ${lookup.condition} ${lookup.types.join()}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [request])
    else group.push(request)
  }
  return [...groups.values()].filter((group) => group.length > 1)
}

function mergeInto(request: Request, later: Request, lookups: Map<Request, PlannedLookup>): boolean {
  const from = lookups.get(request)
  const into = lookups.get(later)
  if (from === undefined || into === undefined) return false
  // A plain lookup gives what it gives by any key.
  const required = from.requires === '' ? [] : from.fields.filter(({ isKey }) => !isKey)
  const fields = mergeFields(into.fields, required)
  if (!saysEachOnce(fields)) return false
  lookups.set(later, { ...into, fields })
  lookups.delete(request)
  for (const before of request.dependsOn) later.dependsOn.add(before)
  request.mergedInto = later
  mergeSelection(request.selection, later.selection)
  return true
}

/** False where a name would have two values: the same field is required with other arguments. */
function saysEachOnce(fields: readonly RepresentedField[]): boolean {
  const names = fields.flatMap(({ name, types }) => types.map((type) => `${type}.${name}`))
  if (new Set(names).size < names.length) return false
  return fields.every(({ child }) => child === null || saysEachOnce(child.fields))
}
