// Records whose append time is their version, from a log whose times end at the millisecond and go back: the later record wins, in any
// batches, repetition, crash and restart, in every table.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppendClock } from '../../ingest/append-clock.ts'
import { planEntities, type EntityPlan } from '../../ingest/entity-plan.ts'
import { internalTopics } from '../../ingest/internal-topics.ts'
import { processBatch } from '../../ingest/process-batch.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Row } from '../../schema/row.ts'
import { coarseLog } from './coarse-log.ts'
import { byId, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { EFFECTS, expectedRows, failingAt, logRecords, sentRecords, type Random, type Sent } from './random-things.ts'
import { testProduct } from './test-products.ts'
import { seededInteger } from '../seeded-random.ts'

const TOPIC = 'test.things'
const SEEDS = Array.from({ length: 80 }, (_, index) => index + 1_001)
const product = testProduct({ source: { envelope: 'DEBEZIUM', partial: true } })

let ports: TestPorts
let log: EventLog
let plan: EntityPlan
/** By offset. */
const times: number[] = []

beforeAll(async () => {
  ports = await openPorts()
  log = coarseLog(ports.log, ({ offset }) => times[offset] ?? 0)
  await log.createTopics([...emitTopics(product), ...internalTopics])
  await ports.store.migrate(emitTables(product))
  const [planned] = planEntities(product, log.timestampResolutionUs)
  if (planned === undefined) throw new Error('The test product has an entity.')
  plan = planned
})
afterAll(() => ports.close())

/** Appends them, and notes what the log says of when: mostly the same millisecond, sometimes later, sometimes hours earlier. */
async function append(sent: readonly Sent[], random: Random): Promise<number> {
  const records = logRecords(sent).map(({ key, value }) => ({ key, value, partition: 0 }))
  const [first] = await ports.log.append(TOPIC, records)
  for (const _record of records) {
    const [lastUs = 1_700_000_000_000_000] = times.slice(-1)
    const step = random(8)
    const stepMs =
      step === 0 ? 1 + random(3) : step === 1 ? -random(100) : step === 2 && random(10) === 0 ? -3_600_000 : 0
    times.push(lastUs + stepMs * 1_000)
  }
  return first?.offset ?? 0
}

/** Delivers them as a consumer does; after a crash by a process that knows nothing of before. */
async function deliver(range: { from: number; to: number }, random: Random): Promise<void> {
  let offset = range.from
  let clock = new AppendClock(log, TOPIC)
  while (offset < range.to) {
    const wanted = Math.min(1 + random(8), range.to - offset)
    const records = await log.read({ topic: TOPIC, partition: 0, offset }, wanted)
    const crashes = random(2) === 0
    const used = crashes ? failingAt(ports, random(5), EFFECTS[random(3)] ?? 'PART', random) : ports
    try {
      const batch = await clock.exact({ topic: TOPIC, partition: 0, records })
      await processBatch(used, plan, batch)
      if (random(5) > 0) offset += records.length
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'crash') throw error
      if (random(2) === 0) clock = new AppendClock(log, TOPIC)
    }
  }
}

test('the later record wins', async () => {
  const expected: { base: Row[]; shelves: Row[] } = { base: [], shelves: [] }
  const withoutSequence = ({ sequence: _sequence, ...row }: Row): Row => row
  for (const seed of SEEDS) {
    const random = seededInteger(seed)
    const sent = sentRecords(seed, random).map((record, order) => ({ ...record, sequence: order + 1 }))
    const from = await append(sent, random)
    await deliver({ from, to: from + sent.length }, random)
    if (random(3) === 0) await deliver({ from, to: from + sent.length }, random)
    const rows = expectedRows(sent)
    expected.base.push(...rows.base.map(withoutSequence))
    expected.shelves.push(...rows.shelves.map(withoutSequence))
  }
  expect(byId(await visibleRows(ports.store, 'things'))).toEqual(byId(expected.base))
  expect(byId(await visibleRows(ports.store, 'things_by_shelf'))).toEqual(byId(expected.shelves))
}, 300_000)
