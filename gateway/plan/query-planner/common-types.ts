// What a shared field may answer: concrete types that every subgraph knows which could answer it here. @shareable promises that all of
// them answer the same; an object of another type breaks that promise, and none of its fields are read.
import type { GraphId } from '../../supergraph/supergraph.ts'
import type { Planning, Site } from './planning.ts'
import { answers, fieldOf, possibleIn } from './resolvable.ts'
import { readType } from './type-text.ts'

/** The site's types where nothing is said against them. */
export function commonTypes(planning: Planning, site: Site): readonly string[] {
  const { parent, field, parentTypes } = site
  if (parent === null || field === null || site.types.length < 2) return site.types
  const definitions = parentTypes.map((type) => fieldOf(planning, type, field.name))
  if (definitions.every((definition) => (definition?.graphs.size ?? 0) < 2)) return site.types
  const graphs = graphsOfSite(planning, site)
  const common = site.types.filter((type) =>
    [...graphs].every((graph) =>
      definitions.every((definition) => {
        const inGraph = definition?.graphs.get(graph)
        return inGraph === undefined || possibleIn(planning, graph, readType(inGraph.type).named).includes(type)
      }),
    ),
  )
  return common.length === site.types.length ? site.types : common
}

/** Subgraphs that could answer the field here: from the parent as they got it, or having looked it up. */
function graphsOfSite(planning: Planning, { parent, field, parentTypes }: Site): ReadonlySet<GraphId> {
  if (parent === null || field === null) return new Set(planning.supergraph.graphs.map(({ id }) => id))
  const above = new Set(graphsOfSite(planning, parent))
  for (const type of parentTypes) {
    for (const [graph, { keys }] of planning.supergraph.types.get(type)?.graphs ?? []) {
      if (keys.some(({ resolvable }) => resolvable)) above.add(graph)
    }
  }
  const asked = { ...field, forKey: false }
  return new Set([...above].filter((graph) => parentTypes.every((type) => answers(planning, graph, type, asked))))
}
