// New tables filled with the records of one partition, up to where live ingest stands in it, or stood before it was set back; from then on
// live ingest writes them too. The two never write them at once: a live batch is either left to be filled, or waits until everything before
// it is. Records come to the tables in their order: a row of a further table that an attempt left behind is cleared by those that come next.
import { setImmediate } from 'node:timers/promises'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import { AppendClock } from '../append-clock.ts'
import { decodeBatch } from '../decode-batch.ts'
import type { EntityPlan } from '../entity-plan.ts'
import { copyStorable } from './copy-records.ts'
import type { PartMark } from './table-state.ts'

export interface FillPorts {
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
}

/** Where filling goes on: every record before `next` is in the tables. */
export interface FillProgress {
  readonly next: number
  /** Exact append time of the record before, where times are made exact; null where it is not known. */
  readonly timeUs: number | null
}

export interface FillOptions {
  readonly ports: FillPorts
  /** Of the new tables. */
  readonly plan: EntityPlan
  readonly partition: number
  /** Null while it cannot begin (a scan goes first): asked again then. Makes the tables known to the store. */
  readonly start: () => Promise<FillProgress | null>
  /** The owner before has said so: live batches write the new tables from the first on. */
  readonly isFilled: boolean
  /** Every record before it is filled at least: no less than live ingest has handled, ever. */
  readonly until: number
  /** When filled may be said, by `clock.monotonic`. */
  readonly readyAtMs: number
  readonly pollMs: number
  readonly mark: (mark: PartMark) => Promise<void>
  /** It is tried again. LOG_OFFSET_OUT_OF_RANGE: it is not. */
  readonly onProblem: (error: unknown) => void
}

export class PartitionFill {
  readonly #options: FillOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  readonly #appendClock: AppendClock
  #progress: FillProgress | null = null
  #until: number
  /** A live batch is in hand that does not write the new tables, or waits to. */
  #liveInHand = false
  #filling = false
  #both = false
  #saysReady = false
  #markedMs: number
  #waiting: (() => void)[] = []

  constructor(options: FillOptions) {
    this.#options = options
    this.#until = options.until
    this.#both = this.#saysReady = options.isFilled
    this.#markedMs = options.ports.clock.monotonic()
    this.#appendClock = new AppendClock(options.ports.log, options.plan.source.topic, { keepsMarks: false })
    this.#running = this.#run()
  }

  /** How many records are to be filled; null before it has begun. */
  get left(): number | null {
    return this.#progress === null ? null : Math.max(0, this.#until - this.#progress.next)
  }

  /** A live batch begins. Whether it must write the new tables too; where little is missing, it waits for that. */
  async beginLive(offset: number): Promise<boolean> {
    this.#liveInHand = true
    if (this.#both) return true
    // Before it where live ingest was set back: the live tables hold more.
    this.#until = Math.max(this.#until, offset)
    this.#wake()
    const { clock } = this.#options.ports
    const untilMs = clock.monotonic() + limits.tableFillGapWaitMs
    while (!this.#stop.signal.aborted && this.#isNear() && clock.monotonic() < untilMs) {
      if (this.#isFilled()) {
        this.#both = true
        this.#wake()
        return true
      }
      await this.#changed(limits.tableFillGapWaitMs)
    }
    return this.#both
  }

  /** The live batch has ended: handled up to `next`, or not (null). */
  endLive(next: number | null): void {
    this.#liveInHand = false
    if (next !== null) this.#until = Math.max(this.#until, next)
    this.#wake()
  }

  /** The live batch from there on could not write the new tables: false where it has to, since that they are filled has been said. */
  leaveToFill(offset: number): boolean {
    if (this.#saysReady) return false
    this.#both = false
    if (this.#progress !== null && this.#progress.next > offset) this.#progress = { next: offset, timeUs: null }
    this.#until = Math.max(this.#until, offset)
    return true
  }

  /** Ends after the batch in hand. */
  async close(): Promise<void> {
    this.#stop.abort(new DOMException('The partition is no longer filled here.', 'AbortError'))
    this.#wake()
    await this.#running
  }

  #isNear(): boolean {
    return this.#progress !== null && this.#until - this.#progress.next <= limits.tableFillGapRecords
  }

  #isFilled(): boolean {
    return !this.#filling && this.#progress !== null && this.#progress.next >= this.#until
  }

  async #run(): Promise<void> {
    const { ports, onProblem } = this.#options
    const { signal } = this.#stop
    for (let delayMs: number = limits.retryDelayMsMin; !signal.aborted;) {
      try {
        if (await this.#step()) return
        delayMs = limits.retryDelayMsMin
      } catch (error) {
        if (signal.aborted) return
        onProblem(error)
        if (error instanceof MeshgateError && error.code === 'LOG_OFFSET_OUT_OF_RANGE') return
        await ports.clock.sleep(delayMs, signal).catch(() => undefined)
        delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)
      }
    }
  }

