// How often a derived entity's rows are told, on the real embedded log and store.
import { afterEach, expect, test } from 'vitest'
import type { Clock } from '../../../platform/ports/clock.ts'
import { allRecords, openPorts, visibleRows } from '../open-ports.ts'
import {
  expectedRows,
  itemRecord,
  items,
  onePartition,
  orderRecord,
  orders,
  startMesh,
  totalsProduct,
} from './sales-mesh.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const HOUR_MS = 3_600_000

test('rows of @emit(every:) are told at most so often, each time with all that came meanwhile, and at once to who waits', async () => {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const hours: (() => void)[] = []
  const clock: Clock = {
    ...ports.clock,
    async sleep(ms, signal) {
      if (ms !== HOUR_MS) return ports.clock.sleep(ms, signal)
      const over = Promise.withResolvers<void>()
      hours.push(over.resolve)
      signal?.addEventListener('abort', () => over.reject(signal.reason))
      await over.promise
    },
  }
  const totals = onePartition(totalsProduct({ emit: '@emit(every: "PT1H")' }))
  const ingest = await startMesh({ ...ports, clock }, { products: [orders, items, totals] })
  closing.push(() => ingest.close())
  await ports.log.append('tests.items', [itemRecord({ id: 'tea', category: 'drinks' })])
  const sell = async (id: string): Promise<void> => {
    const lines = [{ item: 'tea', amount: '1' }]
    const placedAt = '2026-01-02T03:04:05.000Z'
    await ports.log.append('tests.orders', [orderRecord({ id, shop: 'north', placedAt, lines })])
  }
  const told = async (): Promise<number> => (await allRecords(ports.log, 'tests.totals')).length
  const contributions = async (): Promise<string> =>
    (await allRecords(ports.log, 'tests.totals.contributions'))
      .map(({ value }) => String(Buffer.from(value ?? [])))
      .join()

  const rows = (): ReturnType<typeof visibleRows> => visibleRows(ports.store, 'totals')
  const expectExact = async (): Promise<void> => expect(await rows()).toEqual((await expectedRows(ports.store)).totals)

  // With its row, or with what came before it: fold rests behind its first batch.
  await sell('first')
  await expect.poll(() => hours.length).toBe(1)
  await sell('second')
  await expect.poll(contributions).toMatch(/first[^]*second/)
  const before = await told()
  hours[0]?.()
  await expect.poll(() => hours.length).toBe(2)
  expect(await told()).toBe(before + 1)

  await sell('third')
  await sell('fourth')
  await expect.poll(contributions).toMatch(/third[^]*fourth/)
  expect(await told()).toBe(before + 1)
  hours[1]?.()
  await expect.poll(told).toBe(before + 2)
  await expect.poll(rows).toMatchObject([{ lines: '4' }])
  await expectExact()

  await sell('fifth')
  await ingest.caughtUp()
  expect(await told()).toBe(before + 3)
  await expectExact()
})
