// Which graph can answer which field of which object, as the supergraph says it: asked thousands of times in a plan, so without allocation.
import type { CompositeType, FieldInGraph, FieldSet, GraphId, SupergraphField } from '../../supergraph/supergraph.ts'
import type { Planning, Source } from './planning.ts'
import { readType } from './type-text.ts'

export function fieldOf(planning: Planning, type: string, name: string): SupergraphField | undefined {
  return planning.supergraph.types.get(type)?.fields.get(name)
}

/** Null where the graph cannot answer it from an object at hand, of which fields above have provided some. */
export function answers(
  planning: Planning,
  graph: GraphId,
  type: string,
  field: { readonly name: string; readonly forKey: boolean; readonly provided?: FieldSet | null },
): FieldInGraph | null {
  const inGraph = fieldOf(planning, type, field.name)?.graphs.get(graph)
  if (inGraph === undefined) return null
  if (field.forKey && inGraph.inKey) return inGraph
  if (inGraph.external && !isProvided(planning, field.provided ?? null, type, field.name)) return null
  if (inGraph.label !== null && planning.isLabelActive(inGraph.label.name) !== inGraph.label.active) return null
  return inGraph
}

function isProvided(planning: Planning, provided: FieldSet | null, type: string, name: string): boolean {
  if (provided === null) return false
  return provided.some((entry) => {
    if (entry.kind === 'field') return entry.name === name
    return applies(planning, entry.type, type) && isProvided(planning, entry.selections, type, name)
  })
}

/** What is provided below a field of what is provided. */
export function providedBelow(
  planning: Planning,
  provided: FieldSet | null,
  type: string,
  name: string,
): FieldSet | null {
  if (provided === null) return null
  const below = provided.flatMap((entry): FieldSet => {
    if (entry.kind === 'field') return entry.name === name ? (entry.selections ?? []) : []
    return applies(planning, entry.type, type) ? (providedBelow(planning, entry.selections, type, name) ?? []) : []
  })
  return below.length === 0 ? null : below
}

export function applies(planning: Planning, condition: string, type: string): boolean {
  return condition === type || planning.supergraph.types.get(condition)?.possibleTypes.includes(type) === true
}

export function isComposite(planning: Planning, type: string): boolean {
  return planning.supergraph.types.has(type)
}

/** Concrete types that a graph can answer for a type: all of the supergraph's for an interface object. */
export function possibleIn(planning: Planning, graph: GraphId, type: string): readonly string[] {
  const composite = planning.supergraph.types.get(type)
  const inGraph = composite?.graphs.get(graph)
  if (composite === undefined) return []
  if (inGraph === undefined || inGraph.isInterfaceObject) return composite.possibleTypes
  return inGraph.possibleTypes
}

export function isInterfaceObject(planning: Planning, graph: GraphId, type: string): boolean {
  return planning.supergraph.types.get(type)?.graphs.get(graph)?.isInterfaceObject === true
}

/** Graphs in which a concrete type can be looked up or be part of an interface object. */
export function graphsOf(planning: Planning, type: CompositeType): Set<GraphId> {
  const graphs = new Set(type.graphs.keys())
  for (const name of type.interfaces) {
    for (const [graph, inGraph] of planning.supergraph.types.get(name)?.graphs ?? []) {
      if (inGraph.isInterfaceObject) graphs.add(graph)
    }
  }
  return graphs
}

/** Whether one graph answers all of a selection, down to its leaves, from an object at hand. */
export function answersAll(
  planning: Planning,
  graph: GraphId,
  type: string,
  set: { readonly fields: FieldSet; readonly forKey: boolean; readonly provided?: FieldSet | null },
): boolean {
  return set.fields.every((entry) => {
    if (entry.kind === 'on') {
      return (
        !applies(planning, entry.type, type) || answersAll(planning, graph, type, { ...set, fields: entry.selections })
      )
    }
    if (entry.name === '__typename') return true
    const inGraph = answers(planning, graph, type, {
      name: entry.name,
      forKey: set.forKey,
      provided: set.provided ?? null,
    })
    if (inGraph === null || inGraph.requires !== null) return false
    const fields = entry.selections
    if (fields === null) return true
    const provided = providedBelow(planning, set.provided ?? null, type, entry.name) ?? inGraph.provides
    return possibleIn(planning, graph, readType(inGraph.type).named).every((below) =>
      answersAll(planning, graph, below, { fields, forKey: set.forKey, provided }),
    )
  })
}

export function covers(source: Source, type: string): boolean {
  return source.types === null || source.types.includes(type)
}

/** A lookup that carries requirements waits for them: only the fields that require them are asked there. */
export function isPlain({ way, request }: Source): boolean {
  return way.kind !== 'link' || request.lookup?.requires === ''
}
