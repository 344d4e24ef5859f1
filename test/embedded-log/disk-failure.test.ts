// A disk that is full or fails: what is answered, what is in the log afterwards, and that it goes on.
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { codeOf, expectCode, numbered, range, readAll } from '../conformance/event-log-harness.ts'
import { FailingFiles } from './failing-files.ts'
import { TOPIC, fixture, values } from './fixture.ts'

it('rejects with LOG_DISK_FULL, cuts the partial frame, and goes on when there is space again', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  await log.append(TOPIC, numbered(0, 2))
  const { bytes } = await files.lastSegment()
  for (const bytesLeft of [0, 1, 30, 70]) {
    disk.bytesLeft = bytesLeft
    await expectCode(log.append(TOPIC, numbered(90, 2)), 'LOG_DISK_FULL')
    expect((await files.lastSegment()).bytes.equals(bytes)).toBe(true)
  }
  disk.bytesLeft = Infinity
  await log.append(TOPIC, numbered(2, 2))
  await log.close()
  const reopened = await files.open()
  expect(values(await readAll(reopened, TOPIC))).toEqual(['value-0', 'value-1', 'value-2', 'value-3'])
  await reopened.close()
})

it('rejects when a new segment finds no space, and goes on when there is some again', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk, segmentBytesMax: 200 })
  const log = await files.open()
  await log.append(TOPIC, numbered(0, 3))
  disk.bytesLeft = 10
  await expectCode(log.append(TOPIC, numbered(90, 3)), 'LOG_DISK_FULL')
  expect((await files.segments()).length).toBe(1)
  disk.bytesLeft = Infinity
  await log.append(TOPIC, numbered(3, 3))
  await log.close()
  const reopened = await files.open()
  expect(values(await readAll(reopened, TOPIC)).length).toBe(6)
  await reopened.close()
})

it('seals nothing of a commit that failed, also where the file could not be cut at once', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk, segmentBytesMax: 200 })
  const log = await files.open()
  await log.append(TOPIC, numbered(0, 1))
  disk.syncFailures = 1
  disk.openFailures = 2
  await expectCode(log.append(TOPIC, numbered(90, 1)), 'LOG_UNAVAILABLE')
  // More than the segment takes: they go into the next one, whose offsets are those of the commit that failed.
  await expectCode(log.append(TOPIC, numbered(80, 3)), 'LOG_UNAVAILABLE')
  expect((await files.segments()).length).toBe(1)
  await log.append(TOPIC, numbered(1, 3))
  const durable = range(0, 4).map((at) => `value-${String(at)}`)
  expect(values(await readAll(log, TOPIC))).toEqual(durable)
  await log.close()
  expect((await files.segments()).length).toBe(2)
  const reopened = await files.open()
  expect(values(await readAll(reopened, TOPIC))).toEqual(durable)
  await reopened.close()
})

it('has nothing of a rejected append after an orderly close, also where the file could not be cut at once', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  await log.append(TOPIC, numbered(0, 1))
  disk.syncFailures = 1
  disk.openFailures = 1
  await expectCode(log.append(TOPIC, numbered(90, 1)), 'LOG_UNAVAILABLE')
  await log.close()
  const reopened = await files.open()
  expect(values(await readAll(reopened, TOPIC))).toEqual(['value-0'])
  await reopened.close()
})

it('rolls at the next append where the file of a new segment may have been left, so that no later opening goes on in it', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk, segmentBytesMax: 400 })
  const log = await files.open()
  await log.append(TOPIC, numbered(0, 3))
  disk.syncFailures = 1
  disk.unlinkFailures = 1
  await expectCode(log.append(TOPIC, numbered(90, 5)), 'LOG_UNAVAILABLE')
  expect((await files.segments()).length).toBe(2)
  // Few enough for the old segment.
  await log.append(TOPIC, numbered(3, 1))
  await log.close()
  const reopened = await files.open()
  await reopened.append(TOPIC, numbered(4, 1))
  expect(values(await readAll(reopened, TOPIC))).toEqual(range(0, 5).map((at) => `value-${String(at)}`))
  await reopened.close()
})

it('loses nothing where compaction cannot make a new file durable, and where it cannot remove an old one', async () => {
  for (const fault of [{ renameUnsynced: true }, { unlinkFailures: 1 }]) {
    const disk = new FailingFiles()
    const files = await fixture({ files: disk })
    const log = await files.open({ compacted: true })
    const append = (key: string): Promise<unknown> =>
      log.append(TOPIC, [{ key: Buffer.from(key), value: Buffer.from(key) }])
    for (const key of ['a', 'b']) await append(key)
    Object.assign(disk, fault)
    await expect(log.maintain({ force: true })).rejects.toMatchObject({ code: 'EIO' })
    for (const key of ['c', 'd']) await append(key)
    await log.maintain({ force: true })
    const held = values(await readAll(log, TOPIC))
    expect(held).toEqual(['a', 'b', 'c', 'd'])
    await log.close()
    // The one that compaction wrote, and the active one.
    expect((await files.segments()).length).toBe(2)
    const reopened = await files.open({ compacted: true })
    expect(values(await readAll(reopened, TOPIC))).toEqual(held)
    await reopened.close()
  }
})

