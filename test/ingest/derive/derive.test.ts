// Derived products as a whole, on the real embedded log and store.
import { afterEach, expect, test } from 'vitest'
import type { Ingest } from '../../../ingest/main.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import { derivedRows, expectedRows, itemRecord, orderRecord, removal, startMesh } from './sales-mesh.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(): Promise<{ ports: TestPorts; ingest: Ingest }> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const ingest = await startMesh(ports)
  closing.push(() => ingest.close())
  return { ports, ingest }
}

const order = (id: string, shop: string, ...lines: [item: string, amount: string][]) =>
  orderRecord({
    id,
    shop,
    placedAt: '2026-01-02T03:04:05.000Z',
    lines: lines.map(([item, amount]) => ({ item, amount })),
  })
const item = (id: string, category: string) => itemRecord({ id, category })

test('rows are folded into the groups that their expressions name', async () => {
  const { ports, ingest } = await open()
  await ports.log.append('tests.items', [item('tea', 'drinks'), item('nut', 'food')])
  await ports.log.append('tests.orders', [
    order('1', 'north', ['tea', '2.5'], ['nut', '1'], ['tea', '0']),
    order('2', 'north', ['tea', '4']),
    order('3', 'south', ['nut', '0.75']),
  ])
  await ingest.caughtUp()
  const { totals, categories } = await derivedRows(ports.store)
  const lastAt = '2026-01-02T03:04:05.000Z'
  expect(new Set(totals)).toEqual(
    new Set([
      { shop: 'north', category: 'drinks', lines: '2', amount: '6.5', least: '2.5', most: '4', items: '1', lastAt },
      { shop: 'north', category: 'food', lines: '1', amount: '1', least: '1', most: '1', items: '1', lastAt },
      { shop: 'south', category: 'food', lines: '1', amount: '0.75', least: '0.75', most: '0.75', items: '1', lastAt },
    ]),
  )
  expect(new Set(categories)).toEqual(
    new Set([
      { category: 'drinks', shops: '1', amount: '6.5' },
      { category: 'food', shops: '2', amount: '1.75' },
    ]),
  )
  expect(await derivedRows(ports.store)).toEqual(await expectedRows(ports.store))
})

test('a correction, a move and a delete take back what the row contributed', async () => {
  const { ports, ingest } = await open()
  await ports.log.append('tests.items', [item('tea', 'drinks'), item('nut', 'food')])
  await ports.log.append('tests.orders', [
    order('1', 'north', ['tea', '2.5'], ['nut', '1']),
    order('2', 'north', ['tea', '4']),
    order('3', 'south', ['nut', '0.75']),
  ])
  await ingest.caughtUp()
  await ports.log.append('tests.orders', [
    order('1', 'north', ['tea', '3']),
    order('2', 'south', ['tea', '4']),
    removal('3'),
  ])
  await ingest.caughtUp()
  const rows = await derivedRows(ports.store)
  expect(rows).toEqual(await expectedRows(ports.store))
  expect(rows.categories).toEqual([{ category: 'drinks', shops: '2', amount: '7' }])
})

test('rows that use a joined row are folded again when it appears, changes and goes', async () => {
  const { ports, ingest } = await open()
  const counted = async (): Promise<unknown> => {
    await ingest.caughtUp()
    const rows = await derivedRows(ports.store)
    expect(rows).toEqual(await expectedRows(ports.store))
    return rows.totals.map(({ category }) => category)
  }
  await ports.log.append('tests.orders', [order('1', 'north', ['tea', '2.5'])])
  expect(await counted()).toEqual([])
  await ports.log.append('tests.items', [item('tea', 'drinks')])
  expect(await counted()).toEqual(['drinks'])
  await ports.log.append('tests.items', [item('tea', 'leaves')])
  expect(await counted()).toEqual(['leaves'])
  await ports.log.append('tests.items', [removal('tea')])
  expect(await counted()).toEqual([])
})
