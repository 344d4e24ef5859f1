// How reading is done: little is read, also of large logs; one reader serves all listeners; nothing waits without bound.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ByteBudget } from '../../platform/byte-budget.ts'
import { assign } from '../../platform/group-assignment.ts'
import { limits } from '../../platform/limits.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { Received, codeOf, gate, numbered, range, readAll, record } from '../conformance/event-log-harness.ts'
import { FailingFiles } from './failing-files.ts'
import { TOPIC, fixture, values } from './fixture.ts'

const LARGE = 'x'.repeat(1_000)

it('opens a large log, and reads any offset of it, by reading little', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk, segmentBytesMax: 4_000_000 })
  const first = await files.open()
  for (const _ of range(0, 20))
    await first.append(
      TOPIC,
      range(0, 1_000).map(() => record(null, LARGE)),
    )
  await first.close()
  disk.bytesRead = 0
  const log = await files.open()
  expect(disk.bytesRead).toBeLessThan(1_000)
  for (const offset of [0, 5_555, 12_345, 19_999]) {
    disk.bytesRead = 0
    const [found] = await log.read({ topic: TOPIC, partition: 0, offset }, 1)
    expect(found?.offset).toBe(offset)
    expect(disk.bytesRead).toBeLessThanOrEqual(limits.logReadBytes)
  }
  await log.close()
})

it('reads at the head without the disk', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  for (const at of range(0, 50)) await log.append(TOPIC, numbered(at * 10, 10))
  disk.bytesRead = 0
  expect(values(await log.read({ topic: TOPIC, partition: 0, offset: 495 }, 100))).toEqual(
    range(495, 500).map((at) => `value-${String(at)}`),
  )
  expect(disk.bytesRead).toBe(0)
  await log.close()
})

it('finds every offset again when indexes have been lost', async () => {
  const files = await fixture({ segmentBytesMax: 50_000 })
  const first = await files.open()
  for (const at of range(0, 40)) await first.append(TOPIC, numbered(at * 50, 50))
  await first.close()
  await files.removeIndexes()
  const log = await files.open()
  expect((await readAll(log, TOPIC)).map(({ offset }) => offset)).toEqual(range(0, 2_000))
  await log.close()
})

it('believes an index only as far as the segment was when it was written', async () => {
  const files = await fixture({ segmentBytesMax: 1_000 })
  const index = join(files.partitionDirectory, '000000000000000.index')
  const first = await files.open()
  await first.append(TOPIC, numbered(0, 5))
  await first.close()
  const stale = await readFile(index)
  const second = await files.open()
  await second.append(TOPIC, numbered(5, 5))
  await second.append(TOPIC, numbered(10, 20))
  await second.close()
  await writeFile(index, stale)
  const log = await files.open()
  expect((await files.segments()).length).toBe(2)
  expect((await readAll(log, TOPIC)).map(({ offset }) => offset)).toEqual(range(0, 30))
  await log.close()
})

it('decodes once for all listeners of a topic', async () => {
  const files = await fixture()
  const log = await files.open()
  const seen: LogRecord[] = []
  for (const _ of range(0, 50)) {
    const onBatch = ({ records }: { readonly records: readonly LogRecord[] }): void => void seen.push(...records)
    await log.tail({ topic: TOPIC, from: 'end', onBatch, onError: () => undefined })
  }
  await log.append(TOPIC, [record('a', 'x')])
  await expect.poll(() => seen.length).toBe(50)
  expect(new Set(seen).size).toBe(1)
  await log.close()
})

it('gives a listener nothing from before its start, also where the shared reader is behind', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  const reads = gate()
  const early = new Received()
  const late = new Received()
  // Larger than what is kept in memory: the reader has to go to the disk, which waits.
  const batch = range(0, 1_500).map(() => record(null, LARGE))
  await log.tail({ topic: TOPIC, from: 'end', onBatch: (each) => early.add(each), onError: () => undefined })
  disk.readable = reads.opened
  await log.append(TOPIC, batch)
  await log.tail({ topic: TOPIC, from: 'end', onBatch: (each) => late.add(each), onError: () => undefined })
  await log.append(TOPIC, batch)
  reads.open()
  await expect.poll(() => early.of(0).length).toBe(3_000)
  expect([early.of(0), late.of(0)]).toEqual([range(0, 3_000), range(1_500, 3_000)])
  await log.close()
})

