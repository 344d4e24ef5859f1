// Derived entities as an author writes them: what the product compiler accepts, its fold can run.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileFold } from '../../../schema/fold/compile-fold.ts'
import type { FoldFunctions } from '../../../schema/fold/fold-function.ts'
import type { Row } from '../../../schema/row.ts'
import { entityOf, productOf } from '../compile.ts'
import { type Engine, engineFor } from './fold-model.ts'

const product = productOf(readFileSync(new URL('../good/daily-sales.graphql', import.meta.url), 'utf8'))

const functions: FoldFunctions = {
  trends: {
    init: () => 0,
    apply: (state, { value }) => (state as number) + ((value['each'] as Row)['quantity'] as number),
    emit: (state) => [{ category: 'all', slope: state }],
  },
}

const joinedRows: Readonly<Record<string, Row>> = {
  p1: { id: 'p1', category: 'food', unitCost: '0.5' },
  p2: { id: 'p2', category: 'food', unitCost: null },
  '["US","s1"]': { country: 'US', number: 's1', manager: 'Ann' },
}

function engineOf(entity: string): Engine {
  const fold = compileFold(product, entityOf(product, entity), functions)
  return engineFor(fold, { joined: (_, keyText) => joinedRows[keyText] ?? null })
}

const order = (id: string, storeId: string, time: string, others: Row = {}): Row => ({
  id,
  storeId,
  placedAt: `2024-03-01T${time}.000Z`,
  channel: 'STORE',
  status: 'PAID',
  lines: [
    { productId: 'p1', quantity: 2, amount: '2.1', discount: null },
    { productId: 'p2', quantity: 1, amount: '0.2', discount: { percent: 5.5 } },
  ],
  ...others,
})

test('aggregates over elements with joined rows', () => {
  const engine = engineOf('DailySales')
  engine.put(0, 'o1', order('o1', 's1', '10:00:00'))
  engine.put(0, 'o2', order('o2', 's1', '09:00:00', { channel: 'ONLINE' }))
  engine.put(0, 'o3', order('o3', 's2', '09:00:00', { status: 'CANCELLED' }))
  engine.put(0, 'o4', order('o4', 's2', '09:00:00', { lines: [] }))
  expect(engine.rows()).toEqual([
    {
      day: '2024-03-01', storeId: 's1', category: 'food',
      lines: 4, costed: '2', articles: 2, units: '6', revenue: '4.6', averageAmount: 1.15,
      smallest: '0.2', largest: '2.1', firstChannel: 'ONLINE', lastDiscount: 5.5, managers: ['Ann'],
    },
  ]) // prettier-ignore
})

test('two inputs that meet in the group', () => {
  const engine = engineOf('DailyVisits')
  engine.put(1, 'o1', order('o1', 's1', '10:00:00'))
  expect(engine.rows()).toEqual([])
  engine.put(0, 'v1', { id: 'v1', storeId: 's1', day: '2024-03-01', visitors: 7 })
  expect(engine.rows()).toEqual([
    { storeId: 's1', day: '2024-03-01', visitors: 7, most: 7, revenue: '2.3', dearest: '2.1' },
  ])
})

test('sliding windows and sessions', () => {
  const recent = engineOf('RecentOrders')
  recent.put(0, 'o1', order('o1', 's1', '10:05:00'))
  expect(recent.rows()).toHaveLength(6)
  const rush = engineOf('Rush')
  for (const [id, time] of [['o1', '10:05:00'], ['o2', '10:10:00'], ['o3', '10:15:01']] as const)
    rush.put(0, id, order(id, 's1', time))
  expect(rush.rows()).toEqual([
    { storeId: 's1', from: '2024-03-01T10:05:00.000Z', until: '2024-03-01T10:10:00.000Z', orders: 2 },
    { storeId: 's1', from: '2024-03-01T10:15:01.000Z', until: '2024-03-01T10:15:01.000Z', orders: 1 },
  ])
}) // prettier-ignore

test('a function in code', () => {
  const engine = engineOf('Trend')
  engine.put(0, 'o1', order('o1', 's1', '10:05:00'))
  engine.put(0, 'o2', order('o2', 's1', '10:05:00'))
  expect(engine.rows()).toEqual([{ storeId: 's1', category: 'all', slope: 6 }])
})
