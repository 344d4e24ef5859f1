// Writes the plan down: fetches in order with their documents, positions with their sources numbered, and the response's tree.
import type { OperationDefinitionNode } from 'graphql'
import { invariant } from '../../../platform/errors.ts'
import type {
  LookupTarget,
  Plan,
  Position,
  PositionSource,
  RepresentationField,
  ResponseField,
  ResponseObject,
} from '../plan.ts'
import { deniedOf } from './denied-paths.ts'
import { mergeEntries } from './merge-entries.ts'
import { finalEntry, finalRequest, mergeRequests } from './merge-requests.ts'
import { writePassthrough } from './passthrough.ts'
import { prune } from './prune.ts'
import type { PlannedField, PlannedObject } from './plan-object.ts'
import type { PlannedLookup, Planning, RepresentedField, Request, Site, Source } from './planning.ts'
import { createScope, giveKeys } from './print-selection.ts'
import { writeFetches } from './write-fetches.ts'

export function writePlan(planning: Planning, operation: OperationDefinitionNode, response: PlannedObject): Plan {
  const needed = prune(planning, response)
  const { depths, lookups } = mergeRequests(needed.requests)
  const requests = needed.requests.filter(({ mergedInto }) => mergedInto === null)
  const passthrough = writePassthrough(requests, operation, response)
  for (const { selection } of passthrough === null ? requests : []) {
    mergeEntries(selection)
    giveKeys(selection, createScope())
  }
  const sources = new Map(needed.sites.map((site) => [site, inOrder(keptSources(site), lookups)]))
  const positionIds = new Map(needed.sites.map((site, index) => [site, index]))
  const positionOf = (site: Site): number => positionIds.get(site) ?? 0
  const numberOf = (source: Source): number => {
    const index = (sources.get(source.site) ?? []).findIndex((each) => isSameSource(each, source))
    invariant(index >= 0, 'a source that is read is kept')
    return index
  }
  const write = { numberOf, positionOf }
  const { fetches, fetchIds, links } = writeFetches({
    planning,
    requests,
    depths,
    lookups,
    definitions: operation.variableDefinitions ?? [],
    passthrough,
    target: (lookup, link) => writeTarget(write, lookup, link),
  })
  const positions = needed.sites.map((site): Position => {
    const own = sources.get(site) ?? []
    return {
      parent: site.parent === null ? null : positionOf(site.parent),
      parentTypes: site.parent === null ? null : typesOrAll(site.parentTypes, site.parent),
      sources: own.map((source): PositionSource => {
        if (source.way.kind === 'field') {
          return { kind: 'field', of: numberOf(source.way.of), key: finalEntry(source.way.entry).key }
        }
        const request = finalRequest(source.request)
        if (source.way.kind === 'root') return { kind: 'root', fetch: fetchIds.get(request) ?? 0 }
        const lookup = lookups.get(request)
        invariant(lookup, 'a link has its lookup')
        return { kind: 'link', of: numberOf(lookup.onSource), link: links.get(request) ?? 0 }
      }),
      typename: writeTypename(site, numberOf),
    }
  })
  const written = writeObject(write, response)
  return {
    operation: operation.operation,
    fetches,
    positions,
    response: written,
    passthrough: passthrough !== null,
    ...deniedOf(planning, written),
  }
}

interface Write {
  readonly numberOf: (source: Source) => number
  readonly positionOf: (site: Site) => number
}

/** A source whose request was merged into another's is that other's. */
function keptSources(site: Site): Source[] {
  const kept: Source[] = []
  for (const source of site.sources) {
    const isGone =
      source.way.kind === 'link' ? source.request.mergedInto !== null : kept.some((each) => isSameSource(each, source))
    if (!isGone) kept.push(source)
  }
  return kept
}

/** Each behind the one it builds on: a lookup merged into a later one is linked later than it was planned. */
function inOrder(kept: readonly Source[], lookups: ReadonlyMap<Request, PlannedLookup>): Source[] {
  const ordered = new Set<Source>()
  const add = (source: Source): void => {
    if (ordered.has(source)) return
    const lookup = source.way.kind === 'link' ? lookups.get(finalRequest(source.request)) : undefined
    const before = lookup && kept.find((each) => isSameSource(each, lookup.onSource))
    if (before !== undefined && before !== source) add(before)
    ordered.add(source)
  }
  for (const source of kept) add(source)
  return [...ordered]
}

function isSameSource(a: Source, b: Source): boolean {
  if (a === b) return true
  if (a.way.kind !== b.way.kind || a.site !== b.site) return false
  if (finalRequest(a.request) !== finalRequest(b.request)) return false
  if (a.way.kind !== 'field' || b.way.kind !== 'field') return true
  return isSameSource(a.way.of, b.way.of) && finalEntry(a.way.entry) === finalEntry(b.way.entry)
}

function writeTypename(site: Site, numberOf: Write['numberOf']): Position['typename'] {
  if (site.typename !== null) return { source: numberOf(site.typename) }
  return { constant: site.abstractType ?? site.types[0] ?? '' }
}

function typesOrAll(types: readonly string[], site: Site): readonly string[] | null {
  return types.length === site.types.length ? null : types
}

function writeTarget(write: Write, lookup: PlannedLookup, link: number): LookupTarget {
  return {
    position: write.positionOf(lookup.site),
    types: typesOrAll(lookup.types, lookup.site),
    onSource: write.numberOf(lookup.onSource),
    link,
    representation: {
      typename: lookup.typename,
      fields: lookup.fields.map((field) => writeField(write, field, lookup)),
    },
  }
}

/** Types are told only where the lookup, or the site, has others as well. */
function writeField(
  write: Write,
  field: RepresentedField,
  within: { readonly types: readonly string[] },
): RepresentationField {
  const { child } = field
  return {
    name: field.name,
    types: within.types.every((type) => field.types.includes(type)) ? null : field.types,
    source: write.numberOf(field.source),
    key: finalEntry(field.entry).key,
    isKey: field.isKey,
    child:
      child === null
        ? null
        : {
            position: write.positionOf(child.site),
            fields: child.fields.map((each) => writeField(write, each, child.site)),
          },
  }
}

function writeObject(write: Write, { site, fields }: PlannedObject): ResponseObject {
  return { position: write.positionOf(site), fields: fields.map((field) => writeResponseField(write, site, field)) }
}

function writeResponseField(write: Write, site: Site, field: PlannedField): ResponseField {
  const { responseKey } = field.item
  if (field.kind === 'introspection') return { kind: 'introspection', responseKey }
  if (field.kind === 'typename') {
    return { kind: 'typename', responseKey, types: typesOrAll(field.item.types, site) }
  }
  if (field.kind === 'denied') {
    return { kind: 'denied', responseKey, types: typesOrAll(field.item.types, site), type: field.type }
  }
  const { type } = field
  if (field.kind === 'object') {
    const child = writeObject(write, field.child)
    return { kind: 'object', responseKey, types: typesOrAll(field.types, site), type, child }
  }
  const { source, entry, types } = field.placement
  const key = finalEntry(entry).key
  return { kind: 'leaf', responseKey, types: typesOrAll(types, site), type, source: write.numberOf(source), key }
}
