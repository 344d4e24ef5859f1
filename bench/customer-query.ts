// The customer query: a customer with 20 orders, their lines and the lines' products, joined from three subgraphs; 16 at a time.
import { Pool } from 'undici'
import { invariant } from '../platform/errors.ts'
import { orderRecords } from '../samples/foodmart/order-records.ts'
import { quantile, type Scenario } from './measure.ts'

const CONNECTIONS = 16
const ROUND_MS = 5_000
const WARM_UP_MS = 2_000
const ORDERS = 20

const QUERY = `query CustomerOrders($id: ID!) {
  customer(id: $id) {
    fullName
    city
    orders(first: ${ORDERS}) {
      nodes { id placedAt total lines { quantity amount product { name brand category price } } }
    }
  }
}`

export async function customerQueryScenario(url: string): Promise<Scenario> {
  const customers = await customersWithOrders()
  const pool = new Pool(url, { connections: CONNECTIONS })
  await ask(pool, customers[0] ?? '', true)
  await run(pool, customers, WARM_UP_MS)
  return { name: 'customer query', round: () => run(pool, customers, ROUND_MS) }
}

async function run(pool: Pool, customers: readonly string[], durationMs: number) {
  const latenciesMs: number[] = []
  const startedMs = performance.now()
  let next = 0
  const worker = async () => {
    while (performance.now() - startedMs < durationMs) {
      const customer = customers[next++ % customers.length] ?? ''
      const askedMs = performance.now()
      await ask(pool, customer, false)
      latenciesMs.push(performance.now() - askedMs)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  const seconds = (performance.now() - startedMs) / 1_000
  return {
    requestsPerSecond: latenciesMs.length / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  }
}

async function ask(pool: Pool, id: string, check: boolean): Promise<void> {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: QUERY, variables: { id } }),
  })
  const text = await body.text()
  invariant(statusCode === 200 && !text.includes('"errors"'), `HTTP ${statusCode}: ${text.slice(0, 300)}`)
  if (!check) return
  const { data } = JSON.parse(text) as { data: { customer: { orders: { nodes: readonly unknown[] } } } }
  invariant(data.customer.orders.nodes.length === ORDERS, `${ORDERS} orders are asked for and answered`)
}

/** Every customer with at least 20 orders, the most first. */
async function customersWithOrders(): Promise<readonly string[]> {
  const counts = new Map<string, number>()
  for await (const { value } of orderRecords()) {
    const { customerId } = (typeof value === 'string' ? JSON.parse(value) : value) as { customerId: string }
    counts.set(customerId, (counts.get(customerId) ?? 0) + 1)
  }
  return [...counts]
    .filter(([, orders]) => orders >= ORDERS)
    .toSorted(([a, ordersOfA], [b, ordersOfB]) => ordersOfB - ordersOfA || Number(a) - Number(b))
    .map(([customer]) => customer)
}