it('holds what retention could not remove until it can, so that no gap appears in front of what is held', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk, segmentBytesMax: 200 })
  const log = await files.open({ retentionMs: 60_000 })
  for (const at of [0, 3, 6]) await log.append(TOPIC, numbered(at, 3))
  files.clock.setWallClock(files.clock.now() + 3_600_000)
  disk.unlinkFailures = 1
  await expect(log.maintain()).rejects.toMatchObject({ code: 'EIO' })
  expect(await log.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 0, next: 9 }])
  await log.maintain()
  expect(await log.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 9, next: 9 }])
  await log.close()
  const reopened = await files.open({ retentionMs: 60_000 })
  expect(await reopened.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 9, next: 9 }])
  await reopened.close()
})

it('removes what compaction has replaced before retention takes what stands for it', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const topic = { compacted: true, retentionMs: 60_000 }
  const log = await files.open(topic)
  await log.append(TOPIC, numbered(0, 2))
  disk.unlinkFailures = 1
  await expect(log.maintain({ force: true })).rejects.toMatchObject({ code: 'EIO' })
  files.clock.setWallClock(files.clock.now() + 3_600_000)
  await log.maintain()
  await log.close()
  const reopened = await files.open(topic)
  expect(await reopened.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 2, next: 2 }])
  await reopened.close()
})

it('never counts as written what an fsync failed for, and goes on from what was durable', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  const delivered: string[] = []
  await log.tail({
    topic: TOPIC,
    from: 'end',
    onBatch: ({ records }) => void delivered.push(...values(records)),
    onError: () => undefined,
  })
  await log.append(TOPIC, numbered(0, 1))
  const { bytes } = await files.lastSegment()
  // The attempt to bring the file back fails too: the next append must do that first.
  disk.syncFailures = 1
  disk.openFailures = 1
  await expectCode(log.append(TOPIC, numbered(90, 1)), 'LOG_UNAVAILABLE')
  expect(await log.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 0, next: 1 }])
  await log.append(TOPIC, numbered(1, 1))
  expect((await files.lastSegment()).bytes.subarray(0, bytes.length).equals(bytes)).toBe(true)
  await expect.poll(() => delivered).toEqual(['value-0', 'value-1'])
  await log.close()
  const reopened = await files.open()
  expect(values(await readAll(reopened, TOPIC))).toEqual(['value-0', 'value-1'])
  await reopened.close()
})

it('retries the commit of a position, not the handler, while the disk is full', async () => {
  const disk = new FailingFiles()
  const files = await fixture({ files: disk })
  const log = await files.open()
  await log.append(TOPIC, numbered(0, 5))
  const errors: string[] = []
  let handled = 0
  disk.bytesLeft = 0
  await log.consume({
    group: 'g',
    topics: [TOPIC],
    handler: async () => void (handled += 1),
    onError: (error) => void errors.push(codeOf(error)),
  })
  // Woken sleepers beside maintenance are the retries.
  for (let round = 1; round <= 3; round += 1) {
    await expect.poll(() => [errors.length, files.clock.sleeping()]).toEqual([round, 2])
    if (round === 3) disk.bytesLeft = Infinity
    files.clock.advance(10_000)
  }
  await expect.poll(() => log.committed('g', TOPIC)).toEqual([5])
  expect([handled, new Set(errors)]).toEqual([1, new Set(['LOG_DISK_FULL'])])
  await log.close()
})

it('does the same on a real file system that is full', async ({ skip }) => {
  const mount = await mkdtemp(join(tmpdir(), 'meshgate-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', mount], { stdio: 'ignore' })
  } catch {
    await rm(mount, { recursive: true })
    skip('mounting a small tmpfs needs root on Linux')
  }
  onTestFinished(async () => {
    execFileSync('umount', [mount])
    await rm(mount, { recursive: true })
  })
  const ballast = join(mount, 'ballast')
  await writeFile(ballast, Buffer.alloc(200_000))
  const log = await openEmbeddedLog({ directory: join(mount, 'log'), clock: systemClock })
  await log.createTopics([{ name: TOPIC, partitions: 1, retentionMs: null, compacted: false }])
  const record = { key: null, value: Buffer.alloc(10_000, 'x') }
  let durable = 0
  let outcome = ''
  while (outcome === '') {
    await log.append(TOPIC, [record, record]).then(
      () => (durable += 2),
      (error: unknown) => (outcome = codeOf(error)),
    )
  }
  expect(outcome).toBe('LOG_DISK_FULL')
  await rm(ballast)
  await log.append(TOPIC, [record])
  await log.close()
  const reopened = await openEmbeddedLog({ directory: join(mount, 'log'), clock: systemClock })
  expect((await readAll(reopened, TOPIC)).length).toBe(durable + 1)
  await reopened.close()
})
