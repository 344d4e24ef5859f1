// Ingest that crashes at any call of its ports while new tables are built: whoever goes on ends with the same rows in the new tables.
import { expect, test } from 'vitest'
import { requestBuild } from '../../../ingest/beside/table-request.ts'
import { seededInteger } from '../../seeded-random.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import { EFFECTS, failingAt } from '../random-things.ts'
import { expectRows, ingestThings, KEY, readerOf, ThingWriter, thingsProduct, Watcher } from './beside-mesh.ts'

const SEEDS = [11, 12, 13]
/** Calls of one life: some end while filling, some while changing over. */
const CALLS_MAX = 120

test.each(SEEDS.flatMap((seed) => [[seed, 'topic'] as const, [seed, 'scan'] as const]))(
  'every record is in the new tables whatever call a crash comes at (seed %i, by %s)',
  async (number, seed) => {
    const random = seededInteger(number)
    const ports: TestPorts = await openPorts()
    const writer = new ThingWriter(ports.log, random, 30)
    const first = await ingestThings(ports)
    await writer.append(300)
    await first.caughtUp()
    await requestBuild(ports, thingsProduct(), { seed })
    await first.close()
    const watcher = new Watcher(readerOf(ports))
    await watcher.start(ports.log)
    for (let life = 0; life < 12; life += 1) {
      const effect = EFFECTS[random(3)] ?? 'PART'
      const failing = failingAt(ports, 20 + random(CALLS_MAX), effect, random)
      // One call fails: before, in the middle of, or after its effect.
      const ingest = await ingestThings({ ...failing, clock: ports.clock }).catch(() => null)
      await writer.append(10)
      await ports.clock.sleep(random(300))
      await ingest?.close()
    }
    const last = await ingestThings(ports)
    while (last.tables()[KEY]?.live !== 2 || last.tables()[KEY]?.kept !== null) {
      await writer.append(3)
      await ports.clock.sleep(20)
    }
    await last.caughtUp()
    await watcher.close()
    expect(watcher.wrong).toEqual([])
    await expectRows(ports.store, 2, writer.rows())
    await last.close()
    await ports.close()
  },
  120_000,
)
