// A change as it goes to `<topic>.changes`, in the fullest form that the log takes: with the row before, without it, or with the
// record's own columns alone (the rest is in the store).
import type { Change } from '../schema/record.ts'
import { cellOf, type Row, type Value } from '../schema/row.ts'
import type { AppendRecord } from '../platform/ports/event-log.ts'
import { fitsLog } from './dead-letter/rejected-record.ts'
import type { AcceptedRecord } from './decode-batch.ts'
import { generationIn } from './source-position.ts'

/** Records smaller than this make changes that fit, whatever was computed from them. */
const SMALL_RECORD_BYTES = 16_384

/** The entity around the change; absent where ingest does not read the base. */
export interface ChangeContext {
  readonly before: Row | null
  /** Null: not visible after the change. */
  readonly after: Row | null
  readonly created: boolean
}

/** Whether no form of the record's change would fit. Depends on the record alone, so that a redelivery decides the same. */
export function changeTooLarge(accepted: AcceptedRecord): boolean {
  if ((accepted.record.value?.length ?? 0) < SMALL_RECORD_BYTES) return false
  const key = Buffer.from(accepted.keyText)
  return !fitsLog({ key, value: Buffer.from(JSON.stringify(changeOf(accepted, undefined))) })
}

export function changeAppend(accepted: AcceptedRecord, context?: ChangeContext): AppendRecord {
  const key = Buffer.from(accepted.keyText)
  const full = Buffer.from(JSON.stringify(changeOf(accepted, context)))
  if (fitsLog({ key, value: full })) return { key, value: full }
  return { key, value: smallerChange(accepted, context, key) }
}

function smallerChange(accepted: AcceptedRecord, context: ChangeContext | undefined, key: Buffer): Buffer {
  const { before: _before, ...withoutBefore } = changeOf(accepted, context)
  const narrow = { ...withoutBefore, row: withoutBefore.op === 'UPSERT' ? accepted.row : accepted.key }
  for (const change of [withoutBefore, narrow]) {
    const value = Buffer.from(JSON.stringify(change))
    if (fitsLog({ key, value })) return value
  }
  return Buffer.from(JSON.stringify({ ...narrow, row: accepted.key }))
}

// `op` says what the entity is after the change, so that a client that folds the changes holds the table: a late upsert of an entity
// deleted since is a DELETE, a late delete of an entity upserted since an UPSERT.
function changeOf(accepted: AcceptedRecord, context: ChangeContext | undefined): Change {
  const { record, row, key, keyText, writeTime, eventTimeMs } = accepted
  const upsert = context === undefined ? accepted.kind === 'upsert' : context.after !== null
  return {
    key: keyText,
    op: upsert ? 'UPSERT' : 'DELETE',
    row: upsert ? rowAfter(accepted, context?.after ?? row) : key,
    wrote: accepted.kind === 'upsert' ? Object.keys(row) : [],
    ...(context === undefined ? {} : { before: context.before, created: context.created }),
    writeTime,
    source: record.position,
    eventTimeMs,
    generation: generationIn(record.headers),
    ...(accepted.warnings.length === 0
      ? {}
      : { warnings: accepted.warnings.map(({ checkId, field }) => ({ checkId, field })) }),
  }
}

// A column that the record cleared is named with null: absent would only say that the row has no such cell.
function rowAfter(accepted: AcceptedRecord, after: Row): Row {
  let cleared: Record<string, Value> | null = null
  for (const [column, value] of Object.entries(accepted.row)) {
    if (value === null && cellOf(after, column) === undefined) (cleared ??= {})[column] = null
  }
  return cleared === null ? after : { ...after, ...cleared }
}