  /** Whether nothing is left to do. */
  async #step(): Promise<boolean> {
    const { ports, start, pollMs, readyAtMs, isFilled } = this.#options
    if (this.#progress === null) {
      this.#progress = await start()
      if (this.#progress === null) await this.#changed(pollMs)
      return false
    }
    if (this.#both) {
      const waitMs = isFilled ? 0 : readyAtMs - ports.clock.monotonic()
      if (waitMs > 0) await this.#changed(waitMs)
      else return this.#sayReady()
      return false
    }
    if (!this.#isFilled()) {
      await this.#fillOn(this.#progress)
      return false
    }
    if (this.#liveInHand) await this.#changed(pollMs)
    else this.#both = true
    return false
  }

  async #sayReady(): Promise<boolean> {
    // From here on a live batch has to write the new tables, whether the mark arrives or not.
    this.#saysReady = true
    await this.#options.mark({ ready: true, progress: this.#progress })
    return true
  }

  async #fillOn(from: FillProgress): Promise<void> {
    const { ports, plan, partition } = this.#options
    const { signal } = this.#stop
    const end = this.#until
    this.#filling = true
    try {
      const position = { topic: plan.topic, partition, offset: from.next }
      const read = await ports.log.read(position, limits.tableFillRecords)
      const records = read.filter(({ offset }) => offset < end)
      const last = records.at(-1)
      // Compaction may have left nothing up to the end.
      if (last === undefined) this.#progress = { next: end, timeUs: null }
      else this.#progress = await this.#copy({ topic: plan.topic, partition, records }, from)
    } finally {
      this.#filling = false
      this.#wake()
    }
    signal.throwIfAborted()
    // Live ingest goes first.
    await setImmediate()
    await this.#markNowAndThen()
  }

  async #copy(batch: RecordBatch, { next, timeUs }: FillProgress): Promise<FillProgress> {
    const { ports, plan } = this.#options
    const { signal } = this.#stop
    const exact = plan.needsClock && !plan.source.rekeyed
    if (exact && timeUs !== null) this.#appendClock.goOn(batch.partition, next, timeUs)
    const timed = exact ? await this.#appendClock.exact(batch) : batch
    await copyStorable(ports.store, plan, { batch: timed, decoded: decodeBatch(plan, timed) }, signal)
    const last = timed.records.at(-1)
    return { next: (last?.offset ?? next - 1) + 1, timeUs: exact ? (last?.timestampUs ?? null) : null }
  }

  async #markNowAndThen(): Promise<void> {
    const nowMs = this.#options.ports.clock.monotonic()
    if (nowMs - this.#markedMs < limits.tableFillMarkMs) return
    this.#markedMs = nowMs
    await this.#options.mark({ ready: false, progress: this.#progress })
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** At the next wake, or after so long. */
  async #changed(waitMs: number): Promise<void> {
    const timer = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    const late = this.#options.ports.clock.sleep(waitMs, timer.signal).catch(() => undefined)
    await Promise.race([promise, late])
    timer.abort()
    this.#waiting = this.#waiting.filter((other) => other !== resolve)
  }
}
