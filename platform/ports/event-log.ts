// The EventLog port: durable, partitioned, ordered topics. Its comments are the contract that every adapter's
// conformance suite (test/conformance/event-log.ts) checks. Adapters: embedded-log (segment files), kafka.
import type { TopicDefinition } from '../../schema/topics.ts'

/** A record to append. */
export interface AppendRecord {
  /** Records of one key keep their order. Null: no order is promised, partitions are filled in turn. */
  readonly key: Uint8Array | null
  /** Null is a tombstone: a delete of the key. */
  readonly value: Uint8Array | null
  readonly headers?: Readonly<Record<string, string>>
  /** Overrides the partition that the key's hash (murmur2, as Kafka's default partitioner) chooses. */
  readonly partition?: number
}

export interface LogRecord {
  readonly offset: number
  /**
   * Append time in µs since 1970. Its digits end at `EventLog.timestampResolutionUs`; with 1 it increases strictly in a partition, with 1000
   * records of one append have the same, and it goes back where a broker's clock was set back or another broker leads: who orders by it
   * needs the offset too (ingest/append-clock.ts).
   */
  readonly timestampUs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Records of one partition, in offset order, at least one. Offsets may have gaps (compaction). */
export interface RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly LogRecord[]
}

/** What a partition holds: offsets from `earliest` (inclusive) to `next` (exclusive: the next record appended gets it). */
export interface OffsetRange {
  readonly partition: number
  readonly earliest: number
  readonly next: number
}

export interface ConsumeOptions {
  readonly group: string
  readonly topics: readonly string[]
  /**
   * Called with one batch at a time per partition, partitions concurrently. The position after the batch is committed only once the
   * promise has resolved. A rejection is retried with the same records, with backoff, for ever, and never skipped.
   * `signal` aborts when the consumer closes or gives the partition up: a handler may stop early by rejecting; nothing is committed then.
   */
  readonly handler: (batch: RecordBatch, signal: AbortSignal) => Promise<void>
  /** Awaited behind each batch, once its position (given: the next offset) is committed: how long the partition's next batch waits. Never rejects. */
  readonly rest?: (handled: Position, signal: AbortSignal) => Promise<void>
  /** Told of each rejection of the handler, and of errors of the consumer itself (LOG_OFFSET_OUT_OF_RANGE stops that partition). */
  readonly onError?: (error: unknown, at: { topic: string; partition: number; offset: number }) => void
  /** Most records of a batch; default: what waits, up to `limits.logBatchRecordsMax`, less where many partitions have batches in hand. */
  readonly batchRecordsMax?: number
}

export interface Consumer {
  /** Partitions this member has now, in order. */
  assignment(): readonly { readonly topic: string; readonly partition: number }[]
  /**
   * Sets the group's position of a partition back: after the batch in hand, before any later one. Durable when it resolves, for whoever has
   * the partition then; the next batch begins there. A position that the group has not come to yet changes nothing: nothing is skipped.
   * A partition that stands still for LOG_OFFSET_OUT_OF_RANGE goes on from the position named. Rejects with LOG_OFFSET_OUT_OF_RANGE where
   * the partition does not hold it (`next` is held), with LOG_PARTITION_NOT_HELD where this member does not have the partition, or gives
   * it up first: the position then may be set back or not.
   */
  rewind(position: Position): Promise<void>
  /**
   * Waits for batches in hand (their positions are committed), then leaves the group. A handler that has not ended after
   * `limits.consumerCloseWaitMs` is given up: `onError` is told HANDLER_STUCK, nobody else gets its partition while it runs, and unless it
   * ends before the log closes its batch is delivered again.
   */
  close(): Promise<void>
}

export interface TailOptions {
  readonly topic: string
  /** `end`: records appended from now on. Else the offset of the first record wanted, for every partition. */
  readonly from: 'end' | readonly number[]
  /** Called in offset order per partition. Must not block; a slow listener keeps its own bounded queue. */
  readonly onBatch: (batch: RecordBatch) => void
  /** The tail has ended by itself (LOG_OFFSET_OUT_OF_RANGE, log closed): nothing more is delivered. */
  readonly onError: (error: unknown) => void
}

export interface Tail {
  /** Where it began: the first offset it delivers or will deliver, per partition. */
  readonly start: readonly number[]
  close(): Promise<void>
}

export interface EventLog {
  /** 1 if append times have µs (strictly increasing in a partition), 1000 if they end at ms (and may be equal). */
  readonly timestampResolutionUs: 1 | 1000

  /**
   * Creates what is missing and applies retention and compaction to what exists. More partitions than exist is refused, fewer too
   * (LOG_TOPIC_MISMATCH): both would break the order per key.
   */
  createTopics(definitions: readonly TopicDefinition[]): Promise<void>

  /** Number of partitions. LOG_TOPIC_UNKNOWN where there is none of that name. */
  partitions(topic: string): Promise<number>

  /**
   * Resolves when all records are durable, with a position per record, in the order given. Rejects when any is not (LOG_UNAVAILABLE,
   * LOG_RECORD_TOO_LARGE, LOG_DISK_FULL, LOG_TOPIC_UNKNOWN, LOG_ACCESS_DENIED); then some of them may have been appended: in each partition
   * the first ones, without a gap, after LOG_UNAVAILABLE even a while later, but never behind what this process appended there since. An outage that ends in time is waited for, and nothing is appended twice for it. Concurrent appends
   * are batched; those of one caller keep the order of their calls.
   * Beyond `limits.appendBytesInFlightMax` waiting bytes, append waits before it accepts more.
   */
  append(topic: string, records: readonly AppendRecord[]): Promise<readonly Position[]>

  /** What every partition of the topic holds, in partition order. */
  offsets(topic: string): Promise<readonly OffsetRange[]>

  /**
   * Per partition, the offset of the first record appended at or after the time (µs since 1970; exact to the log's resolution, rounded up);
   * `next` where there is none. Where append times go back it is the first of all such records.
   */
  offsetsAt(topic: string, timestampUs: number): Promise<readonly number[]>

  /**
   * Records from `position` on, at most `recordsMax`, possibly fewer, none at the end of the partition.
   * LOG_OFFSET_OUT_OF_RANGE before `earliest` or after `next`.
   */
  read(position: Position, recordsMax: number): Promise<readonly LogRecord[]>

  /**
   * Joins the group. Each partition of the topics is handled by exactly one member at a time; a rebalance waits for batches in hand.
   * A group without an offset starts at the earliest. An offset out of range is an error, never a reset. Resolves once the member has
   * joined. Memory is bounded: at most one batch per partition is in hand, and an adapter may have only so many of them in hand at a time.
   */
  consume(options: ConsumeOptions): Promise<Consumer>

  /** The group's next offset of every partition of the topic; null where it has committed none. */
  committed(group: string, topic: string): Promise<readonly (number | null)[]>

  /**
   * Follows a topic without a group. All local listeners of a topic share one reader. Resolves once the start is proven: every record
   * from `start` on will be delivered, none twice, none left out. LOG_OFFSET_OUT_OF_RANGE where `from` is before the retention.
   */
  tail(options: TailOptions): Promise<Tail>

  /** Resolves when the log can be used now, rejects with LOG_UNAVAILABLE when not, in a few seconds at most. For health. */
  ping(): Promise<void>

  /** Stops consumers and tails and releases what is held. Appends under way finish first. */
  close(): Promise<void>
}
