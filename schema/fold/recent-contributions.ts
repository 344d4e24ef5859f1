// Ordered functions whose contributions come nearly in order: rows of one group come to it through several partitions, some hundred
// milliseconds apart. Of groups in memory the newest contributions are kept beside the state that they were applied to, so that one which
// comes between them is put where it belongs by applying these again, and not all that the group has. What is not kept only costs time.
import type { Value } from '../row.ts'
import { schemaLimits } from '../schema-limits.ts'
import type { Contribution, FoldFunction } from './fold-function.ts'
import { compareContributions } from './group-fold.ts'

interface Recent {
  /** Before the first of `newest`. */
  base: Value
  /** The last that `base` has in it; null: none. */
  baseLast: Contribution | null
  /** In order. */
  newest: Contribution[]
}

export class RecentContributions {
  readonly #fold: FoldFunction
  /** By the states' objects, the one that was used last at the end. */
  readonly #known = new Map<object, Recent>()

  constructor(fold: FoldFunction) {
    this.#fold = fold
  }

  /** Contributions in order, later than all before, go into `own`; gives what it comes to. */
  append(
    state: object,
    own: Value,
    { last, given }: { last: Contribution | null; given: readonly Contribution[] },
  ): Value {
    const { foldRecentContributionsMax: keptMax } = schemaLimits
    let after = own
    let first = 0
    let recent = this.#known.get(state)
    if (recent === undefined || given.length >= keptMax) {
      first = Math.max(0, given.length - keptMax)
      for (const contribution of given.slice(0, first)) after = this.#fold.apply(after, contribution)
      recent = { base: structuredClone(after), baseLast: given[first - 1] ?? last, newest: [] }
    }
    for (const contribution of given.slice(first)) {
      after = this.#fold.apply(after, contribution)
      recent.newest.push(contribution)
    }
    this.#keep(state, recent)
    return after
  }

  /** The state with contributions between the newest ones; null where one of them is older, or there already. */
  insert(state: object, given: readonly Contribution[]): { readonly own: Value; readonly last: Contribution } | null {
    const recent = this.#known.get(state)
    const [first] = given
    if (recent === undefined || first === undefined) return null
    if (recent.baseLast !== null && compareContributions(recent.baseLast, first) >= 0) return null
    const newest = [...recent.newest, ...given].sort(compareContributions)
    if (newest.some((one, at) => at > 0 && isSame(newest[at - 1], one))) return null
    recent.newest = newest
    return this.#again(state, recent)
  }

  /** The state without contributions that are among the newest; null where one of them is not, or none would be left. */
  remove(state: object, taken: readonly Contribution[]): { readonly own: Value; readonly last: Contribution } | null {
    const recent = this.#known.get(state)
    if (recent === undefined) return null
    const left = recent.newest.filter((one) => !taken.some((each) => isSame(each, one)))
    if (recent.newest.length - left.length !== taken.length || left.length === 0) return null
    recent.newest = left
    return this.#again(state, recent)
  }

  /** The state is spent, or became what nobody here knows. */
  forget(state: object): void {
    this.#known.delete(state)
  }

  #again(state: object, recent: Recent): { readonly own: Value; readonly last: Contribution } | null {
    const last = recent.newest.at(-1)
    if (last === undefined) return null
    let own = structuredClone(recent.base)
    for (const contribution of recent.newest) own = this.#fold.apply(own, contribution)
    this.#keep(state, recent)
    return { own, last }
  }

  #keep(state: object, recent: Recent): void {
    const { foldRecentContributionsMax: keptMax, foldRecentGroupsMax } = schemaLimits
    if (recent.newest.length > 2 * keptMax) {
      const settled = recent.newest.splice(0, recent.newest.length - keptMax)
      for (const contribution of settled) recent.base = this.#fold.apply(recent.base, contribution)
      recent.baseLast = settled.at(-1) ?? recent.baseLast
    }
    this.#known.delete(state)
    this.#known.set(state, recent)
    if (this.#known.size > foldRecentGroupsMax) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
  }
}

function isSame(left: Contribution | undefined, right: Contribution): boolean {
  return left !== undefined && compareContributions(left, right) === 0
}
