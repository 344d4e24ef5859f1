// Follows a topic for any number of listeners with one reader: records are fetched and decoded once and handed to all. A listener that wants
// older records reads privately until it has caught up with the shared head and joins there: it drops what it has already had, so nothing
// is lost and nothing comes twice, however the two are interleaved.
import { setImmediate } from 'node:timers/promises'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { LogRecord, OffsetRange, Tail, TailOptions } from '../../ports/event-log.ts'
import { TailListener } from '../../tail-listener.ts'
import { outOfRangeError } from './kafka-channel.ts'
import type { Followed, PartitionFollower } from './partition-follower.ts'

export interface TopicTailOptions {
  readonly topic: string
  readonly follower: PartitionFollower
  /** What the partitions hold now. */
  readonly offsets: () => Promise<readonly OffsetRange[]>
  /** Records from an offset on, and where to read next. */
  readonly read: (partition: number, offset: number) => Promise<{ records: readonly LogRecord[]; next: number }>
  /** Before a read that has found nothing is tried again. */
  readonly pause: () => Promise<void>
}

/** What is shared of one partition. */
interface Head {
  readonly partition: number
  /** Offset of the next record that is handed out. */
  next: number
  followed: Followed | null
  /** Listeners that have caught up. */
  readonly joined: Set<TailListener>
}

export class TopicTail {
  readonly #options: TopicTailOptions
  readonly #listeners = new Set<TailListener>()
  #heads: Head[] = []
  /** Something was handed out, or somebody has caught up. */
  #progress = Promise.withResolvers<void>()

  constructor(options: TopicTailOptions) {
    this.#options = options
  }

  /** LOG_OFFSET_OUT_OF_RANGE where the start is not held. */
  async listen(options: TailOptions): Promise<Tail> {
    const held = await this.#options.offsets()
    const start = startOf(options, held)
    if (this.#listeners.size === 0) this.#resume(held)
    const listener = new TailListener(options, start)
    this.#listeners.add(listener)
    for (const head of this.#heads) void this.#catchUp(head, listener)
    return {
      start,
      close: async () => {
        listener.ended = true
        this.#forget(listener)
      },
    }
  }

  /** Hands out what has been appended, as far as that is possible before `signal` aborts; then ends every listener. */
  async close(error: MeshgateError, signal: AbortSignal): Promise<void> {
    if (this.#listeners.size > 0) {
      try {
        await this.#drain(await this.#options.offsets(), signal)
      } catch {
        // Who comes back asks for what it has not had: nothing is lost by not having got it.
      }
    }
    for (const listener of this.#listeners) listener.end(error)
    for (const listener of this.#listeners) this.#forget(listener)
  }

  async #drain(held: readonly OffsetRange[], signal: AbortSignal): Promise<void> {
    const behind = (): boolean =>
      this.#listeners.size > 0 &&
      this.#heads.some(
        (head) => head.next < (held[head.partition]?.next ?? 0) || head.joined.size < this.#listeners.size,
      )
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    while (behind() && !signal.aborted) await Promise.race([this.#progress.promise, aborted])
  }

  /** Nobody has listened: nothing has been followed, and what lies between is nobody's. */
  #resume(held: readonly OffsetRange[]): void {
    this.#heads = held.map(({ partition, next }) => {
      const head: Head = { partition, next, followed: null, joined: new Set() }
      head.followed = this.#options.follower.follow(this.#options.topic, partition, next, {
        fetched: (records, after) => this.#handOut(head, records, after),
        failed: (error) => this.#fail(error),
      })
      return head
    })
  }

  #forget(listener: TailListener): void {
    this.#listeners.delete(listener)
    for (const head of this.#heads) head.joined.delete(listener)
    this.#progressed()
    if (this.#listeners.size > 0) return
    for (const head of this.#heads) head.followed?.stop()
    this.#heads = []
  }

  async #catchUp(head: Head, listener: TailListener): Promise<void> {
    const { partition } = head
    try {
      let at = listener.wanted[partition] ?? 0
      while (!listener.ended && at < head.next) {
        const { records, next } = await this.#options.read(partition, at)
        listener.deliver(partition, records)
        // A new leader may not show yet what the old one has shown.
        if (next <= at) await this.#options.pause()
        at = next
      }
    } catch (error) {
      listener.end(error)
    }
    if (listener.ended) return this.#forget(listener)
    head.joined.add(listener)
    this.#progressed()
  }

  /** One partition cannot be followed: listeners want all of them. */
  #fail(error: Error): void {
    for (const listener of this.#listeners) listener.end(error)
    for (const listener of this.#listeners) this.#forget(listener)
  }

  /** To everybody who has joined; who joins meanwhile reads up to `next` by himself. */
  async #handOut(head: Head, records: readonly LogRecord[], next: number): Promise<void> {
    head.next = next
    let handed = 0
    for (const listener of head.joined) {
      if (handed >= limits.logTailRecordsPerTurnMax) {
        handed = 0
        await setImmediate()
      }
      listener.deliver(head.partition, records)
      if (listener.ended) this.#forget(listener)
      handed += records.length
    }
    this.#progressed()
  }

  #progressed(): void {
    this.#progress.resolve()
    this.#progress = Promise.withResolvers()
  }
}

function startOf({ from, topic }: TailOptions, held: readonly OffsetRange[]): readonly number[] {
  if (from === 'end') return held.map(({ next }) => next)
  if (from.length !== held.length) {
    const counts = `${String(from.length)} offsets for ${String(held.length)} partitions`
    throw new MeshgateError('LOG_TOPIC_MISMATCH', `Tail of ${topic}: ${counts}. Give one offset per partition.`)
  }
  return held.map((range) => {
    const offset = from[range.partition] ?? 0
    if (offset >= range.earliest && offset <= range.next) return offset
    throw outOfRangeError({ topic, partition: range.partition, offset }, range)
  })
}
