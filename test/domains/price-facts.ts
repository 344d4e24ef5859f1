// Facts of what articles cost, computed from the sales lines of the file.
import { expect } from 'vitest'
import { baskets, type BasketLine } from './baskets.ts'
import type { FactRule } from './fact-rule.ts'
import { groupedBy, roundedShare, sumOf } from './money.ts'
import { decimalText } from './source-files.ts'

const AT_ONCE = 50

interface PriceMonth {
  readonly month: string
  readonly lowest: string
  readonly average: string
  readonly highest: string
  readonly units: string
  readonly revenue: string
}

function priceMonth(month: string, lines: readonly BasketLine[]): PriceMonth {
  const prices = lines.map(({ amount, quantity }) => roundedShare(amount, BigInt(quantity), 4))
  const units = sumOf(lines, ({ quantity }) => BigInt(quantity))
  const revenue = sumOf(lines, ({ amount }) => amount)
  return {
    month,
    lowest: decimalText(prices.reduce((a, b) => (b < a ? b : a))),
    average: decimalText(roundedShare(revenue, units, 4)),
    highest: decimalText(prices.reduce((a, b) => (b > a ? b : a))),
    units: String(units),
    revenue: decimalText(revenue),
  }
}

const pricesByMonth: FactRule = {
  title: 'what was paid for a unit of every product in every month is what the file says, newest month first',
  async check(mesh) {
    const lines = baskets().flatMap(({ day, lines: own }) =>
      own.map((line) => ({ ...line, month: `${day.slice(0, 7)}-01` })),
    )
    const expected = [...groupedBy(lines, ({ productId }) => productId)]
    for (let at = 0; at < expected.length; at += AT_ONCE) {
      const some = expected.slice(at, at + AT_ONCE)
      const fields = some.map(
        ([id]) =>
          `p${id}: product(id: "${id}") { prices(first: 20) { nodes { month lowest average highest units revenue } } }`,
      )
      const found = await mesh.query<Record<string, { prices: { nodes: readonly PriceMonth[] } }>>(
        `{ ${fields.join(' ')} }`,
      )
      const rows = some.map(([id]) => [id, found[`p${id}`]?.prices.nodes])
      const right = some.map(([id, own]) => [
        id,
        [...groupedBy(own, ({ month }) => month)]
          .map(([month, ofMonth]) => priceMonth(month, ofMonth))
          .toSorted((a, b) => b.month.localeCompare(a.month)),
      ])
      expect(rows).toEqual(right)
    }
  },
}

export const priceFacts: readonly FactRule[] = [pricesByMonth]
