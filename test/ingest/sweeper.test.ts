// Old delete markers are swept, and nothing else is.
import { afterEach, expect, test, vi } from 'vitest'
import { planEntities } from '../../ingest/entity-plan.ts'
import { startIngest } from '../../ingest/main.ts'
import { Sweeper, sweepOf } from '../../ingest/sweeper.ts'
import { limits } from '../../platform/limits.ts'
import { HIDDEN_COLUMNS } from '../../schema/tables.ts'
import { ManualClock } from '../manual-clock.ts'
import { allRows, byId, openPorts, visibleRows } from './open-ports.ts'
import { testProduct } from './test-products.ts'

const TOPIC = 'test.things'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const thing = (id: string, shelf = 's') => ({ id, shelf, rank: 1 })

test('sweeps what has been deleted for longer than the grace, and a later record of it is seen again', async () => {
  const product = testProduct()
  const ports = await openPorts()
  closing.push(() => ports.close())
  const ingest = await startIngest({ products: [product], ...ports, sweep: false })
  closing.push(() => ingest.close())
  const send = async (id: string, value: object | null): Promise<void> => {
    const bytes = value === null ? null : Buffer.from(JSON.stringify(value))
    await ports.log.append(TOPIC, [{ key: Buffer.from(id), value: bytes }])
  }
  for (const id of ['gone', 'back', 'kept']) await send(id, thing(id))
  for (const id of ['gone', 'back']) await send(id, null)
  await send('back', thing('back'))
  await ingest.caughtUp()
  expect(await allRows(ports.store, 'things')).toHaveLength(3)

  const plans = planEntities(product, ports.log.timestampResolutionUs)
  const clock = new ManualClock(Date.now() + limits.deleteMarkerGraceMs + 60_000)
  const sweeper = new Sweeper(plans, { log: ports.log, store: ports.store, clock })
  closing.push(() => sweeper.close())
  await vi.waitFor(() => expect(clock.sleeping()).toBe(1))
  clock.advance(limits.sweepPauseMs)
  await vi.waitFor(async () => expect(await allRows(ports.store, 'things')).toHaveLength(2))
  expect(byId(await visibleRows(ports.store, 'things'))).toEqual([thing('back'), thing('kept')])

  await send('gone', thing('gone', 't'))
  await ingest.caughtUp()
  const rows = [thing('back'), thing('gone', 't'), thing('kept')]
  expect(byId(await visibleRows(ports.store, 'things'))).toEqual(rows)
  expect(byId(await visibleRows(ports.store, 'things_by_shelf'))).toEqual(rows)
})

test('of a table is done by the member of the group that has the first partition of its topic, also when that changes', async () => {
  const product = testProduct()
  const ports = await openPorts()
  closing.push(() => ports.close())
  const ingest = await startIngest({ products: [product], ...ports, sweep: false })
  closing.push(() => ingest.close())
  for (const value of [Buffer.from(JSON.stringify(thing('gone'))), null]) {
    await ports.log.append(TOPIC, [{ key: Buffer.from('gone'), value }])
  }
  await ingest.caughtUp()
  let mine = 'nobody'
  const scans: string[] = []
  const plans = planEntities(product, ports.log.timestampResolutionUs)
  const clock = new ManualClock(Date.now() + limits.deleteMarkerGraceMs + 60_000)
  for (const name of ['one', 'other']) {
    const store = new Proxy(ports.store, {
      get(target, method) {
        if (method === 'scan') scans.push(name)
        const member: unknown = Reflect.get(target, method)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    })
    const sweeper = new Sweeper(plans, { log: ports.log, store, clock, isMine: () => mine === name })
    closing.push(() => sweeper.close())
  }
  const pass = async (): Promise<void> => {
    await vi.waitFor(() => expect(clock.sleeping()).toBe(2))
    clock.advance(limits.sweepIntervalMs)
    await vi.waitFor(() => expect(clock.sleeping()).toBe(2))
    clock.advance(limits.sweepPauseMs)
    await vi.waitFor(() => expect(clock.sleeping()).toBe(2))
  }
  await pass()
  expect(scans).toEqual([])
  mine = 'other'
  await pass()
  await vi.waitFor(async () => expect(await allRows(ports.store, 'things')).toEqual([]))
  expect(new Set(scans)).toEqual(new Set(['other']))
})

test('keeps what a late record must still find', () => {
  const [timed] = planEntities(testProduct(), 1)
  const [counted] = planEntities(testProduct({ source: { version: { field: 'sequence', kind: 'SEQUENCE' } } }), 1)
  if (timed === undefined || counted === undefined) throw new Error('The test products have entities.')
  const row = (upsertedAt: number | null, deletedAt: number | null, memory: object) => ({
    id: 'a',
    [HIDDEN_COLUMNS.upsertedAt]: upsertedAt === null ? null : String(upsertedAt),
    [HIDDEN_COLUMNS.deletedAt]: deletedAt === null ? null : String(deletedAt),
    [HIDDEN_COLUMNS.memory]: { ...memory },
  })
  const swept = { kind: 'delete', table: 'things', key: { id: 'a' } }
  expect(sweepOf(timed, row(1, 5, { deletedMs: 99 }), 100)).toEqual([{ ...swept, writeTime: 5 }])
  expect(sweepOf(timed, row(1, 5, { deletedMs: 99, stamp: 7 }), 100)).toEqual([{ ...swept, writeTime: 7 }])
  expect(sweepOf(timed, row(1, 5, { deletedMs: 100 }), 100)).toEqual([])
  expect(sweepOf(timed, row(6, 5, { deletedMs: 1 }), 100)).toEqual([])
  expect(sweepOf(timed, row(1, null, {}), 100)).toEqual([])
  expect(sweepOf(counted, row(1, 5, { deletedMs: 99 }), 100)).toEqual([{ ...swept, writeTime: 5 }])
  expect(sweepOf(counted, row(1, 5, { deletedMs: 99, stamp: 6 }), 100)).toEqual([])
})
