// Facts of inventory/stock and inventory/product-availability, computed from what came and what was sold.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { foodmartTable } from './source-files.ts'

const RISKS = ['UNEXPLAINED', 'OUT', 'NEXT_WEEK', 'NEXT_MONTH', 'LATER', 'IDLE'] as const

interface Stock {
  readonly productId: string
  readonly warehouseId: string
  readonly received: number
  readonly receipts: number
  readonly lastReceivedOn: string | null
  readonly sold: number
  readonly soldLately: number
  readonly units: number
  readonly averageDailySales: number
  readonly daysOfSupply: number | null
  readonly risk: (typeof RISKS)[number]
  readonly runsOutNextWeek: boolean
}

const FIELDS = `productId warehouseId received receipts lastReceivedOn sold soldLately units averageDailySales daysOfSupply risk
  runsOutNextWeek`
const PAGE = 'pageInfo { hasNextPage endCursor }'

interface Counts {
  readonly receivedOn: string[]
  received: number
  sold: number
  soldLately: number
}

/** What FoodMart's files say of each product and warehouse. A store is supplied by the warehouse of its number. */
function countFiles(): ReadonlyMap<string, Counts> {
  const days = new Map(
    foodmartTable<{ readonly time_id: number; readonly the_date: string }>('time_by_day').map((day) => [
      day.time_id,
      day.the_date.slice(0, 10),
    ]),
  )
  const all = new Map<string, Counts>()
  const of = (product: number, warehouse: number): Counts => {
    const key = `${product} ${warehouse}`
    const counts = all.get(key) ?? { receivedOn: [], received: 0, sold: 0, soldLately: 0 }
    all.set(key, counts)
    return counts
  }
  interface InventoryLine {
    readonly product_id: number
    readonly warehouse_id: number
    readonly time_id: number
    readonly units_shipped: number
  }
  for (const line of foodmartTable<InventoryLine>('inventory_fact_1997')) {
    const counts = of(line.product_id, line.warehouse_id)
    counts.received += line.units_shipped
    counts.receivedOn.push(days.get(line.time_id) ?? '')
  }
  interface SalesLine {
    readonly product_id: number
    readonly store_id: number
    readonly time_id: number
    readonly unit_sales: number
  }
  for (const line of foodmartTable<SalesLine>('sales_fact_1997')) {
    const counts = of(line.product_id, line.store_id)
    counts.sold += line.unit_sales
    if ((days.get(line.time_id) ?? '') >= '1997-12-03') counts.soldLately += line.unit_sales
  }
  return all
}

function riskOf({ received, sold, soldLately }: Counts): Stock['risk'] {
  if (received < sold) return 'UNEXPLAINED'
  if (received === sold) return 'OUT'
  if (soldLately === 0) return 'IDLE'
  const days = ((received - sold) * 28) / soldLately
  return days <= 7 ? 'NEXT_WEEK' : days <= 28 ? 'NEXT_MONTH' : 'LATER'
}

function stockOf(key: string, counts: Counts): Stock {
  const [productId = '', warehouseId = ''] = key.split(' ')
  const { receivedOn, received, sold, soldLately } = counts
  const units = received - sold
  const risk = riskOf(counts)
  return {
    productId,
    warehouseId,
    received,
    receipts: receivedOn.length,
    lastReceivedOn: receivedOn.toSorted().at(-1) ?? null,
    sold,
    soldLately,
    units,
    averageDailySales: soldLately / 28,
    daysOfSupply: units <= 0 ? 0 : soldLately === 0 ? null : (units * 28) / soldLately,
    risk,
    runsOutNextWeek: risk === 'NEXT_WEEK',
  }
}

const all = [...countFiles()]
/** Of what never came there is no stock to tell. */
const came = all.filter(([, { receivedOn }]) => receivedOn.length > 0)
const expected: readonly Stock[] = came.map(([key, counts]) => stockOf(key, counts))

const byKey = (a: Stock, b: Stock): number =>
  Number(a.warehouseId) - Number(b.warehouseId) || Number(a.productId) - Number(b.productId)

const stockAtRisk = (mesh: AskedMesh, risk: string): Promise<readonly Stock[]> =>
  allPages(async (after) => {
    const { stockAtRisk: page } = await mesh.query<{ stockAtRisk: Connection<Stock> }>(
      `query Risk($risk: StockRisk!, $after: String) { stockAtRisk(risk: $risk, first: 1000, after: $after) {
        nodes { ${FIELDS} } ${PAGE} } }`,
      { risk, after },
    )
    return page
  })

const allStock: FactRule = {
  title:
    'the stock of 3,536 products in warehouses is what came minus what was sold, negative where the books lack receipts',
  async check(mesh) {
    const byRisk = Object.fromEntries(RISKS.map((risk) => [risk, expected.filter((one) => one.risk === risk).length]))
    expect(byRisk).toEqual({
      UNEXPLAINED: 437,
      OUT: 35,
      NEXT_WEEK: 7,
      NEXT_MONTH: 50,
      LATER: 1_133,
      IDLE: 1_874,
    })
    for (const risk of RISKS) {
      const found = await stockAtRisk(mesh, risk)
      expect(found.toSorted(byKey)).toEqual(expected.filter((one) => one.risk === risk).toSorted(byKey))
    }
  },
}

