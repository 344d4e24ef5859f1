// The folds in code of the sample's products, by themselves: what the facts of the mesh cannot show, since the sample takes nothing back.
import { describe, expect, test } from 'vitest'
import type { Contribution, FoldFunction } from '../../schema/fold/fold-function.ts'
import type { Row, Value } from '../../schema/row.ts'
import { forecastRevenue } from '../../subgraphs/finance/planning/revenue-forecast.ts'
import { folds as basketFolds } from '../../subgraphs/sales/baskets/folds.ts'
import { folds as purchaseFolds } from '../../subgraphs/sales/next-purchases/folds.ts'
import { seededRandom, shuffled } from '../seeded-random.ts'

function functionOf(folds: Readonly<Record<string, FoldFunction>>, name: string): FoldFunction {
  const found = folds[name]
  if (found === undefined) throw new Error(`no function ${name}`)
  return found
}

const contribution = (member: string, value: Row, timeMs: number | null = null): Contribution => ({
  input: 'input',
  timeMs,
  member,
  value,
})

const applied = (fold: FoldFunction, some: readonly Contribution[]): Value =>
  some.reduce<Value>((state, each) => fold.apply(state, each), fold.init({}))

describe('what is bought together', () => {
  const fold = functionOf(basketFolds, 'boughtTogether')
  const basket = (member: string, ...productIds: readonly string[]): Contribution =>
    contribution(member, { productIds: [...productIds], line: { productId: '1' } })

  test('is counted by lines, the most often first, equal ones by their numbers, ten at most', () => {
    const others = Array.from({ length: 12 }, (_, index) => String(index + 2))
    const state = applied(fold, [basket('a', '1', ...others), basket('b', '1', '9', '1'), basket('c', '1')])
    const [row] = fold.emit(state, {})
    const shown = row?.['others'] as readonly { readonly productId: string }[]
    expect(shown.map(({ productId }) => productId)).toEqual(['9', '2', '3', '4', '5', '6', '7', '8', '10', '11'])
    expect(row?.['lines']).toBe(3)
    expect(shown[0]).toEqual({ productId: '9', together: 2, share: 2 / 3 })
  })

  test('whatever is taken back, in whatever order, what is left is as if it had never been (seeded)', () => {
    const random = seededRandom(1997)
    for (let round = 0; round < 50; round += 1) {
      const all = Array.from({ length: 20 }, (_, index) =>
        basket(String(index), '1', ...['2', '3', '4', '5', '12'].filter(() => random() < 0.4)),
      )
      const [taken, left] = [all.slice(0, 10), all.slice(10)]
      let state = applied(fold, shuffled(all, random))
      for (const each of shuffled(taken, random)) state = fold.retract?.(state, each) ?? state
      expect(fold.emit(state, {})).toEqual(fold.emit(applied(fold, left), {}))
    }
  })
})

describe('the next purchase', () => {
  const fold = functionOf(purchaseFolds, 'nextPurchase')
  const purchase = (day: string, ...productIds: readonly string[]): Contribution =>
    contribution(day, { productIds: [...productIds] }, Date.parse(`${day}T10:00:00Z`))
  const rowOf = (...some: readonly Contribution[]): Row => fold.emit(applied(fold, some), {})[0] ?? {}

  test('of a customer who came once has no date, of one who came twice the one gap', () => {
    expect(rowOf(purchase('1997-01-01', '1'))).toMatchObject({ lastOn: '1997-01-01', gapDays: null, expectedOn: null })
    expect(rowOf(purchase('1997-01-01', '1'), purchase('1997-01-11', '2'))).toMatchObject({
      gapDays: 10,
      expectedOn: '1997-01-21',
      backTests: 0,
      likelyProducts: [
        { productId: '2', orders: 1 },
        { productId: '1', orders: 1 },
      ],
    })
  })

  test('is the median gap, and is tested against each day before it is taken in', () => {
    const days = ['1997-01-01', '1997-01-11', '1997-01-31', '1997-02-05']
    // Expected after two days: 01-21, came 10 days later. After three: gaps 10 and 20, the lower: 02-10, came 5 days earlier.
    expect(rowOf(...days.map((day) => purchase(day, '7')))).toMatchObject({
      purchaseDays: 4,
      gapDays: 10,
      expectedOn: '1997-02-15',
      backTests: 2,
      errorDays: 10 + 5,
      lastGapErrorDays: 10 + 15,
      productHits: 2,
    })
  })

  test('takes several orders of a day as one purchase, with the articles of all', () => {
    const row = rowOf(purchase('1997-01-01', '1'), purchase('1997-01-11', '1'), purchase('1997-01-11', '2'))
    expect(row).toMatchObject({
      purchaseDays: 2,
      gapDays: 10,
      likelyProducts: [
        { productId: '1', orders: 2 },
        { productId: '2', orders: 1 },
      ],
    })
  })
})

describe('the forecast of revenue', () => {
  const errorOf = (series: readonly number[]): number | null | undefined =>
    forecastRevenue(series)?.accuracy.meanAbsolutePercentageError

  test('has an error in per cent where anything was sold in a month that it tested, and none where nothing was', () => {
    const trained = [100, 100, 100, 100, 100, 100]
    expect(errorOf([...trained, 0, 0, 0])).toBeNull()
    // The level is 100, 100 and 80 % of that after a month without sales: an error of 20 in 100.
    expect(errorOf([...trained, 100, 0, 100])).toBeCloseTo((0 + 20) / 2, 9)
  })
})
