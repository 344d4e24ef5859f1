// Conformance of a group of several members: who handles what while members come and go.
import { describe, expect, it } from 'vitest'
import type { Consumer, EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
import { createTopic, eventually, gate, numbered, range, record, uniqueName } from './event-log-harness.ts'
import type { Suite } from './event-log-harness.ts'

const PARTITIONS = 6

/** The group as a whole: who has which partition in hand, and what has been handled, in order. */
class Group {
  readonly name = uniqueName('group')
  readonly topic: string
  readonly handled = new Map<number, number[]>()
  readonly collisions: string[] = []
  readonly #log: EventLog
  readonly #inHand = new Map<number, number>()
  #members = 0

  constructor(log: EventLog, topic: string) {
    this.#log = log
    this.topic = topic
  }

  join(): Promise<Consumer> {
    const member = (this.#members += 1)
    const handler = (batch: RecordBatch): Promise<void> => this.#handle(member, batch)
    return this.#log.consume({ group: this.name, topics: [this.topic], handler, batchRecordsMax: 20 })
  }

  async #handle(member: number, { partition, records }: RecordBatch): Promise<void> {
    const other = this.#inHand.get(partition)
    if (other !== undefined) this.collisions.push(`${String(partition)}: ${String(other)} and ${String(member)}`)
    this.#inHand.set(partition, member)
    await new Promise(setImmediate)
    const handled = this.handled.get(partition) ?? []
    this.handled.set(partition, [...handled, ...records.map(({ offset }) => offset)])
    await new Promise(setImmediate)
    this.#inHand.delete(partition)
  }
}

export function describeRebalance({ log }: Suite): void {
  describe('a group of members', () => {
    it('shares the partitions evenly, each to exactly one member', async () => {
      const topic = await createTopic(log(), { partitions: PARTITIONS })
      const group = new Group(log(), topic)
      const members = [await group.join(), await group.join(), await group.join()]
      await eventually(() => {
        const shares = members.map((member) => member.assignment().map(({ partition }) => partition))
        expect(shares.map((share) => share.length)).toEqual([2, 2, 2])
        expect(shares.flat().toSorted((a, b) => a - b)).toEqual(range(0, PARTITIONS))
      })
      await members[0]?.close()
      await eventually(() => {
        const shares = members.slice(1).map((member) => member.assignment().map(({ partition }) => partition))
        expect(shares.flat().toSorted((a, b) => a - b)).toEqual(range(0, PARTITIONS))
      })
    })

    it('handles every record in order, no partition twice at once, while members join and leave under load', async () => {
      const topic = await createTopic(log(), { partitions: PARTITIONS })
      const group = new Group(log(), topic)
      let stopped = false
      const load = (async () => {
        for (let at = 0; !stopped || at < 40; at += 1) {
          await log().append(
            topic,
            range(0, 60).map((key) => record(`key-${String(key)}`, String(at))),
          )
        }
      })()
      const handledBeyond = async (count: number): Promise<void> =>
        await eventually(() => expect([...group.handled.values()].flat().length).toBeGreaterThan(count))
      const first = await group.join()
      await handledBeyond(100)
      const second = await group.join()
      await handledBeyond(400)
      const third = await group.join()
      await first.close()
      await handledBeyond(800)
      const fourth = await group.join()
      await Promise.all([second.close(), third.close()])
      await handledBeyond(1_500)
      stopped = true
      await load
      const held = await log().offsets(topic)
      await eventually(async () =>
        expect(await log().committed(group.name, topic)).toEqual(held.map(({ next }) => next)),
      )
      await fourth.close()
      expect(group.collisions).toEqual([])
      // A repeat is allowed where a position could not be committed; what is new comes in order and without a gap.
      const inOrder = held.map(({ partition }) => [...new Set(group.handled.get(partition))])
      expect(inOrder).toEqual(held.map(({ next }) => range(0, next)))
    })

    it('lets a partition that moves wait for the batch in hand, and the others go on', async () => {
      const topic = await createTopic(log(), { partitions: 2 })
      const group = uniqueName('group')
      for (const partition of [0, 1]) await log().append(topic, numbered(0, 10, partition))
      const both = gate()
      const release = gate()
      const inHand = new Set<number>()
      const first = await log().consume({
        group,
        topics: [topic],
        handler: async ({ partition }) => {
          inHand.add(partition)
          if (inHand.size === 2) both.open()
          await release.opened
        },
      })
      await both.opened
      const handledBySecond: number[] = []
      const second = await log().consume({
        group,
        topics: [topic],
        handler: async (batch) => void handledBySecond.push(...batch.records.map(({ offset }) => offset)),
      })
      await log().offsets(topic)
      expect(handledBySecond).toEqual([])
      release.open()
      await eventually(() => {
        expect([first.assignment().length, second.assignment().length]).toEqual([1, 1])
      })
      await eventually(async () => expect(await log().committed(group, topic)).toEqual([10, 10]))
      expect(handledBySecond).toEqual([])
    })
  })
}
