// A rejected record as it is read back from `<topic>.rejected`: which record of the source it is, what was wrong with it, this time and
// before. Without its value; rejected-content.ts has that.
import type { LogRecord } from '../../platform/ports/event-log.ts'
import type { RecordCode } from '../../schema/record-codes.ts'
import type { Violation } from '../../schema/record.ts'
import { replayIn } from '../replay/raise-generation.ts'
import { generationIn, REDRIVE_HEADERS, splitPosition } from '../source-position.ts'
import { REJECTED_HEADERS } from './rejected-record.ts'

/** One time that a record was rejected. */
export interface Attempt {
  /** ISO time. */
  readonly at: string
  readonly code: string
  readonly field: string | null
  readonly check: string | null
  readonly message: string
}

export interface Rejection {
  /** `topic:partition:offset` of the original. */
  readonly source: string
  readonly sourcePartition: number
  readonly sourceOffset: number
  /** Exact, in µs; null where it was rejected before that was kept. */
  readonly appendedUs: number | null
  readonly rejectedUs: number
  /** Of the redrive that it failed in; 0 where it was never redriven. */
  readonly generation: number
  /** Of the replay that it was rejected in; 0 where in none. */
  readonly replay: number
  /** At least one. */
  readonly violations: readonly Violation[]
  /** The times before, the oldest first. */
  readonly attempts: readonly Attempt[]
  /** Parts that it lies in, and which this is, from 1. */
  readonly part: number
  readonly parts: number
}

/** Null for a record that ingest did not write. */
export function rejectionOf({ headers, timestampUs }: LogRecord): Rejection | null {
  const source = headers[REJECTED_HEADERS.position] ?? ''
  const { partition, offset } = splitPosition(source)
  const sourcePartition = Number(partition.slice(partition.lastIndexOf(':') + 1))
  if (partition === '' || !Number.isSafeInteger(offset) || !Number.isSafeInteger(sourcePartition)) return null
  const appendedUs = Number(headers[REJECTED_HEADERS.appendTime])
  const [part = 1, parts = 1] = (headers[REJECTED_HEADERS.part] ?? '1/1').split('/').map(Number)
  return {
    source,
    sourcePartition,
    sourceOffset: offset,
    appendedUs: Number.isSafeInteger(appendedUs) ? appendedUs : null,
    rejectedUs: timestampUs,
    generation: generationIn(headers),
    replay: replayIn(headers),
    violations: violationsIn(headers),
    attempts: attemptsIn(headers),
    part,
    parts,
  }
}

/** All of them; only the first where they did not fit into their header. */
function violationsIn(headers: LogRecord['headers']): readonly Violation[] {
  const all = parsedList(headers[REJECTED_HEADERS.violations]) as readonly Violation[]
  if (all.length > 0) return all
  const first = {
    code: (headers[REJECTED_HEADERS.code] ?? 'RECORD_UNPARSABLE') as RecordCode,
    field: headers[REJECTED_HEADERS.field] ?? null,
    checkId: headers[REJECTED_HEADERS.check] ?? null,
    message: headers[REJECTED_HEADERS.message] ?? '',
  }
  return [first]
}

function attemptsIn(headers: LogRecord['headers']): readonly Attempt[] {
  return parsedList(headers[REDRIVE_HEADERS.attempts]) as readonly Attempt[]
}

// Whoever may write to the topic may write anything.
function parsedList(text: string | undefined): readonly unknown[] {
  if (text === undefined) return []
  try {
    const list = JSON.parse(text) as unknown
    return Array.isArray(list) ? list.filter((item) => typeof item === 'object' && item !== null) : []
  } catch {
    return []
  }
}

/** A field with `*` for the indexes of lists: `lines.*.amount`. */
export function placeOf(field: string | null): string | null {
  return field?.replaceAll(/\.\d+(?=\.|$)/g, '.*') ?? null
}
