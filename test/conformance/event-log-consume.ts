// Conformance of one member of a group: where it begins, what is committed when, what comes again.
import { describe, expect, it } from 'vitest'
import type { RecordBatch } from '../../platform/ports/event-log.ts'
import { killWhileInHand } from './event-log-crash.ts'
import { Received, codeOf, createTopic, eventually, gate, numbered, range, uniqueName } from './event-log-harness.ts'
import type { Suite } from './event-log-harness.ts'

export function describeConsume({ harness, log, reopen }: Suite): void {
  describe('consume', () => {
    it('begins a new group at the earliest, and follows what is appended', async () => {
      const topic = await createTopic(log())
      const received = new Received()
      await log().append(topic, numbered(0, 30))
      await log().consume({
        group: uniqueName('group'),
        topics: [topic],
        handler: async (batch) => received.add(batch),
      })
      await eventually(() => expect(received.of(0)).toEqual(range(0, 30)))
      await log().append(topic, numbered(30, 10))
      await eventually(() => expect(received.of(0)).toEqual(range(0, 40)))
    })

    it('commits a position only after the handler has resolved', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const inHand = gate()
      const release = gate()
      await log().append(topic, numbered(0, 10))
      const handler = async (): Promise<void> => {
        inHand.open()
        await release.opened
      }
      await log().consume({ group, topics: [topic], handler })
      await inHand.opened
      expect(await log().committed(group, topic)).toEqual([null])
      release.open()
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([10]))
    })

    it('rests behind a batch whose position is committed, and hands the next one over behind the rest', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const told: string[] = []
      const resting = gate()
      const release = gate()
      await log().append(topic, numbered(0, 10))
      await log().consume({
        group,
        topics: [topic],
        batchRecordsMax: 5,
        handler: async ({ records }) => void told.push(`batch from ${String(records[0]?.offset)}`),
        rest: async ({ topic: of, partition, offset }) => {
          told.push(`rest behind ${String(of === topic)} ${String(partition)} ${String(offset)}`)
          resting.open()
          await release.opened
        },
      })
      await resting.opened
      expect(await log().committed(group, topic)).toEqual([5])
      expect(told).toEqual(['batch from 0', 'rest behind true 0 5'])
      release.open()
      await eventually(() => expect(told.slice(2)).toEqual(['batch from 5', 'rest behind true 0 10']))
    })

    it('handles partitions at the same time, and one batch at a time of each', async () => {
      const topic = await createTopic(log(), { partitions: 3 })
      for (const partition of range(0, 3)) await log().append(topic, numbered(0, 40, partition))
      const received = new Received()
      const inHand = new Map<number, number>()
      const all = gate()
      const handler = async (batch: RecordBatch): Promise<void> => {
        inHand.set(batch.partition, (inHand.get(batch.partition) ?? 0) + 1)
        expect(inHand.get(batch.partition)).toBe(1)
        expect(batch.records.length).toBeLessThanOrEqual(10)
        if ([...inHand.values()].filter((count) => count > 0).length === 3) all.open()
        await all.opened
        received.add(batch)
        inHand.set(batch.partition, 0)
      }
      await log().consume({ group: uniqueName('group'), topics: [topic], handler, batchRecordsMax: 10 })
      await eventually(() => {
        for (const partition of range(0, 3)) expect(received.of(partition)).toEqual(range(0, 40))
      })
    })

    it('hands a rejected batch to the handler again, the same records, and never skips it', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const attempts: number[][] = []
      const errors: string[] = []
      await log().append(topic, numbered(0, 20))
      const handler = async (batch: RecordBatch): Promise<void> => {
        attempts.push(batch.records.map(({ offset }) => offset))
        if (attempts.length <= 3) throw new Error(`attempt ${String(attempts.length)}`)
      }
      const onError = (error: unknown): void => void errors.push(error instanceof Error ? error.message : '')
      await log().consume({ group, topics: [topic], handler, onError, batchRecordsMax: 5 })
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([20]))
      const first = attempts[0] ?? []
      expect(first[0]).toBe(0)
      expect(attempts.slice(0, 4)).toEqual([first, first, first, first])
      expect([...first, ...attempts.slice(4).flat()]).toEqual(range(0, 20))
      expect(errors).toEqual(['attempt 1', 'attempt 2', 'attempt 3'])
    })

    it('gives every group everything, and each goes on where it was', async () => {
      const topic = await createTopic(log())
      const groups = [uniqueName('group'), uniqueName('group')]
      await log().append(topic, numbered(0, 10))
      for (const group of groups) {
        const received = new Received()
        const consumer = await log().consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
        await eventually(() => expect(received.of(0)).toEqual(range(0, 10)))
        await consumer.close()
      }
      await reopen()
      await log().append(topic, numbered(10, 5))
      for (const group of groups) {
        const received = new Received()
        await log().consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
        await eventually(() => expect(received.of(0)).toEqual(range(10, 15)))
      }
    })

    it('waits for the batch in hand when it closes, and commits it', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const inHand = gate()
      const release = gate()
      await log().append(topic, numbered(0, 10))
      let aborted = false
      const handler = async (_: RecordBatch, signal: AbortSignal): Promise<void> => {
        inHand.open()
        await release.opened
        aborted = signal.aborted
      }
      const consumer = await log().consume({ group, topics: [topic], handler })
      await inHand.opened
      let closed = false
      const closing = consumer.close().then(() => (closed = true))
      await log().offsets(topic)
      expect(closed).toBe(false)
      release.open()
      await closing
      expect(aborted).toBe(true)
      expect(await log().committed(group, topic)).toEqual([10])
      expect(consumer.assignment()).toEqual([])
    })

    it('commits nothing of a batch that the handler gives up when told to stop, and hands it to the next member', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      const inHand = gate()
      await log().append(topic, numbered(0, 10))
      const handler = (_: RecordBatch, signal: AbortSignal): Promise<void> => {
        inHand.open()
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      }
      const consumer = await log().consume({ group, topics: [topic], handler })
      await inHand.opened
      await consumer.close()
      expect(await log().committed(group, topic)).toEqual([null])
      const received = new Received()
      await log().consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
      await eventually(() => expect(received.of(0)).toEqual(range(0, 10)))
    })

    it('delivers again what was in hand when the process was killed, and loses nothing', async () => {
      const topic = await createTopic(log())
      const group = uniqueName('group')
      await log().append(topic, numbered(0, 100))
      let killed = { handled: [] as number[], inHand: -1 }
      await reopen(async () => {
        killed = await killWhileInHand(harness().child, { topic, group, batchRecordsMax: 10, batchesHandled: 3 })
      })
      expect(await log().committed(group, topic)).toEqual([killed.inHand])
      const received = new Received()
      await log().consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
      await eventually(() => expect(received.of(0)).toEqual(range(killed.inHand, 100)))
      expect(killed.handled).toEqual(range(0, killed.inHand))
    })

    it('stops a partition whose position is out of range with a typed error, and resets nothing', async () => {
      const topic = await createTopic(log(), { retentionMs: 60_000 })
      const group = uniqueName('group')
      await log().append(topic, numbered(0, 5))
      const first = await log().consume({ group, topics: [topic], handler: () => Promise.resolve() })
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([5]))
      await first.close()
      await log().append(topic, numbered(5, 5))
      await harness().expire(log(), topic)
      await log().append(topic, numbered(10, 5))
      const errors: string[] = []
      const received = new Received()
      await log().consume({
        group,
        topics: [topic],
        handler: async (batch) => received.add(batch),
        onError: (error, at) => void errors.push(`${codeOf(error)} at ${String(at.partition)}:${String(at.offset)}`),
      })
      await eventually(() => expect(errors).toEqual(['LOG_OFFSET_OUT_OF_RANGE at 0:5']))
      expect([received.of(0), await log().committed(group, topic)]).toEqual([[], [5]])
    })
  })
}
