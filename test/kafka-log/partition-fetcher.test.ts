// Which partitions are in which poll, without a broker: leaders are found and polls answered in the order that a test wants.
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { FetchRequest, FetchedPartition } from '../../platform/adapters/kafka/fetch-message.ts'
import type { PartitionFeed } from '../../platform/adapters/kafka/partition-feed.ts'
import { PartitionFetcher } from '../../platform/adapters/kafka/partition-fetcher.ts'
import { limits } from '../../platform/limits.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { eventually, range } from '../conformance/event-log-harness.ts'

const TOPIC = 'orders'
const signal = new AbortController().signal

interface Poll {
  readonly leader: number
  readonly from: FetchRequest['from']
  readonly bytesMin: number | undefined
  readonly waitMs: number
  readonly answer: (answers: readonly FetchedPartition[]) => void
  readonly fail: (error: Error) => void
}

/** Brokers that answer when they are told to. */
class Brokers {
  readonly polls: Poll[] = []
  /** By partition. */
  readonly leaders = new Map<number, Promise<number>>()

  leader = (_: string, partition: number): Promise<number> => this.leaders.get(partition) ?? Promise.resolve(1)

  fetch = (leader: number, { from, bytesMin, waitMs }: FetchRequest): Promise<readonly FetchedPartition[]> => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly FetchedPartition[]>()
    this.polls.push({ leader, from, bytesMin, waitMs, answer: resolve, fail: reject })
    return promise
  }

  close = (): void => undefined

  /** Leader, partition and offset of each question. */
  get asked(): readonly string[] {
    return this.polls.map(({ leader, from }) =>
      [leader, ...from.map(({ partition, offset }) => `${String(partition)}@${String(offset)}`)].join(' '),
    )
  }

  async poll(at: number): Promise<Poll> {
    await eventually(() => expect(this.polls.length).toBeGreaterThan(at))
    const poll = this.polls[at]
    if (poll === undefined) throw new Error(`no poll ${String(at)}`)
    return poll
  }
}

function fetched(partition: number, from: number, to: number, value: Uint8Array | null = null): FetchedPartition {
  const nothing = { timestampUs: 0, key: null, value, headers: {} }
  const records = range(from, to).map((offset) => ({ ...nothing, offset }))
  return { topic: TOPIC, partition, error: null, records, nextOffset: to, earliest: 0, end: to }
}

async function offsetsOf(feed: PartitionFeed, recordsMax: number): Promise<readonly number[]> {
  const fed = await feed.next(recordsMax, signal)
  return (fed?.records ?? []).map(({ offset }) => offset)
}

