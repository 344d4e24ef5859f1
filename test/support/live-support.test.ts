// A ticket and feedback as a dashboard sees them: live, in the order of what happened and not of what arrives.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmbeddedMesh } from '../../bench/processes/embedded-mesh.ts'
import type { RunningMesh } from '../../bench/processes/running-mesh.ts'
import { query, subscribe, type Subscription } from '../e2e/graphql-client.ts'
import { temporaryDirectory } from '../e2e/temporary-directory.ts'

/** Against hanging: the sample of five products is loaded in seconds. */
const START_TIMEOUT_MS = 120_000
const PRODUCTS = [
  'customers/customers',
  'catalog/products',
  'marketing/feedback',
  'support/tickets',
  'support/interactions',
] as const

const OPENED = {
  id: 'T-90001',
  customerId: '1',
  orderId: '1-999-1',
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
const ANSWERED = {
  ...OPENED,
  state: 'ANSWERED',
  firstAnsweredAt: '1998-02-01T12:00:00.000Z',
  updatedAt: '1998-02-01T12:00:00.000Z',
}
const CLOSED = {
  ...ANSWERED,
  state: 'CLOSED',
  queue: 'QUALITY',
  closedAt: '1998-02-02T09:00:00.000Z',
  updatedAt: '1998-02-02T09:00:00.000Z',
}
const FEEDBACK = {
  id: 'F-90001',
  customerId: '1',
  productId: '1',
  orderId: '1-999-1',
  rating: 1,
  text: 'Terrible juice.',
  givenAt: '1998-02-01T10:00:00.000Z',
  updatedAt: '1998-02-01T10:00:00.000Z',
}

interface Keyed {
  readonly id: string
}

describe('support and feedback, live', () => {
  let mesh: RunningMesh
  let remove: () => Promise<void>

  beforeAll(async () => {
    const directory = await temporaryDirectory()
    remove = directory.remove
    mesh = await startEmbeddedMesh({ dataDirectory: directory.path, products: PRODUCTS })
    await mesh.ready()
  }, START_TIMEOUT_MS)

  afterAll(async () => {
    await mesh.stop()
    await remove()
  })

  const send = async <Sent extends Keyed>(topic: string, record: Sent): Promise<void> => {
    const response = await fetch(mesh.topicUrl(topic), {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
      body: JSON.stringify({ records: [{ key: record.id, value: record }] }),
    })
    expect(await response.json()).toMatchObject({ offsets: [{ error: null }] })
  }

  /** Sends records that are told of until the first event is there: a subscription that begins behind a record is not told of it. */
  const untilTold = async (subscription: Subscription, told: () => Promise<void>): Promise<unknown> => {
    const event = subscription.next()
    let delivered = false
    void event.then(() => (delivered = true))
    while (!delivered) {
      await told()
      await Promise.race([event, new Promise((resolve) => setTimeout(resolve, 250))])
    }
    return (await event).data
  }

  test('a ticket is told of at every change, with its customer, and is where its state and queue say', async () => {
    const subscription = await subscribe(
      mesh.url,
      `subscription { ticketChanged(customerId: "1") { id state queue customer { city } } }`,
    )
    await untilTold(subscription, () => send('support.tickets', OPENED))
    await send('support.tickets', CLOSED)
    const event = async () => (await subscription.next()).data
    const customer = { city: 'Tlaxiaco' }
    // The opening may have been sent, and told, more than once.
    await expect.poll(event).toEqual({ ticketChanged: { id: 'T-90001', state: 'CLOSED', queue: 'QUALITY', customer } })
    const found = await query(
      mesh.url,
      `{
        billing: ticketsOfQueue(queue: BILLING, state: OPEN, first: 100) { nodes { id } }
        quality: ticketsOfQueue(queue: QUALITY, state: CLOSED, last: 1) { nodes { id } }
      }`,
    )
    const { billing, quality } = found as Record<'billing' | 'quality', { nodes: Keyed[] }>
    expect(billing.nodes.map(({ id }) => id)).not.toContain('T-90001')
    expect(quality.nodes).toEqual([{ id: 'T-90001' }])
    await subscription.close()
  })

  test('a state that arrives behind a newer one changes nothing', async () => {
    const subscription = await subscribe(mesh.url, `subscription { ticketChanged(customerId: "1") { state closedAt } }`)
    const told = await untilTold(subscription, () => send('support.tickets', ANSWERED))
    expect(told).toEqual({ ticketChanged: { state: 'CLOSED', closedAt: CLOSED.closedAt } })
    const found = await query(mesh.url, `{ ticket(id: "T-90001") { state firstAnsweredAt closedAt updatedAt } }`)
    expect(found).toEqual({
      ticket: {
        state: 'CLOSED',
        firstAnsweredAt: CLOSED.firstAnsweredAt,
        closedAt: CLOSED.closedAt,
        updatedAt: CLOSED.updatedAt,
      },
    })
    await subscription.close()
  })

  test('a ticket that is closed without a time is refused', async () => {
    await send('support.tickets', { ...CLOSED, id: 'T-90002', closedAt: null })
    await expect
      .poll(async () => (await fetch(`${mesh.url}/ingest/rejected/support.tickets`)).text())
      .toContain('closed-has-time')
    expect(await query(mesh.url, `{ ticket(id: "T-90002") { id } }`)).toEqual({ ticket: null })
  })

  test('feedback is told of when it is first given, and not when it is changed', async () => {
    const subscription = await subscribe(
      mesh.url,
      `subscription { feedbackGiven(productId: "1") { id rating product { name } } }`,
    )
    let given = 0
    const product = { name: 'Washington Berry Juice' }
    const first = await untilTold(subscription, () =>
      send('marketing.feedback', { ...FEEDBACK, id: `F-9100${given++}` }),
    )
    expect(first).toMatchObject({ feedbackGiven: { rating: 1, product } })
    await send('marketing.feedback', FEEDBACK)
    await send('marketing.feedback', { ...FEEDBACK, rating: 4, text: 'Good.', updatedAt: '1998-02-03T10:00:00.000Z' })
    await send('marketing.feedback', { ...FEEDBACK, id: 'F-92001' })
    const told: string[] = []
    while (told.at(-1) !== 'F-92001') {
      const { data } = await subscription.next()
      told.push((data as { feedbackGiven: Keyed }).feedbackGiven.id)
    }
    expect(told.filter((id) => id === 'F-90001')).toEqual(['F-90001'])
    expect(await query(mesh.url, `{ feedback(id: "F-90001") { rating text } }`)).toEqual({
      feedback: { rating: 4, text: 'Good.' },
    })
    await subscription.close()
  })
})
