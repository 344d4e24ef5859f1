// Facts of what is derived from orders while they come: an order is sent to the running mesh, corrected, moved to another day and deleted, and its
// subscribers are told each time.
import { expect } from 'vitest'
import { subscribe, type Subscription } from '../e2e/graphql-client.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'

const ORDER_ID = 'sales-live-1'
const STORE_ID = '24'
const PRODUCT_ID = '1'
/** After all days of FoodMart: nothing else was sold on them. */
const DAY = '1999-02-03'
const NEXT_DAY = '1999-02-04'

interface Sold {
  readonly day: string
  readonly quantity: number
  readonly amount: string
}

async function send(mesh: AskedMesh, sold: Sold | null): Promise<void> {
  const order = sold && {
    id: ORDER_ID,
    customerId: '1',
    storeId: STORE_ID,
    placedAt: `${sold.day}T12:00:00.000Z`,
    lines: [{ productId: PRODUCT_ID, quantity: sold.quantity, amount: sold.amount, cost: '1.5' }],
  }
  const response = await fetch(mesh.topicUrl('sales.orders'), {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: [{ key: ORDER_ID, value: order }] }),
  })
  expect(response.status).toBe(200)
}

/** The data of the next event that is as expected; those before it are of what was sent before. */
async function told(changes: Subscription, expected: object): Promise<void> {
  for (;;) {
    const { data, errors } = await changes.next()
    expect(errors).toBeUndefined()
    if (isLike(data, expected)) return
  }
}

function isLike(data: unknown, expected: object): boolean {
  try {
    expect(data).toMatchObject(expected)
    return true
  } catch {
    return false
  }
}

/**
 * A client is not told when its subscription is established, so the order is sent, with another quantity each time, until it is told of one.
 */
async function untilTold(mesh: AskedMesh, changes: Subscription): Promise<void> {
  const state = { isTold: false }
  const first = changes.next().then(() => (state.isTold = true))
  for (let quantity = 100; !state.isTold; quantity += 1) {
    await send(mesh, { day: DAY, quantity, amount: '1' })
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 2_000))])
  }
}

async function withSubscription(
  mesh: AskedMesh,
  document: string,
  check: (changes: Subscription) => Promise<void>,
): Promise<void> {
  const changes = await subscribe(mesh.url, document)
  try {
    await untilTold(mesh, changes)
    await check(changes)
  } finally {
    await send(mesh, null)
    await changes.close()
  }
}

const storeDay: FactRule = {
  title: "an order that is placed, and its correction, are told to a subscriber of its store's day",
  check: (mesh) =>
    withSubscription(
      mesh,
      `subscription { storeDayChanged(storeId: "${STORE_ID}", day: "${DAY}") { day orders units revenue margin store { name } } }`,
      async (changes) => {
        await send(mesh, { day: DAY, quantity: 2, amount: '5.7' })
        const row = { day: DAY, orders: 1, units: '2', revenue: '5.7', margin: '4.2', store: { name: 'Store 24' } }
        await told(changes, { storeDayChanged: row })
        await send(mesh, { day: DAY, quantity: 3, amount: '8.55' })
        await told(changes, { storeDayChanged: { ...row, units: '3', revenue: '8.55', margin: '7.05' } })
      },
    ),
}

const movedDay: FactRule = {
  title:
    'an order that is moved to another day leaves its day, and is told with the other one, of stores and of countries',
  async check(mesh) {
    await withSubscription(
      mesh,
      `subscription { countryDayChanged(country: "USA") { day stores orders units revenue } }`,
      async (changes) => {
        await send(mesh, { day: NEXT_DAY, quantity: 4, amount: '11.4' })
        const row = { day: NEXT_DAY, stores: 1, orders: '1', units: '4', revenue: '11.4' }
        await told(changes, { countryDayChanged: row })
      },
    )
    const days = (): Promise<unknown> =>
      mesh.query(
        `{ countryDays(country: "USA", from: "${DAY}", until: "1999-03-01") { nodes { day } }
           storeDays(day: "${NEXT_DAY}") { nodes { day } } }`,
      )
    await expect.poll(days, { timeout: 60_000 }).toEqual({ countryDays: { nodes: [] }, storeDays: { nodes: [] } })
  },
}

const price: FactRule = {
  title: 'what is paid for an article is told with its least, mean and greatest price, and again when it is corrected',
  check: (mesh) =>
    withSubscription(
      mesh,
      `subscription { priceChanged(productId: "${PRODUCT_ID}") { month lowest average highest units product { price } } }`,
      async (changes) => {
        await send(mesh, { day: DAY, quantity: 2, amount: '5' })
        const row = { month: '1999-02-01', lowest: '2.5', average: '2.5', highest: '2.5', units: '2' }
        await told(changes, { priceChanged: { ...row, product: { price: '2.85' } } })
        await send(mesh, { day: DAY, quantity: 2, amount: '6' })
        await told(changes, { priceChanged: { ...row, lowest: '3', average: '3', highest: '3' } })
      },
    ),
}

export const salesLiveFacts: readonly FactRule[] = [storeDay, movedDay, price]
