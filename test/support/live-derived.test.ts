// What is derived from tickets and feedback, live: as they are corrected, what they contributed is taken back.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { subscribe } from '../e2e/graphql-client.ts'
import { type SmallMesh, startSmallMesh, untilTold } from './small-mesh.ts'

/** Against hanging: the sample of eight products is loaded and folded in seconds. */
const START_TIMEOUT_MS = 180_000
const PRODUCTS = [
  'customers/customers',
  'catalog/products',
  'marketing/feedback',
  'marketing/mentions',
  'marketing/sentiment',
  'support/tickets',
  'support/interactions',
  'support/customer-support',
  'support/queues',
] as const

const OPENED = {
  id: 'T-90001',
  customerId: '900001',
  orderId: '900001-1-1',
  category: 'REFUND',
  priority: 'NORMAL',
  queue: 'BILLING',
  state: 'OPEN',
  subject: 'Where is my refund',
  openedAt: '1998-03-01T10:00:00.000Z',
  firstAnsweredAt: null,
  closedAt: null,
  satisfaction: null,
  updatedAt: '1998-03-01T10:00:00.000Z',
}
const CLOSED = {
  ...OPENED,
  state: 'CLOSED',
  firstAnsweredAt: '1998-03-01T11:30:30.000Z',
  closedAt: '1998-03-02T10:00:00.000Z',
  satisfaction: 2,
  updatedAt: '1998-03-03T10:00:00.000Z',
}
const FEEDBACK = {
  id: 'F-90001',
  customerId: '1',
  productId: '1',
  orderId: '1-999-1',
  rating: 1,
  text: 'Terrible juice.',
  givenAt: '1998-03-01T10:00:00.000Z',
  updatedAt: '1998-03-01T10:00:00.000Z',
}

interface Counts {
  readonly texts: number
  readonly positive: number
  readonly neutral: number
  readonly negative: number
}

describe('what is derived from tickets and feedback', () => {
  let mesh: SmallMesh

  beforeAll(async () => {
    mesh = await startSmallMesh(PRODUCTS)
  }, START_TIMEOUT_MS)

  afterAll(() => mesh.close())

  const support = (customerId: string) =>
    mesh.query(
      `{ customerSupport(customerId: "${customerId}") { ticketCount openTickets averageSatisfaction messages } }`,
    )
  const day = (date: string) =>
    mesh.query(
      `{ supportOn(day: "${date}") { nodes {
        category opened answered closed averageMinutesToAnswer longestMinutesToClose
      } } }`,
    )

  test('a customer has an open ticket once it is opened, and none once it is closed, with the rating', async () => {
    await mesh.send('support.tickets', OPENED)
    const open = {
      ticketCount: 1,
      openTickets: 1,
      averageSatisfaction: null,
      messages: 0,
    }
    await expect.poll(() => support('900001')).toEqual({ customerSupport: open })
    await mesh.send('support.tickets', CLOSED)
    const closed = {
      ticketCount: 1,
      openTickets: 0,
      averageSatisfaction: 2,
      messages: 0,
    }
    await expect.poll(() => support('900001')).toEqual({ customerSupport: closed })
  })

  test('a day counts what happened on it, and how long it took', async () => {
    const idle = {
      opened: 0,
      answered: 0,
      closed: 0,
      averageMinutesToAnswer: null,
      longestMinutesToClose: null,
    }
    await expect
      .poll(() => day('1998-03-01'))
      .toEqual({
        supportOn: {
          nodes: [
            {
              ...idle,
              category: 'REFUND',
              opened: 1,
              answered: 1,
              averageMinutesToAnswer: 90,
            },
          ],
        },
      })
    await expect
      .poll(() => day('1998-03-02'))
      .toEqual({
        supportOn: {
          nodes: [
            {
              ...idle,
              category: 'REFUND',
              closed: 1,
              longestMinutesToClose: 1_440,
            },
          ],
        },
      })
  })

  test('a ticket that turns out to be of another customer, category and day leaves nothing where it was', async () => {
    await mesh.send('support.tickets', {
      ...CLOSED,
      customerId: '900002',
      category: 'MEMBER_CARD',
      openedAt: '1998-02-28T10:00:00.000Z',
      updatedAt: '1998-03-04T10:00:00.000Z',
    })
    const moved = {
      ticketCount: 1,
      openTickets: 0,
      averageSatisfaction: 2,
      messages: 0,
    }
    await expect.poll(() => support('900002')).toEqual({ customerSupport: moved })
    await expect.poll(() => support('900001')).toEqual({ customerSupport: null })
    const only = (opened: number, answered: number, closed: number) => ({
      supportOn: {
        nodes: [
          expect.objectContaining({
            category: 'MEMBER_CARD',
            opened,
            answered,
            closed,
          }),
        ],
      },
    })
    await expect.poll(() => day('1998-02-28')).toEqual(only(1, 0, 0))
    await expect.poll(() => day('1998-03-01')).toEqual(only(0, 1, 0))
    await expect.poll(() => day('1998-03-02')).toEqual(only(0, 0, 1))
  })

  test('a dashboard is told how a customer stands with support whenever that changes', async () => {
    const subscription = await subscribe(
      mesh.url,
      `subscription { customerSupportChanged(customerId: "900003") { ticketCount openTickets } }`,
    )
    let opened = 0
    await untilTold(subscription, () =>
      mesh.send('support.tickets', {
        ...OPENED,
        id: `T-9100${++opened}`,
        customerId: '900003',
      }),
    )
    for (let number = 1; number <= opened; number++) {
      await mesh.send('support.tickets', {
        ...CLOSED,
        id: `T-9100${number}`,
        customerId: '900003',
      })
    }
    await expect
      .poll(async () => (await subscription.next()).data)
      .toEqual({
        customerSupportChanged: { ticketCount: opened, openTickets: 0 },
      })
    await subscription.close()
  })

  test('feedback that is changed from a complaint to praise is counted once, as praise', async () => {
    const read = async () => {
      const found = await mesh.query<{ product: { sentiment: Counts } }>(
        `{ product(id: "1") { sentiment { texts positive neutral negative } } }`,
      )
      return found.product.sentiment
    }
    const before = await read()
    await mesh.send('marketing.feedback', FEEDBACK)
    await expect.poll(read).toEqual({
      ...before,
      texts: before.texts + 1,
      negative: before.negative + 1,
    })
    await mesh.send('marketing.feedback', {
      ...FEEDBACK,
      text: 'Great juice.',
      updatedAt: '1998-03-02T10:00:00.000Z',
    })
    await expect.poll(read).toEqual({
      ...before,
      texts: before.texts + 1,
      positive: before.positive + 1,
    })
    expect(await mesh.query(`{ feedback(id: "F-90001") { sentiment { score label brand } } }`)).toEqual({
      feedback: {
        sentiment: { score: 3, label: 'POSITIVE', brand: 'Washington' },
      },
    })
  })
})
