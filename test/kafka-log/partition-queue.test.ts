// What waits for one partition, without a broker: which appends fail together when one does, and under whose name the next one goes.
import { describe, expect, it } from 'vitest'
import { PartitionQueue } from '../../platform/adapters/kafka/partition-queue.ts'
import type { Chunk } from '../../platform/adapters/kafka/partition-queue.ts'
import { codeOf, record } from '../conformance/event-log-harness.ts'

const PRODUCER_ID_AT = 43
const EPOCH_AT = 51
const SEQUENCE_AT = 53

class Appends {
  readonly outcomes: Record<string, string> = {}

  chunk(name: string, { append = {}, deadlineMs = 60_000, bytes = 10 }: Partial<Chunk> = {}): Chunk {
    this.outcomes[name] = 'waits'
    return {
      append,
      records: [record('key', name)],
      bytes,
      deadlineMs,
      resolve: (offset) => void (this.outcomes[name] = String(offset)),
      reject: (error) => void (this.outcomes[name] = codeOf(error)),
    }
  }
}

function identified(): PartitionQueue {
  const queue = new PartitionQueue('orders', 0)
  queue.adopt({ producerId: 7n, epoch: 3 })
  return queue
}

function headOf(batch: Buffer): { producerId: bigint; epoch: number; sequence: number } {
  return {
    producerId: batch.readBigInt64BE(PRODUCER_ID_AT),
    epoch: batch.readInt16BE(EPOCH_AT),
    sequence: batch.readInt32BE(SEQUENCE_AT),
  }
}

/** So large that it goes in a batch of its own. */
const ALONE = { bytes: 1_048_576 }

describe('a partition that appends wait for', () => {
  it('appends nothing of a call behind a part that failed, and all of other calls', () => {
    const queue = identified()
    const appends = new Appends()
    const append = {}
    queue.push(appends.chunk('first part', { append, ...ALONE }))
    queue.push(appends.chunk('other call', ALONE))
    queue.push(appends.chunk('second part', { append, ...ALONE }))
    queue.next(0)
    queue.giveUp(new Error('refused'))
    queue.next(0)
    queue.acknowledged(5)
    expect(appends.outcomes).toEqual({ 'first part': 'INTERNAL', 'other call': '5', 'second part': 'INTERNAL' })
    expect(queue.empty).toBe(true)
  })

  it('lets no later call through where an earlier one has waited too long', () => {
    for (const sent of [true, false]) {
      const queue = identified()
      const appends = new Appends()
      queue.push(appends.chunk('earlier', { deadlineMs: 60_000, ...ALONE }))
      queue.push(appends.chunk('later', { deadlineMs: 90_000 }))
      if (sent) queue.next(0)
      queue.expire(59_999, Infinity)
      expect(appends.outcomes).toEqual({ earlier: 'waits', later: 'waits' })
      queue.expire(60_000, Infinity)
      expect(appends.outcomes).toEqual({ earlier: 'LOG_UNAVAILABLE', later: 'LOG_UNAVAILABLE' })
    }
  })

  it('finds by itself which call of a batch the broker refuses for its content', () => {
    const queue = identified()
    const appends = new Appends()
    for (const name of ['a', 'b', 'c']) queue.push(appends.chunk(name))
    queue.next(0)
    queue.refused(new Error('refused'))
    queue.next(0)
    queue.acknowledged(0)
    queue.next(0)
    queue.refused(new Error('refused'))
    queue.next(0)
    queue.acknowledged(1)
    expect(appends.outcomes).toEqual({ a: '0', b: 'Error: refused', c: '1' })
  })

  it('goes on under the next epoch once a batch is given up, and under another producer when there is none', () => {
    const queue = identified()
    const appends = new Appends()
    queue.push(appends.chunk('a'))
    expect(headOf(queue.next(0))).toEqual({ producerId: 7n, epoch: 3, sequence: 0 })
    queue.acknowledged(0)
    queue.push(appends.chunk('b'))
    expect(headOf(queue.next(0))).toEqual({ producerId: 7n, epoch: 3, sequence: 1 })
    queue.giveUp(new Error('no answer'))
    queue.push(appends.chunk('c'))
    expect(headOf(queue.next(0))).toEqual({ producerId: 7n, epoch: 4, sequence: 0 })
    queue.change(new Error('fenced'), 0)
    expect([
      queue.identity,
      queue.hasUsed({ producerId: 7n, epoch: 0 }),
      queue.hasUsed({ producerId: 8n, epoch: 0 }),
    ]).toEqual([null, true, false])
    queue.adopt({ producerId: 8n, epoch: 0x7fff })
    expect(headOf(queue.next(0))).toEqual({ producerId: 8n, epoch: 0x7fff, sequence: 0 })
    queue.giveUp(new Error('no answer'))
    expect([queue.identity, queue.hasUsed({ producerId: 8n, epoch: 0 })]).toEqual([null, true])
  })
})
