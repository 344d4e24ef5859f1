// @requires in a circle: a field that needs itself in the end can never be asked. The composition library recurses until its stack ends.
import { Kind, type SelectionSetNode } from 'graphql'
import type { CompositionProblem } from './composition-problem.ts'
import { selectionOf } from './parse-selection.ts'
import { concreteTypes, fieldsText, isExternal, type SubgraphModel, type SubgraphType } from './subgraph-model.ts'

/** A field as one subgraph answers it, with all that must be had before. */
interface Answer {
  readonly coordinate: string
  readonly subgraph: string
  readonly line: number
  readonly needs: readonly string[]
}

export function checkRequiresCycles(subgraphs: readonly SubgraphModel[]): CompositionProblem[] {
  const answers = subgraphs.flatMap(answersOf)
  const known = new Set(answers.map(({ coordinate }) => coordinate))
  const reachable = new Set<string>()
  let waiting = answers
  for (;;) {
    const next = waiting.filter(({ needs }) => !needs.every((each) => reachable.has(each) || !known.has(each)))
    if (next.length === waiting.length) break
    for (const answer of waiting) if (!next.includes(answer)) reachable.add(answer.coordinate)
    waiting = next
  }
  const stuck = waiting.filter(({ coordinate, needs }) => !reachable.has(coordinate) && needs.length > 0)
  return stuck
    .filter((answer) => isInCircle(answer, stuck))
    .map(({ coordinate, subgraph, line, needs }) => {
      const through = needs.filter((each) => !reachable.has(each) && known.has(each))
      const message = `@requires of ${coordinate} goes in a circle: it needs ${through.join(', ')}, which in the end needs ${coordinate}. Let one of the subgraphs answer its field without the others'.`
      return { subgraphs: [subgraph], code: 'REQUIRES_CYCLE', message, line }
    })
}

/** And not only behind one. */
function isInCircle(answer: Answer, stuck: readonly Answer[]): boolean {
  const seen = new Set<string>()
  const open = [...answer.needs]
  for (let coordinate = open.pop(); coordinate !== undefined; coordinate = open.pop()) {
    if (coordinate === answer.coordinate) return true
    if (seen.has(coordinate)) continue
    seen.add(coordinate)
    for (const each of stuck) if (each.coordinate === coordinate) open.push(...each.needs)
  }
  return false
}

function answersOf(subgraph: SubgraphModel): Answer[] {
  const answers: Answer[] = []
  for (const type of subgraph.types.values()) {
    if (type.kind !== 'object') continue
    for (const field of type.fields.values()) {
      if (isExternal(type, field)) continue
      const texts = field.applied('requires').flatMap((values) => fieldsText(values) ?? [])
      const needs = texts.flatMap((text) => coordinates(subgraph, type, selectionOf(text)))
      answers.push({ coordinate: `${type.name}.${field.name}`, subgraph: subgraph.name, line: field.line, needs })
    }
  }
  return answers
}

/** Of all fields that must come from elsewhere, on each concrete type; those that the subgraph answers itself without more need nothing. */
function coordinates(subgraph: SubgraphModel, type: SubgraphType, selectionSet: SelectionSetNode | null): string[] {
  return (selectionSet?.selections ?? []).flatMap((selection): string[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return []
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = subgraph.types.get(selection.typeCondition?.name.value ?? type.name)
      return condition === undefined ? [] : coordinates(subgraph, condition, selection.selectionSet)
    }
    const field = type.fields.get(selection.name.value)
    if (field === undefined) return []
    const below = subgraph.types.get(field.namedType)
    const here = concreteTypes(subgraph, type.name).map((each) => `${each.name}.${field.name}`)
    return below === undefined ? here : [...here, ...coordinates(subgraph, below, selection.selectionSet ?? null)]
  })
}
