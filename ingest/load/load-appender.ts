// Appends a load's records in batches, several in flight, and marks durably how far it is. An append that fails for a passing reason is
// followed by a look at what of it arrived, so that nothing is appended twice.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { AppendRecord, EventLog, Position } from '../../platform/ports/event-log.ts'
import type { KeyedRecord } from '../sources/load-record.ts'
import { appendedSince, LOAD_HEADERS, writeMark, type LoadMark } from './load-progress.ts'

export interface Appending {
  readonly log: EventLog
  readonly clock: Clock
  readonly topic: string
  readonly id: string
  readonly onAppended: (records: number) => void
  /** Resolves when more may be appended: ingest is not too far behind. */
  readonly room: () => Promise<void>
}

interface Indexed {
  readonly index: number
  readonly append: AppendRecord
}

/** Appends what is missing of `records`; the mark it leaves names all of them. */
export async function appendLoad(
  appending: Appending,
  start: LoadMark,
  records: AsyncIterable<KeyedRecord>,
): Promise<LoadMark> {
  const known = await appendedSince(appending.log, appending.topic, appending.id, start)
  const appender = new LoadAppender(appending, start, known)
  for await (const record of records) await appender.take(record)
  return appender.finish()
}

class LoadAppender {
  readonly #appending: Appending
  readonly #known: Set<number>
  #mark: LoadMark
  /** Per partition, the offset after the last record appended. */
  readonly #ends: number[]
  #index = 0
  #batch: Indexed[] = []
  #batchBytes = 0
  #inFlight: Promise<void>[] = []

  /** `known`: indexes that an earlier run appended after the mark. */
  constructor(appending: Appending, mark: LoadMark, known: Set<number>) {
    this.#appending = appending
    this.#mark = mark
    this.#known = known
    this.#ends = [...mark.ends]
  }

  async take(record: KeyedRecord): Promise<void> {
    const index = this.#index++
    if (index < this.#mark.nextIndex) return
    if (!this.#known.delete(index)) {
      this.#batch.push({ index, append: this.#withHeaders(record, index) })
      this.#batchBytes += record.value.length
      if (this.#batch.length >= limits.loadBatchRecordsMax || this.#batchBytes >= limits.loadBatchBytesMax) {
        this.#flush()
      }
    }
    if (this.#index - this.#mark.nextIndex >= limits.loadMarkRecords) await this.#moveMark()
    else if (this.#inFlight.length >= limits.loadAppendsInFlightMax) await this.#settle()
  }

  async finish(): Promise<LoadMark> {
    await this.#moveMark()
    return this.#mark
  }

  // Records that an earlier run appended lie before those that are only appended now: while there are such ahead, a later run must look
  // for them from the old offsets on.
  async #moveMark(): Promise<void> {
    this.#flush()
    await this.#settle()
    const ends = this.#known.size > 0 ? this.#mark.ends : [...this.#ends]
    this.#mark = { ...this.#mark, nextIndex: this.#index, ends }
    await writeMark(this.#appending.log, this.#appending.id, this.#mark)
    await this.#appending.room()
  }

  #withHeaders({ key, value }: KeyedRecord, index: number): AppendRecord {
    return { key, value, headers: { [LOAD_HEADERS.id]: this.#appending.id, [LOAD_HEADERS.index]: String(index) } }
  }

  #flush(): void {
    if (this.#batch.length === 0) return
    this.#inFlight.push(this.#append(this.#batch))
    this.#batch = []
    this.#batchBytes = 0
  }

  async #settle(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#inFlight)
    this.#inFlight = []
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    this.#appending.onAppended(this.#index)
  }

  async #append(batch: readonly Indexed[]): Promise<void> {
    const { log, clock, topic, id } = this.#appending
    let missing = batch
    for (let attempt = 0; ; attempt += 1) {
      try {
        this.#note(
          await log.append(
            topic,
            missing.map(({ append }) => append),
          ),
        )
        return
      } catch (error) {
        if (!(error instanceof MeshgateError && error.retryable) || attempt >= limits.loadRetriesMax) throw error
      }
      await clock.sleep(Math.min(limits.retryDelayMsMin * 2 ** attempt, limits.retryDelayMsMax))
      // Some of the batch may have been appended before it failed.
      const arrived = await appendedSince(log, topic, id, this.#mark)
      missing = missing.filter(({ index }) => !arrived.has(index))
      if (missing.length === 0) return
    }
  }

  #note(positions: readonly Position[]): void {
    for (const { partition, offset } of positions) {
      this.#ends[partition] = Math.max(this.#ends[partition] ?? 0, offset + 1)
    }
  }
}
