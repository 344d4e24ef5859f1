// Facts of what was sold by day and month, computed from the sales lines of the file.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import { baskets, type Basket, type BasketLine } from './baskets.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { groupedBy, roundedShare, sumOf } from './money.ts'
import { decimalText, foodmartTable } from './source-files.ts'

type Facts = Readonly<Record<string, unknown>>

/** Money and units of lines, as the mesh writes them. */
function amountsOf(lines: readonly BasketLine[]): Facts {
  const revenue = sumOf(lines, (line) => line.amount)
  const cost = sumOf(lines, (line) => line.cost)
  const units = String(lines.reduce((sum, line) => sum + line.quantity, 0))
  return { units, revenue: decimalText(revenue), cost: decimalText(cost), margin: decimalText(revenue - cost) }
}

const AMOUNTS = 'units revenue cost margin'

const linesOf = (some: readonly Basket[]): readonly BasketLine[] => some.flatMap(({ lines }) => lines)

function countries(): ReadonlyMap<string, string> {
  const rows = foodmartTable<{ readonly store_id: number; readonly store_country: string }>('store')
  return new Map(rows.map((row) => [String(row.store_id), row.store_country]))
}

const storeIds = (): readonly string[] => [...new Set(baskets().map(({ storeId }) => storeId))]

const sorted = (rows: readonly Facts[]): readonly string[] => rows.map((row) => JSON.stringify(row)).toSorted()

const storeDays: FactRule = {
  title: 'every store sold on every day what the file says: orders, customers, units, revenue, cost, margin, basket',
  async check(mesh) {
    const countryOf = countries()
    const fields = `storeId day country orders customers ${AMOUNTS} averageBasket`
    for (const storeId of storeIds()) {
      const found = await allPages(async (after) => {
        const { store } = await mesh.query<{ store: { days: Connection<Facts> } }>(
          `query ($storeId: ID!, $after: String) { store(id: $storeId) {
            days(first: 400, after: $after) { nodes { ${fields} } pageInfo { hasNextPage endCursor } }
          } }`,
          { storeId, after },
        )
        return store.days
      })
      const ofStore = baskets().filter((basket) => basket.storeId === storeId)
      const expected = [...groupedBy(ofStore, ({ day }) => day)].map(([day, some]) => ({
        storeId,
        day,
        country: countryOf.get(storeId),
        orders: some.length,
        customers: new Set(some.map(({ customerId }) => customerId)).size,
        ...amountsOf(linesOf(some)),
        averageBasket: decimalText(
          roundedShare(
            sumOf(linesOf(some), (line) => line.amount),
            BigInt(some.length),
            2,
          ),
        ),
      }))
      expect(sorted(found)).toEqual(sorted(expected))
    }
  },
}

interface SoldLine extends BasketLine {
  readonly orderId: string
  readonly storeId: string
  readonly day: string
  readonly category: string
}

function soldLines(): readonly SoldLine[] {
  const classes = new Map(
    foodmartTable<{ readonly product_class_id: number; readonly product_category: string }>('product_class').map(
      (row) => [row.product_class_id, row.product_category],
    ),
  )
  const categories = new Map(
    foodmartTable<{ readonly product_id: number; readonly product_class_id: number }>('product').map((row) => [
      String(row.product_id),
      classes.get(row.product_class_id) ?? '',
    ]),
  )
  return baskets().flatMap(({ id: orderId, storeId, day, lines }) =>
    lines.map((line) => ({ ...line, orderId, storeId, day, category: categories.get(line.productId) ?? '' })),
  )
}

const ordersIn = (lines: readonly SoldLine[]): number => new Set(lines.map(({ orderId }) => orderId)).size

const categoryDays: FactRule = {
  title: 'every store sold of every category on every day what the file says',
  async check(mesh) {
    const lines = soldLines()
    for (const [category, ofCategory] of groupedBy(lines, (line) => line.category)) {
      const found = await categoryDaysIn(mesh, category)
      const expected = [...groupedBy(ofCategory, ({ storeId, day }) => `${storeId} ${day}`).values()].map((some) => ({
        storeId: some[0]?.storeId,
        day: some[0]?.day,
        category,
        orders: ordersIn(some),
        lines: some.length,
        ...amountsOf(some),
      }))
      expect(sorted(found)).toEqual(sorted(expected))
    }
  },
}

