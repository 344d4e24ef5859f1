// Where a record came from: its own position, or that of its origin, which its headers carry behind re-keying and after a redrive. A
// redriven record lies in its source topic a second time; its position, append time and message key are those of the first time.
import type { LogRecord, RecordBatch } from '../platform/ports/event-log.ts'

export const ORIGIN_HEADERS = {
  position: 'meshgate-source-position',
  appendTime: 'meshgate-source-append-time-us',
  /** Base64; behind re-keying absent where the message had no key, of a redriven record where it is the record's own. */
  key: 'meshgate-source-key',
} as const

export const REDRIVE_HEADERS = {
  /** Id of the redrive: only with it are the origin's headers on a source topic believed. */
  id: 'meshgate-redrive',
  /** Behind re-keying: when the redriven record came into the log, µs. */
  time: 'meshgate-redrive-time-us',
  /** Raised by redrive: a change of an earlier generation is none of a repetition in this one. */
  generation: 'meshgate-generation',
  /** JSON of the times that the record was rejected before. */
  attempts: 'meshgate-attempts',
} as const

export interface SourceRecord {
  /** `topic:partition:offset`. */
  readonly position: string
  readonly timestampUs: number
  /** When it was redriven, by the log; absent where it was not. */
  readonly redrivenUs?: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

/** The record as it lay in the source topic. */
export function sourceRecordOf(batch: RecordBatch, record: LogRecord, rekeyed: boolean): SourceRecord {
  const redriven = rekeyed
    ? record.headers[REDRIVE_HEADERS.time] !== undefined
    : record.headers[REDRIVE_HEADERS.id] !== undefined && namesEarlier(batch, record)
  const position = rekeyed || redriven ? record.headers[ORIGIN_HEADERS.position] : undefined
  if (position === undefined) {
    const { timestampUs, key, value, headers } = record
    return { position: `${partitionText(batch)}${record.offset}`, timestampUs, key, value, headers }
  }
  const headers = { ...record.headers }
  const key = headers[ORIGIN_HEADERS.key]
  const ownKey = rekeyed ? null : record.key
  const timestampUs = Number(headers[ORIGIN_HEADERS.appendTime])
  const redrivenUs = rekeyed ? Number(headers[REDRIVE_HEADERS.time]) : record.timestampUs
  for (const name of Object.values(ORIGIN_HEADERS)) delete headers[name]
  delete headers[REDRIVE_HEADERS.time]
  return {
    position,
    timestampUs,
    ...(redriven ? { redrivenUs } : {}),
    key: key === undefined ? ownKey : Buffer.from(key, 'base64'),
    value: record.value,
    headers,
  }
}

let partitionNow = { topic: '', partition: -1, text: '' }

/** `topic:partition:`, made once for a batch. */
function partitionText({ topic, partition }: RecordBatch): string {
  if (partitionNow.partition !== partition || partitionNow.topic !== topic) {
    partitionNow = { topic, partition, text: `${topic}:${partition}:` }
  }
  return partitionNow.text
}

/** Whether the origin lies in the same partition, before the record: what else somebody wrote there is no redrive of ours. */
function namesEarlier({ topic, partition }: RecordBatch, { headers, offset }: LogRecord): boolean {
  const origin = splitPosition(headers[ORIGIN_HEADERS.position] ?? '')
  const timestampUs = Number(headers[ORIGIN_HEADERS.appendTime])
  return (
    origin.partition === `${topic}:${partition}` &&
    Number.isSafeInteger(origin.offset) &&
    origin.offset >= 0 &&
    origin.offset < offset &&
    Number.isSafeInteger(timestampUs) &&
    timestampUs >= 0
  )
}

/** Headers that a re-keyed record carries beside its own. */
export function rekeyHeaders(record: SourceRecord): Record<string, string> {
  const headers: Record<string, string> = {
    ...record.headers,
    [ORIGIN_HEADERS.position]: record.position,
    [ORIGIN_HEADERS.appendTime]: String(record.timestampUs),
  }
  if (record.key !== null) headers[ORIGIN_HEADERS.key] = Buffer.from(record.key).toString('base64')
  if (record.redrivenUs === undefined) delete headers[REDRIVE_HEADERS.time]
  else headers[REDRIVE_HEADERS.time] = String(record.redrivenUs)
  return headers
}

/** The generation that a record's headers name; 0 where it was not redriven. */
export function generationIn(headers: Readonly<Record<string, string>>): number {
  const text = headers[REDRIVE_HEADERS.generation]
  if (text === undefined) return 0
  const generation = Number(text)
  return Number.isSafeInteger(generation) && generation >= 0 ? generation : 0
}

/** The offset in a position text, and the text before it. */
export function splitPosition(position: string): { readonly partition: string; readonly offset: number } {
  const at = position.lastIndexOf(':')
  return { partition: position.slice(0, at), offset: Number(position.slice(at + 1)) }
}
