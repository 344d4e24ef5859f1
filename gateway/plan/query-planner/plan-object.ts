// Plans what the client selects of an object: first the fields that only one graph has, then those that are at hand or may be had from
// several, at last those with requirements; then what is below them.
import type { SelectionSetNode } from 'graphql'
import { invariant } from '../../../platform/errors.ts'
import type { GraphId } from '../../supergraph/supergraph.ts'
import { partDenied } from './access.ts'
import { collectItems, type Collecting, type Item } from './collect-items.ts'
import { commonTypes } from './common-types.ts'
import { knowType } from './know-type.ts'
import { isTorn, place, type Placement } from './place.ts'
import { countSelection, DEAD_END, type Entry, type FieldRequest, type Planning, type Site } from './planning.ts'
import { answers, covers, fieldOf, isComposite, isPlain } from './resolvable.ts'
import { childSite, findChild } from './sites.ts'
import { writeArguments } from './write-arguments.ts'

export interface PlannedObject {
  readonly site: Site
  readonly fields: readonly PlannedField[]
}

export type PlannedField =
  | { readonly kind: 'leaf'; readonly item: Item; readonly type: string; readonly placement: Placement }
  | {
      readonly kind: 'object'
      readonly item: Item
      readonly types: readonly string[]
      readonly type: string
      readonly child: PlannedObject
    }
  | { readonly kind: 'typename'; readonly item: Item }
  | { readonly kind: 'introspection'; readonly item: Item }
  /** Not asked: whoever asks may not see it. */
  | { readonly kind: 'denied'; readonly item: Item; readonly type: string }

/** A field to be asked, and where it is. */
interface Asked {
  readonly item: Item
  readonly field: FieldRequest
  readonly composedType: string
  readonly graphs: readonly GraphId[]
  readonly rank: number
  placements: readonly Placement[]
  /** Sites that are there already for the item's types. */
  known: readonly Site[]
}

export function planObject(
  planning: Planning,
  collecting: Collecting,
  site: Site,
  sets: readonly SelectionSetNode[],
): PlannedObject {
  const items = partDenied(planning, collectItems(collecting, sets, site.publicTypes))
  if (needsType(site, items)) knowType(planning, site)
  const asked = new Map<Item, Asked>()
  const absent = new Map<Item, Asked>()
  const common = commonTypes(planning, site)
  for (const item of items) {
    countSelection(planning)
    const name = item.nodes[0]?.name.value ?? ''
    if (name.startsWith('__') || item.denied !== undefined) continue
    const each = ask(planning, item)
    if (each.field.below === null && !item.types.some((type) => common.includes(type))) absent.set(item, each)
    else asked.set(item, each)
  }
  placeAll(planning, site, [...asked.values()])
  if (site.types.length > 1) refuseTorn(planning, [...asked.values()])
  const fields = items.flatMap((item) => {
    const name = item.nodes[0]?.name.value
    if (name === '__typename') return [{ kind: 'typename', item } as const]
    if (item.denied !== undefined) return [{ kind: 'denied', item, type: item.denied } as const]
    const never = absent.get(item)
    if (never !== undefined) return [absentLeaf(site, never)]
    const each = asked.get(item)
    return each === undefined ? [{ kind: 'introspection', item } as const] : planBelow(planning, collecting, each)
  })
  const isConditional = fields.some((field) => typesOf(field).length < site.types.length)
  if (isConditional && site.abstractType !== null) knowType(planning, site)
  return { site, fields }
}

/** The types of an object may ask one field each by itself. */
function refuseTorn(planning: Planning, asked: readonly Asked[]): void {
  for (const [name, same] of Map.groupBy(asked, ({ field }) => field.name)) {
    const placements = same.flatMap((each) => each.placements)
    if (placements.length > 1 && isTorn(planning, name, placements)) throw DEAD_END
  }
}