function categoryDaysIn(mesh: AskedMesh, category: string): Promise<readonly Facts[]> {
  return allPages(async (after) => {
    const { page } = await mesh.query<{ page: Connection<Facts> }>(
      `query ($category: String!, $after: String) { page: categoryDays(category: $category, first: 500, after: $after) {
        nodes { storeId day category orders lines ${AMOUNTS} } pageInfo { hasNextPage endCursor }
      } }`,
      { category, after },
    )
    return page
  })
}

const monthOf = (day: string): string => `${day.slice(0, 7)}-01`

const months: FactRule = {
  title: 'every month of every store is the sum of its days, by category as well',
  async check(mesh) {
    const lines = soldLines()
    for (const [month, ofMonth] of groupedBy(lines, ({ day }) => monthOf(day))) {
      const { storeMonths } = await mesh.query<{ storeMonths: { nodes: readonly Facts[] } }>(
        `query ($month: Date!) { storeMonths(month: $month) { nodes { storeId days orders ${AMOUNTS} } } }`,
        { month },
      )
      const expected = [...groupedBy(ofMonth, ({ storeId }) => storeId)].map(([storeId, some]) => ({
        storeId,
        days: new Set(some.map(({ day }) => day)).size,
        orders: String(ordersIn(some)),
        ...amountsOf(some),
      }))
      expect(sorted(storeMonths.nodes)).toEqual(sorted(expected))
    }
    const ofMarch = lines.filter(({ day }) => day.startsWith('1997-03'))
    for (const [storeId, ofStore] of groupedBy(ofMarch, (line) => line.storeId)) {
      const { categoryMonths } = await mesh.query<{ categoryMonths: { nodes: readonly Facts[] } }>(
        `query ($storeId: ID!) { categoryMonths(storeId: $storeId, month: "1997-03-01") { nodes { category orders ${AMOUNTS} } } }`,
        { storeId },
      )
      const expected = [...groupedBy(ofStore, ({ category }) => category)].map(([category, some]) => ({
        category,
        orders: String(ordersIn(some)),
        ...amountsOf(some),
      }))
      expect(sorted(categoryMonths.nodes)).toEqual(sorted(expected))
    }
  },
}

const countrySums: FactRule = {
  title: 'the days and months of the countries are the sums of their stores, and come to 565238.13',
  async check(mesh) {
    const countryOf = countries()
    const lines = soldLines()
    const ofUsa = lines.filter(({ storeId }) => countryOf.get(storeId) === 'USA')
    expect(decimalText(sumOf(lines, (line) => line.amount))).toBe('565238.13')
    const { countryDays, countryMonths, empty } = await mesh.query<
      Readonly<Record<'countryDays' | 'countryMonths' | 'empty', { nodes: readonly Facts[] }>>
    >(
      `{ countryDays(country: "USA", first: 400) { nodes { day stores orders ${AMOUNTS} } }
         countryMonths(country: "USA", first: 20) { nodes { month stores orders ${AMOUNTS} } }
         empty: countryMonths(country: "Mexico") { nodes { month } } }`,
    )
    const sums = (name: string, keyOf: (line: SoldLine) => string): Facts[] =>
      [...groupedBy(ofUsa, keyOf)].map(([key, some]) => ({
        [name]: key,
        stores: new Set(some.map(({ storeId }) => storeId)).size,
        orders: String(ordersIn(some)),
        ...amountsOf(some),
      }))
    expect(sorted(countryDays.nodes)).toEqual(sorted(sums('day', ({ day }) => day)))
    expect(sorted(countryMonths.nodes)).toEqual(sorted(sums('month', ({ day }) => monthOf(day))))
    // All that FoodMart sold in 1997 it sold in the USA.
    expect([ofUsa.length, empty.nodes]).toEqual([lines.length, []])
  },
}

export const dailySalesFacts: readonly FactRule[] = [storeDays, categoryDays, months, countrySums]
