// Retention beyond what the port promises: what is young stays, it runs by the clock, and readers are not disturbed.
import { expect, it } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { expectCode, gate, numbered, range, readAll, record, textOf } from '../conformance/event-log-harness.ts'
import { FailingFiles } from './failing-files.ts'
import { TOPIC, fixture, values } from './fixture.ts'

it('deletes segments whose last record is older, by the clock, and keeps everything younger', async () => {
  const files = await fixture({ segmentBytesMax: 500 })
  const log = await files.open({ retentionMs: 600_000 })
  for (const at of range(0, 4)) await log.append(TOPIC, numbered(at * 5, 5))
  files.clock.advance(400_000)
  await expect.poll(() => files.clock.sleeping()).toBe(1)
  for (const at of range(4, 8)) await log.append(TOPIC, numbered(at * 5, 5))
  files.clock.advance(400_000)
  await expect.poll(async () => (await log.offsets(TOPIC))[0]?.earliest).toBeGreaterThan(0)
  await log.maintain()
  expect(values(await readAll(log, TOPIC))).toEqual(range(20, 40).map((at) => `value-${String(at)}`))
  expect((await files.segments()).length).toBe(4)
  await log.close()
})

it('rolls a segment that is written slowly, so that its records do not stay for ever', async () => {
  const files = await fixture()
  const log = await files.open({ retentionMs: 600_000 })
  for (const at of range(0, 30)) {
    await log.append(TOPIC, numbered(at, 1))
    files.clock.advance(limits.logMaintenanceIntervalMs)
    await log.maintain()
  }
  const [held] = await log.offsets(TOPIC)
  expect(held?.next).toBe(30)
  // Ten minutes are kept, and at most as much again until a segment is full of what is older.
  expect(held?.earliest).toBeGreaterThanOrEqual(9)
  expect(held?.earliest).toBeLessThanOrEqual(20)
  await log.close()
})

it('reads on in the new file when compaction removes the old one under the reader', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const first = await files.open({ compacted: true })
  await first.append(TOPIC, [record('a', '1'), record('b', '1'), record('a', '2')])
  await first.maintain({ force: true })
  await first.append(TOPIC, [record('b', '2')])
  await first.close()
  const log = await files.openAsItIs()
  const opening = gate()
  disk.nextOpening = opening.opened
  const reading = log.read({ topic: TOPIC, partition: 0, offset: 0 }, 10)
  await log.maintain({ force: true })
  opening.open()
  expect((await reading).map(({ offset, value }) => [offset, textOf(value)])).toEqual([
    [2, '2'],
    [3, '2'],
  ])
  await log.close()
})

it('answers a reader whose records retention removes meanwhile with the typed error', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const first = await files.open({ retentionMs: 600_000 })
  await first.append(TOPIC, numbered(0, 5))
  await first.close()
  const log = await files.openAsItIs()
  const opening = gate()
  disk.nextOpening = opening.opened
  const reading = log.read({ topic: TOPIC, partition: 0, offset: 0 }, 10)
  files.clock.setWallClock(files.clock.now() + 700_000)
  await log.maintain()
  opening.open()
  await expectCode(reading, 'LOG_OFFSET_OUT_OF_RANGE')
  await log.close()
})