describe('the polls of a consumer', () => {
  let fetcher: PartitionFetcher
  afterEach(() => fetcher.close())

  function fetcherOn(brokers: Brokers): PartitionFetcher {
    const [expected, forget, onError] = [() => 2, () => undefined, () => undefined]
    fetcher = new PartitionFetcher({ channel: brokers, clock: systemClock, expected, forget, onError })
    return fetcher
  }

  it('pass nothing over that came while the leader of another partition was looked for', async () => {
    const brokers = new Brokers()
    const feed = fetcherOn(brokers).open({ topic: TOPIC, partition: 0 }, 0)
    const first = await brokers.poll(0)
    const other = Promise.withResolvers<number>()
    brokers.leaders.set(1, other.promise)
    fetcher.open({ topic: TOPIC, partition: 1 }, 0)
    await setImmediate()
    first.answer([fetched(0, 0, 30)])
    expect(await offsetsOf(feed, 20)).toEqual(range(0, 20))
    await setImmediate()
    other.resolve(1)
    const second = await brokers.poll(1)
    second.answer([fetched(0, 30, 36), fetched(1, 0, 2)])
    await setImmediate()
    expect(await offsetsOf(feed, 20)).toEqual(range(20, 36))
    expect(brokers.asked.slice(0, 2)).toEqual(['1 0@0', '1 1@0 0@30'])
  })

  it('bring all that comes while a batch is in hand, for the next one, and let some come together meanwhile', async () => {
    const brokers = new Brokers()
    const feed = fetcherOn(brokers).open({ topic: TOPIC, partition: 0 }, 0)
    const taking = offsetsOf(feed, 20)
    ;(await brokers.poll(0)).answer([fetched(0, 0, 3)])
    expect(await taking).toEqual(range(0, 3))
    ;(await brokers.poll(1)).answer([fetched(0, 3, 5)])
    ;(await brokers.poll(2)).answer([fetched(0, 5, 30)])
    await brokers.poll(3)
    expect(await offsetsOf(feed, 20)).toEqual(range(3, 23))
    expect(await offsetsOf(feed, 20)).toEqual(range(23, 30))
    expect(brokers.asked).toEqual(['1 0@0', '1 0@3', '1 0@5', '1 0@30'])
    const { consumerFetchAheadBytesMin: ahead } = limits
    expect(brokers.polls.map(({ bytesMin }) => bytesMin)).toEqual([1, ahead, ahead, ahead])
  })

  it('wait for a first record where nothing comes while a batch is in hand', async () => {
    const brokers = new Brokers()
    const feed = fetcherOn(brokers).open({ topic: TOPIC, partition: 0 }, 0)
    const taking = offsetsOf(feed, 20)
    ;(await brokers.poll(0)).answer([fetched(0, 0, 3)])
    expect(await taking).toEqual(range(0, 3))
    ;(await brokers.poll(1)).answer([])
    ;(await brokers.poll(2)).answer([fetched(0, 3, 5)])
    await brokers.poll(3)
    const { consumerFetchAheadBytesMin: ahead } = limits
    expect(brokers.polls.map(({ bytesMin }) => bytesMin)).toEqual([1, ahead, 1, ahead])
  })

  it('wait long for a first record where every partition is in one, whoever leads it and whatever is in hand', async () => {
    const brokers = new Brokers()
    const fetching = fetcherOn(brokers)
    brokers.leaders.set(1, Promise.resolve(2))
    const feed = fetching.open({ topic: TOPIC, partition: 0 }, 0)
    const alone = await brokers.poll(0)
    fetching.open({ topic: TOPIC, partition: 1 }, 0)
    const other = await brokers.poll(1)
    alone.answer([fetched(0, 0, 3)])
    expect(await offsetsOf(feed, 20)).toEqual(range(0, 3))
    ;(await brokers.poll(2)).answer([])
    await brokers.poll(3)
    const { consumerFetchWaitMs: long, consumerFetchWaitAheadMs: ahead } = limits
    expect(brokers.polls.map(({ waitMs }) => waitMs)).toEqual([ahead, ahead, ahead, long])
    other.answer([])
  })

  it('ask for no more of a partition of which its share of memory waits', async () => {
    const brokers = new Brokers()
    const feed = fetcherOn(brokers).open({ topic: TOPIC, partition: 0 }, 0)
    const large = new Uint8Array(limits.consumeBatchBytesMax / 2)
    ;(await brokers.poll(0)).answer([fetched(0, 0, 2, large)])
    await eventually(() => expect(feed.offset).toBe(2))
    fetcher.open({ topic: TOPIC, partition: 1 }, 0)
    await brokers.poll(1)
    expect(await offsetsOf(feed, 1)).toEqual([0])
    ;(await brokers.poll(1)).answer([])
    await brokers.poll(2)
    expect(brokers.asked).toEqual(['1 0@0', '1 1@0', '1 1@0 0@2'])
  })

  it('take a partition whose leader has moved from whichever broker answers first, and only once', async () => {
    const brokers = new Brokers()
    const feed = fetcherOn(brokers).open({ topic: TOPIC, partition: 0 }, 0)
    const former = await brokers.poll(0)
    brokers.leaders.set(0, Promise.resolve(2))
    // Anything that has it look again.
    fetcher.open({ topic: TOPIC, partition: 1 }, 0)
    const latter = await brokers.poll(1)
    latter.answer([fetched(0, 0, 30)])
    expect(await offsetsOf(feed, 20)).toEqual(range(0, 20))
    former.answer([fetched(0, 0, 10)])
    await setImmediate()
    expect(await offsetsOf(feed, 20)).toEqual(range(20, 30))
    expect(brokers.asked.slice(0, 2)).toEqual(['1 0@0', '2 0@0'])
  })
})
