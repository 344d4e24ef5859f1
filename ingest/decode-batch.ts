// First stage: records of a batch decoded, cleaned, checked and given their write time, or rejected with what is wrong.
import type { Decoded, Violation } from '../schema/record.ts'
import type { RecordCode } from '../schema/record-codes.ts'
import type { Row } from '../schema/row.ts'
import { writeTimeOf } from '../schema/emit/write-time.ts'
import type { RecordBatch, LogRecord } from '../platform/ports/event-log.ts'
import { limits } from '../platform/limits.ts'
import { murmur2 } from '../platform/partitioner.ts'
import type { EntityPlan } from './entity-plan.ts'
import type { RejectedRecord } from './dead-letter/rejected-record.ts'
import { sourceRecordOf, type SourceRecord } from './source-position.ts'

export interface AcceptedRecord {
  readonly kind: 'upsert' | 'delete'
  readonly record: SourceRecord
  /** The entity's key as text. */
  readonly keyText: string
  readonly key: Row
  /** Upsert: the cells of the record. Delete: the key columns. */
  readonly row: Row
  readonly writeTime: number
  readonly eventTimeMs: number | null
  readonly warnings: readonly Violation[]
}

export type DecodedRecord = AcceptedRecord | RejectedRecord

export function decodeBatch(plan: EntityPlan, batch: RecordBatch): DecodedRecord[] {
  const decoded: DecodedRecord[] = []
  decodeSlice(plan, batch, { start: 0, end: batch.records.length, into: decoded })
  return decoded
}

interface Slice {
  /** Indexes of records in the batch; `end` exclusive, and perhaps behind the last. */
  readonly start: number
  readonly end: number
  readonly into: DecodedRecord[]
}

/** Adds the outcome of every record of the slice. */
export function decodeSlice(plan: EntityPlan, batch: RecordBatch, { start, end, into }: Slice): void {
  const { records } = batch
  const last = Math.min(end, records.length)
  for (let at = start; at < last; at += 1) {
    const record = records[at]
    if (record !== undefined) into.push(decodeRecord(plan, batch, record))
  }
}

function decodeRecord(plan: EntityPlan, batch: RecordBatch, logRecord: LogRecord): DecodedRecord {
  const record = sourceRecordOf(batch, logRecord, batch.topic !== plan.source.topic)
  const decoded = plan.codec.decode(record)
  if (decoded.kind === 'rejected') return { kind: 'rejected', record, violations: decoded.violations }
  const keyMissing = unkeyed(plan, record)
  if (keyMissing !== null) return keyMissing

  const kind = plan.source.version?.kind ?? null
  if (kind === 'SEQUENCE' && decoded.version === null) return unordered(plan, record)
  const writeTime = timeOf(plan, record, decoded)
  if (writeTime > limits.versionMax) return versionTooLarge(plan, record, writeTime)
  // A version that lay ahead when the record was rejected is none any more when it is redriven after that time.
  const aheadMax = (record.redrivenUs ?? record.timestampUs) + limits.versionAheadMsMax * 1_000
  if (kind === 'TIME' && writeTime > aheadMax) return versionAhead(plan, record, decoded.version ?? writeTime)

  if (decoded.kind === 'delete') {
    const keyText = plan.codec.keyText(decoded.key)
    if (!plan.entity.readsBase && plan.further.length > 0) return deleteRefused(plan, record, keyText)
    const { key } = decoded
    return { kind: 'delete', record, keyText, key, row: key, writeTime, eventTimeMs: null, warnings: [] }
  }
  const { row, eventTimeMs, warnings } = decoded
  const unplaced = plan.entity.readsBase ? null : withoutPlace(plan, record, row)
  if (unplaced !== null) return unplaced
  return {
    kind: 'upsert',
    record,
    keyText: plan.codec.keyText(row),
    key: keyOf(plan.entity.key, row),
    row,
    writeTime,
    eventTimeMs,
    warnings,
  }
}

function timeOf(plan: EntityPlan, record: SourceRecord, decoded: Exclude<Decoded, { kind: 'rejected' }>): number {
  const { version, versionResolutionUs } = decoded
  // Nothing to fill: most topics have no version.
  if (version === null && plan.resolutionUs === 1) return record.timestampUs
  const times = {
    version,
    versionResolutionUs,
    kind: plan.source.version?.kind ?? null,
    appendTimeUs: record.timestampUs,
    appendResolutionUs: plan.resolutionUs,
  }
  return writeTimeOf(times, () => murmur2(record.value ?? new Uint8Array()) >>> 0)
}

function keyOf(columns: readonly string[], row: Row): Row {
  const key: Record<string, Row[string]> = {}
  for (const column of columns) key[column] = row[column] ?? null
  return key
}

// Read, merge, write needs all records of an entity in one partition; a message without a key may lie in any.
function unkeyed(plan: EntityPlan, record: SourceRecord): RejectedRecord | null {
  if (record.key !== null || !plan.entity.readsBase || plan.source.rekeyed) return null
  const { keyField, topic } = plan.source
  const message = `The message has no key, so its order among those of its entity is unknown. Key the messages of ${topic} by ${keyField}.`
  return rejection(record, 'RECORD_KEY_MISSING', keyField, message)
}

// An append time is no number of the sequence: the delete would lie after every record to come.
function unordered(plan: EntityPlan, record: SourceRecord): RejectedRecord {
  const field = plan.source.version?.field ?? null
  const message = `The record carries no ${field}, and only that says which record of its entity is newer. Send deletes in an envelope, with the row before.`
  return rejection(record, 'RECORD_VERSION_INVALID', field, message)
}

function versionTooLarge(plan: EntityPlan, record: SourceRecord, version: number): RejectedRecord {
  const message = `The version ${version} exceeds ${limits.versionMax}. Send smaller numbers.`
  return rejection(record, 'RECORD_VERSION_INVALID', plan.source.version?.field ?? null, message)
}

function versionAhead(plan: EntityPlan, record: SourceRecord, versionUs: number): RejectedRecord {
  const text = new Date(versionUs / 1_000).toISOString()
  const appended = new Date((record.redrivenUs ?? record.timestampUs) / 1_000).toISOString()
  const message = `The version ${text} lies more than ${limits.versionAheadMsMax / 3_600_000} hours after the record's append time ${appended}.`
  return rejection(record, 'RECORD_VERSION_AHEAD', plan.source.version?.field ?? null, message)
}

function deleteRefused(plan: EntityPlan, record: SourceRecord, keyText: string): RejectedRecord {
  const message = `A delete of ${plan.entity.name} "${keyText.slice(0, 100)}", whose product promises immutableKeys: true.`
  return rejection(record, 'RECORD_DELETE_REFUSED', null, message)
}

// Without a base row to look at, a partial record must name its row in every table by itself.
function withoutPlace(plan: EntityPlan, record: SourceRecord, row: Row): RejectedRecord | null {
  if (!plan.source.partial) return null
  for (const table of plan.further) {
    if (table.keyOf(row) !== null) continue
    const message = `The record lacks a column of the key of table ${table.name} (${table.keyColumns.join(', ')}), which a product with immutableKeys must send in every record.`
    return rejection(record, 'RECORD_FIELD_MISSING', null, message)
  }
  return null
}

function rejection(record: SourceRecord, code: RecordCode, field: string | null, message: string): RejectedRecord {
  return { kind: 'rejected', record, violations: [{ code, field, checkId: null, message }] }
}
