// Customer 360: one question over ten subgraphs, in as few calls as it takes, and the same live.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import type { RunningMesh } from '../../bench/processes/running-mesh.ts'
import { CUSTOMER_360_QUERY, CUSTOMER_360_SUBSCRIPTION } from '../../cli/customer-360.ts'
import { query, subscribe } from './graphql-client.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const START_TIMEOUT_MS = 120_000
const PRODUCTS = [
  'customers/customers',
  'customers/segments',
  'customers/activity',
  'sales/orders',
  'sales/next-purchases',
  'catalog/products',
  'support/tickets',
  'marketing/feedback',
  'marketing/promotions',
  'marketing/customer-promotions',
]
const CUSTOMER = {
  customer_id: 7,
  fullname: 'Ada King',
  city: 'London',
  country: 'UK',
  member_card: 'Golden',
}
const product = (id: number, name: string) => ({
  product_id: id,
  product_name: name,
  brand_name: 'Analytical',
  product_class_id: 1,
  product_category: 'Drinks',
  product_department: 'Beverages',
  SRP: '2.00',
})
const PROMOTION = {
  promotion_id: 3,
  promotion_name: 'Two for One',
  media_type: 'Radio, TV',
  cost: '100.00',
  start_date: '1998-01-01',
  end_date: '1998-01-31',
  promotion_district_id: 1,
}
const order = (id: string, placedAt: string, amount: string) => ({
  id,
  customerId: '7',
  storeId: '1',
  placedAt,
  lines: [
    { productId: '1', quantity: 2, amount, cost: '1.00', promotionId: '3' },
    { productId: '2', quantity: 1, amount: '1.50', cost: '0.50', promotionId: null },
  ],
})
const TICKET = {
  id: 'T-90001',
  customerId: '7',
  orderId: 'o1',
  category: 'REFUND',
  priority: 'NORMAL',
  queue: 'BILLING',
  state: 'OPEN',
  subject: 'Where is my refund',
  openedAt: '1998-02-01T10:00:00.000Z',
  firstAnsweredAt: null,
  closedAt: null,
  satisfaction: null,
  updatedAt: '1998-02-01T10:00:00.000Z',
}
const FEEDBACK = {
  id: 'F-90001',
  customerId: '7',
  productId: '1',
  orderId: 'o1',
  rating: 5,
  text: 'A fine juice.',
  givenAt: '1998-02-01T10:00:00.000Z',
  updatedAt: '1998-02-01T10:00:00.000Z',
}

let mesh: RunningMesh
let remove: () => Promise<void>

beforeAll(async () => {
  const directory = await temporaryDirectory()
  remove = directory.remove
  mesh = await startEmbeddedMesh({ dataDirectory: directory.path, products: [...PRODUCTS, '--no-sample'] })
  await mesh.ready()
  await send('catalog.products', '1', product(1, 'Juice'))
  await send('catalog.products', '2', product(2, 'Soda'))
  await send('customers.customers', '7', CUSTOMER)
  await send('marketing.promotions', '3', PROMOTION)
  await send('sales.orders', 'o1', order('o1', '1998-01-05T00:00:00Z', '3.50'))
  await send('sales.orders', 'o2', order('o2', '1998-01-15T00:00:00Z', '4.50'))
  await send('support.tickets', TICKET.id, TICKET)
  await send('marketing.feedback', FEEDBACK.id, FEEDBACK)
}, START_TIMEOUT_MS)

afterAll(async () => {
  await mesh?.stop()
  await remove?.()
})

async function send(topic: string, key: string, value: object): Promise<void> {
  const response = await fetch(mesh.topicUrl(topic), {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: [{ key, value }] }),
  })
  expect(await response.json()).toMatchObject({ offsets: [{ error: null }] })
}

/** Requests that each subgraph has answered so far. */
async function subgraphCalls(): Promise<Map<string, number>> {
  const metrics = await (await fetch(`${mesh.url}/metrics`)).text()
  const calls = metrics.matchAll(/^meshgate_subgraph_request_duration_seconds_count\{subgraph="([^"]+)"\} (\d+)$/gm)
  return new Map([...calls].map(([, name = '', count]) => [name, Number(count)]))
}

