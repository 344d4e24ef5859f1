// What folds the contributions of one group, or of one session of it. Aggregates and functions implement it; sessions are made of others.
import type { Contribution } from './fold-function.ts'
import type { FoldState } from './compiled-fold.ts'
import type { Row } from '../row.ts'

/** As the members of CompiledFold. `apply` and `retract` never throw: what only a message could tell, `refold` throws as a FoldFailure. */
export interface GroupFold {
  init(group: Row): FoldState
  apply(state: FoldState, contributions: readonly Contribution[]): FoldState | null
  retract(state: FoldState, contributions: readonly Contribution[]): FoldState | null
  refold(group: Row, contributions: readonly Contribution[]): FoldState
  rows(state: FoldState, group: Row): readonly Row[]
}

/** Contributions by fold, to know which folds contribute to a group. */
export interface FoldCounts {
  /** Index of the fold that a contribution comes from. */
  foldOf(contribution: Contribution): number
  zero(): number[]
  /** Something contributes, and every required fold does. */
  areEnough(counts: readonly number[]): boolean
}

export function foldCounts(folds: readonly { readonly input: string; readonly required: boolean }[]): FoldCounts {
  const indexes = new Map(folds.map(({ input }, index) => [input, index]))
  const required = folds.flatMap((fold, index) => (fold.required ? [index] : []))
  return {
    foldOf: folds.length === 1 ? () => 0 : ({ input }) => indexes.get(input) ?? 0,
    zero: () => folds.map(() => 0),
    areEnough: (counts) => counts.some((count) => count > 0) && required.every((index) => (counts[index] ?? 0) > 0),
  }
}

/** Event time, then member, then input; a row without a time comes first. Total, so that any order of arrival gives one order. */
export function compareContributions(a: Contribution, b: Contribution): number {
  const byTime = (a.timeMs ?? Number.NEGATIVE_INFINITY) - (b.timeMs ?? Number.NEGATIVE_INFINITY)
  // Two without a time: the difference of infinities.
  if (byTime !== 0 && !Number.isNaN(byTime)) return byTime
  if (a.member !== b.member) return a.member < b.member ? -1 : 1
  return a.input === b.input ? 0 : a.input < b.input ? -1 : 1
}
