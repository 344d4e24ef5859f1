// How many more requests a graph would need for what is selected below a field: an estimate, kept per selection set, type and graph.
import { Kind, type SelectionSetNode } from 'graphql'
import type { GraphId } from '../../supergraph/supergraph.ts'
import type { Planning } from './planning.ts'
import { answers, possibleIn } from './resolvable.ts'
import { readType } from './type-text.ts'

export function lookahead(planning: Planning, graph: GraphId, type: string, sets: readonly SelectionSetNode[]): number {
  return sets.reduce((sum, set) => sum + ofSet(planning, graph, type, set), 0)
}

function ofSet(planning: Planning, graph: GraphId, type: string, set: SelectionSetNode): number {
  const known = planning.lookahead.get(set) ?? new Map<string, number>()
  planning.lookahead.set(set, known)
  const key = `${graph} ${type}`
  const found = known.get(key)
  if (found !== undefined) return found
  // Until it is known: a selection set does not contain itself.
  known.set(key, 0)
  const elsewhere = new Set<GraphId | string>()
  const below = { sum: 0 }
  visitSet(planning, { graph, type, elsewhere, below }, set)
  const cost = elsewhere.size + below.sum
  known.set(key, cost)
  return cost
}

interface Visiting {
  readonly graph: GraphId
  readonly type: string
  /** Graphs that other fields need. */
  readonly elsewhere: Set<GraphId | string>
  readonly below: { sum: number }
}

function visitSet(planning: Planning, visiting: Visiting, set: SelectionSetNode): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) {
      visitField(planning, visiting, selection.name.value, selection.selectionSet)
      continue
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? planning.fragments.get(selection.name.value) : selection
    if (fragment === undefined) continue
    const type = fragment.typeCondition?.name.value ?? visiting.type
    if (type === visiting.type) visitSet(planning, visiting, fragment.selectionSet)
    else visiting.below.sum += ofSet(planning, visiting.graph, type, fragment.selectionSet)
  }
}

function visitField(planning: Planning, visiting: Visiting, name: string, below: SelectionSetNode | undefined): void {
  if (name.startsWith('__')) return
  const { graph, type, elsewhere } = visiting
  const own = planning.supergraph.types.get(type)
  const concrete = own?.kind === 'object' ? [type] : possibleIn(planning, graph, type)
  const [some = type] = concrete
  const inGraph = answers(planning, graph, some, { name, forKey: false })
  if (inGraph !== null && inGraph.requires === null) {
    if (below !== undefined) visiting.below.sum += ofSet(planning, graph, readType(inGraph.type).named, below)
    return
  }
  const [other] = planning.supergraph.types.get(some)?.fields.get(name)?.graphs.keys() ?? []
  elsewhere.add(inGraph === null ? (other ?? name) : `requires ${name}`)
}
