// A log whose append times are not exact, as Kafka's: over the embedded log, with every record's time replaced.
import type { EventLog, LogRecord, RecordBatch } from '../../platform/ports/event-log.ts'

/** What the log says of when a record was appended, in µs; its true time is `record.timestampUs`. */
export type TimeOf = (record: LogRecord, partition: number) => number

const toMilliseconds: TimeOf = ({ timestampUs }) => timestampUs - (timestampUs % 1_000)

export function coarseLog(log: EventLog, timeOf: TimeOf = toMilliseconds): EventLog {
  const timed = (record: LogRecord, partition: number): LogRecord => ({
    ...record,
    timestampUs: timeOf(record, partition),
  })
  const batchOf = (batch: RecordBatch): RecordBatch => ({
    ...batch,
    records: batch.records.map((record) => timed(record, batch.partition)),
  })
  return {
    timestampResolutionUs: 1_000,
    createTopics: (definitions) => log.createTopics(definitions),
    partitions: (topic) => log.partitions(topic),
    append: (topic, records) => log.append(topic, records),
    offsets: (topic) => log.offsets(topic),
    offsetsAt: (topic, timestampUs) => log.offsetsAt(topic, timestampUs),
    read: async (position, recordsMax) =>
      (await log.read(position, recordsMax)).map((record) => timed(record, position.partition)),
    consume: (options) =>
      log.consume({ ...options, handler: (batch, signal) => options.handler(batchOf(batch), signal) }),
    committed: (group, topic) => log.committed(group, topic),
    tail: (options) => log.tail({ ...options, onBatch: (batch) => options.onBatch(batchOf(batch)) }),
    ping: () => log.ping(),
    close: () => log.close(),
  }
}
