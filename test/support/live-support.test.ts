// A ticket and feedback as a dashboard sees them: live, in the order of what happened and not of what arrives.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { subscribe } from '../e2e/graphql-client.ts'
import { type Keyed, type SmallMesh, startSmallMesh, untilTold } from './small-mesh.ts'

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

describe('support and feedback, live', () => {
  let mesh: SmallMesh

  beforeAll(async () => {
    mesh = await startSmallMesh(PRODUCTS)
  }, START_TIMEOUT_MS)

  afterAll(() => mesh.close())

  test('a ticket is told of at every change, with its customer, and is where its state and queue say', async () => {
    const subscription = await subscribe(
      mesh.url,
      `subscription { ticketChanged(customerId: "1") { id state queue customer { city } } }`,
    )
    await untilTold(subscription, () => mesh.send('support.tickets', OPENED))
    await mesh.send('support.tickets', CLOSED)
    const event = async () => (await subscription.next()).data
    const customer = { city: 'Tlaxiaco' }
    // The opening may have been sent, and told, more than once.
    await expect.poll(event).toEqual({ ticketChanged: { id: 'T-90001', state: 'CLOSED', queue: 'QUALITY', customer } })
    const found = await mesh.query(
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
    const told = await untilTold(subscription, () => mesh.send('support.tickets', ANSWERED))
    expect(told).toEqual({ ticketChanged: { state: 'CLOSED', closedAt: CLOSED.closedAt } })
    const found = await mesh.query(`{ ticket(id: "T-90001") { state firstAnsweredAt closedAt updatedAt } }`)
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
    await mesh.send('support.tickets', { ...CLOSED, id: 'T-90002', closedAt: null })
    await expect.poll(() => mesh.rejected('support.tickets')).toContain('closed-has-time')
    expect(await mesh.query(`{ ticket(id: "T-90002") { id } }`)).toEqual({ ticket: null })
  })

  test('feedback is told of when it is first given, and not when it is changed', async () => {
    const subscription = await subscribe(
      mesh.url,
      `subscription { feedbackGiven(productId: "1") { id rating product { name } } }`,
    )
    let given = 0
    const product = { name: 'Washington Berry Juice' }
    const first = await untilTold(subscription, () =>
      mesh.send('marketing.feedback', { ...FEEDBACK, id: `F-9100${given++}` }),
    )
    expect(first).toMatchObject({ feedbackGiven: { rating: 1, product } })
    await mesh.send('marketing.feedback', FEEDBACK)
    await mesh.send('marketing.feedback', {
      ...FEEDBACK,
      rating: 4,
      text: 'Good.',
      updatedAt: '1998-02-03T10:00:00.000Z',
    })
    await mesh.send('marketing.feedback', { ...FEEDBACK, id: 'F-92001' })
    const told: string[] = []
    while (told.at(-1) !== 'F-92001') {
      const { data } = await subscription.next()
      told.push((data as { feedbackGiven: Keyed }).feedbackGiven.id)
    }
    expect(told.filter((id) => id === 'F-90001')).toEqual(['F-90001'])
    expect(await mesh.query(`{ feedback(id: "F-90001") { rating text } }`)).toEqual({
      feedback: { rating: 4, text: 'Good.' },
    })
    await subscription.close()
  })
})
