// Reads records of one partition from a position on, once: for `read`, and for listeners that catch up.
import { limits } from '../../limits.ts'
import type { LogRecord, Position } from '../../ports/event-log.ts'
import type { CallOptions, KafkaChannel } from './kafka-channel.ts'

export interface ReadRecords {
  readonly records: readonly LogRecord[]
  /** Where to read next: behind the records and the gaps after them. The position itself at the end of the partition. */
  readonly next: number
}

/** Asked of the broker per record wanted: a few of them may be of no use to us, all of them are decoded. */
const BYTES_PER_RECORD = 2_048
const BYTES_MIN = 16_384

/** LOG_OFFSET_OUT_OF_RANGE, LOG_TOPIC_UNKNOWN, LOG_UNAVAILABLE. */
export async function readRecords(
  channel: KafkaChannel,
  position: Position,
  recordsMax: number,
  options: CallOptions = {},
): Promise<ReadRecords> {
  const { topic, partition } = position
  const bytesMax = Math.min(Math.max(recordsMax * BYTES_PER_RECORD, BYTES_MIN), limits.consumeBatchBytesMax)
  for (let { offset } = position; ;) {
    const fetched = await channel.fetchOne({ topic, partition, offset }, bytesMax, options)
    const records = fetched.records.slice(0, recordsMax)
    const last = records.at(-1)
    if (last !== undefined) {
      return { records, next: records.length < fetched.records.length ? last.offset + 1 : fetched.nextOffset }
    }
    // Batches that hold nothing for readers: what compaction has emptied, marks of transactions.
    if (fetched.nextOffset <= offset) return { records, next: offset }
    offset = fetched.nextOffset
  }
}
