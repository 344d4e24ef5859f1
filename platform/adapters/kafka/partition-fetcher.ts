// Fetches for all partitions that one consumer holds: one long poll per leader, for every partition whose feed has room. Bounded in bytes: what
// waits in a feed, and the answer that comes to it, are half of its share of `limits.consumerPrefetchBytesMax` each. A partition that fails
// rests for a while and holds up no other.
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FetchRequest, FetchedPartition } from './fetch-message.ts'
import { nameOf } from './group-protocol.ts'
import type { TopicPartition } from './group-protocol.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import { isMissing, isWorthTelling, nextDelay, toMeshgateError } from './kafka-errors.ts'
import { PartitionFeed } from './partition-feed.ts'

export interface PartitionFetcherOptions {
  /** For this fetcher alone: its polls wait. */
  readonly channel: Pick<KafkaChannel, 'leader' | 'fetch' | 'close'>
  readonly clock: Clock
  /** How many partitions want to be fetched now or soon. */
  readonly expected: () => number
  /** What is known of the topic's leaders may be wrong. */
  readonly forget: (topic: string) => void
  /** A partition cannot be fetched now; it is tried again. */
  readonly onError: (error: unknown, partition: TopicPartition, offset: number) => void
}

export class PartitionFetcher {
  readonly #options: PartitionFetcherOptions
  readonly #feeds = new Map<string, PartitionFeed>()
  /** Leaders with a poll in hand. */
  readonly #polled = new Set<number>()
  /** Leaders whose last poll brought nothing. */
  readonly #quiet = new Set<number>()
  /** Feeds that failed: since when, and their next pause. */
  readonly #failing = new Map<PartitionFeed, { readonly sinceMs: number; readonly delayMs: number }>()
  readonly #resting = new Set<PartitionFeed>()
  readonly #stop = new AbortController()
  #starting = false
  #startAgain = false
  #turn = 0

  constructor(options: PartitionFetcherOptions) {
    this.#options = options
  }