const lines = (amount: string) => [
  { quantity: 2, amount, product: { name: 'Juice', category: 'Drinks' } },
  { quantity: 1, amount: '1.5', product: { name: 'Soda', category: 'Drinks' } },
]
const DASHBOARD = {
  fullName: 'Ada King',
  city: 'London',
  memberCard: 'GOLDEN',
  segment: { segment: 'PROMISING', lifetimeValue: '11', averageBasket: '5.5' },
  activity: { orderCount: 2, spent: '11', openTicketCount: 1, feedbackCount: 1, averageRating: 5 },
  orders: {
    nodes: [
      { id: 'o2', placedAt: '1998-01-15T00:00:00.000Z', total: '6', lines: lines('4.5') },
      { id: 'o1', placedAt: '1998-01-05T00:00:00.000Z', total: '5', lines: lines('3.5') },
    ],
  },
  tickets: {
    nodes: [{ id: 'T-90001', subject: 'Where is my refund', state: 'OPEN', openedAt: '1998-02-01T10:00:00.000Z' }],
  },
  feedback: { nodes: [{ rating: 5, text: 'A fine juice.', product: { name: 'Juice' } }] },
  promotions: {
    nodes: [{ revenue: '8', orders: 2, promotion: { name: 'Two for One', mediaTypes: ['Radio', 'TV'] } }],
  },
  nextPurchase: {
    expectedOn: '1998-01-25',
    meanErrorDays: null,
    likelyProducts: [{ product: { name: 'Juice' } }, { product: { name: 'Soda' } }],
  },
}

test('a customer is told whole, over all domains, whatever is made from what', async () => {
  await expect
    .poll(() => query(mesh.url, CUSTOMER_360_QUERY, { id: '7' }), { timeout: 60_000 })
    .toEqual({ customer: DASHBOARD })
})

test('ten subgraphs answer it in one call each, the catalog for all articles together', async () => {
  const before = await subgraphCalls()
  await query(mesh.url, CUSTOMER_360_QUERY, { id: '7' })
  const after = await subgraphCalls()
  const calls = Object.fromEntries(
    [...after].flatMap(([name, count]) => {
      const made = count - (before.get(name) ?? 0)
      return made === 0 ? [] : [[name, made]]
    }),
  )
  expect(calls).toEqual({
    customers: 1,
    'customers-segments': 1,
    'customers-activity': 1,
    'sales-orders': 1,
    'sales-next-purchases': 1,
    'catalog-products': 1,
    'support-tickets': 1,
    'marketing-feedback': 1,
    'marketing-promotions': 1,
    'marketing-customer-promotions': 1,
  })
})

test('the dashboard of a customer is told anew when something happens in any domain', async () => {
  const subscription = await subscribe(mesh.url, CUSTOMER_360_SUBSCRIPTION, { id: '7' })
  // An event for a new ticket: what a subscription that begins behind it would not be told.
  let event: unknown = null
  const first = subscription.next().then((told) => (event = told))
  for (let attempt = 1; event === null; attempt += 1) {
    const id = `T-9100${attempt}`
    await send('support.tickets', id, { ...TICKET, id, subject: 'Once more' })
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 500))])
  }
  expect(event).toMatchObject({
    data: {
      customerActivityChanged: {
        customer: { fullName: 'Ada King', orders: DASHBOARD.orders, promotions: DASHBOARD.promotions },
      },
    },
  })
  await send('sales.orders', 'o3', order('o3', '1998-02-04T00:00:00Z', '9.00'))
  for (;;) {
    const { data } = await subscription.next()
    const told = data as { customerActivityChanged: { customer: typeof DASHBOARD } }
    const { activity, orders } = told.customerActivityChanged.customer
    if (activity.orderCount < 3) continue
    expect(activity.spent).toBe('21.5')
    expect(orders.nodes[0]).toEqual({
      id: 'o3',
      placedAt: '1998-02-04T00:00:00.000Z',
      total: '10.5',
      lines: lines('9'),
    })
    break
  }
  await subscription.close()
})
