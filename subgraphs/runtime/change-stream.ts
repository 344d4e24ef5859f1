// The changes that one subscriber is told, from the changes topic, each with the progress after it. A subscriber that comes back reads
// the log at its own pace until it has caught up, then follows the shared tail with a bounded queue. Every ending but close() is an
// error, and `told` says where to go on: silence would hide a loss.
import { setImmediate } from 'node:timers/promises'
import type { Change } from '../../schema/record.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { EventLog, RecordBatch, Tail } from '../../platform/ports/event-log.ts'
import {
  AFTER_A_GAP,
  startProgress,
  trackProgress,
  type ChangeProgress,
  type ProgressTracker,
} from './change-progress.ts'
import { changeOf, type SourcedChange } from './change-record.ts'
import type { Selection } from './change-selection.ts'
import type { Gate } from './gate.ts'
import type { RecentSources } from './recent-sources.ts'

export interface SelectedChange {
  readonly kind: 'change'
  readonly change: Change
  readonly selection: Exclude<Selection, 'skip'>
  /** Of the change in its topic. */
  readonly at: readonly [partition: number, offset: number]
  readonly progress: ChangeProgress
}

/** A resumed stream has come to the head of the log, and follows it from here. */
export interface CaughtUp {
  readonly kind: 'caughtUp'
  readonly progress: ChangeProgress
}

export interface ChangeStreamOptions {
  readonly log: EventLog
  readonly topic: string
  /** Null: from the end of the topic. */
  readonly from: ChangeProgress | null
  readonly select: (change: Change) => Selection
  /** Shared with other streams: reads of the log pass here while they catch up. */
  readonly replayGate: Gate
  readonly recentSources: RecentSources
}

function failureOf(error: unknown, topic: string): MeshgateError {
  if (error instanceof MeshgateError) {
    if (['INTERNAL', 'SUBSCRIPTION_OVERFLOW', 'SUBSCRIPTION_GAP'].includes(error.code)) return error
    if (error.code === 'LOG_OFFSET_OUT_OF_RANGE') {
      return new MeshgateError(
        'SUBSCRIPTION_GAP',
        `Changes of ${topic} after the cursor are older than the retention; ${AFTER_A_GAP}`,
        error,
      )
    }
  }
  return new MeshgateError(
    'SUBSCRIPTION_LOST',
    `The changes of ${topic} can no longer be read; subscribe again with the cursor`,
    error,
  )
}

/** SUBSCRIPTION_GAP where a record from there on is not held any more. */
export async function checkHeld(
  { log, topic }: Pick<ChangeStreamOptions, 'log' | 'topic'>,
  positions: readonly number[],
): Promise<void> {
  for (const { partition, earliest, next } of await log.offsets(topic)) {
    const position = positions[partition] ?? 0
    if (position >= earliest && position <= next) continue
    const cause = new MeshgateError(
      'LOG_OFFSET_OUT_OF_RANGE',
      `${partition}:${position} is not from ${earliest} to ${next}`,
    )
    throw failureOf(cause, topic)
  }
}

export class ChangeStream {
  readonly #options: ChangeStreamOptions
  readonly #queue: (SelectedChange | CaughtUp)[] = []
  /** What has been read. */
  #read: ProgressTracker = trackProgress(startProgress([]))
  /** Whoever resumes there misses nothing and gets nothing again. */
  #told: ChangeProgress = startProgress([])
  /** After the change handed out last, which may still fail on its way to the subscriber. */
  #handedOut: ChangeProgress | null = null
  #tail: Tail | null = null
  /** Batches that come before the tail has said where it starts. */
  #early: RecordBatch[] | null = null
  #failure: MeshgateError | null = null
  #lost: MeshgateError | null = null
  #closed = false
  #wake: (() => void) | null = null

  private constructor(options: ChangeStreamOptions) {
    this.#options = options
  }

  /** Resolves once nothing from then on can be missed. SUBSCRIPTION_GAP where `from` is older than the retention. */
  static async open(options: ChangeStreamOptions): Promise<ChangeStream> {
    const stream = new ChangeStream(options)
    try {
      if (options.from === null) await stream.#follow('end')
      else await stream.#resumeFrom(options.from)
    } catch (error) {
      await stream.close()
      throw failureOf(error, options.topic)
    }
    return stream
  }

  /** How far the subscriber has been told: a change counts once the one after it is asked for. */
  get told(): ChangeProgress {
    return this.#told
  }

