// Facts of what customers are expected to buy next, computed from the sales lines of the file.
import { expect } from 'vitest'
import { baskets, type Basket } from './baskets.ts'
import type { FactRule } from './fact-rule.ts'
import { groupedBy } from './money.ts'

const MS_PER_DAY = 86_400_000
const AT_ONCE = 50

interface Prediction {
  readonly lastOn: string
  readonly purchaseDays: number
  readonly gapDays: number | null
  readonly expectedOn: string | null
  readonly likelyProducts: readonly { readonly productId: string; readonly orders: number }[]
  readonly backTests: number
  readonly errorDays: number
  readonly lastGapErrorDays: number
  readonly productHits: number
}

const dayNumber = (day: string): number => Date.parse(`${day}T00:00:00Z`) / MS_PER_DAY

/** The rule, on the days up to one: what is expected of the next. */
function expectAfter(days: readonly string[], orders: readonly Basket[]) {
  const numbers = days.map(dayNumber)
  const gaps = numbers.slice(1).map((day, index) => day - (numbers[index] ?? 0))
  const lastTen = gaps.slice(-10).toSorted((a, b) => a - b)
  const gapDays = lastTen.length === 0 ? null : (lastTen[Math.ceil(lastTen.length / 2) - 1] ?? null)
  const bought = new Map<string, { productId: string; orders: number; lastDay: string }>()
  for (const { day, lines } of orders) {
    for (const productId of new Set(lines.map((line) => line.productId))) {
      const before = bought.get(productId)
      const lastDay = before === undefined || before.lastDay < day ? day : before.lastDay
      bought.set(productId, { productId, orders: (before?.orders ?? 0) + 1, lastDay })
    }
  }
  const likelyProducts = [...bought.values()]
    .toSorted(
      (a, b) =>
        b.orders - a.orders ||
        (a.lastDay === b.lastDay ? (a.productId < b.productId ? -1 : 1) : a.lastDay < b.lastDay ? 1 : -1),
    )
    .slice(0, 5)
    .map(({ productId, orders: times }) => ({ productId, orders: times }))
  return { gapDays, lastGap: gaps.at(-1) ?? null, likelyProducts }
}

function predictionOf(orders: readonly Basket[]): Prediction {
  const days = [...new Set(orders.map(({ day }) => day))].toSorted()
  const tally = { backTests: 0, errorDays: 0, lastGapErrorDays: 0, productHits: 0 }
  for (let at = 2; at < days.length; at += 1) {
    const [day = '', before = ''] = [days[at], days[at - 1]]
    const expected = expectAfter(
      days.slice(0, at),
      orders.filter((order) => order.day < day),
    )
    const gap = dayNumber(day) - dayNumber(before)
    const bought = new Set(
      orders.flatMap((order) => (order.day === day ? order.lines.map(({ productId }) => productId) : [])),
    )
    tally.backTests += 1
    tally.errorDays += Math.abs(gap - (expected.gapDays ?? 0))
    tally.lastGapErrorDays += Math.abs(gap - (expected.lastGap ?? 0))
    if (expected.likelyProducts.some(({ productId }) => bought.has(productId))) tally.productHits += 1
  }
  const lastOn = days.at(-1) ?? ''
  const { gapDays, likelyProducts } = expectAfter(days, orders)
  const expectedOn =
    gapDays === null ? null : new Date((dayNumber(lastOn) + gapDays) * MS_PER_DAY).toISOString().slice(0, 10)
  return { lastOn, purchaseDays: days.length, gapDays, expectedOn, likelyProducts, ...tally }
}

const predictions: FactRule = {
  title: 'the next purchase of every customer is what the rule says of the file, and so is its back-tested error',
  async check(mesh) {
    const expected = [...groupedBy(baskets(), ({ customerId }) => customerId)].map(
      ([id, own]) => [id, predictionOf(own)] as const,
    )
    const fields =
      'lastOn purchaseDays gapDays expectedOn likelyProducts { productId orders } backTests errorDays lastGapErrorDays productHits'
    for (let at = 0; at < expected.length; at += AT_ONCE) {
      const some = expected.slice(at, at + AT_ONCE)
      const document = some.map(([id]) => `c${id}: nextPurchase(customerId: "${id}") { ${fields} }`).join(' ')
      const found = await mesh.query<Record<string, Prediction | null>>(`{ ${document} }`)
      expect(some.map(([id]) => [id, found[`c${id}`]])).toEqual(some)
    }
  },
}

const quality: FactRule = {
  title: 'the back-tested error over all customers is told, beside that of the simplest rule',
  async check(mesh) {
    const all = [...groupedBy(baskets(), ({ customerId }) => customerId).values()].map(predictionOf)
    const sum = (of: (prediction: Prediction) => number): number => all.reduce((total, one) => total + of(one), 0)
    const backTests = sum((one) => one.backTests)
    const errorDays = sum((one) => one.errorDays)
    const lastGapErrorDays = sum((one) => one.lastGapErrorDays)
    const productHits = sum((one) => one.productHits)
    const { predictionQuality } = await mesh.query<{ predictionQuality: object }>(
      `{ predictionQuality { customers backTests errorDays lastGapErrorDays productHits meanErrorDays meanLastGapErrorDays hitRate } }`,
    )
    expect(predictionQuality).toEqual({
      customers: all.length,
      backTests: String(backTests),
      errorDays: String(errorDays),
      lastGapErrorDays: String(lastGapErrorDays),
      productHits: String(productHits),
      meanErrorDays: errorDays / backTests,
      meanLastGapErrorDays: lastGapErrorDays / backTests,
      hitRate: productHits / backTests,
    })
    expect(errorDays).toBeLessThan(lastGapErrorDays)
  },
}

export const nextPurchaseFacts: readonly FactRule[] = [predictions, quality]
