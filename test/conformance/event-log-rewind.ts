// Conformance of setting a group's position back: when it happens, that it is durable, and that nothing is skipped by it.
import { describe, expect, it } from 'vitest'
import type { Consumer, RecordBatch } from '../../platform/ports/event-log.ts'
import {
  codeOf,
  createTopic,
  eventually,
  expectCode,
  gate,
  numbered,
  range,
  readAll,
  Received,
  uniqueName,
} from './event-log-harness.ts'
import type { Suite } from './event-log-harness.ts'

const nothing = (): Promise<void> => Promise.resolve()

export function describeRewind({ harness, log, reopen }: Suite): void {
  describe('rewind', () => {
    it('sets the position back after the batch in hand, and the next batch begins there', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const [inHand, release] = [gate(), gate()]
      const received = new Received()
      await log().append(topic, numbered(0, 30))
      const handler = async (batch: RecordBatch): Promise<void> => {
        if (batch.records[0]?.offset === 20) {
          inHand.open()
          await release.opened
        }
        received.add(batch)
      }
      const consumer = await log().consume({ group, topics: [topic], handler, batchRecordsMax: 10 })
      await inHand.opened
      const rewound = consumer.rewind({ topic, partition: 0, offset: 5 })
      await log().offsets(topic)
      expect(received.of(0)).toEqual(range(0, 20))
      release.open()
      await rewound
      await eventually(() => expect(received.of(0)).toEqual([...range(0, 30), ...range(5, 30)]))
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([30]))
    })

    it('wakes a partition that has come to its end, and goes on with what is appended', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const received = new Received()
      await log().append(topic, numbered(0, 10))
      const consumer = await log().consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([10]))
      await consumer.rewind({ topic, partition: 0, offset: 8 })
      await eventually(() => expect(received.of(0)).toEqual([...range(0, 10), 8, 9]))
      await log().append(topic, numbered(10, 3))
      await eventually(() => expect(received.of(0)).toEqual([...range(0, 10), ...range(8, 13)]))
    })

    it('is durable when it resolves, for whoever has the partition then', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      const group = uniqueName('group')
      for (const partition of [0, 1]) await log().append(topic, numbered(0, 20, partition))
      let holding = false
      const handler = async (_: RecordBatch, signal: AbortSignal): Promise<void> => {
        if (!holding) return
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      }
      const consumer = await log().consume({ group, topics: [topic], handler })
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([20, 20]))
      holding = true
      await consumer.rewind({ topic, partition: 1, offset: 7 })
      expect(await log().committed(group, topic)).toEqual([20, 7])
      await consumer.close()
      await reopen()
      const received = new Received()
      await log().consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
      await eventually(() => expect([received.of(0), received.of(1)]).toEqual([[], range(7, 20)]))
    })

    it('skips nothing: a position that the group has not come to yet changes nothing', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const [inHand, release] = [gate(), gate()]
      const received = new Received()
      await log().append(topic, numbered(0, 30))
      const handler = async (batch: RecordBatch): Promise<void> => {
        inHand.open()
        await release.opened
        received.add(batch)
      }
      const consumer = await log().consume({ group, topics: [topic], handler, batchRecordsMax: 10 })
      await inHand.opened
      const asked = [30, 10, 15].map((offset) => consumer.rewind({ topic, partition: 0, offset }))
      release.open()
      await Promise.all(asked)
      await eventually(() => expect(received.of(0)).toEqual(range(0, 30)))
    })

    it('refuses a partition that the member does not have, and a position that the partition does not hold', async () => {
      const topic = await createTopic(log(), { partitions: 2, retentionMs: 60_000 })
      const group = uniqueName('group')
      for (const partition of [0, 1]) await log().append(topic, numbered(0, 5, partition))
      await harness().expire(log(), topic)
      for (const partition of [0, 1]) await log().append(topic, numbered(5, 5, partition))
      const options = { group, topics: [topic], handler: nothing }
      const [first, second] = [await log().consume(options), await log().consume(options)]
      await eventually(() => expect([first.assignment().length, second.assignment().length]).toEqual([1, 1]))
      const [mine] = first.assignment()
      const partition = mine?.partition ?? -1
      await expectCode(first.rewind({ topic, partition: 1 - partition, offset: 6 }), 'LOG_PARTITION_NOT_HELD')
      await expectCode(first.rewind({ topic, partition: 7, offset: 6 }), 'LOG_PARTITION_NOT_HELD')
      await expectCode(first.rewind({ topic, partition, offset: 2 }), 'LOG_OFFSET_OUT_OF_RANGE')
      await expectCode(first.rewind({ topic, partition, offset: 99 }), 'LOG_OFFSET_OUT_OF_RANGE')
      await first.close()
      await expectCode(first.rewind({ topic, partition, offset: 6 }), 'LOG_PARTITION_NOT_HELD')
      const ends = (await log().offsets(topic)).map(({ next }) => next)
      await eventually(async () => expect(await log().committed(group, topic)).toEqual(ends))
    })

    it('lets a partition go on that stood still, since its position was out of range', async () => {
      const topic = await createTopic(log(), { retentionMs: 60_000 })
      const group = uniqueName('group')
      await log().append(topic, numbered(0, 5))
      const first = await log().consume({ group, topics: [topic], handler: nothing })
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([5]))
      await first.close()
      await log().append(topic, numbered(5, 5))
      await harness().expire(log(), topic)
      await log().append(topic, numbered(10, 5))
      const errors: string[] = []
      const received = new Received()
      const consumer = await log().consume({
        group,
        topics: [topic],
        handler: async (batch) => received.add(batch),
        onError: (error) => void errors.push(codeOf(error)),
      })
      await eventually(() => expect(errors).toEqual(['LOG_OFFSET_OUT_OF_RANGE']))
      const [held] = await log().offsets(topic)
      await consumer.rewind({ topic, partition: 0, offset: held?.earliest ?? -1 })
      await eventually(() => expect(received.of(0)).toEqual(range(held?.earliest ?? -1, held?.next ?? -1)))
      expect(errors).toEqual(['LOG_OFFSET_OUT_OF_RANGE'])
    })

    it('skips nothing where members come and go meanwhile: all from the position on is handled after it', async () => {
      const partitions = 6
      const topic = await createTopic(log(), { partitions })
      const group = uniqueName('group')
      for (const partition of range(0, partitions)) await log().append(topic, numbered(0, 60, partition))
      const handled = range(0, partitions).map((): number[] => [])
      const handler = async ({ partition, records }: RecordBatch): Promise<void> => {
        await new Promise(setImmediate)
        handled[partition]?.push(...records.map(({ offset }) => offset))
      }
      const options = { group, topics: [topic], handler, batchRecordsMax: 10 }
      const members = [await log().consume(options), await log().consume(options)]
      const ends = Array<number>(partitions).fill(60)
      await eventually(async () => expect(await log().committed(group, topic)).toEqual(ends))
      for (const seen of handled) seen.length = 0
      const rewinding = range(0, partitions).map((partition) => rewindByAny(members, { topic, partition, offset: 20 }))
      members.push(await log().consume(options))
      await members[0]?.close()
      members.push(await log().consume(options))
      await Promise.all(rewinding)
      await eventually(async () => expect(await log().committed(group, topic)).toEqual(ends))
      const inOrder = handled.map((offsets) => [...new Set(offsets)].toSorted((a, b) => a - b))
      expect(inOrder).toEqual(Array(partitions).fill(range(20, 60)))
      await Promise.all(members.map((member) => member.close()))
    })
  })

  describe('the offset of a time', () => {
    it('is that of the first record appended then or later, and the end where there is none', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      for (const batch of range(0, 4)) {
        await log().append(topic, numbered(batch * 5, 5))
        await nextMillisecond()
      }
      const records = await readAll(log(), topic)
      const times = [0, ...records.map(({ timestampUs }) => timestampUs), (records.at(-1)?.timestampUs ?? 0) + 1]
      const found = await Promise.all(times.map((timestampUs) => log().offsetsAt(topic, timestampUs)))
      const expected = times.map((time) => [
        records.find(({ timestampUs }) => timestampUs >= time)?.offset ?? records.length,
        0,
      ])
      expect(found).toEqual(expected)
      expect(new Set(times).size).toBeGreaterThan(4)
    })
  })
}

/** Whoever has the partition sets it back; members may lose it on the way. */
async function rewindByAny(
  members: readonly Consumer[],
  position: { readonly topic: string; readonly partition: number; readonly offset: number },
): Promise<void> {
  await eventually(async () => {
    const outcomes = await Promise.allSettled(members.map((member) => member.rewind(position)))
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
  })
}

/** Records of two appends then have different times. */
async function nextMillisecond(): Promise<void> {
  const startMs = Date.now()
  await eventually(() => expect(Date.now()).toBeGreaterThan(startMs + 1))
}
