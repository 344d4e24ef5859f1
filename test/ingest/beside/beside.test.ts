// New tables beside the live ones, while records come and queries run: nothing is missing, nothing is stale, before, during and after.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Ingest } from '../../../ingest/main.ts'
import { requestAbandon, requestBuild, requestDrop } from '../../../ingest/beside/table-request.ts'
import { seededInteger } from '../../seeded-random.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import { testProduct } from '../test-products.ts'
import {
  expectRows,
  ingestThings,
  KEY,
  readerOf,
  ThingWriter,
  thingsProduct,
  untilLive,
  WAIT,
  Watcher,
} from './beside-mesh.ts'

let ports: TestPorts
let ingest: Ingest
beforeEach(async () => {
  ports = await openPorts()
  ingest = await ingestThings(ports)
})
afterEach(async () => {
  await ingest.close()
  await ports.close()
})

async function writeUntil(writer: ThingWriter, done: () => boolean): Promise<void> {
  while (!done()) {
    await writer.append(7)
    await ports.clock.sleep(20)
  }
}

test.each(['topic', 'scan'] as const)(
  'new tables seeded by the %s take over while records come and queries run',
  async (seed) => {
    const writer = new ThingWriter(ports.log, seededInteger(1), 40)
    await writer.append(500)
    await ingest.caughtUp()
    const watcher = new Watcher(readerOf(ports))
    await watcher.start(ports.log)
    await requestBuild(ports, thingsProduct(), { seed })
    await writeUntil(writer, () => ingest.tables()[KEY]?.live === 2)
    await writeUntil(writer, () => ingest.tables()[KEY]?.kept === null)
    await writer.append(100)
    await ingest.caughtUp()
    await watcher.close()
    expect(watcher.wrong).toEqual([])
    expect(watcher.changes).toBeGreaterThan(100)
    await expectRows(ports.store, 2, writer.rows())
    await expectRows(readerOf(ports), 1, writer.rows())
  },
  120_000,
)

test('tables of before are dropped when it is asked for, and queries go on', async () => {
  const writer = new ThingWriter(ports.log, seededInteger(2), 20)
  await writer.append(50)
  await ingest.caughtUp()
  const reader = readerOf(ports)
  await requestBuild(ports, thingsProduct(), { seed: 'topic' })
  await untilLive(ingest, 2)
  await expectRows(ports.store, 1, writer.rows())
  await requestDrop(ports, thingsProduct())
  await vi.waitFor(() => expect(ports.store.scan('things', { limit: 1 })).rejects.toThrow('things'), WAIT)
  await writer.append(50)
  await ingest.caughtUp()
  await expectRows(reader, 1, writer.rows())
  // Started again, it makes no tables that nobody reads.
  await ingest.close()
  ingest = await ingestThings(ports)
  await expect(ports.store.scan('things', { limit: 1 })).rejects.toThrow('things')
  await expectRows(reader, 1, writer.rows())
}, 60_000)

test('a build that is given up leaves the live tables alone and takes its own away', async () => {
  const writer = new ThingWriter(ports.log, seededInteger(3), 20)
  await writer.append(50)
  await requestBuild(ports, thingsProduct(), { seed: 'topic' })
  await vi.waitFor(() => expect(ports.store.scan('things_G2', { limit: 1 })).resolves.toBeDefined(), WAIT)
  await requestAbandon(ports, thingsProduct())
  await vi.waitFor(() => expect(ports.store.scan('things_G2', { limit: 1 })).rejects.toThrow('things_G2'), WAIT)
  await writer.append(50)
  await ingest.caughtUp()
  await expectRows(ports.store, 1, writer.rows())
  expect(ingest.tables()[KEY]).toMatchObject({ live: 1, kept: null, retired: [], dropping: [], building: null })
  // Its number is not used again.
  const { building } = await requestBuild(ports, thingsProduct(), { seed: 'topic' })
  expect(building?.generation).toBe(3)
  await untilLive(ingest, 3)
  await expectRows(readerOf(ports), 1, writer.rows())
}, 60_000)

test('what cannot be is refused with the way out', async () => {
  const product = thingsProduct()
  await expect(requestAbandon(ports, product)).rejects.toMatchObject({ code: 'TABLES_REFUSED' })
  await expect(requestDrop(ports, product)).rejects.toMatchObject({ code: 'TABLES_REFUSED' })
  await requestBuild(ports, product, { seed: 'topic' })
  await expect(requestBuild(ports, product, { seed: 'topic' })).rejects.toThrow('generation 2 is being built')
  const compacted = testProduct({ source: { compacted: true } })
  await expect(requestBuild(ports, compacted, { seed: 'topic' })).rejects.toThrow('--seed scan')
})
