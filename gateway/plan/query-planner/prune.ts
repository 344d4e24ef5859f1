// Takes out what nothing reads in the end: an object may have been entered in one graph before all of its fields were found in another.
import type { PlannedObject } from './plan-object.ts'
import type { Entry, Planning, RepresentedField, Request, Selection, Site, Source } from './planning.ts'

export interface Needed {
  readonly sites: readonly Site[]
  readonly requests: readonly Request[]
}

interface Needs {
  readonly sites: Set<Site>
  readonly sources: Set<Source>
  readonly entries: Set<Entry>
  readonly requests: Set<Request>
}

/** What is left; sites keep only their needed sources, and requests ask only for what is read. */
export function prune(planning: Planning, response: PlannedObject): Needed {
  const needs: Needs = { sites: new Set(), sources: new Set(), entries: new Set(), requests: new Set() }
  needObject(needs, response)
  // Sites that are entered later in the loop are visited too.
  for (const site of needs.sites) {
    if (!site.sources.some((source) => source.way.kind !== 'link' && needs.sources.has(source))) {
      const [first] = site.sources
      if (first !== undefined) needSource(needs, first)
    }
  }
  for (const request of needs.requests) {
    keepEntries(needs, request.selection)
    for (const before of request.dependsOn) if (!needs.requests.has(before)) request.dependsOn.delete(before)
  }
  const sites = planning.sites.filter((site) => needs.sites.has(site))
  for (const { sources } of sites) keep(sources, needs.sources)
  return { sites, requests: planning.requests.filter((request) => needs.requests.has(request)) }
}

function needObject(needs: Needs, { site, fields }: PlannedObject): void {
  needs.sites.add(site)
  if (site.typename !== null) needTypename(needs, site)
  for (const field of fields) {
    if (field.kind === 'object') needObject(needs, field.child)
    else if (field.kind === 'leaf') {
      needSource(needs, field.placement.source)
      needs.entries.add(field.placement.entry)
    }
  }
}

function needTypename(needs: Needs, { typename }: Site): void {
  if (typename === null) return
  needSource(needs, typename)
  for (const entry of typename.selection.entries) if (entry.name === '__typename') needs.entries.add(entry)
}

function needSource(needs: Needs, source: Source): void {
  if (needs.sources.has(source)) return
  needs.sources.add(source)
  needs.sites.add(source.site)
  needs.requests.add(source.request)
  const { way, request } = source
  if (way.kind === 'root') {
    if (request.requiredEntry !== null) needs.entries.add(request.requiredEntry)
    // It waits for the object to be there.
    const [first] = source.site.sources
    if (source.site.parent !== null && first !== undefined) needSource(needs, first)
    return
  }
  needSource(needs, way.of)
  if (way.kind === 'field') needs.entries.add(way.entry)
  else if (request.lookup !== null) {
    needFields(needs, request.lookup.fields)
    for (let site: Site | null = source.site; site !== null; site = site.parent) needTypename(needs, site)
  }
}

function needFields(needs: Needs, fields: readonly RepresentedField[]): void {
  for (const { source, entry, child } of fields) {
    needSource(needs, source)
    needs.entries.add(entry)
    if (child === null) continue
    needs.sites.add(child.site)
    if (child.site.typename !== null) needTypename(needs, child.site)
    needFields(needs, child.fields)
  }
}

function keepEntries(needs: Needs, { entries }: Selection): void {
  keep(entries, needs.entries)
  for (const { child } of entries) if (child !== null) keepEntries(needs, child)
}

function keep<Item>(list: Item[], kept: ReadonlySet<Item>): void {
  if (list.every((item) => kept.has(item))) return
  list.splice(0, list.length, ...list.filter((item) => kept.has(item)))
}
