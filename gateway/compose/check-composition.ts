// What the composition library (0.27) wrongly accepts, or trips over. Each rule names subgraph, coordinate and what to do; where the
// library reports the same one too, ours is left out.
import { checkFieldSets } from './check-field-sets.ts'
import { checkInterfaceObjects } from './check-interface-objects.ts'
import { checkNames } from './check-names.ts'
import { checkRequiresCycles } from './check-requires-cycles.ts'
import { checkSharing } from './check-sharing.ts'
import type { CompositionProblem } from './composition-problem.ts'
import type { SubgraphModel } from './subgraph-model.ts'

/** `mayCompose`: the library can be given these subgraphs without throwing. */
export function checkComposition(subgraphs: readonly SubgraphModel[]): {
  readonly problems: readonly CompositionProblem[]
  readonly mayCompose: boolean
} {
  const others = (subgraph: SubgraphModel): SubgraphModel[] => subgraphs.filter((each) => each !== subgraph)
  const fieldSets = subgraphs.flatMap((subgraph) => checkFieldSets(subgraph, others(subgraph)))
  const cycles = fieldSets.length > 0 ? [] : checkRequiresCycles(subgraphs)
  const rest = [...subgraphs.flatMap(checkNames), ...checkInterfaceObjects(subgraphs), ...checkSharing(subgraphs)]
  return { problems: [...fieldSets, ...cycles, ...rest], mayCompose: fieldSets.length + cycles.length === 0 }
}

/** Ours that the library has not reported as well: the same rule in the same subgraph at the same coordinate. */
export function withoutRepeated(
  ours: readonly CompositionProblem[],
  theirs: readonly CompositionProblem[],
): CompositionProblem[] {
  const isSame = (one: CompositionProblem, other: CompositionProblem): boolean =>
    one.code === other.code && coordinates(one.message).some((each) => coordinates(other.message).includes(each))
  return ours.filter((problem) => !theirs.some((other) => isSame(problem, other)))
}

export function coordinates(message: string): string[] {
  return message.match(/\b[_A-Za-z]\w*\.[_A-Za-z]\w*/g) ?? []
}
