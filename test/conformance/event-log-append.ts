// Conformance of appending and reading: order, positions, what survives, what is refused.
import { describe, expect, it } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { partitionOfKey } from '../../platform/partitioner.ts'
import { createTopic, expectCode, numbered, range, readAll, record, textOf, uniqueName } from './event-log-harness.ts'
import type { Suite } from './event-log-harness.ts'

export function describeAppend({ log, reopen }: Suite): void {
  describe('append', () => {
    it('answers with one position per record, in the order given', async () => {
      const topic = await createTopic(log(), { partitions: 4 })
      const records = range(0, 100).map((at) => record(`key-${String(at % 17)}`, `value-${String(at)}`))
      const positions = await log().append(topic, records)
      const found = await Promise.all(positions.map(async (position) => (await log().read(position, 1))[0]))
      expect(found.map((each) => textOf(each?.value ?? null))).toEqual(records.map((each) => textOf(each.value)))
      expect(found.map((each) => each?.offset)).toEqual(positions.map((position) => position.offset))
    })

    it('chooses the partition by the key as Kafka does, unless the record names one', async () => {
      const topic = await createTopic(log(), { partitions: 5 })
      const keys = range(0, 20).map((at) => `key-${String(at)}`)
      const records = [...keys.map((key) => record(key, 'x')), { ...record('key-0', 'x'), partition: 4 }]
      const positions = await log().append(topic, records)
      const expected = [...keys.map((key) => partitionOfKey(Buffer.from(key), 5)), 4]
      expect(positions.map((position) => position.partition)).toEqual(expected)
    })

    it('keeps the order of a key over concurrent appends', async () => {
      const topic = await createTopic(log(), { partitions: 3 })
      const appends = range(0, 60).map((at) =>
        log().append(topic, [
          record('a', `${String(at)}.0`),
          record(`other-${String(at)}`, 'x'),
          record('a', `${String(at)}.1`),
        ]),
      )
      await Promise.all(appends)
      const all = await readAll(log(), topic, partitionOfKey(Buffer.from('a'), 3))
      const values = all.filter(({ key }) => textOf(key) === 'a').map(({ value }) => textOf(value))
      expect(values).toEqual(range(0, 60).flatMap((at) => [`${String(at)}.0`, `${String(at)}.1`]))
    })

    it('fills partitions in turn where records have no key', async () => {
      const topic = await createTopic(log(), { partitions: 4 })
      await log().append(
        topic,
        range(0, 40).map(() => record(null, 'x')),
      )
      const filled = (await log().offsets(topic)).map(({ earliest, next }) => next - earliest)
      expect(filled.every((count) => count > 0)).toBe(true)
      expect(filled.reduce((sum, count) => sum + count)).toBe(40)
    })

    it('gives back keys, values, tombstones and headers as they were', async () => {
      const topic = await createTopic(log())
      const binary = Uint8Array.from(range(0, 256))
      const records = [
        {
          key: binary,
          value: binary,
          headers: { code: 'LOG', 'käse-ß': 'wörter, "zitiert"', empty: '', __proto: 'x' },
        },
        { key: Buffer.from('gone'), value: null },
        { key: null, value: Buffer.from('no key') },
        { key: null, value: null, headers: { only: 'headers' } },
        { key: new Uint8Array(0), value: new Uint8Array(0) },
      ]
      await log().append(topic, records)
      const found = await readAll(log(), topic)
      const plain = found.map(({ offset, key, value, headers }) => ({
        offset,
        key: bytes(key),
        value: bytes(value),
        headers,
      }))
      const expected = records.map(({ key, value, headers }, offset) => ({
        offset,
        key: bytes(key),
        value: bytes(value),
        headers: headers ?? {},
      }))
      expect(plain).toEqual(expected)
    })

    it('never lets append times decrease, and increases them strictly where the log has microseconds', async () => {
      const topic = await createTopic(log())
      const before = Date.now() * 1_000
      await Promise.all(range(0, 20).map((at) => log().append(topic, numbered(at * 10, 10))))
      await reopen()
      await log().append(topic, numbered(200, 100))
      const times = (await readAll(log(), topic)).map(({ timestampUs }) => timestampUs)
      const steps = times.slice(1).map((time, at) => time - (times[at] ?? 0))
      expect(Math.min(...steps)).toBeGreaterThanOrEqual(log().timestampResolutionUs === 1 ? 1 : 0)
      expect(times.every((time) => time % log().timestampResolutionUs === 0)).toBe(true)
      // Servers have clocks of their own; this only tells µs from ms.
      expect(Math.abs((times[0] ?? 0) - before)).toBeLessThan(365 * 86_400_000_000)
    })

    it('takes a record of the largest size and refuses a larger one', async () => {
      const topic = await createTopic(log())
      const largest = { key: Buffer.alloc(16), value: Buffer.alloc(limits.recordBytesMax - 16) }
      await expectCode(
        log().append(topic, [{ key: null, value: Buffer.alloc(limits.recordBytesMax + 1) }]),
        'LOG_RECORD_TOO_LARGE',
      )
      const [position] = await log().append(topic, [largest])
      const found = position === undefined ? [] : await log().read(position, 10)
      expect(found.map(({ value }) => value?.length)).toEqual([limits.recordBytesMax - 16])
    })

    it('answers nothing to nothing', async () => {
      expect(await log().append(await createTopic(log()), [])).toEqual([])
    })

    it('finishes appends under way when it closes, and takes no more', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      const closing = log()
      const appends = range(0, 30).map((at) => closing.append(topic, [record(`key-${String(at)}`, 'x')]))
      const closed = closing.close()
      const positions = (await Promise.all(appends)).flat()
      await closed
      await expectCode(closing.append(topic, [record('late', 'x')]), 'LOG_CLOSED')
      await reopen()
      const held = [...(await readAll(log(), topic, 0)), ...(await readAll(log(), topic, 1))]
      expect([positions.length, held.length]).toEqual([30, 30])
    })

    it('goes on behind what it held when it is opened again', async () => {
      const topic = await createTopic(log())
      await log().append(topic, numbered(0, 5))
      await reopen()
      expect(await log().offsets(topic)).toEqual([{ partition: 0, earliest: 0, next: 5 }])
      await log().append(topic, numbered(5, 5))
      const values = (await readAll(log(), topic)).map(({ value }) => textOf(value))
      expect(values).toEqual(range(0, 10).map((at) => `value-${String(at)}`))
    })
  })

  describe('topics', () => {
    it('names a topic that does not exist, whatever is asked of it', async () => {
      const topic = uniqueName('unknown')
      const ignore = (): void => undefined
      await expectCode(log().append(topic, [record('a', 'x')]), 'LOG_TOPIC_UNKNOWN')
      await expectCode(log().partitions(topic), 'LOG_TOPIC_UNKNOWN')
      await expectCode(log().offsets(topic), 'LOG_TOPIC_UNKNOWN')
      await expectCode(log().read({ topic, partition: 0, offset: 0 }, 1), 'LOG_TOPIC_UNKNOWN')
      await expectCode(log().committed(uniqueName('group'), topic), 'LOG_TOPIC_UNKNOWN')
      await expectCode(log().tail({ topic, from: 'end', onBatch: ignore, onError: ignore }), 'LOG_TOPIC_UNKNOWN')
      const handler = (): Promise<void> => Promise.resolve()
      await expectCode(log().consume({ group: uniqueName('group'), topics: [topic], handler }), 'LOG_TOPIC_UNKNOWN')
    })

    it('refuses another number of partitions, more or fewer, and keeps what there is', async () => {
      const topic = await createTopic(log(), { partitions: 3 })
      const definition = { name: topic, partitions: 3, retentionMs: null, compacted: false }
      await expectCode(log().createTopics([{ ...definition, partitions: 2 }]), 'LOG_TOPIC_MISMATCH')
      await expectCode(log().createTopics([{ ...definition, partitions: 4 }]), 'LOG_TOPIC_MISMATCH')
      await log().createTopics([definition])
      expect(await log().partitions(topic)).toBe(3)
    })

    it('takes a topic that one call names twice for one', async () => {
      const definition = { name: uniqueName('topic'), partitions: 2, retentionMs: null, compacted: false }
      await log().createTopics([definition, definition])
      expect(await log().partitions(definition.name)).toBe(2)
      await expectCode(log().createTopics([definition, { ...definition, partitions: 3 }]), 'LOG_TOPIC_MISMATCH')
    })

    it('says what is held, and reads from any offset of it', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      await log().append(topic, numbered(0, 250, 1))
      expect(await log().offsets(topic)).toEqual([
        { partition: 0, earliest: 0, next: 0 },
        { partition: 1, earliest: 0, next: 250 },
      ])
      for (const offset of [0, 1, 124, 249]) {
        const [found] = await log().read({ topic, partition: 1, offset }, 3)
        expect([found?.offset, textOf(found?.value ?? null)]).toEqual([offset, `value-${String(offset)}`])
      }
      expect(await log().read({ topic, partition: 1, offset: 250 }, 3)).toEqual([])
      await expectCode(log().read({ topic, partition: 1, offset: 251 }, 3), 'LOG_OFFSET_OUT_OF_RANGE')
    })
  })
}

function bytes(value: Uint8Array | null): number[] | null {
  return value === null ? null : [...value]
}
