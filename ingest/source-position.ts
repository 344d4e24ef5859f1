// Where a record came from: its own position, or, behind re-keying, the position, append time and message key that its headers carry.
import type { LogRecord, RecordBatch } from '../platform/ports/event-log.ts'

const REKEY_HEADERS = {
  position: 'meshgate-source-position',
  appendTime: 'meshgate-source-append-time-us',
  /** Base64; absent where the message had no key. */
  key: 'meshgate-source-key',
} as const

export interface SourceRecord {
  /** `topic:partition:offset`. */
  readonly position: string
  readonly timestampUs: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

/** The record as it lay in the source topic. */
export function sourceRecordOf(batch: RecordBatch, record: LogRecord, rekeyed: boolean): SourceRecord {
  const position = rekeyed ? record.headers[REKEY_HEADERS.position] : undefined
  if (position === undefined) {
    const { timestampUs, key, value, headers } = record
    return { position: `${batch.topic}:${batch.partition}:${record.offset}`, timestampUs, key, value, headers }
  }
  const headers = { ...record.headers }
  const key = headers[REKEY_HEADERS.key]
  const timestampUs = Number(headers[REKEY_HEADERS.appendTime])
  for (const name of Object.values(REKEY_HEADERS)) delete headers[name]
  return {
    position,
    timestampUs,
    key: key === undefined ? null : Buffer.from(key, 'base64'),
    value: record.value,
    headers,
  }
}

/** Headers that a re-keyed record carries beside its own. */
export function rekeyHeaders(record: SourceRecord): Record<string, string> {
  const headers: Record<string, string> = {
    ...record.headers,
    [REKEY_HEADERS.position]: record.position,
    [REKEY_HEADERS.appendTime]: String(record.timestampUs),
  }
  if (record.key !== null) headers[REKEY_HEADERS.key] = Buffer.from(record.key).toString('base64')
  return headers
}

/** The offset in a position text, and the text before it. */
export function splitPosition(position: string): { readonly partition: string; readonly offset: number } {
  const at = position.lastIndexOf(':')
  return { partition: position.slice(0, at), offset: Number(position.slice(at + 1)) }
}
