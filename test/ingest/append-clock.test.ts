// Append times made exact: the later record of a partition is the newer one, whatever the log's clock did and whoever asks.
import { afterEach, expect, test } from 'vitest'
import { AppendClock } from '../../ingest/append-clock.ts'
import { internalTopics } from '../../ingest/internal-topics.ts'
import { startIngest } from '../../ingest/main.ts'
import { limits } from '../../platform/limits.ts'
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import type { Change } from '../../schema/record.ts'
import { coarseLog, type TimeOf } from './coarse-log.ts'
import { allRecords, jsonOf, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { testProduct, testTable } from './test-products.ts'
import { seededRandom } from '../seeded-random.ts'

const TOPIC = 'test.things'
const START_US = 1_700_000_000_000_000
const HOUR_US = 3_600_000_000
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function open(): Promise<TestPorts> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  return ports
}

/** A topic of one partition with so many records, whose log says these times. */
async function logOf(count: number, timeOf: TimeOf): Promise<EventLog> {
  const { log } = await open()
  await log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }, ...internalTopics])
  const records = Array.from({ length: count }, () => ({ key: null, value: new Uint8Array(1) }))
  for (let from = 0; from < count; from += 1_000) await log.append(TOPIC, records.slice(from, from + 1_000))
  return coarseLog(log, timeOf)
}

/** The exact times of offsets `from` to `to`, in batches. */
async function timesOf(log: EventLog, clock: AppendClock, range: { from: number; to: number; batch: number }) {
  const times: number[] = []
  for (let offset = range.from; offset < range.to; offset += range.batch) {
    const wanted = Math.min(range.batch, range.to - offset)
    const records: LogRecord[] = []
    while (records.length < wanted) {
      const at = { topic: TOPIC, partition: 0, offset: offset + records.length }
      records.push(...(await log.read(at, wanted - records.length)))
    }
    const exact = await clock.exact({ topic: TOPIC, partition: 0, records })
    times.push(...exact.records.map(({ timestampUs }) => timestampUs))
  }
  return times
}

const increases = (times: readonly number[]): boolean =>
  times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0))

test("keeps the log's own time where times leave room", async () => {
  const log = await logOf(5, ({ offset }) => START_US + offset * 1_000)
  const times = await timesOf(log, new AppendClock(log, TOPIC), { from: 0, to: 5, batch: 2 })
  expect(times).toEqual([0, 1, 2, 3, 4].map((offset) => START_US + offset * 1_000))
})

test('gives the same increasing times to whoever begins anywhere, by batches of any size', async () => {
  const random = seededRandom(4)
  const below = (bound: number): number => Math.floor(random() * bound)
  const count = 4_000
  const times: number[] = []
  let nowUs = START_US
  // Thousands in one millisecond, pauses, and small steps back.
  for (let offset = 0; offset < count; offset++) {
    if (random() < 0.002) nowUs += below(5) * 1_000
    if (random() < 0.001) nowUs -= below(50) * 1_000
    times.push(nowUs)
  }
  const log = await logOf(count, ({ offset }) => times[offset] ?? 0)
  const whole = await timesOf(log, new AppendClock(log, TOPIC), { from: 0, to: count, batch: 1_000 })
  expect(increases(whole)).toBe(true)
  const clock = new AppendClock(log, TOPIC)
  for (let round = 0; round < 60; round++) {
    const from = below(count)
    const range = { from, to: Math.min(count, from + 1 + below(900)), batch: 1 + below(300) }
    // A member that comes back, or a new one.
    const asked = random() < 0.5 ? clock : new AppendClock(log, TOPIC)
    expect(await timesOf(log, asked, range)).toEqual(whole.slice(range.from, range.to))
  }
})

test('goes on increasing after the clock of the log was set back by an hour, also in a process that starts long after', async () => {
  const before = 1_500
  const count = before + limits.appendClockLookBackRecords + 2_000
  const log = await logOf(count, ({ offset }) => START_US + offset * 1_000 - (offset < before ? 0 : HOUR_US))
  const range = { from: 0, to: count - 500, batch: 500 }
  const times = await timesOf(log, new AppendClock(log, TOPIC), range)
  const rest = { from: count - 500, to: count, batch: 100 }
  times.push(...(await timesOf(log, new AppendClock(log, TOPIC), rest)))
  expect(increases(times)).toBe(true)
  expect(times.at(-1)).toBe(START_US + (before - 1) * 1_000 + count - before)
})

test('keeps what a successor has marked when a member that lost the partition unawares goes on marking', async () => {
  const [first, second] = [1_500, 3_000]
  const count = second + limits.appendClockLookBackRecords + 2_000
  // Back, on by more, and back again.
  const shiftOf = (offset: number): number => (offset < first ? 0 : offset < 2_500 || offset >= second ? -1 : 1)
  const log = await logOf(count, ({ offset }) => START_US + offset * 1_000 + shiftOf(offset) * HOUR_US)
  const lost = new AppendClock(log, TOPIC)
  const times = await timesOf(log, lost, { from: 0, to: first, batch: 500 })
  times.push(...(await timesOf(log, new AppendClock(log, TOPIC), { from: first, to: count - 500, batch: 500 })))
  await timesOf(log, lost, { from: first, to: 2_000, batch: 500 })
  times.push(...(await timesOf(log, new AppendClock(log, TOPIC), { from: count - 500, to: count, batch: 100 })))
  expect(increases(times)).toBe(true)
})

const versionless = {
  'that is read and merged': testProduct(),
  'that is written without reading': testProduct({ tables: [testTable('things', 'id')], readsBase: false }),
  'that is re-keyed': testProduct({ source: { keyField: 'shelf', rekeyed: true } }),
}
for (const [kind, product] of Object.entries(versionless)) {
  test(`of an entity ${kind} the last record of a millisecond wins`, async () => {
    const ports = await open()
    const log = coarseLog(ports.log, () => START_US)
    const count = 2_500
    const records = Array.from({ length: count }, (_, rank) => {
      const value = { id: 'a', shelf: 's', rank }
      const key = Buffer.from(kind === 'that is re-keyed' ? 's' : 'a')
      return { key, value: Buffer.from(JSON.stringify(value)), partition: 0 }
    })
    const first = await startIngest({ products: [product], ...ports, log, sweep: false })
    closing.push(() => first.close())
    for (let from = 0; from < count; from += 700) await log.append(TOPIC, records.slice(from, from + 700))
    await first.caughtUp()
    const last = [{ id: 'a', shelf: 's', rank: count - 1 }]
    expect(await visibleRows(ports.store, 'things')).toEqual(last)
    const changes = (await allRecords(log, `${TOPIC}.changes`)).map((record) => jsonOf(record) as Change)
    const times = changes.map(({ writeTime }) => writeTime)
    expect(times).toHaveLength(count)
    expect(increases(times)).toBe(true)
  })
}
