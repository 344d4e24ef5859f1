// Conformance of retention and compaction: what goes, what stays, and that offsets keep their meaning.
import { describe, expect, it } from 'vitest'
import {
  Received,
  createTopic,
  eventually,
  expectCode,
  numbered,
  range,
  readAll,
  record,
  textOf,
  uniqueName,
} from './event-log-harness.ts'
import type { Suite } from './event-log-harness.ts'

export function describeRetention({ harness, log, reopen }: Suite): void {
  describe('retention', () => {
    it('deletes what is older; offsets go on, and older ones are a typed error', async () => {
      const topic = await createTopic(log(), { retentionMs: 60_000 })
      await log().append(topic, numbered(0, 10))
      await harness().expire(log(), topic)
      const [held] = await log().offsets(topic)
      expect(held?.earliest).toBe(held?.next)
      await expectCode(log().read({ topic, partition: 0, offset: 4 }, 1), 'LOG_OFFSET_OUT_OF_RANGE')
      const [position] = await log().append(topic, numbered(10, 1))
      expect(position?.offset).toBe(held?.next)
      await reopen()
      expect((await readAll(log(), topic)).map(({ value }) => textOf(value))).toEqual(['value-10'])
    })

    it('begins a new group at the earliest that is left', async () => {
      const topic = await createTopic(log(), { retentionMs: 60_000 })
      await log().append(topic, numbered(0, 10))
      await harness().expire(log(), topic)
      const [position] = await log().append(topic, numbered(10, 5))
      const received = new Received()
      const handler = async (batch: Parameters<Received['add']>[0]): Promise<void> => received.add(batch)
      await log().consume({ group: uniqueName('group'), topics: [topic], handler })
      const first = position?.offset ?? -1
      await eventually(() => expect(received.of(0)).toEqual(range(first, first + 5)))
    })

    it('applies to a topic that already exists', async () => {
      const topic = await createTopic(log())
      await log().append(topic, numbered(0, 10))
      await log().createTopics([{ name: topic, partitions: 1, retentionMs: 60_000, compacted: false }])
      await harness().expire(log(), topic)
      await expectCode(log().read({ topic, partition: 0, offset: 0 }, 1), 'LOG_OFFSET_OUT_OF_RANGE')
    })
  })

  describe('compaction', () => {
    it('keeps the last record of every key at its offset, tombstones too, also when opened again', async () => {
      const topic = await createTopic(log(), { compacted: true })
      for (const round of range(0, 5)) {
        await log().append(
          topic,
          range(0, 20).map((key) => record(`key-${String(key)}`, `${String(key)}.${String(round)}`)),
        )
      }
      await log().append(topic, [record('key-3', null)])
      await harness().compact(log(), topic)
      const own = async (): Promise<unknown[]> =>
        (await readAll(log(), topic))
          .filter(({ key }) => textOf(key)?.startsWith('key-'))
          .map(({ offset, key, value }) => [offset, textOf(key), textOf(value)])
      const left = range(0, 20).filter((key) => key !== 3)
      const expected = [
        ...left.map((key) => [80 + key, `key-${String(key)}`, `${String(key)}.4`]),
        [100, 'key-3', null],
      ]
      expect(await own()).toEqual(expected)
      await reopen()
      expect(await own()).toEqual(expected)
    })

    it('lets readers pass over the gaps it leaves', async () => {
      const topic = await createTopic(log(), { compacted: true })
      await log().append(
        topic,
        range(0, 50).map(() => record('same', 'old')),
      )
      await log().append(topic, [record('same', 'new')])
      await harness().compact(log(), topic)
      expect((await log().read({ topic, partition: 0, offset: 17 }, 1)).map(({ offset }) => offset)).toEqual([50])
      const handled = new Received()
      const tailed = new Received()
      const handler = async (batch: Parameters<Received['add']>[0]): Promise<void> => handled.add(batch)
      await log().consume({ group: uniqueName('group'), topics: [topic], handler })
      await log().tail({ topic, from: [0], onBatch: (batch) => tailed.add(batch), onError: () => undefined })
      await eventually(() => expect([handled.of(0)[0], tailed.of(0)[0]]).toEqual([50, 50]))
    })
  })
}
