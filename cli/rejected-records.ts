// Why records were rejected: what was wrong with the newest of a topic's rejected records, like with like. A record with several faults
// counts for each of them. The records themselves stay in the log.
import { REJECTED_HEADERS } from '../ingest/dead-letter/rejected-record.ts'
import { limits } from '../platform/limits.ts'
import type { EventLog, LogRecord, OffsetRange } from '../platform/ports/event-log.ts'
import type { RecordCode } from '../schema/record-codes.ts'
import type { Violation } from '../schema/record.ts'
import { topicNames } from '../schema/topics.ts'
import { count } from './progress.ts'

export interface RejectedReason {
  readonly code: string
  /** Field at fault, `*` for an index of a list; null when the record as a whole is meant. */
  readonly field: string | null
  /** The check's id; null when no check but the type is broken. */
  readonly check: string | null
  /** What was wrong with the first of them. */
  readonly message: string
  /** `topic:partition:offset` of the first of them. */
  readonly source: string
  /** How often it was found. */
  times: number
}

export interface RejectedSummary {
  /** Where the topic's rejected records end, per partition: `from` of a later summary. */
  readonly ends: readonly number[]
  /** The most frequent first. */
  readonly reasons: readonly RejectedReason[]
}

/** Of the records of a source topic that were rejected at and after `from`: an offset per partition, or the end for none of them. */
export async function summarizeRejected(
  log: EventLog,
  topic: string,
  from: 'end' | readonly number[],
): Promise<RejectedSummary> {
  const ranges = await log.offsets(topicNames.rejected(topic))
  const ends = ranges.map(({ next }) => next)
  const reasons = new Map<string, RejectedReason>()
  if (from === 'end') return { ends, reasons: [] }
  for (const range of ranges) {
    const newest = range.next - Math.ceil(limits.rejectedSummaryRecordsMax / ranges.length)
    const start = Math.max(range.earliest, from[range.partition] ?? 0, newest)
    for await (const record of recordsOf(log, topicNames.rejected(topic), range, start)) addReasons(reasons, record)
  }
  const frequent = [...reasons.values()].toSorted((a, b) => b.times - a.times)
  return { ends, reasons: frequent.slice(0, limits.rejectedSummaryReasonsMax) }
}

async function* recordsOf(log: EventLog, topic: string, range: OffsetRange, start: number): AsyncGenerator<LogRecord> {
  const { partition } = range
  for (let offset = start; offset < range.next;) {
    const records = await log.read({ topic, partition, offset }, limits.rejectedSummaryReadRecords)
    const last = records.at(-1)
    if (last === undefined) return
    yield* records
    offset = last.offset + 1
  }
}

function addReasons(reasons: Map<string, RejectedReason>, { headers }: LogRecord): void {
  const source = headers[REJECTED_HEADERS.position] ?? ''
  for (const { code, field, checkId, message } of violationsIn(headers)) {
    const place = field?.replaceAll(/\.\d+(?=\.|$)/g, '.*') ?? null
    const group = JSON.stringify([code, place, checkId])
    const reason = reasons.get(group)
    if (reason !== undefined) reason.times += 1
    else reasons.set(group, { code, field: place, check: checkId, message, source, times: 1 })
  }
}

/** All of them; only the first where they did not fit into their header. */
function violationsIn(headers: LogRecord['headers']): readonly Violation[] {
  const all = JSON.parse(headers[REJECTED_HEADERS.violations] ?? '[]') as readonly Violation[]
  if (all.length > 0) return all
  const first = {
    code: (headers[REJECTED_HEADERS.code] ?? 'RECORD_UNPARSABLE') as RecordCode,
    field: headers[REJECTED_HEADERS.field] ?? null,
    checkId: headers[REJECTED_HEADERS.check] ?? null,
    message: headers[REJECTED_HEADERS.message] ?? '',
  }
  return [first]
}

/** A line each: `2 × RECORD_FIELD_TYPE grams: Must be Int; it is "x". First: shipping.parcels:0:1`. */
export function describeReasons(topic: string, reasons: readonly RejectedReason[]): string {
  if (reasons.length === 0) return ''
  const lines = reasons.map(({ code, field, check, message, source, times }) => {
    const where = [code, ...(field === null ? [] : [field]), ...(check === null ? [] : [`(${check})`])].join(' ')
    return `  ${count(times)} × ${where}: ${message} First: ${source}\n`
  })
  return `Rejected (the records lie in the topic ${topicNames.rejected(topic)}):\n${lines.join('')}`
}
