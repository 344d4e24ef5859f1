// What opening makes of files that a crash or a bad disk has left.
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { SEGMENT_HEADER_BYTES } from '../../platform/adapters/embedded-log/segment-header.ts'
import { codeOf, numbered, range, readAll } from '../conformance/event-log-harness.ts'
import { TOPIC, fixture, values } from './fixture.ts'

it('cuts a tail torn at any byte of the last frame, and goes on there', async () => {
  const files = await fixture()
  const first = await files.open()
  for (const at of [0, 1, 2]) await first.append(TOPIC, numbered(at, 1))
  await first.close()
  const { path, bytes } = await files.lastSegment()
  const frameBytes = (bytes.length - SEGMENT_HEADER_BYTES) / 3
  for (let cut = bytes.length - frameBytes; cut < bytes.length; cut += 1) {
    await writeFile(path, bytes.subarray(0, cut))
    await files.removeIndexes()
    const log = await files.open()
    expect(await log.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 0, next: 2 }])
    await log.append(TOPIC, numbered(cut, 1))
    expect(values(await readAll(log, TOPIC))).toEqual(['value-0', 'value-1', `value-${String(cut)}`])
    await log.close()
  }
})

it('cuts a tail of zeros, which a loss of power leaves where the length was durable and the bytes were not', async () => {
  const files = await fixture()
  const first = await files.open()
  await first.append(TOPIC, numbered(0, 3))
  await first.close()
  const { path, bytes } = await files.lastSegment()
  await truncate(path, bytes.length + 5_000)
  const log = await files.open()
  expect(values(await readAll(log, TOPIC))).toEqual(['value-0', 'value-1', 'value-2'])
  await log.close()
  expect((await files.lastSegment()).bytes.equals(bytes)).toBe(true)
})

it('keeps what follows damage in an earlier commit, and names file and byte to who reads the damage', async () => {
  const files = await fixture()
  const first = await files.open()
  for (const at of range(0, 4)) await first.append(TOPIC, numbered(at, 1))
  await first.close()
  const { path, bytes } = await files.lastSegment()
  const frameBytes = (bytes.length - SEGMENT_HEADER_BYTES) / 4
  const damagedAt = SEGMENT_HEADER_BYTES + frameBytes
  for (const at of [0, 5, 13, 30, frameBytes - 1]) {
    const damaged = Buffer.from(bytes)
    damaged[damagedAt + at] = (damaged[damagedAt + at] ?? 0) ^ 0x40
    await writeFile(path, damaged)
    await files.removeIndexes()
    const log = await files.open()
    expect(await log.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 0, next: 4 }])
    const read = async (offset: number): Promise<unknown> =>
      await log.read({ topic: TOPIC, partition: 0, offset }, 10).then(values, (error: unknown) => String(error))
    expect(await read(0)).toEqual(['value-0'])
    expect(await read(1)).toContain(`${path} at byte ${String(damagedAt)}`)
    expect(await read(2)).toEqual(['value-2', 'value-3'])
    await log.close()
  }
})

it('reports damage of a sealed segment when it is read, and opens without it', async () => {
  const files = await fixture({ segmentBytesMax: 1_000 })
  const first = await files.open()
  for (const at of range(0, 10)) await first.append(TOPIC, numbered(at * 5, 5))
  await first.close()
  const [sealed] = await files.segments()
  const { path } = await files.lastSegment()
  expect(sealed).not.toBe(path)
  const bytes = await readFile(sealed ?? '')
  bytes[SEGMENT_HEADER_BYTES + 50] = (bytes[SEGMENT_HEADER_BYTES + 50] ?? 0) ^ 1
  await writeFile(sealed ?? '', bytes)
  const log = await files.open()
  const errors: string[] = []
  const handled: number[] = []
  await log.consume({
    group: 'g',
    topics: [TOPIC],
    handler: async ({ records }) => void handled.push(...records.map(({ offset }) => offset)),
    onError: (error) => void errors.push(codeOf(error)),
  })
  await expect.poll(() => errors).toEqual(['LOG_CORRUPT'])
  expect(handled).toEqual([0])
  expect(values(await log.read({ topic: TOPIC, partition: 0, offset: 45 }, 10))).toEqual(
    range(45, 50).map((at) => `value-${String(at)}`),
  )
  await log.close()
})

it('refuses a last segment that has lost what was durable', async () => {
  const files = await fixture()
  const first = await files.open()
  await first.append(TOPIC, numbered(0, 10))
  await first.close()
  const { path, bytes } = await files.lastSegment()
  await truncate(path, bytes.length - 10)
  await expect(files.openAsItIs()).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
})

it('forgets a segment whose creation a crash interrupted', async () => {
  const files = await fixture()
  const first = await files.open()
  await first.append(TOPIC, numbered(0, 3))
  await first.close()
  for (const left of [0, 10, SEGMENT_HEADER_BYTES]) {
    await writeFile(`${files.partitionDirectory}/000000000000003.log`, Buffer.alloc(left))
    const log = await files.open()
    expect(await log.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 0, next: 3 }])
    await log.close()
    expect((await files.segments()).length).toBe(1)
  }
})

it('gives strictly increasing times over restarts, over a clock that goes back, and over retention of everything', async () => {
  const files = await fixture()
  const times: number[] = []
  const append = async (): Promise<void> => {
    const log = await files.open({ retentionMs: 60_000 })
    await log.append(TOPIC, numbered(0, 3))
    const { next = 0 } = (await log.offsets(TOPIC))[0] ?? {}
    const records = await log.read({ topic: TOPIC, partition: 0, offset: next - 3 }, 3)
    times.push(...records.map(({ timestampUs }) => timestampUs))
    await log.close()
  }
  await append()
  files.clock.setWallClock(files.clock.now() - 3_600_000)
  await append()
  files.clock.setWallClock(files.clock.now() + 86_400_000)
  const log = await files.open({ retentionMs: 60_000 })
  await log.maintain()
  expect(await log.offsets(TOPIC)).toEqual([{ partition: 0, earliest: 6, next: 6 }])
  await log.close()
  files.clock.setWallClock(0)
  await append()
  expect(times).toEqual(range(0, 9).map((at) => (times[0] ?? 0) + at))
})

it('drops a torn or damaged end of a position file, and goes on with the positions before', async () => {
  const files = await fixture()
  const consume = async (count: number): Promise<void> => {
    const log = await files.open()
    await log.append(TOPIC, numbered(0, count))
    const { next = 0 } = (await log.offsets(TOPIC))[0] ?? {}
    const consumer = await log.consume({ group: 'a/b', topics: [TOPIC], handler: () => Promise.resolve() })
    await expect.poll(() => log.committed('a/b', TOPIC)).toEqual([next])
    await consumer.close()
    await log.append(TOPIC, numbered(0, 1))
    await log.consume({ group: 'a/b', topics: [TOPIC], handler: () => Promise.resolve() })
    await expect.poll(() => log.committed('a/b', TOPIC)).toEqual([next + 1])
    await log.close()
  }
  await consume(5)
  const path = `${files.directory}/groups/a%2Fb.positions`
  const whole = await readFile(path)
  const flipped = Buffer.from(whole)
  flipped[whole.length - 20] = (flipped[whole.length - 20] ?? 0) ^ 1
  for (const damaged of [flipped, whole.subarray(0, -3), whole.subarray(0, -1)]) {
    await writeFile(path, damaged)
    const log = await files.open()
    expect(await log.committed('a/b', TOPIC)).toEqual([5])
    await log.close()
  }
})
