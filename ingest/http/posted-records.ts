// Records out of a POST's body: Confluent's REST Proxy v2 forms (json, binary), where a record may lack its key, NDJSON, and lines of text.
// Keys that are not sent come from the record's key field. Values stay as they were sent, byte for byte.
import { setImmediate } from 'node:timers/promises'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import { ndjsonLines, textLines } from '../sources/ndjson.ts'
import type { ReadKey } from '../sources/record-key.ts'
import { fitsLog } from '../dead-letter/rejected-record.ts'
import { itemSpans, memberSpans, OutlineError, skipBlank, valueSpan, type Span } from './json-spans.ts'

export type BodyForm = 'JSON' | 'BINARY' | 'NDJSON' | 'TEXT'

/** Records between two turns of the event loop. */
const YIELD_RECORDS = 1_000

/** The form that a content type stands for; null for none of ours. */
export function bodyForm(contentType: string | undefined): BodyForm | null {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase()
  switch (type) {
    case 'application/vnd.kafka.json.v2+json':
    case 'application/vnd.kafka.v2+json':
    case 'application/json':
      return 'JSON'
    case 'application/vnd.kafka.binary.v2+json':
      return 'BINARY'
    case 'application/x-ndjson':
    case 'application/ndjson':
    case 'application/jsonl':
      return 'NDJSON'
    case 'text/plain':
      return 'TEXT'
    default:
      return null
  }
}

/** Every record of the body, or INGEST_REQUEST_INVALID: a body is taken whole or not at all. */
export async function postedRecords(form: BodyForm, body: Buffer, readKey: ReadKey): Promise<AppendRecord[]> {
  const records: AppendRecord[] = []
  const found =
    form === 'NDJSON' || form === 'TEXT' ? lineRecords(form, body, readKey) : restRecords(form, body, readKey)
  for await (const record of found) {
    if (!fitsLog(record)) throw recordTooLarge(records.length)
    records.push(record)
    if (records.length % YIELD_RECORDS === 0) await setImmediate()
  }
  return records
}

function recordTooLarge(index: number): MeshgateError {
  const message = `Record ${index} exceeds ${limits.recordBytesMax} bytes with its key. Send smaller records.`
  return new MeshgateError('INGEST_REQUEST_TOO_LARGE', message)
}

// A line that is no record is taken all the same: ingest rejects it with its original bytes, and the other lines are not held up.
async function* lineRecords(form: 'NDJSON' | 'TEXT', body: Buffer, readKey: ReadKey): AsyncGenerator<AppendRecord> {
  const lines = (form === 'TEXT' ? textLines : ndjsonLines)(oneChunk(body), 'The body')
  try {
    for await (const value of lines) yield { key: bytesOf(readKey(value)), value }
  } catch (error) {
    if (error instanceof MeshgateError && error.code === 'SOURCE_INVALID') {
      throw new MeshgateError('INGEST_REQUEST_TOO_LARGE', error.message, error)
    }
    throw error
  }
}

async function* oneChunk(body: Buffer): AsyncGenerator<Buffer> {
  yield body
}

function* restRecords(form: 'JSON' | 'BINARY', body: Buffer, readKey: ReadKey): Generator<AppendRecord> {
  const text = textOf(body)
  try {
    const root = valueSpan(text, 0)
    if (skipBlank(text, root.to) !== text.length) throw new OutlineError('text follows the body')
    const records = memberSpans(text, root).get('records')
    if (records === undefined)
      throw invalid('The body has no member "records". Send {"records":[{"key":…,"value":…}]}.')
    let index = 0
    for (const span of itemSpans(text, records)) yield restRecord(form, { text, span, index: index++ }, readKey)
  } catch (error) {
    if (error instanceof OutlineError) throw invalid(`The body is not JSON: ${error.message}. Mend the sender.`)
    throw error
  }
}

function textOf(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (error) {
    throw new MeshgateError('INGEST_REQUEST_INVALID', 'The body is not UTF-8. Mend the sender.', error)
  }
}

interface RecordAt {
  readonly text: string
  readonly span: Span
  readonly index: number
}

function restRecord(form: 'JSON' | 'BINARY', at: RecordAt, readKey: ReadKey): AppendRecord {
  const members = memberSpans(at.text, at.span)
  const parsed = (name: string): unknown => parseMember(at, members.get(name), name)
  const value = form === 'JSON' ? jsonValue(at, members.get('value')) : base64Of(at, parsed('value'), 'value')
  const sentKey = parsed('key') ?? null
  const key = form === 'BINARY' ? base64Of(at, sentKey, 'key') : keyBytes(at, sentKey, members.get('key'))
  const partition = partitionOf(at, parsed('partition'))
  // A delete without a key says nothing; ingest rejects it.
  const derived = key ?? (value === null ? null : bytesOf(readKey(value)))
  return partition === null ? { key: derived, value } : { key: derived, value, partition }
}

function parseMember({ text, index }: RecordAt, span: Span | undefined, name: string): unknown {
  if (span === undefined) return undefined
  try {
    return JSON.parse(text.slice(span.from, span.to)) as unknown
  } catch (error) {
    throw new MeshgateError(
      'INGEST_REQUEST_INVALID',
      `"${name}" of record ${index} is not JSON. Mend the sender.`,
      error,
    )
  }
}

function jsonValue(at: RecordAt, span: Span | undefined): Buffer | null {
  if (parseMember(at, span, 'value') === null || span === undefined) return null
  return Buffer.from(at.text.slice(span.from, span.to))
}

// A number keeps its digits, an object its text; of a string the key is what it says.
function keyBytes({ text }: RecordAt, key: unknown, span: Span | undefined): Buffer | null {
  if (key === null || span === undefined) return null
  return Buffer.from(typeof key === 'string' ? key : text.slice(span.from, span.to))
}

function base64Of({ index }: RecordAt, value: unknown, name: string): Buffer | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 !== 1) {
    return Buffer.from(value, 'base64')
  }
  throw invalid(
    `"${name}" of record ${index} is not base64 text. Encode it, or send application/vnd.kafka.json.v2+json.`,
  )
}

function partitionOf({ index }: RecordAt, value: unknown): number | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw invalid(`"partition" of record ${index} is no partition. Leave it out: the key decides.`)
}

function bytesOf(key: string | null): Buffer | null {
  return key === null ? null : Buffer.from(key)
}

function invalid(message: string): MeshgateError {
  return new MeshgateError('INGEST_REQUEST_INVALID', message)
}
