// When a customer comes again: the median of the gaps between days of purchase, and what was bought most often. Every day from the third on is
// predicted before it is taken in, so that the error told is one of predictions, not of a fit.
import type { FoldFunction, FoldFunctions } from '../../../schema/fold/fold-function.ts'

const MS_PER_DAY = 86_400_000
const GAPS_KEPT = 10
const LIKELY_PRODUCTS = 5

type Bought = { orders: number; last: number }

type State = {
  /** Days since 1970; null before the first. */
  lastDay: number | null
  purchaseDays: number
  gaps: number[]
  bought: Record<string, Bought>
  /** Likely before the last day, which may have several orders. */
  likelyBefore: string[]
  /** The last day was predicted, and had one of them. */
  hit: boolean
  backTests: number
  errorDays: number
  lastGapErrorDays: number
  productHits: number
}

function nextDay(state: State, day: number): void {
  const { lastDay, gaps } = state
  state.purchaseDays += 1
  state.lastDay = day
  state.likelyBefore = likely(state.bought).map(([id]) => id)
  state.hit = false
  if (lastDay === null) return
  const gap = day - lastDay
  const expected = median(gaps)
  const lastGap = gaps.at(-1)
  if (expected !== null && lastGap !== undefined) {
    state.backTests += 1
    state.errorDays += Math.abs(gap - expected)
    state.lastGapErrorDays += Math.abs(gap - lastGap)
  }
  state.gaps = [...gaps, gap].slice(-GAPS_KEPT)
}

/** Of an even number the lower middle one, so that it is a whole day. */
function median(gaps: readonly number[]): number | null {
  return gaps.toSorted((a, b) => a - b)[Math.floor((gaps.length - 1) / 2)] ?? null
}

function likely(bought: Readonly<Record<string, Bought>>): readonly (readonly [string, Bought])[] {
  return Object.entries(bought)
    .toSorted(([a, x], [b, y]) => y.orders - x.orders || y.last - x.last || (a < b ? -1 : 1))
    .slice(0, LIKELY_PRODUCTS)
}

const dateOf = (day: number): string => new Date(day * MS_PER_DAY).toISOString().slice(0, 10)

const nextPurchase: FoldFunction<State> = {
  init: () => ({
    lastDay: null,
    purchaseDays: 0,
    gaps: [],
    bought: {},
    likelyBefore: [],
    hit: false,
    backTests: 0,
    errorDays: 0,
    lastGapErrorDays: 0,
    productHits: 0,
  }),
  apply(state, { timeMs, value }) {
    const day = Math.floor((timeMs ?? 0) / MS_PER_DAY)
    if (day !== state.lastDay) nextDay(state, day)
    const productIds = new Set(value['productIds'] as readonly string[])
    // Predicted from the third day on, as its date is.
    if (!state.hit && state.purchaseDays > 2 && state.likelyBefore.some((id) => productIds.has(id))) {
      state.hit = true
      state.productHits += 1
    }
    for (const id of productIds) {
      state.bought[id] = { orders: (state.bought[id]?.orders ?? 0) + 1, last: day }
    }
    return state
  },
  emit(state) {
    const { lastDay, purchaseDays, gaps, bought, backTests, errorDays, lastGapErrorDays, productHits } = state
    if (lastDay === null) return []
    const gapDays = median(gaps)
    const row = {
      lastOn: dateOf(lastDay),
      purchaseDays,
      gapDays,
      expectedOn: gapDays === null ? null : dateOf(lastDay + gapDays),
      likelyProducts: likely(bought).map(([productId, { orders }]) => ({ productId, orders })),
      backTests,
      errorDays,
      lastGapErrorDays,
      productHits,
    }
    return [row]
  },
}

export const folds: FoldFunctions = { nextPurchase }
