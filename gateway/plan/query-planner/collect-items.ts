// The spec's CollectFields for all concrete types of an object at once: what each type answers, in the order of the response.
import { Kind, type DirectiveNode, type FieldNode, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql'
import type { Supergraph } from '../../supergraph/supergraph.ts'

/** One response key for the types that have the same nodes for it. */
export interface Item {
  readonly responseKey: string
  readonly types: readonly string[]
  readonly nodes: readonly FieldNode[]
  /** Whoever asks may not see it: the field's printed type, of which it has no value. */
  readonly denied?: string
}

export interface Collecting {
  readonly supergraph: Supergraph
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: Readonly<Record<string, unknown>>
}

interface Draft {
  readonly responseKey: string
  readonly order: number
  types: readonly string[]
  nodes: FieldNode[]
}

interface Collected {
  readonly collecting: Collecting
  readonly drafts: Map<string, Draft[]>
  /** Types that each named fragment was spread for. */
  readonly spread: Map<string, string[]>
  order: number
}

export function collectItems(
  collecting: Collecting,
  sets: readonly SelectionSetNode[],
  types: readonly string[],
): Item[] {
  const collected: Collected = { collecting, drafts: new Map(), spread: new Map(), order: 0 }
  for (const set of new Set(sets)) collect(collected, set, types)
  return [...collected.drafts.values()].flat().toSorted((a, b) => a.order - b.order)
}

function collect(collected: Collected, set: SelectionSetNode, types: readonly string[]): void {
  const { supergraph, fragments, variables } = collected.collecting
  for (const selection of set.selections) {
    if (!isIncluded(selection.directives, variables)) continue
    if (selection.kind === Kind.FIELD) {
      add(collected, selection, types)
      continue
    }
    let concerned = types
    let fragment:
      | (Pick<FragmentDefinitionNode, 'selectionSet'> & { typeCondition?: FragmentDefinitionNode['typeCondition'] })
      | undefined
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      fragment = {
        selectionSet: selection.selectionSet,
        ...(selection.typeCondition && { typeCondition: selection.typeCondition }),
      }
    } else {
      fragment = fragments.get(selection.name.value)
      concerned = notYetSpread(collected, selection.name.value, types)
    }
    if (fragment === undefined) continue
    const condition = fragment.typeCondition?.name.value
    const met = condition === undefined ? concerned : narrow(supergraph, concerned, condition)
    if (met.length > 0) collect(collected, fragment.selectionSet, met)
  }
}

/** The types that meet a condition: the same array where all do. */
export function narrow(supergraph: Supergraph, types: readonly string[], condition: string): readonly string[] {
  if (types.length === 1 && types[0] === condition) return types
  const possible = supergraph.types.get(condition)?.possibleTypes ?? []
  const met = types.filter((type) => type === condition || possible.includes(type))
  return met.length === types.length ? types : met
}

function notYetSpread(collected: Collected, name: string, types: readonly string[]): readonly string[] {
  const known = collected.spread.get(name)
  if (known === undefined) {
    collected.spread.set(name, [...types])
    return types
  }
  const fresh = types.filter((type) => !known.includes(type))
  known.push(...fresh)
  return fresh
}

function add(collected: Collected, node: FieldNode, types: readonly string[]): void {
  const responseKey = (node.alias ?? node.name).value
  const drafts = collected.drafts.get(responseKey) ?? []
  collected.drafts.set(responseKey, drafts)
  let rest = types
  for (const draft of drafts.slice()) {
    if (rest.length === 0) break
    const concerned = draft.types === rest ? rest : draft.types.filter((type) => rest.includes(type))
    if (concerned.length === 0) continue
    rest = concerned === rest ? [] : rest.filter((type) => !concerned.includes(type))
    if (draft.nodes.includes(node)) continue
    if (concerned.length === draft.types.length) {
      draft.nodes.push(node)
      continue
    }
    drafts.push({ ...draft, types: concerned, nodes: [...draft.nodes, node] })
    draft.types = draft.types.filter((type) => !concerned.includes(type))
  }
  if (rest.length > 0) drafts.push({ responseKey, order: collected.order++, types: rest, nodes: [node] })
}

/** What @skip and @include say. */
function isIncluded(directives: readonly DirectiveNode[] | undefined, variables: Collecting['variables']): boolean {
  return (directives ?? []).every((directive) => {
    const name = directive.name.value
    if (name !== 'skip' && name !== 'include') return true
    const value = directive.arguments?.[0]?.value
    const decided =
      value?.kind === Kind.BOOLEAN ? value.value : value?.kind === Kind.VARIABLE && variables[value.name.value] === true
    return decided === (name === 'include')
  })
}
