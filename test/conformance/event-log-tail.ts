// Conformance of tails: where they begin, that nothing is lost or comes twice, how they end.
import { describe, expect, it } from 'vitest'
import type { EventLog, Tail } from '../../platform/ports/event-log.ts'
import { Received, codeOf, createTopic, eventually, expectCode, numbered, range, record } from './event-log-harness.ts'
import type { Suite } from './event-log-harness.ts'

interface Listening {
  readonly tail: Tail
  readonly received: Received
  readonly errors: string[]
}

async function listen(log: EventLog, topic: string, from: 'end' | readonly number[]): Promise<Listening> {
  const received = new Received()
  const errors: string[] = []
  const tail = await log.tail({
    topic,
    from,
    onBatch: (batch) => received.add(batch),
    onError: (error) => void errors.push(codeOf(error)),
  })
  return { tail, received, errors }
}

export function describeTail({ harness, log }: Suite): void {
  describe('tail', () => {
    it('from the end delivers what is appended from then on, and says where that is', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      await log().append(topic, numbered(0, 10, 0))
      const { tail, received, errors } = await listen(log(), topic, 'end')
      expect(tail.start).toEqual([10, 0])
      await log().append(topic, [...numbered(10, 5, 0), ...numbered(0, 3, 1)])
      await eventually(() => expect([received.of(0), received.of(1)]).toEqual([range(10, 15), range(0, 3)]))
      expect(errors).toEqual([])
    })

    it('from offsets delivers everything from there on, without a gap or repeat', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      await log().append(topic, [...numbered(0, 30, 0), ...numbered(0, 20, 1)])
      const { tail, received } = await listen(log(), topic, [7, 20])
      expect(tail.start).toEqual([7, 20])
      await log().append(topic, [...numbered(30, 5, 0), ...numbered(20, 5, 1)])
      await eventually(() => expect([received.of(0), received.of(1)]).toEqual([range(7, 35), range(20, 25)]))
    })

    it('serves many listeners with different starts while appends run: each gets all from its start, once', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      await log().append(
        topic,
        range(0, 2_000).map((key) => record(`key-${String(key)}`, 'x')),
      )
      const listening: Listening[] = []
      for (let at = 0; at < 60; at += 1) {
        const appended = log().append(
          topic,
          range(0, 50).map((key) => record(`key-${String(key)}`, 'x')),
        )
        const held = await log().offsets(topic)
        const from = at % 3 === 0 ? 'end' : held.map(({ next }) => Math.floor((next * (at % 7)) / 6))
        listening.push(await listen(log(), topic, from))
        await appended
      }
      const held = await log().offsets(topic)
      for (const { tail, received } of listening) {
        const expected = held.map(({ next, partition }) => range(tail.start[partition] ?? -1, next))
        await eventually(() => {
          expect(received.of(0).length).toBeGreaterThanOrEqual(expected[0]?.length ?? 0)
          expect(received.of(1).length).toBeGreaterThanOrEqual(expected[1]?.length ?? 0)
        })
        expect([received.of(0), received.of(1)]).toEqual(expected)
      }
    })

    it('delivers nothing more once it is closed, and the others go on', async () => {
      const topic = await createTopic(log())
      const one = await listen(log(), topic, 'end')
      const other = await listen(log(), topic, 'end')
      await one.tail.close()
      await log().append(topic, numbered(0, 5))
      await eventually(() => expect(other.received.of(0)).toEqual(range(0, 5)))
      expect([one.received.of(0), one.errors]).toEqual([[], []])
      await other.tail.close()
      await log().append(topic, numbered(5, 5))
      const third = await listen(log(), topic, 'end')
      await log().append(topic, numbered(10, 5))
      await eventually(() => expect(third.received.of(0)).toEqual(range(10, 15)))
      expect(other.received.of(0)).toEqual(range(0, 5))
    })

    it('refuses a start that is not held', async () => {
      const topic = await createTopic(log(), { retentionMs: 60_000 })
      await log().append(topic, numbered(0, 10))
      await expectCode(listen(log(), topic, [11]), 'LOG_OFFSET_OUT_OF_RANGE')
      await harness().expire(log(), topic)
      await expectCode(listen(log(), topic, [3]), 'LOG_OFFSET_OUT_OF_RANGE')
    })

    it('delivers what has been appended before the log closes, then ends with LOG_CLOSED', async () => {
      const topic = await createTopic(log())
      const { received, errors } = await listen(log(), topic, 'end')
      await log().append(topic, numbered(0, 5))
      await log().close()
      expect([received.of(0), errors]).toEqual([range(0, 5), ['LOG_CLOSED']])
    })
  })
}
