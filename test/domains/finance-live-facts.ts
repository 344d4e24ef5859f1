// Facts of finance while money moves: an order is sent to the running mesh, corrected and deleted, and nothing of it stays.
import { expect } from 'vitest'
import { subscribe, type Subscription } from '../e2e/graphql-client.ts'
import type { AskedMesh, FactRule } from './fact-rule.ts'
import { unitsOf } from './finance-nodes.ts'
import { decimalText } from './source-files.ts'

const ORDER_ID = 'finance-live-1'
const DAY = '1997-12-29'

async function send(mesh: AskedMesh, amount: string | null): Promise<void> {
  const order = {
    id: ORDER_ID,
    customerId: '1',
    storeId: '24',
    placedAt: `${DAY}T12:00:00.000Z`,
    lines: [{ productId: '1', quantity: 1, amount, cost: '4.5' }],
  }
  const response = await fetch(mesh.topicUrl('sales.orders'), {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
    body: JSON.stringify({ records: [{ key: ORDER_ID, value: amount === null ? null : order }] }),
  })
  expect(response.status).toBe(200)
}

interface Books {
  readonly cashPositions: { readonly nodes: readonly { readonly date: string; readonly balance: string }[] }
  readonly profitAndLoss: { readonly revenue: string; readonly operatingResult: string }
  readonly profitAndLossOfCompany: { readonly nodes: readonly { readonly grossProfit: string }[] }
}

const books = (mesh: AskedMesh): Promise<Books> =>
  mesh.query<Books>(
    `{ cashPositions(currency: "USD", from: "${DAY}", until: "1998-01-01", first: 10) { nodes { date balance } }
       profitAndLoss(storeId: "24", month: "1997-12-01") { revenue operatingResult }
       profitAndLossOfCompany(from: "1997-12-01", until: "1998-01-01", first: 1) { nodes { grossProfit } } }`,
  )

interface Positions {
  readonly cashPositionChanged: { readonly date: string; readonly balance: string }
}

/** Ends when an event tells the balance of the day. */
async function told(changes: Subscription, expected: string): Promise<void> {
  for (;;) {
    const { data, errors } = await changes.next()
    expect(errors).toBeUndefined()
    const { date, balance } = (data as unknown as Positions).cashPositionChanged
    if (date === DAY && balance === expected) return
  }
}

const more = (amount: string, by: string): string => decimalText(unitsOf(amount) + unitsOf(by))

const liveCash: FactRule = {
  title:
    'an order moves the cash position and profit and loss at once, and takes back what it moved when it is corrected or deleted',
  async check(mesh) {
    const before = await books(mesh)
    const balance = before.cashPositions.nodes.find(({ date }) => date === DAY)?.balance ?? ''
    const changes = await subscribe(mesh.url, 'subscription { cashPositionChanged(currency: "USD") { date balance } }')
    try {
      await send(mesh, '10.25')
      await expect
        .poll(async () => (await books(mesh)).profitAndLoss)
        .toEqual({
          revenue: more(before.profitAndLoss.revenue, '10.25'),
          operatingResult: more(before.profitAndLoss.operatingResult, '5.75'),
        })
      // By now the subscription has begun, whatever it saw of the first order.
      await send(mesh, '20.5')
      await told(changes, more(balance, '20.5'))
    } finally {
      await send(mesh, null)
    }
    await told(changes, balance)
    await changes.close()
    await expect.poll(() => books(mesh)).toEqual(before)
  },
}

export const liveFacts: readonly FactRule[] = [liveCash]
