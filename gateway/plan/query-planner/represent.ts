// Finds, or asks for, everything that a key or a requirement names: what a representation is made of.
import type { FieldSet } from '../../supergraph/supergraph.ts'
import { narrow } from './collect-items.ts'
import { knowType } from './know-type.ts'
import { mergeFields } from './merge-fields.ts'
import { place } from './place.ts'
import {
  DEAD_END,
  fieldKey,
  type FieldRequest,
  type Planning,
  type RepresentedField,
  type Site,
  type Source,
} from './planning.ts'
import { selectTypename } from './select.ts'
import { childSite } from './sites.ts'

export interface Represented {
  readonly site: Site
  readonly types: readonly string[]
  readonly isKey: boolean
}

export function represent(planning: Planning, what: Represented, fields: FieldSet): readonly RepresentedField[] {
  let all: readonly RepresentedField[] = []
  for (const entry of fields) all = mergeFields(all, representEntry(planning, what, entry))
  return all
}

function representEntry(planning: Planning, what: Represented, entry: FieldSet[number]): readonly RepresentedField[] {
  const { site, types, isKey } = what
  if (entry.kind === 'on') {
    const met = narrow(planning.supergraph, types, entry.type)
    if (met.length === 0) return []
    if (met.length < site.types.length && site.abstractType !== null) knowType(planning, site)
    return represent(planning, { ...what, types: met }, entry.selections)
  }
  if (entry.name === '__typename') return [representTypename(planning, what)]
  const field: FieldRequest = {
    name: entry.name,
    arguments: entry.arguments,
    argumentNames: entry.arguments === '' ? [] : [...entry.arguments.matchAll(/(\w+):/g)].map(([, name = '']) => name),
    variables: [],
    clientKey: null,
    below: null,
    forKey: isKey,
    helpful: null,
  }
  const known = entry.selections === null ? undefined : findWider(site, types, field)
  if (known !== undefined && entry.selections !== null)
    return [representChild(planning, known, { ...what, fields: entry.selections })]
  return place(planning, site, types, field).map((placement) => {
    const { source, entry: selected } = placement
    if (entry.selections === null) {
      return { name: entry.name, types: placement.types, source, entry: selected, isKey, child: null }
    }
    const child = childSite(planning, source, { types: placement.types, entry: selected }, field)
    return representChild(planning, child, { ...what, types: placement.types, fields: entry.selections })
  })
}

function representTypename(planning: Planning, { site, types }: Represented): RepresentedField {
  const source = site.abstractType === null ? site.sources[0] : knowType(planning, site)
  if (source === undefined) throw DEAD_END
  return { name: '__typename', types, source, entry: selectTypename(planning, source), isKey: false, child: null }
}

/** A site of the same field that these types' objects have as well. */
function findWider(site: Site, types: readonly string[], field: FieldRequest): Site | undefined {
  return site.children.get(fieldKey(field))?.find((child) => types.every((type) => child.parentTypes.includes(type)))
}

function representChild(
  planning: Planning,
  child: Site,
  { types, isKey, fields }: Represented & { readonly fields: FieldSet },
): RepresentedField {
  const way = child.sources[0]?.way
  if (way?.kind !== 'field' || child.field === null) throw DEAD_END
  const below = represent(planning, { site: child, types: child.types, isKey }, fields)
  const needsType = child.abstractType !== null && child.types.length > 1
  const typename = needsType ? [representTypename(planning, { site: child, types: child.types, isKey })] : []
  const source: Source = way.of
  return {
    name: child.field.name,
    types,
    source,
    entry: way.entry,
    isKey,
    child: { site: child, fields: mergeFields(typename, below) },
  }
}
