// Records of one partition on their way from the fetcher to its worker. At most one answer of a fetch waits here: the next is asked for
// only when the worker has taken the last record of it.
import { limits } from '../../limits.ts'
import type { LogRecord } from '../../ports/event-log.ts'
import type { TopicPartition } from './group-protocol.ts'

export interface FedBatch {
  /** None where the log has only passed over what is no record (marks of transactions, what compaction removed). */
  readonly records: readonly LogRecord[]
  /** Where the partition goes on behind them. */
  readonly nextOffset: number
}

export class PartitionFeed {
  readonly partition: TopicPartition
  readonly #changed: () => void
  #offset: number
  #records: readonly LogRecord[] = []
  #taken = 0
  #passedOver = false
  #failure: Error | null = null
  #closed = false
  #interrupted = false
  #arrived = Promise.withResolvers<void>()

  /** `changed`: it wants records now, or none any more. */
  constructor(partition: TopicPartition, offset: number, changed: () => void) {
    this.partition = partition
    this.#offset = offset
    this.#changed = changed
  }

  /** Where to fetch next. */
  get offset(): number {
    return this.#offset
  }

  get wanting(): boolean {
    return !this.#closed && this.#failure === null && this.#isEmpty
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * Waits for what comes next; null where the waiting was interrupted. Rejects when the partition cannot be read on, and with the signal's
   * reason when it aborts.
   */
  async next(recordsMax: number, signal: AbortSignal): Promise<FedBatch | null> {
    const abort = (): void => this.#arrived.resolve()
    signal.addEventListener('abort', abort)
    try {
      while (this.#isEmpty) {
        signal.throwIfAborted()
        if (this.#failure !== null) throw this.#failure
        if (this.#interrupted) {
          this.#interrupted = false
          this.#arrived = Promise.withResolvers()
          return null
        }
        await this.#arrived.promise
      }
    } finally {
      signal.removeEventListener('abort', abort)
    }
    signal.throwIfAborted()
    const end = endOfBatch(this.#records, this.#taken, recordsMax)
    const records = this.#records.slice(this.#taken, end)
    this.#taken = end
    this.#passedOver = false
    const last = this.#isEmpty ? undefined : records.at(-1)
    const nextOffset = last === undefined ? this.#offset : last.offset + 1
    if (this.wanting) {
      this.#records = []
      this.#taken = 0
      this.#arrived = Promise.withResolvers()
      this.#changed()
    }
    return { records, nextOffset }
  }

  /** Only what was asked for from its present offset, while it is wanting: what waits here would be lost. */
  deliver(records: readonly LogRecord[], nextOffset: number): void {
    if (this.#closed || nextOffset === this.#offset) return
    this.#offset = nextOffset
    this.#passedOver = true
    this.#records = records
    this.#taken = 0
    this.#arrived.resolve()
  }

  get #isEmpty(): boolean {
    return this.#taken === this.#records.length && !this.#passedOver
  }

  /** Its worker has something else to do: the present or next waiting ends. */
  interrupt(): void {
    this.#interrupted = true
    this.#arrived.resolve()
  }

  fail(error: Error): void {
    this.#failure = error
    this.#arrived.resolve()
  }

  close(): void {
    this.#closed = true
    this.#records = []
    this.#taken = 0
    this.#passedOver = false
    this.#changed()
  }
}

/** A record that is larger than a batch may be comes alone. */
function endOfBatch(records: readonly LogRecord[], from: number, recordsMax: number): number {
  let bytes = 0
  let end = from
  while (end < records.length && end - from < recordsMax) {
    const record = records[end]
    bytes += (record?.key?.byteLength ?? 0) + (record?.value?.byteLength ?? 0)
    if (bytes > limits.consumeBatchBytesMax && end > from) break
    end += 1
  }
  return end
}
