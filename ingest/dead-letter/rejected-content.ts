// Rejected records whole, as they came: key, value and headers of their own, put together again where they lie in several parts.
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import { limits } from '../../platform/limits.ts'
import { topicNames } from '../../schema/topics.ts'
import { ORIGIN_HEADERS, REDRIVE_HEADERS } from '../source-position.ts'
import type { OpenRecord } from './open-rejected.ts'
import { REJECTED_HEADERS } from './rejected-record.ts'
import { rejectionOf, type Rejection } from './rejection.ts'

export interface RejectedContent {
  readonly rejection: Rejection
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** Without those that ingest added. */
  readonly headers: Readonly<Record<string, string>>
}

/** First line of what a record in parts is made of. */
interface PartsHead {
  readonly headers: Readonly<Record<string, string>>
  /** Base64, where it is too large for the parts' own. */
  readonly key: string | null
  readonly tombstone?: boolean
}

const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...Object.values(REJECTED_HEADERS),
  ...Object.values(ORIGIN_HEADERS),
  ...Object.values(REDRIVE_HEADERS),
])

/** Reads open records one after the other; cheap where they come in the order that they were rejected in. */
export function contentReader(log: EventLog, topic: string): (record: OpenRecord) => Promise<RejectedContent | null> {
  const read = windows(log, topicNames.rejected(topic))
  return async ({ at }) => {
    const first = await read(at.partition, at.offset)
    const rejection = first === null ? null : rejectionOf(first)
    if (first === null || rejection === null) return null
    if (rejection.parts === 1) return whole(first, rejection)
    const parts = await followingParts(read, at, { first, rejection })
    return parts === null ? null : fromParts(parts, rejection)
  }
}

type ReadRecord = (partition: number, offset: number) => Promise<LogRecord | null>

/** The first record at or after an offset, null at the end; of each partition what was read last is kept. */
function windows(log: EventLog, topic: string): ReadRecord {
  const kept = new Map<number, readonly LogRecord[]>()
  return async (partition, offset) => {
    const window = kept.get(partition) ?? []
    const [first] = window
    const inside = first !== undefined && first.offset <= offset
    const found = inside ? window.find((record) => record.offset >= offset) : undefined
    if (found !== undefined) return found
    const records = await log.read({ topic, partition, offset }, limits.rejectedReadRecords)
    kept.set(partition, records)
    return records[0] ?? null
  }
}

// What failed in the middle was appended again from the first part on.
async function followingParts(
  read: ReadRecord,
  { partition, offset }: OpenRecord['at'],
  { first, rejection }: { readonly first: LogRecord; readonly rejection: Rejection },
): Promise<readonly LogRecord[] | null> {
  let parts = [first]
  let next = offset + 1
  for (let looked = 0; looked < limits.rejectedPartsLookedMax; looked++) {
    const record = await read(partition, next)
    if (record === null) return null
    next = record.offset + 1
    const other = rejectionOf(record)
    if (other?.source !== rejection.source || other.generation !== rejection.generation) continue
    if (other.part === 1) parts = [record]
    else if (other.part === parts.length + 1) parts.push(record)
    if (parts.length === rejection.parts) return parts
  }
  return null
}

function whole({ key, value, headers }: LogRecord, rejection: Rejection): RejectedContent {
  return { rejection, key, value, headers: withoutOwn(headers) }
}

function fromParts(parts: readonly LogRecord[], rejection: Rejection): RejectedContent {
  const bytes = Buffer.concat(parts.map(({ value }) => value ?? Buffer.alloc(0)))
  const end = bytes.indexOf('\n')
  const head = JSON.parse(bytes.subarray(0, end).toString()) as PartsHead
  const key = head.key === null ? (parts[0]?.key ?? null) : Buffer.from(head.key, 'base64')
  const value = head.tombstone === true ? null : bytes.subarray(end + 1)
  return { rejection, key, value, headers: withoutOwn(head.headers) }
}

function withoutOwn(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name)))
}
