// Facts of the domain sales: baskets, stores, and what is derived from them.
import { expect } from 'vitest'
import type { FactRule } from './fact-rule.ts'
import { decimalText, sourceLines, tenThousandths } from './source-files.ts'

interface SalesLine {
  readonly product_id: number
  readonly time_id: number
  readonly customer_id: number
  readonly promotion_id: number
  readonly store_id: number
}

const salesLines = sourceLines('foodmart/sales_fact_1997.ndjson.gz').map((line) => ({
  ...(JSON.parse(line) as SalesLine),
  amount: tenThousandths(line, 'store_sales'),
}))

interface OrdersOfCustomer {
  readonly customer: { readonly orders: { readonly nodes: readonly { readonly id: string; readonly total: string }[] } }
}

const ordersOfCustomer: FactRule = {
  title: "a customer's orders are the baskets of the file, each with its total",
  async check(mesh) {
    const totals = new Map<string, bigint>()
    for (const { customer_id: customer, time_id: day, store_id: store, amount } of salesLines) {
      if (customer !== 5219) continue
      const id = `${customer}-${day}-${store}`
      totals.set(id, (totals.get(id) ?? 0n) + amount)
    }
    const { customer } = await mesh.query<OrdersOfCustomer>(
      `{ customer(id: "5219") { orders(first: 100) { nodes { id total } } } }`,
    )
    const found = Object.fromEntries(customer.orders.nodes.map(({ id, total }) => [id, total]))
    expect(found).toEqual(Object.fromEntries([...totals].map(([id, total]) => [id, decimalText(total)])))
  },
}

export const salesFacts: readonly FactRule[] = [ordersOfCustomer]