/** A leaf that no source has. */
function absentLeaf(site: Site, { item, composedType }: Asked): PlannedField {
  const [source] = site.sources
  invariant(source, 'a site has a source')
  const entry: Entry = {
    name: '',
    arguments: '',
    variables: [],
    types: [],
    shape: '',
    child: null,
    provided: null,
    clientKey: null,
    onlyOf: '',
    isHarmless: true,
    mergedInto: null,
    key: '#',
  }
  return { kind: 'leaf', item, type: composedType, placement: { source, entry, types: item.types } }
}

export function typesOf(field: PlannedField): readonly string[] {
  if (field.kind === 'leaf') return field.placement.types
  return field.kind === 'object' ? field.types : field.item.types
}

/** Hidden types must be told from others: their objects are null to clients. */
function needsType(site: Site, items: readonly Item[]): boolean {
  if (site.abstractType === null) return false
  if (site.publicTypes !== site.types) return true
  return items.some((item) => item.types.length < site.types.length || item.nodes[0]?.name.value === '__typename')
}

function ask(planning: Planning, item: Item): Asked {
  const [node] = item.nodes
  const name = node?.name.value ?? ''
  const [type = ''] = item.types
  const definition = fieldOf(planning, type, name)
  const written = writeArguments(node?.arguments)
  const below = item.nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const field: FieldRequest = {
    name,
    arguments: written.text,
    argumentNames: (node?.arguments ?? []).map((each) => each.name.value),
    variables: written.variables,
    clientKey: item.responseKey,
    below: below.length === 0 ? null : below,
    forKey: false,
    helpful: null,
  }
  const graphs =
    definition === undefined
      ? []
      : [...definition.graphs.keys()].filter((graph) => answers(planning, graph, type, field) !== null)
  const requires = graphs.every((graph) => definition?.graphs.get(graph)?.requires !== null)
  return {
    item,
    field,
    composedType: definition?.type ?? '',
    graphs,
    rank: requires ? 2 : graphs.length === 1 ? 0 : 1,
    placements: [],
    known: [],
  }
}

function placeAll(planning: Planning, site: Site, asked: readonly Asked[]): void {
  const helpful = asked.length > 1 && asked.some(({ graphs }) => graphs.length > 1) ? countHelp(site, asked) : null
  for (const rank of [0, 1, 2]) {
    for (const each of asked) {
      if (each.rank !== rank) continue
      const { item } = each
      const known = each.field.below === null ? undefined : findChild(site, item.types, each.field)
      if (known !== undefined) each.known = [known]
      else each.placements = place(planning, site, item.types, { ...each.field, helpful })
    }
  }
}

/** How many of the fields each graph could answer that is not at hand. */
function countHelp(site: Site, asked: readonly Asked[]): ReadonlyMap<GraphId, number> {
  const help = new Map<GraphId, number>()
  for (const { graphs, item } of asked) {
    const [type = ''] = item.types
    if (site.sources.some((source) => isPlain(source) && covers(source, type) && graphs.includes(source.graph)))
      continue
    for (const graph of graphs) help.set(graph, (help.get(graph) ?? 0) + 1)
  }
  return help
}

function planBelow(planning: Planning, collecting: Collecting, asked: Asked): PlannedField[] {
  const { item, field, composedType, placements, known } = asked
  const { below } = field
  const ofType = (types: readonly string[]): string =>
    fieldOf(planning, types[0] ?? '', field.name)?.type ?? composedType
  if (below === null || !isComposite(planning, fieldOf(planning, item.types[0] ?? '', field.name)?.namedType ?? '')) {
    return placements.map((placement) => ({ kind: 'leaf', item, type: ofType(placement.types), placement }))
  }
  const sites = [
    ...known.map((site) => ({ site, types: item.types })),
    ...placements.flatMap(({ source, types, entry }) =>
      groups(planning, types).map((some) => ({
        site: childSite(planning, source, { types: some, entry }, field),
        types: some,
      })),
    ),
  ]
  return sites.map(({ site, types }) => ({
    kind: 'object',
    item,
    types,
    type: ofType(types),
    child: planObject(planning, collecting, site, below),
  }))
}

function groups(planning: Planning, types: readonly string[]): readonly (readonly string[])[] {
  return planning.splitTypes ? types.map((type) => [type]) : [types]
}
