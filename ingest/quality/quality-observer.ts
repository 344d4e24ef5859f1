// Tells what came of a consumer's records, minute by minute, to the topic `mesh.observations`, which the product mesh/observations reads.
// Exact over crashes: a minute that is over is told before its last batch is committed; the minute that goes on is told once a second, and
// whoever takes the partition over counts it, and the minute of the record before, anew from the log. What a killed process had not told is told
// with the partition's next record; only times on the way are lost with it.
import { decodeSlice, type DecodedRecord } from '../decode-batch.ts'
import type { EntityPlan } from '../entity-plan.ts'
import { OBSERVATIONS_TOPIC } from '../internal-topics.ts'
import { replayIn } from '../replay/raise-generation.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog, LogRecord, RecordBatch } from '../../platform/ports/event-log.ts'
import { count, fillableColumns, minuteOf, newTally, tallyText, type MinuteTally } from './minute-tally.ts'

interface Observed {
  /** That of the partition's tenure. */
  readonly signal: AbortSignal
  tally: MinuteTally
  /** The next record to be counted. */
  next: number
  /** Minutes that are over, until they are told. */
  closed: MinuteTally[]
  /** Records counted that nobody was told of. */
  untold: boolean
}

export interface QualityObserverOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly plan: EntityPlan
  /** The topic that is consumed. */
  readonly topic: string
  /** Before re-keying only what is rejected there counts: the rest is counted behind it. */
  readonly rejectedOnly: boolean
}

export class QualityObserver {
  readonly #options: QualityObserverOptions
  readonly #columns: readonly string[]
  readonly #partitions = new Map<number, Observed>()
  readonly #closing = new AbortController()
  readonly #telling: Promise<void>

  constructor(options: QualityObserverOptions) {
    this.#options = options
    this.#columns = fillableColumns(options.plan)
    this.#telling = this.#tellEachSecond()
  }

  /** Once all that came of the batch is durable, before its position is committed. Rejects as the log does: then it may be called again. */
  async observe(batch: RecordBatch, decoded: readonly DecodedRecord[], signal: AbortSignal): Promise<void> {
    const [first] = batch.records
    // What is replayed was counted when it came.
    if (first === undefined || replayIn(first.headers) > 0) return
    let observed = this.#partitions.get(batch.partition)
    if (observed?.signal !== signal) {
      observed = await this.#begin(batch, first, signal)
      this.#partitions.set(batch.partition, observed)
    }
    this.#count(observed, batch, { decoded, queryableMs: this.#options.clock.now() })
    if (observed.closed.length > 0) await this.#tell(observed)
  }

  /** Tells what is untold. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#telling
    // The log may be gone already; the next owner counts the minute anew.
    await this.#tellAll().catch(() => undefined)
  }

  #count(
    observed: Observed,
    batch: RecordBatch,
    { decoded, queryableMs }: { decoded: readonly DecodedRecord[]; queryableMs: number | null },
  ): void {
    batch.records.forEach((record, index) => {
      const outcome = decoded[index]
      if (record.offset < observed.next || outcome === undefined) return
      observed.next = record.offset + 1
      if (this.#options.rejectedOnly && outcome.kind !== 'rejected') return
      const minuteMs = minuteOf(record.timestampUs)
      // Append times may go back by a little where a clock was corrected: what is late counts to the minute that goes on.
      if (minuteMs > Date.parse(observed.tally.minute)) {
        if (observed.tally.records > 0) observed.closed.push(observed.tally)
        observed.tally = this.#newTally(batch.partition, minuteMs)
      }
      count(observed.tally, outcome, {
        appendedMs: record.timestampUs / 1_000,
        queryableMs,
        columns: this.#columns,
      })
      observed.untold = true
    })
  }

  /** Counts what came before the first record in its minute, and in the minute of the record before it: others handled that, and may not have told. */
  async #begin(batch: RecordBatch, first: LogRecord, signal: AbortSignal): Promise<Observed> {
    const { partition } = batch
    const { log, plan, topic } = this.#options
    const before = await this.#recordBefore(partition, first.offset)
    const minuteMs = minuteOf(Math.min(first.timestampUs, before?.timestampUs ?? first.timestampUs))
    const starts = await log.offsetsAt(topic, minuteMs * 1_000)
    const start = Math.max(starts[partition] ?? first.offset, first.offset - limits.qualityRecountRecordsMax)
    const tally = this.#newTally(partition, minuteMs)
    const observed: Observed = { signal, tally, next: start, closed: [], untold: false }
    while (observed.next < first.offset) {
      const read = await log.read({ topic, partition, offset: observed.next }, limits.logBatchRecordsMax)
      const records = read.filter(({ offset }) => offset < first.offset)
      if (records.length === 0) break
      const earlier = { topic, partition, records }
      const decoded: DecodedRecord[] = []
      decodeSlice(plan, earlier, { start: 0, end: records.length, into: decoded })
      this.#count(observed, earlier, { decoded, queryableMs: null })
    }
    return observed
  }

  /** Null where there is none, or compaction or retention took it. */
  async #recordBefore(partition: number, offset: number): Promise<LogRecord | null> {
    const { log, topic } = this.#options
    const earliest = (await log.offsets(topic))[partition]?.earliest ?? 0
    if (offset <= earliest) return null
    const [record] = await log.read({ topic, partition, offset: offset - 1 }, 1)
    return record !== undefined && record.offset < offset ? record : null
  }

  #newTally(partition: number, minuteMs: number): MinuteTally {
    const { plan, topic } = this.#options
    return newTally({ plan, topic, partition }, minuteMs)
  }

  async #tell(observed: Observed): Promise<void> {
    const told = [...observed.closed, ...(observed.tally.records > 0 ? [observed.tally] : [])]
    if (told.length === 0) return
    observed.untold = false
    const closed = observed.closed.length
    const records = told.map((tally) => ({ key: Buffer.from(tally.topic), value: Buffer.from(tallyText(tally)) }))
    try {
      await this.#options.log.append(OBSERVATIONS_TOPIC, records)
      observed.closed.splice(0, closed)
    } catch (error) {
      observed.untold = true
      throw error
    }
  }

  async #tellAll(): Promise<void> {
    for (const [partition, observed] of this.#partitions) {
      if (observed.untold) await this.#tell(observed)
      // What comes of a partition that was given up is another's to tell.
      if (observed.signal.aborted) this.#partitions.delete(partition)
    }
  }

  async #tellEachSecond(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted) {
      await clock.sleep(limits.qualityTellMs, signal).catch(() => undefined)
      // What fails is told the next time.
      if (!signal.aborted) await this.#tellAll().catch(() => undefined)
    }
  }
}
