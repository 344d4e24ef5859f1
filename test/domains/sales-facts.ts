// Facts of the domain sales: baskets and stores, and what is derived from them.
import { expect } from 'vitest'
import { allPages, type Connection } from './all-pages.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { basketFacts } from './basket-facts.ts'
import { baskets, type Basket } from './baskets.ts'
import { dailySalesFacts } from './daily-sales-facts.ts'
import { nextPurchaseFacts } from './next-purchase-facts.ts'
import { decimalText, foodmartTable } from './source-files.ts'

interface OrderNode {
  readonly id: string
  readonly placedAt: string
  readonly total: string
  readonly lines: readonly { readonly promotionId: string | null }[]
}

const asNode = ({ id, day, lines }: Basket): OrderNode => ({
  id,
  placedAt: `${day}T00:00:00.000Z`,
  total: decimalText(lines.reduce((sum, line) => sum + line.amount, 0n)),
  lines: lines.map(({ promotionId }) => ({ promotionId })),
})

const byId = (nodes: readonly OrderNode[]): readonly OrderNode[] => nodes.toSorted((a, b) => a.id.localeCompare(b.id))

const ordersOfCustomer: FactRule = {
  title: "a customer's orders are the baskets of the file, each with its total and its lines' promotions",
  async check(mesh) {
    const expected = baskets().flatMap((basket) => (basket.customerId === '5219' ? [asNode(basket)] : []))
    const { customer } = await mesh.query<{ customer: { orders: { nodes: readonly OrderNode[] } } }>(
      `{ customer(id: "5219") { orders(first: 100) { nodes { id placedAt total lines { promotionId } } } } }`,
    )
    expect(byId(customer.orders.nodes)).toEqual(byId(expected))
  },
}

const ordersOfStores: FactRule = {
  title: "every store's orders of March are the baskets of the file, newest first",
  async check(mesh) {
    const ofMarch = baskets().filter(({ day }) => day.startsWith('1997-03'))
    for (const storeId of new Set(baskets().map((basket) => basket.storeId))) {
      const found = await marchOrders(mesh, storeId)
      const expected = ofMarch.flatMap((basket) => (basket.storeId === storeId ? [asNode(basket)] : []))
      expect(byId(found)).toEqual(byId(expected))
      const times = found.map(({ placedAt }) => placedAt)
      expect(times).toEqual(times.toSorted().toReversed())
    }
  },
}

async function marchOrders(mesh: AskedMesh, storeId: string): Promise<readonly OrderNode[]> {
  return allPages(async (after) => {
    const { store } = await mesh.query<{ store: { orders: Connection<OrderNode> } }>(
      `query ($storeId: ID!, $after: String) { store(id: $storeId) {
        orders(from: "1997-03-01T00:00:00Z", until: "1997-04-01T00:00:00Z", first: 100, after: $after) {
          nodes { id placedAt total lines { promotionId } } pageInfo { hasNextPage endCursor }
      } } }`,
      { storeId, after },
    )
    return store.orders
  })
}

interface StoreRow {
  readonly store_id: number
  readonly store_name: string
  readonly store_city: string
  readonly store_country: string
  readonly store_sqft: number | null
  readonly first_opened_date: string | null
  readonly region_id: number
}

const storesOfFile: FactRule = {
  title: 'the stores of every country are those of the file, each in its region',
  async check(mesh) {
    const rows = foodmartTable<StoreRow>('store')
    for (const country of new Set(rows.map((row) => row.store_country))) {
      const { storesOfCountry } = await mesh.query<{ storesOfCountry: { nodes: readonly { id: string }[] } }>(
        `query ($country: String!) { storesOfCountry(country: $country) {
          nodes { id name city country squareFeet openedOn region { id country } }
        } }`,
        { country },
      )
      const expected = rows
        .filter((row) => row.store_country === country)
        .map((row) => ({
          id: String(row.store_id),
          name: row.store_name,
          city: row.store_city,
          country,
          squareFeet: row.store_sqft,
          openedOn: row.first_opened_date?.slice(0, 10) ?? null,
          // Head office lies in no region.
          region: { id: String(row.region_id), country: row.region_id === 0 ? 'No Country' : country },
        }))
      expect(storesOfCountry.nodes.toSorted((a, b) => Number(a.id) - Number(b.id))).toEqual(expected)
    }
  },
}

/** Of what is loaded, not what is derived. */
export const orderFacts: readonly FactRule[] = [ordersOfCustomer, ordersOfStores, storesOfFile]

export const salesFacts: readonly FactRule[] = [...orderFacts, ...dailySalesFacts, ...basketFacts, ...nextPurchaseFacts]