it('gives a listener that was catching up while the shared reader failed all there is, without waiting for another append', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  // Larger than what is kept in memory: readers have to go to the disk.
  const batch = range(0, 1_500).map(() => record(null, LARGE))
  await log.append(TOPIC, batch)
  const errors: unknown[] = []
  const onError = (error: unknown): void => void errors.push(codeOf(error))
  await log.tail({ topic: TOPIC, from: 'end', onBatch: () => undefined, onError })
  const received = new Received()
  const reads = gate()
  disk.readable = reads.opened
  await log.tail({ topic: TOPIC, from: [0], onBatch: (each) => received.add(each), onError })
  await log.append(TOPIC, batch.slice(0, 1))
  const failing = Promise.reject(new Error('EIO'))
  failing.catch(() => undefined)
  disk.readable = failing
  await log.append(TOPIC, batch)
  await expect.poll(() => errors).toEqual(['LOG_UNAVAILABLE'])
  disk.readable = Promise.resolve()
  reads.open()
  await expect.poll(() => received.of(0).length).toBe(3_001)
  expect(received.of(0)).toEqual(range(0, 3_001))
  await log.close()
})

it('hands many records to many listeners without holding up everything else', async () => {
  const files = await fixture()
  const log = await files.open()
  const count = 1_000
  const listeners = Math.ceil(limits.logTailRecordsPerTurnMax / count) * 3
  let turns = 0
  const turnOf: number[] = []
  const onBatch = ({ records }: { readonly records: readonly LogRecord[] }): void => {
    if (records.at(-1)?.offset === count - 1) turnOf.push(turns)
  }
  for (const _ of range(0, listeners)) await log.tail({ topic: TOPIC, from: 'end', onBatch, onError: () => undefined })
  const turn = (): void => {
    turns += 1
    if (turnOf.length < listeners) setImmediate(turn)
  }
  turn()
  await log.append(TOPIC, numbered(0, count))
  await expect.poll(() => turnOf.length).toBe(listeners)
  expect(new Set(turnOf).size).toBeGreaterThan(1)
  await log.close()
})

it('ends the tail of a listener that throws, and no other', async () => {
  const files = await fixture()
  const log = await files.open()
  const errors: unknown[] = []
  const received: string[] = []
  const fail = (): never => {
    throw new Error('a bug of the listener')
  }
  await log.tail({ topic: TOPIC, from: 'end', onBatch: fail, onError: (error) => errors.push(error) })
  await log.tail({
    topic: TOPIC,
    from: 'end',
    onBatch: ({ records }) => void received.push(...values(records)),
    onError: () => undefined,
  })
  await log.append(TOPIC, numbered(0, 1))
  await log.append(TOPIC, numbered(1, 1))
  await expect.poll(() => received).toEqual(['value-0', 'value-1'])
  expect(errors).toEqual([new Error('a bug of the listener')])
  await log.close()
})

it('writes appends that arrive during a commit together in the next', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  const before = disk.syncs
  await Promise.all(range(0, 500).map((at) => log.append(TOPIC, numbered(at, 1))))
  expect(disk.syncs - before).toBeLessThanOrEqual(2)
  await log.close()
})

it('admits what fits, in order, and lets nothing overtake', () => {
  const budget = new ByteBudget(100)
  const started: string[] = []
  const admit = (name: string, bytes: number): void => budget.admit(bytes, () => started.push(name))
  admit('a', 60)
  admit('b', 50)
  admit('c', 10)
  expect(started).toEqual(['a'])
  budget.release(60)
  expect(started).toEqual(['a', 'b', 'c'])
  admit('larger than all', 500)
  budget.release(50)
  expect(started.length).toBe(3)
  budget.release(10)
  expect(started.at(-1)).toBe('larger than all')
})

it('finishes appends that still wait for room when it closes', async () => {
  const files = await fixture()
  const log = await files.open()
  const largest = { key: null, value: Buffer.alloc(limits.recordBytesMax) }
  const count = Math.ceil(limits.appendBytesInFlightMax / limits.recordBytesMax) + 8
  const appends = range(0, count).map(() => log.append(TOPIC, [largest]))
  await log.close()
  expect((await Promise.all(appends)).flat().map(({ offset }) => offset)).toEqual(range(0, count))
})

it('moves as few partitions as balance takes', () => {
  const partitions = range(0, 7).map(String)
  const candidate = (member: string): { member: string; wants: () => boolean } => ({ member, wants: () => true })
  const alone = assign(partitions, [candidate('a')], new Map())
  const shared = assign(partitions, [candidate('a'), candidate('b')], alone)
  const three = assign(partitions, [candidate('a'), candidate('b'), candidate('c')], shared)
  const left = assign(partitions, [candidate('b'), candidate('c')], three)
  const count = (of: ReadonlyMap<string, string>): number[] =>
    ['a', 'b', 'c'].map((member) => [...of.values()].filter((each) => each === member).length)
  const moved = (from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): number =>
    partitions.filter((partition) => from.get(partition) !== to.get(partition)).length
  expect(
    [count(alone), count(shared), count(three), count(left)].map((each) => each.toSorted((a, b) => a - b)),
  ).toEqual([
    [0, 0, 7],
    [0, 3, 4],
    [2, 2, 3],
    [0, 3, 4],
  ])
  expect([moved(alone, shared), moved(shared, three)]).toEqual([3, 2])
  expect(moved(three, left)).toBe(count(three)[0])
})
