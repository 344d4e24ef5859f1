// Compaction beyond what the port promises: grace of tombstones, merging, crashes on the way, damage.
import { copyFile, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { EmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import {
  parseSegmentFileName,
  segmentFileName,
  segmentsInForce,
} from '../../platform/adapters/embedded-log/segment-name.ts'
import { limits } from '../../platform/limits.ts'
import { range, readAll, record, textOf } from '../conformance/event-log-harness.ts'
import { TOPIC, fixture } from './fixture.ts'

async function held(log: EmbeddedLog): Promise<unknown[]> {
  return (await readAll(log, TOPIC)).map(({ offset, key, value }) => [offset, textOf(key), textOf(value)])
}

it('drops a tombstone only a grace after the pass that removed what it deletes', async () => {
  const files = await fixture()
  const log = await files.open({ compacted: true })
  await log.append(TOPIC, [record('a', '1'), record('b', '1'), record('a', null)])
  // However old the tombstone: a reader may have met the value just before this pass.
  files.clock.advance(limits.logTombstoneGraceMs * 3)
  await log.maintain({ force: true })
  expect(await held(log)).toEqual([
    [1, 'b', '1'],
    [2, 'a', null],
  ])
  files.clock.advance(limits.logTombstoneGraceMs - 1)
  await log.append(TOPIC, [record('b', '2')])
  await log.maintain({ force: true })
  expect(await held(log)).toEqual([
    [2, 'a', null],
    [3, 'b', '2'],
  ])
  files.clock.advance(1)
  await log.append(TOPIC, [record('c', '1')])
  await log.maintain({ force: true })
  expect(await held(log)).toEqual([
    [3, 'b', '2'],
    [4, 'c', '1'],
  ])
  await log.close()
})

it('keeps records without a key, and keys longer than the map takes as they are', async () => {
  const files = await fixture()
  const log = await files.open({ compacted: true })
  const long = 'k'.repeat(1_000)
  await log.append(TOPIC, [
    record(null, '1'),
    record(`${long}a`, '1'),
    record(`${long}b`, '1'),
    record(`${long}a`, '2'),
    record(null, '2'),
  ])
  await log.maintain({ force: true })
  expect((await held(log)).map((each) => (each as unknown[])[0])).toEqual([0, 2, 3, 4])
  await log.close()
})

it('makes few segments of many', async () => {
  const files = await fixture({ segmentBytesMax: 2_000 })
  const log = await files.open({ compacted: true })
  for (const round of range(0, 50))
    await log.append(
      TOPIC,
      range(0, 20).map((key) => record(`key-${String(key)}`, String(round))),
    )
  expect((await files.segments()).length).toBeGreaterThan(20)
  for (const _ of range(0, 6)) await log.maintain({ force: true })
  expect((await files.segments()).length).toBeLessThan(5)
  expect((await held(log)).length).toBe(20)
  await log.close()
})

it('runs by the clock once enough is new, and not before', async () => {
  const files = await fixture({ segmentBytesMax: 2_000 })
  const log = await files.open({ compacted: true })
  for (const round of range(0, 50)) await log.append(TOPIC, [record('a', String(round)), record('b', 'x'.repeat(100))])
  const generation = async (): Promise<number> =>
    parseSegmentFileName((await files.segments())[0]?.split('/').at(-1) ?? '')?.generation ?? -1
  expect(await generation()).toBe(0)
  files.clock.advance(limits.logMaintenanceIntervalMs)
  await expect.poll(generation).toBe(1)
  await expect.poll(() => files.clock.sleeping()).toBe(1)
  files.clock.advance(limits.logMaintenanceIntervalMs)
  await log.maintain()
  expect(await generation()).toBe(1)
  await log.close()
})

it('holds the same whichever files a crash leaves of a pass', async () => {
  const files = await fixture({ segmentBytesMax: 2_000 })
  const first = await files.open({ compacted: true })
  for (const round of range(0, 20))
    await first.append(
      TOPIC,
      range(0, 10).map((key) => record(`key-${String(key)}`, String(round))),
    )
  const old = await mkdtemp(join(tmpdir(), 'meshgate-old-'))
  for (const path of await files.segments()) await copyFile(path, join(old, path.split('/').at(-1) ?? ''))
  await first.maintain({ force: true })
  const expected = await held(first)
  await first.close()
  // Before the rename: the new file is a temporary one beside the old. After it: any of the old ones may still be there.
  const leftovers = await readdir(old)
  for (let count = 1; count <= leftovers.length; count += 1) {
    for (const name of leftovers.slice(-count))
      await copyFile(join(old, name), join(files.partitionDirectory, name)).catch(() => undefined)
    await writeFile(join(files.partitionDirectory, '000000000000000-000000000000010-9.log.tmp'), 'half')
    const log = await files.openAsItIs()
    expect(await held(log)).toEqual(expected)
    await log.close()
    expect((await readdir(files.partitionDirectory)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  }
  await rm(old, { recursive: true })
})

it('compacts nothing of a partition with damage, and says so', async () => {
  const errors: unknown[] = []
  const files = await fixture({ onMaintenanceError: (error) => errors.push(error) })
  const first = await files.open({ compacted: true })
  await first.append(TOPIC, [record('a', '1'), record('a', '2')])
  await first.maintain({ force: true })
  await first.append(TOPIC, [record('a', '3')])
  await first.close()
  const { path, bytes } = await files.lastSegment()
  const log = await files.openAsItIs()
  bytes[40] = (bytes[40] ?? 0) ^ 1
  await writeFile(`${path}.copy`, bytes)
  await rename(`${path}.copy`, path)
  await expect(log.maintain({ force: true })).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
  await log.close()
})

it('knows by the names which segments a pass has replaced', () => {
  const name = (base: number, end: number | null = null, generation = 0): string =>
    segmentFileName({ base, end, generation })
  const names = [name(0), name(10), name(20), name(0, 20, 1), name(20, 40, 1), name(0, 40, 2), name(40), name(55)]
  const parsed = names.map(parseSegmentFileName).filter((each) => each !== null)
  const { current, replaced } = segmentsInForce(parsed)
  expect(current.map(segmentFileName)).toEqual([name(0, 40, 2), name(40), name(55)])
  expect(replaced.length).toBe(5)
})
