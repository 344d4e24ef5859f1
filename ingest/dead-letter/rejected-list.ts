// Open rejected records one by one, as a person or a program reads them: where each came from, when, what was wrong, and its value.
import type { EventLog } from '../../platform/ports/event-log.ts'
import { limits } from '../../platform/limits.ts'
import type { Violation } from '../../schema/record.ts'
import { openRejected } from './open-rejected.ts'
import { contentReader, type RejectedContent } from './rejected-content.ts'
import type { RejectedFilter } from './rejected-filter.ts'
import type { Attempt } from './rejection.ts'

export interface ListedRecord {
  /** `topic:partition:offset` of the original. */
  readonly position: string
  readonly key: string | null
  /** ISO times. Appended: null where it is not known. */
  readonly appendedAt: string | null
  readonly rejectedAt: string
  readonly violations: readonly Violation[]
  /** The times that it was rejected before, the oldest first. */
  readonly attempts: readonly Attempt[]
  /** Text, shortened unless asked for in full; base64 where it is no UTF-8. Null is a delete. */
  readonly value: string | null
  readonly valueEncoding: 'utf8' | 'base64'
  readonly valueBytes: number
}

export interface ListQuestion {
  readonly filter: RejectedFilter
  /** The newest so many; null for all. */
  readonly recordsMax: number | null
  readonly full: boolean
}

/** Hands on each record, the one that was rejected last at the end. Waits for each to be taken. */
export async function listRejected(
  log: EventLog,
  topic: string,
  { filter, recordsMax, full }: ListQuestion,
  take: (record: ListedRecord) => Promise<void>,
): Promise<void> {
  const { records } = await openRejected(log, topic, { filter })
  const ordered = records.toSorted(
    (left, right) =>
      left.rejectedUs - right.rejectedUs || left.partition - right.partition || left.offset - right.offset,
  )
  const read = contentReader(log, topic)
  for (const record of recordsMax === null ? ordered : ordered.slice(-recordsMax)) {
    const content = await read(record)
    if (content !== null) await take(listed(content, full))
  }
}

function listed({ rejection, key, value }: RejectedContent, full: boolean): ListedRecord {
  const { source, appendedUs, rejectedUs, violations, attempts } = rejection
  const { text, encoding } = shown(value ?? new Uint8Array())
  const isShort = full || text.length <= limits.rejectedShownCharactersMax
  return {
    position: source,
    key: key === null ? null : shown(key).text,
    appendedAt: appendedUs === null ? null : isoTime(appendedUs),
    rejectedAt: isoTime(rejectedUs),
    violations,
    attempts,
    value: value === null ? null : isShort ? text : `${text.slice(0, limits.rejectedShownCharactersMax)}…`,
    valueEncoding: encoding,
    valueBytes: value?.length ?? 0,
  }
}

function shown(bytes: Uint8Array): { readonly text: string; readonly encoding: 'utf8' | 'base64' } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), encoding: 'utf8' }
  } catch {
    return { text: Buffer.from(bytes).toString('base64'), encoding: 'base64' }
  }
}

function isoTime(us: number): string {
  return new Date(us / 1_000).toISOString()
}
