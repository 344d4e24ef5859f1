// Sites and their sources: where an object of the response stands, and each way to it.
import type { GraphId } from '../../supergraph/supergraph.ts'
import {
  append,
  appendTo,
  depthBehind,
  fieldKey,
  type Entry,
  type FieldRequest,
  type Planning,
  type Request,
  type Site,
  type Source,
} from './planning.ts'
import { fieldOf, isInterfaceObject, possibleIn } from './resolvable.ts'
import { createSelection } from './select.ts'
import { readType } from './type-text.ts'

export function createRootSite(planning: Planning, type: string): Site {
  const types = [type]
  const site: Site = {
    id: 0,
    parent: null,
    parentTypes: [],
    field: null,
    types,
    publicTypes: types,
    abstractType: null,
    sources: [],
    children: new Map(),
    typename: null,
  }
  append(planning, planning.sites, site)
  return site
}

/** A request of root fields, at a site of a root type. */
export function addRootSource(planning: Planning, site: Site, graph: GraphId, operation: Request['operation']): Source {
  // Below the root it is wanted only if there is an object.
  const dependsOn = new Set(site.sources[0] === undefined || site.parent === null ? [] : [site.sources[0].request])
  const request: Request = {
    graph,
    stage: planning.stage,
    operation,
    selection: createSelection(graph, site.types),
    dependsOn,
    depth: depthBehind(dependsOn),
    lookup: null,
    requiredEntry: null,
    mergedInto: null,
  }
  append(planning, planning.requests, request)
  const source: Source = {
    site,
    graph,
    request,
    selection: request.selection,
    types: null,
    isInterfaceObject: false,
    provided: null,
    way: { kind: 'root' },
  }
  append(planning, site.sources, source)
  return source
}

/** The site of a field's objects, with this entry among its sources. The same field of the same types has one site for each of the client's keys. */
export function childSite(
  planning: Planning,
  of: Source,
  { types, entry }: { readonly types: readonly string[]; readonly entry: Entry },
  field: FieldRequest,
): Site {
  const child = findChild(of.site, types, field) ?? createChild(planning, of, types, field)
  addFieldSource(planning, child, of, entry)
  return child
}

export function findChild(site: Site, types: readonly string[], field: FieldRequest): Site | undefined {
  return site.children.get(fieldKey(field))?.find(({ parentTypes }) => isSameTypes(parentTypes, types))
}

function createChild(planning: Planning, of: Source, parentTypes: readonly string[], field: FieldRequest): Site {
  const { types, named } = possibleBelow(planning, of, parentTypes, field)
  const { publicSchema } = planning.supergraph
  const visible = types.filter((type) => publicSchema.getType(type) !== undefined)
  // An interface object that no type implements is its own type.
  const isAbstract = types.length !== 1 || (types[0] !== named && isInterfaceObject(planning, of.graph, named))
  const child: Site = {
    id: planning.sites.length,
    parent: of.site,
    parentTypes,
    field,
    types,
    publicTypes: visible.length === types.length ? types : visible,
    abstractType: isAbstract ? named : null,
    sources: [],
    children: new Map(),
    typename: null,
  }
  append(planning, planning.sites, child)
  appendTo(planning, of.site.children, fieldKey(field), child)
  return child
}

export function addFieldSource(planning: Planning, site: Site, of: Source, entry: Entry): Source | null {
  const known = site.sources.find(({ way }) => way.kind === 'field' && way.of === of && way.entry === entry)
  if (known !== undefined) return known
  const { field, parentTypes } = site
  if (field === null || entry.child === null) return null
  const { types, named, set } = possibleBelow(planning, of, parentTypes, field)
  const interfaceObject = isInterfaceObject(planning, of.graph, named)
  const source: Source = {
    site,
    graph: of.graph,
    request: of.request,
    selection: entry.child,
    types: interfaceObject || site.types.every((type) => set.has(type)) ? null : types,
    isInterfaceObject: interfaceObject,
    provided: entry.provided,
    way: { kind: 'field', of, entry },
  }
  append(planning, site.sources, source)
  return source
}

function possibleBelow(
  planning: Planning,
  of: Source,
  parentTypes: readonly string[],
  field: FieldRequest,
): { types: readonly string[]; named: string; set: ReadonlySet<string> } {
  const possible = new Set<string>()
  const names = new Set<string>()
  for (const parentType of parentTypes) {
    const printed = fieldOf(planning, parentType, field.name)?.graphs.get(of.graph)?.type
    if (printed !== undefined) names.add(readType(printed).named)
  }
  for (const name of names) for (const type of possibleIn(planning, of.graph, name)) possible.add(type)
  const [first = ''] = names
  const composed = fieldOf(planning, parentTypes[0] ?? '', field.name)?.namedType ?? first
  if (parentTypes.length === 1 && composed !== first) {
    // What the composed type does not have cannot be given to clients.
    const allowed = new Set(planning.supergraph.types.get(composed)?.possibleTypes)
    for (const type of possible) if (!allowed.has(type)) possible.delete(type)
  }
  return { types: [...possible], set: possible, named: names.size === 1 ? first : composed }
}

function isSameTypes(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((type) => b.includes(type)))
}
