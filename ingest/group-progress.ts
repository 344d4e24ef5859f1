// How far ingest has come in each partition of a topic: what this process has handled, and what other members of the group have
// committed. Answers `lag` and lets others wait until records are handled.
import type { Clock } from '../platform/ports/clock.ts'
import type { EventLog, OffsetRange, RecordBatch } from '../platform/ports/event-log.ts'
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'

export class GroupProgress {
  readonly group: string
  readonly topic: string
  readonly #log: EventLog
  readonly #clock: Clock
  /** Next offset per partition that this process has handled. */
  readonly #handled = new Map<number, number>()
  #waiting: (() => void)[] = []
  readonly #closed = new AbortController()

  constructor(group: string, topic: string, ports: { readonly log: EventLog; readonly clock: Clock }) {
    this.group = group
    this.topic = topic
    this.#log = ports.log
    this.#clock = ports.clock
  }

  /** The batch is durable in all that comes of it. */
  handled(batch: RecordBatch): void {
    const last = batch.records.at(-1)
    if (last === undefined) return
    this.#handled.set(batch.partition, Math.max(this.#handled.get(batch.partition) ?? 0, last.offset + 1))
    this.#wake()
  }

  /** The group's position of the partition was set back, by whoever had it. */
  rewound(partition: number): void {
    this.#handled.delete(partition)
    this.#wake()
  }

  /** Records not yet handled, by the group's positions and this process's. */
  async lag(): Promise<number> {
    const [ranges, committed] = await Promise.all([
      this.#log.offsets(this.topic),
      this.#log.committed(this.group, this.topic),
    ])
    const ends = ranges.map(({ next }) => next)
    return this.#behind(ends, nextOffsets(ranges, committed)).reduce((sum, count) => sum + count, 0)
  }

  /** Resolves once everything that the topic holds now is handled; rejects when ingest closes before. A log that is away is waited for. */
  async caughtUp(): Promise<void> {
    const ends = await this.#patiently(() => this.#ends())
    // What this process handles it knows; what others do, the log is asked now and then.
    let committed: readonly number[] = []
    let askedMs = Number.NEGATIVE_INFINITY
    for (;;) {
      this.#closed.signal.throwIfAborted()
      // Before the looks: what is handled during them wakes.
      const changed = this.#changed()
      if (this.#behind(ends, committed).every((count) => count === 0)) return
      if (this.#clock.monotonic() - askedMs >= limits.caughtUpPollMs) {
        committed = await this.#patiently(() => this.#committed())
        askedMs = this.#clock.monotonic()
        if (this.#behind(ends, committed).every((count) => count === 0)) return
      }
      await changed
    }
  }

  /** Ends the waiting of `caughtUp`. */
  close(reason: unknown): void {
    this.#closed.abort(reason)
    this.#wake()
  }

  async #patiently<T>(look: () => Promise<T>): Promise<T> {
    for (let delayMs: number = limits.retryDelayMsMin; ; delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)) {
      try {
        return await look()
      } catch (error) {
        this.#closed.signal.throwIfAborted()
        if (!(error instanceof MeshgateError && error.retryable)) throw error
      }
      await this.#clock.sleep(delayMs, this.#closed.signal)
    }
  }

  async #ends(): Promise<number[]> {
    return (await this.#log.offsets(this.topic)).map((range) => range.next)
  }

  /** Per partition: the group's next offset. */
  async #committed(): Promise<readonly number[]> {
    const [committed, ranges] = await Promise.all([
      this.#log.committed(this.group, this.topic),
      this.#log.offsets(this.topic),
    ])
    return nextOffsets(ranges, committed)
  }

  #behind(ends: readonly number[], committed: readonly number[]): readonly number[] {
    return ends.map((end, partition) => {
      const next = Math.max(committed[partition] ?? 0, this.#handled.get(partition) ?? 0)
      return Math.max(0, end - next)
    })
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const timer = new AbortController()
      const wake = (): void => {
        timer.abort()
        resolve()
      }
      this.#waiting.push(wake)
      const expired = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== wake)
        resolve()
      }
      // An aborted sleep rejects; it has been woken by then.
      this.#clock.sleep(limits.caughtUpPollMs, timer.signal).then(expired, () => undefined)
    })
  }
}

/** Per partition; a group that has committed none begins at the earliest. */
function nextOffsets(ranges: readonly OffsetRange[], committed: readonly (number | null)[]): readonly number[] {
  return ranges.map(({ earliest }, partition) => committed[partition] ?? earliest)
}
