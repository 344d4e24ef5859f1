// The records of a group in the derived topic: its rows with a version, and deletes of those that it has no more.
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import { cellOf, cellText, type Row, type Value } from '../../schema/row.ts'
import type { FoldPlan } from './fold-plan.ts'
import type { GroupState } from './group-states.ts'

export interface GroupTelling {
  /** JSON of the keys that the group has now. */
  readonly keys: readonly string[]
  /** Of its rows, as they are told. */
  readonly texts: readonly string[]
  /** JSON of the keys of rows that are no more. */
  readonly gone: readonly string[]
  readonly rows: readonly Row[]
}

/** What there is to tell of a group: nothing of one that cannot be folded. Throws as `rows` of a compiled fold. */
export function tellingOf(
  { compiled, entity }: FoldPlan,
  { state, row, keys: before, failed }: GroupState,
): GroupTelling {
  const rows = failed ? [] : compiled.rows(state, row)
  const keys = rows.map((each) => keyTextOf(entity.key, each))
  const has = new Set(keys)
  return { keys, rows, texts: rows.map((each) => JSON.stringify(each)), gone: before.filter((key) => !has.has(key)) }
}

function keyTextOf(key: readonly string[], row: Row): string {
  return JSON.stringify(key.map((name) => cellOf(row, name) ?? null))
}

export function derivedRecords(plan: FoldPlan, { rows, texts, gone }: GroupTelling, version: number): AppendRecord[] {
  const records = rows.map((row, at) => upsertRecord(plan, row, { text: texts[at] ?? '', version }))
  for (const key of gone) {
    const values = JSON.parse(key) as readonly Value[]
    const row = Object.fromEntries(plan.entity.key.map((name, index) => [name, values[index] ?? null]))
    records.push(deleteRecord(plan, row, version))
  }
  return records
}

function upsertRecord(
  { source }: FoldPlan,
  row: Row,
  of: { readonly text: string; readonly version: number },
): AppendRecord {
  const value = Buffer.from(`{"version":${of.version},"row":${of.text}}`)
  return { key: Buffer.from(cellText(cellOf(row, source.keyField))), value }
}

/** `key`: the row's key columns. */
export function deleteRecord({ source, entity }: FoldPlan, key: Row, version: number): AppendRecord {
  const value = Buffer.from(JSON.stringify({ version, delete: key }))
  // Where the messages are keyed by another field they are re-keyed by what they say.
  const field = entity.key.includes(source.keyField) ? source.keyField : (entity.key[0] ?? '')
  return { key: Buffer.from(cellText(cellOf(key, field))), value }
}
