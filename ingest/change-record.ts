// A change as it goes to `<topic>.changes`, in the fullest form that the log takes: with the row before, without it, or with the
// record's own columns alone (the rest is in the store). Its text is put together from texts: most of it is the row's, which the store
// takes too.
import type { Change } from '../schema/record.ts'
import { cellOf, type Row, type Value } from '../schema/row.ts'
import type { AppendRecord } from '../platform/ports/event-log.ts'
import type { EntityPlan } from './entity-plan.ts'
import { fitsLog } from './dead-letter/rejected-record.ts'
import type { AcceptedRecord } from './decode-batch.ts'
import { changeGeneration } from './replay/raise-generation.ts'

/** Records smaller than this make changes that fit, whatever was computed from them. */
const SMALL_RECORD_BYTES = 16_384

/** The entity around the change; absent where ingest does not read the base. */
export interface ChangeContext {
  readonly before: Row | null
  /** Null: not visible after the change. */
  readonly after: Row | null
  readonly created: boolean
  /** `before` and `after` as JSON text. */
  readonly beforeText: string
  readonly afterText: string
}

/** Whether no form of the record's change would fit. Depends on the record alone, so that a redelivery decides the same. */
export function changeTooLarge(accepted: AcceptedRecord): boolean {
  if ((accepted.record.value?.length ?? 0) < SMALL_RECORD_BYTES) return false
  const key = Buffer.from(accepted.keyText)
  return !fitsLog({ key, value: Buffer.from(JSON.stringify(changeOf(accepted, undefined))) })
}

/** The change of a record of an entity that is written without reading. `rowText`: the record's row as JSON text. */
export function blindChange(plan: EntityPlan, accepted: AcceptedRecord, rowText: string): AppendRecord {
  return changeAppend(plan, accepted, { upsert: accepted.kind === 'upsert', rowText, around: '' })
}

/** The change of a record of an entity whose base row was read. */
export function mergedChange(plan: EntityPlan, accepted: AcceptedRecord, context: ChangeContext): AppendRecord {
  const { after, afterText, beforeText, created } = context
  const shown = after === null ? null : rowAfter(accepted, after)
  const rowText = shown === after ? afterText : JSON.stringify(shown)
  const around = `"before":${beforeText},"created":${created ? 'true' : 'false'},`
  return changeAppend(plan, accepted, { upsert: after !== null, rowText, around, context })
}

interface ChangeParts {
  readonly upsert: boolean
  /** The row that an UPSERT shows. */
  readonly rowText: string
  /** Members that only an entity has whose base row was read. */
  readonly around: string
  readonly context?: ChangeContext
}

function changeAppend(plan: EntityPlan, accepted: AcceptedRecord, parts: ChangeParts): AppendRecord {
  const key = keyBytes(accepted)
  const value = Buffer.from(changeText(plan, accepted, parts))
  if (fitsLog({ key, value })) return { key, value }
  return { key, value: smallerChange(accepted, parts.context, key) }
}

/** As `JSON.stringify(changeOf(…))`. */
function changeText(plan: EntityPlan, accepted: AcceptedRecord, { upsert, rowText, around }: ChangeParts): string {
  const { record, key, keyText, writeTime, eventTimeMs, warnings } = accepted
  const row = upsert ? rowText : JSON.stringify(key)
  const wrote = accepted.kind === 'upsert' ? plan.columnNames(accepted.row) : '[]'
  const warned =
    warnings.length === 0
      ? ''
      : `,"warnings":${JSON.stringify(warnings.map(({ checkId, field }) => ({ checkId, field })))}`
  return (
    `{"key":${JSON.stringify(keyText)},"op":"${upsert ? 'UPSERT' : 'DELETE'}","row":${row},"wrote":${wrote},${around}` +
    `"writeTime":${writeTime},"source":${JSON.stringify(record.position)},"eventTimeMs":${eventTimeMs === null ? 'null' : eventTimeMs},` +
    `"generation":${changeGeneration(record.headers)}${warned}}`
  )
}

/** The message's own bytes where they are the entity's key, as they mostly are. */
function keyBytes({ record, keyText }: AcceptedRecord): Uint8Array {
  const { key } = record
  if (key === null || key.length !== keyText.length) return Buffer.from(keyText)
  for (let at = 0; at < key.length; at += 1) {
    const code = keyText.charCodeAt(at)
    if (key[at] !== code || code > 127) return Buffer.from(keyText)
  }
  return key
}

function smallerChange(accepted: AcceptedRecord, context: ChangeContext | undefined, key: Uint8Array): Buffer {
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
    generation: changeGeneration(record.headers),
    ...(accepted.warnings.length === 0
      ? {}
      : { warnings: accepted.warnings.map(({ checkId, field }) => ({ checkId, field })) }),
  }
}

// A column that the record cleared is named with null: absent would only say that the row has no such cell.
function rowAfter(accepted: AcceptedRecord, after: Row): Row {
  let cleared: Record<string, Value> | null = null
  const { row } = accepted
  for (const column in row) {
    if (row[column] === null && cellOf(after, column) === undefined) (cleared ??= {})[column] = null
  }
  return cleared === null ? after : { ...after, ...cleared }
}