  /** The next change, null once closed. Rejects with the failure that ended the stream. One call at a time. */
  async next(): Promise<SelectedChange | CaughtUp | null> {
    this.#told = this.#handedOut ?? this.#told
    this.#handedOut = null
    for (;;) {
      if (this.#closed) return null
      const selected = this.#queue.shift()
      if (selected !== undefined) {
        this.#handedOut = selected.progress
        return selected
      }
      if (this.#failure !== null) {
        // What was read since concerned others: going on behind it spares the next stream the way, and a gap once the retention has passed.
        if (this.#failure.code !== 'SUBSCRIPTION_OVERFLOW') this.#told = this.#read.snapshot()
        throw this.#failure
      }
      if (this.#tail === null) await this.#catchUp()
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Ends the stream with a failure once what waits has been handed out. */
  fail(failure: MeshgateError): void {
    this.#lost ??= failure
    this.#fail(failure)
  }

  /** Why it was ended from outside: what goes wrong from then on, as a store that has been closed, comes of that. */
  get lost(): MeshgateError | null {
    return this.#lost
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#queue.length = 0
    this.#awake()
    const tail = this.#tail
    this.#tail = null
    await tail?.close()
  }

  async #resumeFrom(progress: ChangeProgress): Promise<void> {
    this.#read = trackProgress(progress)
    this.#told = progress
    await checkHeld(this.#options, progress.positions)
  }

  /** One read of every partition; when little is left, the tail takes over from there. */
  async #catchUp(): Promise<void> {
    try {
      let found = 0
      for (const partition of this.#read.positions.keys()) {
        found += await this.#options.replayGate.run(() => this.#takeIn(partition))
        if (this.#closed || this.#failure !== null) return
      }
      if (found > 0 && (await this.#isFarBehind())) return
      if (this.#closed || this.#failure !== null) return
      await this.#follow(this.#read.snapshot().positions)
      this.#queue.push({ kind: 'caughtUp', progress: this.#read.snapshot() })
    } catch (error) {
      this.#fail(failureOf(error, this.#options.topic))
    }
  }

  /** Where changes never pause a read always finds some: the tail brings the last of them, as much as may wait with what waits already. */
  async #isFarBehind(): Promise<boolean> {
    const { log, topic } = this.#options
    let left = this.#queue.length
    for (const { partition, next } of await log.offsets(topic)) left += next - (this.#read.positions[partition] ?? 0)
    return left > limits.subscriberEventsMax / 2
  }

  /** How many records the partition had. */
  async #takeIn(partition: number): Promise<number> {
    const { log, topic } = this.#options
    if (this.#closed) return 0
    const offset = this.#read.positions[partition] ?? 0
    const records = await log.read({ topic, partition, offset }, limits.replayReadRecordsMax)
    if (this.#closed || records.length === 0) return 0
    const { changes } = this.#options.recentSources
    for (const record of records) this.#accept(partition, record.offset, changes.of(partition, record))
    // What the log has in memory comes without a turn of the event loop: others would wait until everything has been read.
    await setImmediate()
    return records.length
  }

  async #follow(from: 'end' | readonly number[]): Promise<void> {
    const { log, topic } = this.#options
    this.#early = []
    const tail = await log.tail({
      topic,
      from,
      onBatch: (batch) => this.#onBatch(batch),
      onError: (error) => this.#fail(failureOf(error, topic)),
    })
    this.#tail = tail
    if (from === 'end') {
      this.#told = { positions: tail.start, seen: await this.#options.recentSources.before(tail.start) }
      this.#read = trackProgress(this.#told)
    }
    if (this.#closed || this.#failure !== null) return tail.close()
    const early = this.#early
    this.#early = null
    for (const batch of early) this.#onBatch(batch)
  }

  #onBatch(batch: RecordBatch): void {
    if (this.#closed || this.#failure !== null) return
    if (this.#early !== null) {
      this.#early.push(batch)
      return
    }
    try {
      for (const record of batch.records) {
        this.#accept(batch.partition, record.offset, changeOf(record, this.#options.topic, batch.partition))
        if (this.#queue.length > limits.subscriberEventsMax) throw overflow(this.#options.topic)
      }
    } catch (error) {
      this.#fail(failureOf(error, this.#options.topic))
    }
    this.#awake()
  }

  #accept(partition: number, offset: number, sourced: SourcedChange): void {
    const { change } = sourced
    const selection = this.#read.isRepeat(partition, sourced) ? 'skip' : this.#options.select(change)
    this.#read.advance(partition, offset, sourced)
    if (selection === 'skip') return
    this.#queue.push({
      kind: 'change',
      change,
      selection,
      at: [partition, offset],
      progress: this.#read.snapshot(),
    })
  }

  #fail(failure: MeshgateError): void {
    if (this.#closed || this.#failure !== null) return
    this.#failure = failure
    // What waits is told again after a resume: keeping it would keep the memory that the bound is for.
    if (failure.code === 'SUBSCRIPTION_OVERFLOW') this.#queue.length = 0
    const tail = this.#tail
    this.#awake()
    // Nothing waits for it, and the stream has its failure already.
    void tail?.close().catch(() => undefined)
  }

  #awake(): void {
    this.#wake?.()
    this.#wake = null
  }
}

const overflow = (topic: string): MeshgateError =>
  new MeshgateError(
    'SUBSCRIPTION_OVERFLOW',
    `More than ${limits.subscriberEventsMax} changes of ${topic} wait for the subscriber; subscribe again with the cursor`,
  )
