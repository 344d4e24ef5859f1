// A fold in code, for what aggregates cannot say: `folds.ts` beside a product's file exports `folds`, a FoldFunction by the name that
// @foldBy gives. Pure: no clock, no randomness, no I/O, so that the same contributions give the same rows after a crash and in a replay.
import type { Row, Value } from '../row.ts'

/** What one row (or one element of its list) contributes to a group. */
export interface Contribution {
  /** Name of the input type. */
  readonly input: string
  /** Event time in ms since 1970; null without `@fold(time:)`. */
  readonly timeMs: number | null
  /** Names the row (and the element) among the group's contributions; orders those of one event time. */
  readonly member: string
  /**
   * For functions, the fields that the input type reads, and joined rows under the names in @join(as:), null where there is none. With
   * @fold(each:) one element, under the name in `as`, in place of the list that it is from: `value.line` and no `value.lines`. A function that
   * needs the whole list folds without `each`. For aggregates, their values.
   */
  readonly value: Row
}

/**
 * `State` is a JSON value: it is stored (write a `type`: TypeScript does not take an `interface` for one). `apply` and `retract` may change
 * the state they are given and return it, but never the contribution.
 */
export interface FoldFunction<State extends Value = Value> {
  /**
   * Another one makes all rows anew, as another text of `folds.ts` does and of the files that it imports by a relative path: to be raised where
   * something else, say a package, makes the rows others.
   */
  readonly version?: string
  init(group: Row): State
  /** In the order of event time where @foldBy(ordered: true) says so, else in any order. */
  apply(state: State, contribution: Contribution): State
  /** Takes back one that was applied. Absent: the group is folded anew from the contributions that are left. */
  retract?(state: State, contribution: Contribution): State
  /**
   * The group's rows, whole: a row that is not given any more is deleted. The group's fields may be left out, computed ones must be. With
   * @window(gap:), of one session, whose bounds are in `group` here (not in `init`).
   */
  emit(state: State, group: Row): readonly Row[]
}

export type FoldFunctions = Readonly<Record<string, FoldFunction>>
