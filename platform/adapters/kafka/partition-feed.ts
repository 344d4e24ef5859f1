// Records of one partition on their way from the fetcher to its worker. While the worker has a batch in hand, what comes waits here, and more
// is fetched as long as that is within bounds: the next batch has all that came during the one before, not only the first of it.
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
  #records: LogRecord[] = []
  #taken = 0
  /** Of the records that wait. */
  #bytes = 0
  #passedOver = false
  #failure: Error | null = null
  #closed = false
  #interrupted = false
  #awaited = false
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

  /** Whether there is room for so much to wait. */
  hasRoom(bytesMax: number): boolean {
    return !this.#closed && this.#failure === null && (this.#isEmpty || this.#bytes < bytesMax)
  }

  /** Nothing waits here, and a worker waits for it. */
  get awaited(): boolean {
    return this.#awaited && this.#isEmpty
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
    this.#awaited = true
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
      this.#awaited = false
    }
    signal.throwIfAborted()
    const batch = this.#take(recordsMax)
    this.#changed()
    return batch
  }

  #take(recordsMax: number): FedBatch {
    const { end, bytes } = endOfBatch(this.#records, this.#taken, recordsMax)
    const records = this.#records.slice(this.#taken, end)
    this.#taken = end
    this.#bytes -= bytes
    this.#passedOver = false
    if (!this.#isEmpty) return { records, nextOffset: (records.at(-1)?.offset ?? this.#offset - 1) + 1 }
    this.#records = []
    this.#taken = 0
    this.#arrived = Promise.withResolvers()
    return { records, nextOffset: this.#offset }
  }

  /** What was asked for from its present offset. */
  deliver(records: readonly LogRecord[], nextOffset: number): void {
    if (this.#closed || this.#failure !== null || nextOffset === this.#offset) return
    this.#offset = nextOffset
    this.#passedOver = true
    if (this.#taken > 0) this.#records = this.#records.slice(this.#taken)
    this.#taken = 0
    for (const record of records) {
      this.#records.push(record)
      this.#bytes += bytesOf(record)
    }
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
    this.#bytes = 0
    this.#passedOver = false
    this.#changed()
  }
}

function bytesOf({ key, value }: LogRecord): number {
  return (key?.byteLength ?? 0) + (value?.byteLength ?? 0)
}

/** A record that is larger than a batch may be comes alone. */
function endOfBatch(
  records: readonly LogRecord[],
  from: number,
  recordsMax: number,
): { readonly end: number; readonly bytes: number } {
  let bytes = 0
  let end = from
  while (end < records.length && end - from < recordsMax) {
    const record = records[end]
    const own = record === undefined ? 0 : bytesOf(record)
    if (bytes + own > limits.consumeBatchBytesMax && end > from) break
    bytes += own
    end += 1
  }
  return { end, bytes }
}
