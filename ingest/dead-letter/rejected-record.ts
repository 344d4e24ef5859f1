// A rejected record as it goes to `<topic>.rejected`: the original key, value and headers, and headers that say what is wrong with it.
// A record that no longer fits with them is sent in parts, so that none is lost and none stops the others.
import type { Violation } from '../../schema/record.ts'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import { limits } from '../../platform/limits.ts'
import { LOAD_HEADERS } from '../load/load-progress.ts'
import { ORIGIN_HEADERS, REDRIVE_HEADERS, type SourceRecord } from '../source-position.ts'

export const REJECTED_HEADERS = {
  code: 'meshgate-error-code',
  field: 'meshgate-error-field',
  check: 'meshgate-check-id',
  message: 'meshgate-error-message',
  position: ORIGIN_HEADERS.position,
  /** Exact append time of the original, in µs. Records rejected before this was kept lack it. */
  appendTime: ORIGIN_HEADERS.appendTime,
  /** Every violation as JSON, as many as fit. */
  violations: 'meshgate-violations',
  /** `1/2`: part of a line of JSON with the original's headers and key, and its value behind. Only where it did not fit in one record. */
  part: 'meshgate-part',
} as const

export interface RejectedRecord {
  readonly kind: 'rejected'
  readonly record: SourceRecord
  readonly violations: readonly Violation[]
}

/** Room for what a log counts beside the bytes of key, value and headers. */
const FRAME_BYTES = 1_024

/** A record whose row, change or re-keyed form is larger than the log takes. */
export function tooLarge(record: SourceRecord): RejectedRecord {
  const message = `The record and what comes of it exceed ${limits.recordBytesMax} bytes. Send smaller records.`
  return { kind: 'rejected', record, violations: [{ code: 'RECORD_TOO_LARGE', field: null, checkId: null, message }] }
}

/** Whether a log takes the record. */
export function fitsLog(record: AppendRecord): boolean {
  return contentBytes(record) + FRAME_BYTES <= limits.recordBytesMax
}

/** One record to append, or several parts of it, in the partition of the original (`partitions`: of the rejected topic). */
export function rejectedAppends(rejected: RejectedRecord, partitions: number): AppendRecord[] {
  const { record } = rejected
  const headers = { ...record.headers, ...errorHeaders(rejected) }
  const partition = partitionOf(record.position) % partitions
  const whole = { key: record.key, value: record.value, headers, partition }
  if (fitsLog(whole)) return [whole]
  return inParts(rejected).map((part) => ({ ...part, partition }))
}

function partitionOf(position: string): number {
  return Number(position.split(':').at(-2) ?? 0)
}

function errorHeaders({ record, violations }: RejectedRecord): Record<string, string> {
  const first = violations[0]
  const headers: Record<string, string> = {
    [REJECTED_HEADERS.code]: first?.code ?? 'RECORD_UNPARSABLE',
    [REJECTED_HEADERS.message]: shortened(first?.message ?? '', 1_024),
    [REJECTED_HEADERS.position]: record.position,
    [REJECTED_HEADERS.appendTime]: String(record.timestampUs),
    [REJECTED_HEADERS.violations]: violationsText(violations),
  }
  const field = first?.field ?? null
  const checkId = first?.checkId ?? null
  if (field !== null) headers[REJECTED_HEADERS.field] = shortened(field, 1_024)
  if (checkId !== null) headers[REJECTED_HEADERS.check] = shortened(checkId, 1_024)
  return headers
}

function violationsText(violations: readonly Violation[]): string {
  let kept = violations
  for (;;) {
    const text = JSON.stringify(kept)
    if (Buffer.byteLength(text) <= limits.rejectedHeaderBytesMax || kept.length === 0) return text
    kept = kept.slice(0, Math.floor(kept.length / 2))
  }
}

// Headers or key may be what is too large: they go before the value, as a line of JSON.
function inParts(rejected: RejectedRecord): AppendRecord[] {
  const { record } = rejected
  const keyFits = (record.key?.length ?? 0) <= limits.recordBytesMax / 4
  const key = keyFits ? record.key : null
  const bytes = Buffer.concat([
    Buffer.from(JSON.stringify({ headers: record.headers, key: keyFits ? null : base64(record.key) })),
    Buffer.from('\n'),
    record.value ?? Buffer.alloc(0),
  ])
  const own = { ...errorHeaders(rejected), ...pickedHeaders(record.headers) }
  const room = limits.recordBytesMax - FRAME_BYTES - contentBytes({ key, value: null, headers: own }) - 64
  const parts = Math.ceil(bytes.length / room)
  return Array.from({ length: parts }, (_, part) => ({
    key,
    value: bytes.subarray(part * room, (part + 1) * room),
    headers: { ...own, [REJECTED_HEADERS.part]: `${part + 1}/${parts}` },
  }))
}

/** What is asked of a rejected record without putting it together again. */
function pickedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const names: readonly string[] = [...Object.values(LOAD_HEADERS), ...Object.values(REDRIVE_HEADERS)]
  return Object.fromEntries(Object.entries(headers).filter(([name]) => names.includes(name)))
}

function base64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('base64')
}

function shortened(text: string, bytesMax: number): string {
  return Buffer.byteLength(text) <= bytesMax ? text : `${text.slice(0, Math.floor(bytesMax / 4))}…`
}

// Bytes of a record that the log's limit counts.
function contentBytes(record: AppendRecord): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const [name, value] of Object.entries(record.headers ?? {})) {
    bytes += 16 + Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  return bytes
}
