// A lookup of an object's entity in a graph: what its representations carry is read from the sources at hand, asked for where it is not.
import type { GraphId } from '../../supergraph/supergraph.ts'
import { knowType } from './know-type.ts'
import {
  append,
  DEAD_END,
  depthBehind,
  once,
  type LookUp,
  type Planning,
  type RepresentedField,
  type Request,
  type Site,
  type Source,
} from './planning.ts'
import { mergeFields } from './merge-fields.ts'
import { represent } from './represent.ts'
import { isInterfaceObject } from './resolvable.ts'
import { createSelection } from './select.ts'

/** Throws DEAD_END where the representation cannot be had, or must be linked to different sources for different types. */
export function lookUp(planning: Planning, wanted: LookUp): Source {
  const { site, types, graph, way, requires } = wanted
  const requiresText = requires === null ? '' : JSON.stringify(requires)
  const what = `${site.id}?${graph}?${types[0]}?${way.typename}?${JSON.stringify(way.key.fields)}?${requiresText}`
  return once(planning, what, () => {
    const dependsOn = new Set<Request>()
    const needsType = site.abstractType !== null && (way.typename === null || types.length < site.types.length)
    if (needsType) dependsOn.add(knowType(planning, site).request)
    const keys = represent(planning, { site, types, isKey: true }, way.key.fields)
    const fields =
      requires === null ? keys : mergeFields(keys, represent(planning, { site, types, isKey: false }, requires))
    const onSource = linkedTo(site, types, keys)
    dependsOn.add(onSource.request)
    addDependencies(fields, dependsOn)
    addTypesAbove(planning, site, dependsOn)
    const condition = way.typename ?? conditionFor(planning, graph, types)
    const request: Request = {
      graph,
      stage: planning.stage,
      operation: 'query',
      selection: createSelection(graph, condition === null ? [] : [condition]),
      dependsOn,
      depth: depthBehind(dependsOn),
      lookup: {
        site,
        types,
        typename: way.typename ?? (site.abstractType === null ? (types[0] ?? null) : null),
        condition,
        onSource,
        fields,
        requires: requiresText,
        requiredSet: requires,
      },
      requiredEntry: null,
      mergedInto: null,
    }
    append(planning, planning.requests, request)
    const source: Source = {
      site,
      graph,
      request,
      selection: request.selection,
      types: types.length === site.types.length ? null : types,
      isInterfaceObject: way.typename !== null && isInterfaceObject(planning, graph, way.typename),
      provided: null,
      way: { kind: 'link', of: onSource },
    }
    append(planning, site.sources, source)
    return source
  })
}

/** The last source that the key is read from: what is required besides may be missing. */
function linkedTo(site: Site, types: readonly string[], keys: readonly RepresentedField[]): Source {
  const ofTypes = types.map((type) =>
    keys
      .filter((field) => field.types.includes(type))
      .reduce((last, { source }) => Math.max(last, site.sources.indexOf(source)), -1),
  )
  const [index = -1] = ofTypes
  const source = site.sources[Math.max(index, 0)]
  if (source === undefined || ofTypes.some((each) => each !== index)) throw DEAD_END
  return source
}

function addDependencies(fields: readonly RepresentedField[], dependsOn: Set<Request>): void {
  for (const { source, child } of fields) {
    dependsOn.add(source.request)
    if (child !== null) addDependencies(child.fields, dependsOn)
  }
}

/** The object exists only below certain types of those above it: who tells these types has to have answered. */
function addTypesAbove(planning: Planning, site: Site, dependsOn: Set<Request>): void {
  for (let at = site; at.parent !== null; at = at.parent) {
    const { parent } = at
    if (parent.abstractType === null || at.parentTypes.length === parent.types.length) continue
    dependsOn.add(knowType(planning, parent).request)
  }
}

/** One type, or an interface of the graph that stands for exactly these. */
function conditionFor(planning: Planning, graph: GraphId, types: readonly string[]): string | null {
  const [type] = types
  if (type === undefined || types.length === 1) return type ?? null
  for (const name of planning.supergraph.types.get(type)?.interfaces ?? []) {
    const possible = planning.supergraph.types.get(name)?.graphs.get(graph)?.possibleTypes ?? []
    if (possible.length === types.length && types.every((each) => possible.includes(each))) return name
  }
  return null
}
