// The facts of FoodMart as one federated graph must tell them: counted by querying the gateway, and nothing but the gateway.
import { query } from './graphql-client.ts'

export interface Facts {
  readonly customers: number
  readonly products: number
  readonly orders: number
  readonly lines: number
  /** Baskets that hold a product on more than one line. */
  readonly basketsWithRepeatedProduct: number
  readonly revenue: string
  /** Orders whose total is not the sum of their lines' amounts. */
  readonly ordersWithWrongTotal: number
  readonly customer5219: { readonly orders: number; readonly lines: number; readonly revenue: string }
}

export const FOODMART_FACTS: Facts = {
  customers: 10_281,
  products: 1_560,
  orders: 20_530,
  lines: 86_837,
  basketsWithRepeatedProduct: 8,
  revenue: '565238.13',
  ordersWithWrongTotal: 0,
  customer5219: { orders: 8, lines: 30, revenue: '212.76' },
}

interface Order {
  readonly total: string
  readonly lines: readonly { readonly amount: string; readonly product: { readonly id: string } }[]
}

interface CustomersPage {
  readonly customers: {
    readonly nodes: readonly {
      readonly id: string
      readonly orders: { readonly nodes: readonly Order[]; readonly pageInfo: { readonly hasNextPage: boolean } }
    }[]
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null }
  }
}

const CUSTOMERS_PAGE = `query CustomersPage($after: String) {
  customers(first: 100, after: $after) {
    nodes {
      id
      orders(first: 100) { nodes { total lines { amount product { id } } } pageInfo { hasNextPage } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`

/** Pages through every customer with all orders, and looks up every product. */
export async function readFacts(url: string): Promise<Facts> {
  const customers = new Set<string>()
  const all = newTally()
  const customer5219 = newTally()
  let after: string | null = null
  for (;;) {
    const page: CustomersPage = await query<CustomersPage>(url, CUSTOMERS_PAGE, { after })
    for (const customer of page.customers.nodes) {
      customers.add(customer.id)
      if (customer.orders.pageInfo.hasNextPage) throw new Error(`customer ${customer.id} has more than 100 orders`)
      for (const order of customer.orders.nodes) {
        addOrder(all, order)
        if (customer.id === '5219') addOrder(customer5219, order)
      }
    }
    if (!page.customers.pageInfo.hasNextPage) break
    after = page.customers.pageInfo.endCursor
  }
  return {
    customers: customers.size,
    products: await countProducts(url, FOODMART_FACTS.products + 10),
    orders: all.orders,
    lines: all.lines,
    basketsWithRepeatedProduct: all.basketsWithRepeatedProduct,
    revenue: fromCents(all.cents),
    ordersWithWrongTotal: all.ordersWithWrongTotal,
    customer5219: { orders: customer5219.orders, lines: customer5219.lines, revenue: fromCents(customer5219.cents) },
  }
}

function newTally() {
  return { orders: 0, lines: 0, basketsWithRepeatedProduct: 0, cents: 0n, ordersWithWrongTotal: 0 }
}

function addOrder(tally: ReturnType<typeof newTally>, order: Order): void {
  const total = toCents(order.total)
  tally.orders += 1
  tally.lines += order.lines.length
  tally.cents += total
  if (new Set(order.lines.map((line) => line.product.id)).size < order.lines.length)
    tally.basketsWithRepeatedProduct += 1
  if (order.lines.reduce((sum, line) => sum + toCents(line.amount), 0n) !== total) tally.ordersWithWrongTotal += 1
}

/** Looks up the ids from 1 to `last`, 100 in a query, and counts those that exist. */
async function countProducts(url: string, last: number): Promise<number> {
  let found = 0
  for (let start = 1; start <= last; start += 100) {
    const ids = Array.from({ length: Math.min(100, last - start + 1) }, (_, index) => start + index)
    const document = `{ ${ids.map((id) => `p${id}: product(id: "${id}") { id name }`).join(' ')} }`
    const data = await query<Record<string, { id: string; name: string } | null>>(url, document)
    found += ids.filter((id) => data[`p${id}`]?.id === String(id)).length
  }
  return found
}

/** `12.5` → 1250n. FoodMart's prices have at most two digits after the point. */
function toCents(amount: string): bigint {
  const match = /^(-?\d+)(?:\.(\d{1,2}))?$/.exec(amount)
  if (match === null) throw new Error(`not an amount of money: ${amount}`)
  return BigInt(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`)
}

function fromCents(cents: bigint): string {
  const digits = cents.toString().padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