  /** Begins to fetch. Closing the feed ends it. */
  open(partition: TopicPartition, offset: number): PartitionFeed {
    const name = nameOf(partition)
    const feed = new PartitionFeed(partition, offset, () => {
      if (feed.closed) {
        this.#failing.delete(feed)
        if (this.#feeds.get(name) === feed) this.#feeds.delete(name)
      }
      void this.#start()
    })
    this.#feeds.set(name, feed)
    void this.#start()
    return feed
  }

  close(): void {
    this.#stop.abort()
    this.#options.channel.close()
  }

  /** Starts what polls can be started. Never rejects. */
  async #start(): Promise<void> {
    this.#startAgain = true
    if (this.#starting) return
    this.#starting = true
    while (this.#startAgain && !this.#stop.signal.aborted) {
      this.#startAgain = false
      const wanting = [...this.#feeds.values()].filter((feed) => this.#isDue(feed))
      const leaders = await Promise.all(wanting.map((feed) => this.#leader(feed)))
      const byLeader = Map.groupBy(wanting, (_, at) => leaders[at] ?? null)
      for (const [leader, feeds] of byLeader) {
        // While leaders were asked for, a poll in hand may have brought what these feeds wanted.
        const due = feeds.filter((feed) => this.#isDue(feed))
        if (leader !== null && due.length > 0 && !this.#polled.has(leader)) void this.#poll(leader, due)
      }
    }
    this.#starting = false
  }

  #isDue(feed: PartitionFeed): boolean {
    return feed.hasRoom(this.#halfShare()) && !this.#resting.has(feed)
  }

  async #leader(feed: PartitionFeed): Promise<number | null> {
    const { topic, partition } = feed.partition
    try {
      return await this.#options.channel.leader(topic, partition)
    } catch (error) {
      this.#rest(feed, error)
      return null
    }
  }

  /** Never rejects. */
  async #poll(leader: number, feeds: readonly PartitionFeed[]): Promise<void> {
    this.#polled.add(leader)
    const asked = new Map(feeds.map((feed) => [feed, feed.offset]))
    // A partition whose leader moves may be in two polls: what the first has brought, the second must not replace.
    const isNext = (feed: PartitionFeed): boolean => !feed.closed && feed.offset === asked.get(feed)
    try {
      const answers = await this.#options.channel.fetch(leader, {
        from: this.#inTurn(feeds).map(({ partition, offset }) => ({ ...partition, offset })),
        ...this.#patience(leader, feeds),
        bytesMax: limits.consumerPrefetchBytesMax,
        partitionBytesMax: this.#halfShare(),
      })
      const byName = new Map(feeds.map((feed) => [nameOf(feed.partition), feed]))
      for (const answer of answers) {
        const feed = byName.get(nameOf(answer))
        if (feed !== undefined && isNext(feed)) this.#deliver(feed, answer)
      }
      if (feeds.every(isNext)) this.#quiet.add(leader)
      else this.#quiet.delete(leader)
    } catch (error) {
      for (const feed of feeds) if (isNext(feed)) this.#rest(feed, error)
    } finally {
      this.#polled.delete(leader)
    }
    // Workers that wait take their records first: a partition that missed the next poll would wait for its end.
    await setImmediate()
    await this.#start()
  }

  #deliver(feed: PartitionFeed, { error, records, nextOffset }: FetchedPartition): void {
    if (error !== null) return this.#rest(feed, error)
    this.#failing.delete(feed)
    feed.deliver(records, nextOffset)
  }

  #rest(feed: PartitionFeed, cause: unknown): void {
    if (this.#stop.signal.aborted || feed.closed) return
    const { topic } = feed.partition
    const error = toMeshgateError(cause, `read ${nameOf(feed.partition)}`)
    if (error.code === 'LOG_OFFSET_OUT_OF_RANGE') return feed.fail(error)
    this.#options.forget(topic)
    if (isMissing(cause)) return feed.fail(error)
    const { clock, onError } = this.#options
    const nowMs = clock.monotonic()
    const { sinceMs, delayMs } = this.#failing.get(feed) ?? { sinceMs: nowMs, delayMs: limits.kafkaRetryDelayMsMin }
    if (isWorthTelling(cause, nowMs - sinceMs)) onError(error, feed.partition, feed.offset)
    this.#failing.set(feed, { sinceMs, delayMs: nextDelay(delayMs) })
    this.#resting.add(feed)
    void clock.sleep(delayMs, this.#stop.signal).then(
      () => {
        this.#resting.delete(feed)
        void this.#start()
      },
      () => undefined,
    )
  }

  /** Where every worker has a batch in hand, nobody waits for a first record: some are let come together, as long as they come. */
  #patience(leader: number, feeds: readonly PartitionFeed[]): Pick<FetchRequest, 'waitMs' | 'bytesMin'> {
    const isAwaited = feeds.some((feed) => feed.awaited)
    if (!isAwaited && !this.#quiet.has(leader)) {
      return { waitMs: limits.consumerFetchWaitAheadMs, bytesMin: limits.consumerFetchAheadBytesMin }
    }
    // A partition that begins, or whose worker makes room, during the poll must not wait long for the poll's end. Where all are in a poll none can.
    const isAll =
      this.#feeds.size >= this.#options.expected() && this.#feeds.values().every((feed) => this.#isDue(feed))
    return { waitMs: isAll ? limits.consumerFetchWaitMs : limits.consumerFetchWaitBusyMs, bytesMin: 1 }
  }

  /** A broker fills an answer in the order of the request: each partition comes first at times. */
  #inTurn(feeds: readonly PartitionFeed[]): readonly PartitionFeed[] {
    this.#turn = (this.#turn + 1) % feeds.length
    return [...feeds.slice(this.#turn), ...feeds.slice(0, this.#turn)]
  }

  /** Small enough that all feeds together stay within the bound, large enough for a batch of small records. */
  #halfShare(): number {
    const half = Math.floor(limits.consumerPrefetchBytesMax / 2 / Math.max(1, this.#feeds.size))
    return Math.min(limits.consumeBatchBytesMax, Math.max(half, limits.consumerFetchPartitionBytesMin))
  }
}
