// The records of a group in the derived topic: its rows with a version where they are not as they were told last, and deletes of those that it has
// no more.
import { hash } from 'node:crypto'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import type { Entity } from '../../schema/model.ts'
import { cellOf, cellText, type Row, type Value } from '../../schema/row.ts'
import type { FoldPlan } from './fold-plan.ts'
import { GONE, type GroupState } from './group-states.ts'

export interface GroupTelling {
  /** Of the derived topic. */
  readonly records: readonly AppendRecord[]
  /** What is told of the group once the records are there, as `GroupState.told` has it. */
  readonly told: ReadonlyMap<string, string>
  /** The same, and rows that are taken back: what must be known until then. */
  readonly telling: ReadonlyMap<string, string>
}

/** What there is to tell of a group: of one that cannot be folded, that it has no rows. Throws as `rows` of a compiled fold. */
export function tellingOf(plan: FoldPlan, group: GroupState, version: number): GroupTelling {
  const { compiled, entity } = plan
  const { state, row, failed, owed, told: before } = group
  const records: AppendRecord[] = []
  const told = new Map<string, string>()
  for (const given of failed ? [] : compiled.rows(state, row)) {
    const key = keyText(entity, given)
    const text = JSON.stringify(given)
    const digest = hash('sha1', text, 'base64')
    told.set(key, digest)
    if (owed || before.get(key) !== digest) records.push(upsertRecord(plan, given, { text, version }))
  }
  let telling = told
  // An owner before may tell it still, of messages that came to nothing here.
  const only = owed && told.size === 0 && hasOneRow(entity) ? keyText(entity, row) : null
  for (const [key, digest] of only === null ? before : new Map([...before, [only, GONE]])) {
    if (told.has(key) || (digest === GONE && !owed)) continue
    if (telling === told) telling = new Map(told)
    telling.set(key, GONE)
    const values = JSON.parse(key) as readonly Value[]
    const cells = Object.fromEntries(entity.key.map((name, index) => [name, values[index] ?? null]))
    records.push(deleteRecord(plan, cells, version))
  }
  return { records, told, telling }
}

function keyText({ key }: Entity, row: Row): string {
  return JSON.stringify(key.map((name) => cellOf(row, name) ?? null))
}

/** Whether a group has one row at most, whose key is the group's. */
export function hasOneRow({ derivation }: Entity): boolean {
  return derivation?.function === null && derivation.window?.kind !== 'session'
}

function upsertRecord(
  { source }: FoldPlan,
  row: Row,
  of: { readonly text: string; readonly version: number },
): AppendRecord {
  const value = Buffer.from(`{"version":${of.version},"row":${of.text}}`)
  return { key: Buffer.from(cellText(cellOf(row, source.keyField))), value }
}

/** `key`: the row's key columns, the topic's key field among them. */
export function deleteRecord({ source }: FoldPlan, key: Row, version: number): AppendRecord {
  const value = Buffer.from(JSON.stringify({ version, delete: key }))
  return { key: Buffer.from(cellText(cellOf(key, source.keyField))), value }
}