const neverCame: FactRule = {
  title: 'of the 14,614 products that a store sold and its warehouse never received, no stock is told',
  async check(mesh) {
    const sold = all.filter(([, counts]) => counts.sold > 0)
    const never = sold.filter(([, { receivedOn }]) => receivedOn.length === 0)
    const units = (of: 'received' | 'sold') => all.reduce((sum, [, counts]) => sum + counts[of], 0)
    expect([never.length, sold.length, units('received'), units('sold')]).toEqual([14_614, 18_072, 207_726, 266_773])
    const asked = never.slice(0, 50).map(([key], index) => {
      const [productId, warehouseId] = key.split(' ')
      return `s${index}: stock(productId: "${productId}", warehouseId: "${warehouseId}") { units }`
    })
    const found = await mesh.query<Record<string, unknown>>(`{ ${asked.join(' ')} }`)
    expect(new Set(Object.values(found))).toEqual(new Set([null]))
  },
}

const totals: FactRule = {
  title: 'each warehouse received and sold of its products as many units as the files say',
  async check(mesh) {
    const sums = (stock: readonly Stock[]) => ({
      products: stock.length,
      received: stock.reduce((sum, one) => sum + one.received, 0),
      sold: stock.reduce((sum, one) => sum + one.sold, 0),
    })
    for (const warehouseId of new Set(expected.map((one) => one.warehouseId))) {
      const found: Stock[] = []
      for (const risk of RISKS) {
        const ofRisk = await allPages(async (after) => {
          const { warehouse } = await mesh.query<{ warehouse: { stock: Connection<Stock> } }>(
            `query Stock($id: ID!, $risk: StockRisk!, $after: String) { warehouse(id: $id) {
              stock(risk: $risk, first: 1000, after: $after) { nodes { ${FIELDS} } ${PAGE} } } }`,
            { id: warehouseId, risk, after },
          )
          return warehouse.stock
        })
        found.push(...ofRisk)
      }
      expect(sums(found)).toEqual(sums(expected.filter((one) => one.warehouseId === warehouseId)))
    }
  },
}

const runningOut: FactRule = {
  title: 'the seven products that run out next week are told, what is out first coming first',
  async check(mesh) {
    const found = await stockAtRisk(mesh, 'NEXT_WEEK')
    const wanted = expected.filter((one) => one.risk === 'NEXT_WEEK').toSorted(byKey)
    expect(found.toSorted(byKey)).toEqual(wanted)
    const wholeDays = found.map(({ daysOfSupply }) => Math.floor(daysOfSupply ?? -1))
    expect(wholeDays).toEqual(wholeDays.toSorted((a, b) => a - b))
  },
}

interface Availability {
  readonly unitsAvailable: number
  readonly warehousesWithStock: number
  readonly warehouseIds: readonly string[]
  readonly runsOutNextWeek: number
  readonly unitsUnexplained: number
  readonly sold: number
}

const availability: FactRule = {
  title: 'where a product is to be had is told for the ten of most units and the ten of most units unexplained',
  async check(mesh) {
    const products = Map.groupBy(expected, (one) => one.productId)
    const perProduct = [...products].map(([id, stock]): readonly [string, Availability] => {
      const some = stock.filter(({ units }) => units > 0)
      return [
        id,
        {
          unitsAvailable: some.reduce((sum, { units }) => sum + units, 0),
          warehousesWithStock: some.length,
          warehouseIds: some.map(({ warehouseId }) => warehouseId).toSorted(),
          runsOutNextWeek: stock.filter(({ risk }) => risk === 'NEXT_WEEK').length,
          unitsUnexplained: stock.reduce((sum, { units }) => sum - Math.min(0, units), 0),
          sold: stock.reduce((sum, { sold }) => sum + sold, 0),
        },
      ]
    })
    const most = (of: 'unitsAvailable' | 'unitsUnexplained') =>
      perProduct.toSorted(([, a], [, b]) => b[of] - a[of]).slice(0, 10)
    for (const [id, wanted] of [...most('unitsAvailable'), ...most('unitsUnexplained')]) {
      const { product } = await mesh.query<{
        product: { availability: Availability; stock: Connection<{ warehouseId: string; units: number }> }
      }>(
        `query Product($id: ID!) { product(id: $id) {
          availability { unitsAvailable warehousesWithStock warehouseIds runsOutNextWeek unitsUnexplained sold }
          stock { nodes { warehouseId units } ${PAGE} } } }`,
        { id },
      )
      expect(product.availability).toEqual(wanted)
      const units = Object.fromEntries((products.get(id) ?? []).map((one) => [one.warehouseId, one.units]))
      expect(Object.fromEntries(product.stock.nodes.map((one) => [one.warehouseId, one.units]))).toEqual(units)
    }
  },
}

export const stockFacts: readonly FactRule[] = [allStock, neverCame, totals, runningOut, availability]
