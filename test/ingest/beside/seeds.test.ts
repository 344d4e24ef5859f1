// New tables seeded by a scan of the live ones: of products that ingest does not read for, of a single further table, and where the topic has
// lost its beginning.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { generationPlan } from '../../../ingest/beside/generation-plan.ts'
import { seedRows } from '../../../ingest/beside/seed-rows.ts'
import { requestBuild } from '../../../ingest/beside/table-request.ts'
import { planEntities } from '../../../ingest/entity-plan.ts'
import type { EmbeddedLog } from '../../../platform/adapters/embedded-log/embedded-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { generationTable, tablesOfGeneration } from '../../../platform/table-generations.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import type { Row } from '../../../schema/row.ts'
import { seededInteger } from '../../seeded-random.ts'
import { allRows, byId, openPorts, visibleRows, type TestPorts } from '../open-ports.ts'
import { testProduct } from '../test-products.ts'
import { ingestThings, KEY, ThingWriter, thingsProduct, untilLive } from './beside-mesh.ts'

let ports: TestPorts
beforeEach(async () => {
  ports = await openPorts()
})
afterEach(() => ports.close())

test('a product of immutable keys, which ingest writes without reading, is copied with its write times', async () => {
  const product = testProduct({ readsBase: false, source: { immutableKeys: true } })
  const ingest = await ingestThings(ports, { products: [product] })
  const record = (id: string, rank: number, note: string | null) => ({
    key: Buffer.from(id),
    value: Buffer.from(JSON.stringify({ id, shelf: 'a', rank, ...(note === null ? {} : { note }) })),
  })
  await ports.log.append('test.things', [record('1', 1, 'x'), record('2', 2, null), record('3', 3, 'y')])
  await ingest.caughtUp()
  await requestBuild(ports, product, { seed: 'scan' })
  await ports.log.append('test.things', [record('2', 2, 'later'), record('4', 4, null)])
  await untilLive(ingest, 2)
  await ingest.caughtUp()
  await ingest.close()
  const withTimes = async (generation: number) => {
    const keys = ['1', '2', '3', '4'].map((id) => ({ id }))
    return ports.store.read(generationTable('things', generation), keys, { writeTimes: true })
  }
  expect(await withTimes(2)).toEqual(await withTimes(1))
  const shelves = generationTable('things_by_shelf', 2)
  expect(byId(await allRows(ports.store, shelves))).toEqual(
    byId(await allRows(ports.store, generationTable('things', 2))),
  )
})

test('a single new table of a product is filled from its base, whatever is written meanwhile', async () => {
  const ingest = await ingestThings(ports)
  const writer = new ThingWriter(ports.log, seededInteger(5), 30)
  await writer.append(200)
  await ingest.caughtUp()
  const [plan] = planEntities(thingsProduct(), 1)
  const [, shelves] = emitTables(thingsProduct())
  if (plan === undefined || shelves === undefined) throw new Error('The product has an entity and two tables.')
  const [further] = generationPlan(plan, 9).further
  if (further === undefined) throw new Error('The product has a further table.')
  await ports.store.migrate([{ ...shelves, name: further.name }])
  const keys = (await allRows(ports.store, 'things')).map(({ id = null }): Row => ({ id }))
  const turn = { signal: new AbortController().signal, isMine: async () => true }
  for (let time = 0; time < 2; time += 1) {
    await seedRows(ports.store, { from: plan, base: null, further: [further] }, keys, turn)
  }
  await ingest.close()
  expect(byId(await visibleRows(ports.store, further.name))).toEqual(writer.rows())
})

test('a scan that another process has claimed meanwhile leaves nothing where an entity was', async () => {
  const ingest = await ingestThings(ports)
  const append = async (row: Row): Promise<void> => {
    const value = Buffer.from(JSON.stringify({ op: 'c', after: { id: 'a', ...row } }))
    await ports.log.append('test.things', [{ key: Buffer.from('a'), value }])
    await ingest.caughtUp()
  }
  await append({ shelf: 's', rank: 1 })
  const [plan] = planEntities(thingsProduct(), 1)
  if (plan === undefined) throw new Error('The product has an entity.')
  const { base, further } = generationPlan(plan, 2)
  await ports.store.migrate(tablesOfGeneration(emitTables(thingsProduct()), 2))
  const { signal } = new AbortController()
  let owner = 1
  const seed = (scan: number, write: Store['write']): Promise<boolean> => {
    const store = { write, read: ports.store.read.bind(ports.store) } as Store
    return seedRows(store, { from: plan, base, further }, [{ id: 'a' }], { signal, isMine: async () => owner === scan })
  }
  // The first has read the row, and the thing moves before it writes.
  const isDone = await seed(1, async (writes) => {
    if (owner === 1) {
      owner = 2
      await append({ rank: 2 })
      expect(await seed(2, (others) => ports.store.write(others))).toBe(true)
    }
    await ports.store.write(writes)
  })
  expect(isDone).toBe(false)
  for (const table of [base, ...further]) {
    expect(await visibleRows(ports.store, table.name)).toEqual([{ id: 'a', shelf: 's', rank: 2 }])
  }
  await ingest.close()
})

test('where the topic has lost its beginning, it is seeded by a scan or not at all', async () => {
  const product = testProduct({ source: { envelope: 'DEBEZIUM', partial: true, retentionMs: 1 } })
  const ingest = await ingestThings(ports, { products: [product] })
  const writer = new ThingWriter(ports.log, seededInteger(6), 30)
  await writer.append(200)
  await ingest.caughtUp()
  // Rolls and removes what is older than the retention, as time would.
  await (ports.log as EmbeddedLog).maintain({ force: true })
  await vi.waitFor(async () => expect((await ports.log.offsets('test.things'))[0]?.earliest).toBeGreaterThan(0))
  await expect(requestBuild(ports, product, { seed: 'topic' })).rejects.toThrow('begins at offset')
  await requestBuild(ports, product, { seed: 'scan' })
  await writer.append(20)
  await untilLive(ingest, 2)
  await writer.append(20)
  await ingest.caughtUp()
  expect(byId(await visibleRows(ports.store, 'things_G2'))).toEqual(writer.rows())
  expect(byId(await visibleRows(ports.store, 'things_by_shelf_G2'))).toEqual(writer.rows())
  expect(ingest.tables()[KEY]).toMatchObject({ retired: [1] })
  await ingest.close()
}, 60_000)
