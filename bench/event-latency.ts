// Event to subscriber: from sending an order to POST /topics until its event, with the customer's and products' fields joined, is read
// from the gateway's WebSocket. One at a time.
import { createClient } from 'graphql-ws'
import { request } from 'undici'
import WebSocket from 'ws'
import { invariant } from '../platform/errors.ts'
import { quantile, type Scenario } from './measure.ts'
import type { RunningMesh } from './processes/running-mesh.ts'

const EVENTS = 300
const WARM_UP_EVENTS = 50

const SUBSCRIPTION = `subscription {
  orderPlaced { id total customer { fullName } lines { quantity product { name } } }
}`

interface Event {
  readonly orderPlaced: { readonly id: string }
}

export async function eventLatencyScenario(mesh: RunningMesh): Promise<Scenario & { close(): Promise<void> }> {
  const client = createClient({
    url: `${mesh.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
  })
  const events = client.iterate<Event>({ query: SUBSCRIPTION })
  const url = mesh.topicUrl('sales.orders')
  let order = 0
  const place = () => placeAndAwait(url, events, `1-${process.pid}-${(order += 1)}`)
  // The stream is asked for only with the first `next`; an order before it is established would be missed.
  const first = events.next()
  await untilEstablished(url, first)
  for (let i = 0; i < WARM_UP_EVENTS; i += 1) await place()
  return {
    name: 'event to subscriber',
    round: async () => {
      const latenciesMs: number[] = []
      for (let i = 0; i < EVENTS; i += 1) latenciesMs.push(await place())
      return { p50Ms: quantile(latenciesMs, 0.5), p99Ms: quantile(latenciesMs, 0.99) }
    },
    close: async () => {
      await events.return?.()
      await client.dispose()
    },
  }
}

/** Orders until one of them comes as the first event, and then until the last of them has come. */
async function untilEstablished(url: string, first: Promise<unknown>): Promise<void> {
  let seen = false
  void first.then(() => (seen = true))
  for (let attempt = 1; !seen; attempt += 1) {
    await placeOrder(url, `1-${process.pid}-first-${attempt}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function placeAndAwait(url: string, events: AsyncIterableIterator<unknown>, id: string): Promise<number> {
  const startedMs = performance.now()
  const placed = placeOrder(url, id)
  for (;;) {
    const { value } = (await events.next()) as { value: { data?: Event } }
    if (value.data?.orderPlaced.id === id) break
  }
  const latencyMs = performance.now() - startedMs
  await placed
  return latencyMs
}

async function placeOrder(url: string, id: string): Promise<void> {
  const order = {
    id,
    customerId: '1',
    storeId: '2',
    placedAt: '2026-01-02T03:04:05Z',
    lines: [{ productId: '1', quantity: 2, amount: '5.70', cost: '2.00' }],
  }
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: [{ key: id, value: order }] }),
  })
  const text = await body.text()
  invariant(statusCode === 200, `HTTP ${statusCode}: ${text}`)
}
