// What a compiled record codec takes and gives: the contract between the decoder emitter (schema/emit) and ingest.
import type { RecordCode } from './record-codes.ts'
import type { Row } from './row.ts'

/** A message as the log gives it. */
export interface RawRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

/** One thing wrong with a record. */
export interface Violation {
  readonly code: RecordCode
  /** Field, dotted for nested ones (`lines.2.amount`); null when the record as a whole is meant. */
  readonly field: string | null
  /** The check's id; null when no check but the type is broken. */
  readonly checkId: string | null
  /** What is wrong, with the offending value (shortened). */
  readonly message: string
}

export type Decoded =
  | {
      readonly kind: 'upsert'
      /** Present cells: stored and computed fields. Always holds the entity's key. */
      readonly row: Row
      /** From the version field: µs for a time, the number itself for a sequence; null without one (use the log's append time). */
      readonly version: number | null
      /** What the version's last digit stands for, in µs (1_000_000: whole seconds): a content hash may fill only what is below. 1 without a version. */
      readonly versionResolutionUs: number
      /** Event time in ms, null without a time field or value. */
      readonly eventTimeMs: number | null
      readonly warnings: readonly Violation[]
    }
  | {
      readonly kind: 'delete'
      readonly key: Row
      readonly version: number | null
      readonly versionResolutionUs: number
    }
  | { readonly kind: 'rejected'; readonly violations: readonly Violation[] }

/** Compiled once per entity. `decode` never throws. */
export interface RecordCodec {
  /** Envelope, parse, extract, clean, type, compute, check. A null value is a delete of the message key. */
  decode(record: RawRecord): Decoded
  /** The entity's key as the text that keys the changes topic: its only value, or a JSON array of its values. */
  keyText(row: Row): string
  /** The entity key of a message key (`key` of a tombstone), null where it does not parse. */
  keyOf(messageKey: Uint8Array): Row | null
}

/** A change, the value of a record on the changes topic (JSON, UTF-8). Key of that record: `key`. */
export interface Change {
  readonly key: string
  readonly op: 'UPSERT' | 'DELETE'
  /** UPSERT: the entity's row after the change where ingest read the base, else the columns that the record wrote. DELETE: the key columns. */
  readonly row: Row
  /** The columns that the record itself wrote. */
  readonly wrote: readonly string[]
  /** The visible row before; null: there was none; absent: ingest did not read it. */
  readonly before?: Row | null
  /** Whether the entity appeared by this record; absent where ingest did not read. The same on redelivery. */
  readonly created?: boolean
  /** µs */
  readonly writeTime: number
  /** `topic:partition:offset` of the source record. */
  readonly source: string
  readonly eventTimeMs: number | null
  /** 0; raised by redrive and replay. */
  readonly generation: number
  readonly warnings?: readonly { readonly checkId: string | null; readonly field: string | null }[]
}
