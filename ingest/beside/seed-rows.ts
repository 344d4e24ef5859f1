// Rows of new tables made from an entity's live base rows, for what the topic no longer tells. The base row is copied cell by cell with its
// write times, the hidden columns too, so what comes later is compared with the same. Rows of further tables are projected from it, as ingest
// projects them: at the entity's stamp where ingest reads the base, else with the write times of the base's cells.
//
// The base goes first: where an attempt ends in between, the next one finds in it which keys of further tables that attempt may have written.
import { cellOf, type Row, type Value } from '../../schema/row.ts'
import type { PutWrite, Store, StoredRow, Write } from '../../platform/ports/store.ts'
import type { EntityPlan, TablePlan } from '../entity-plan.ts'
import { openState, visibleRow, type EntityState } from '../entity-state.ts'

export interface SeedTables {
  /** The tables that rows are read from: its base. */
  readonly from: EntityPlan
  /** Where the base is copied to; null where it stays, and only further tables are new. */
  readonly base: TablePlan | null
  readonly further: readonly TablePlan[]
}

/** `keys`: of base rows. Resolves when what the new tables hold of them is durable. Repeating it changes nothing. */
export async function seedRows(store: Store, tables: SeedTables, keys: readonly Row[], signal: AbortSignal) {
  const { from, base, further } = tables
  const read = (table: string) => store.read(table, keys, { writeTimes: true })
  const seeksLeft = base !== null && further.length > 0 && from.entity.readsBase
  const [stored, earlier] = await Promise.all([read(from.base.name), seeksLeft ? read(base.name) : []])
  signal.throwIfAborted()
  const copies: Write[] = []
  const projections: Write[] = []
  stored.forEach((row, index) => {
    // Swept since it was scanned.
    if (row === null) return
    if (base !== null) copies.push(copyOf(base, row))
    for (const table of further)
      projections.push(...projectionsOf(tables, table, { row, earlier: earlier[index] ?? null }))
  })
  if (copies.length > 0) await store.write(copies)
  signal.throwIfAborted()
  if (projections.length > 0) await store.write(projections)
}

/** The row with its cells' own write times. */
function copyOf(table: TablePlan, { row, writeTimes = {} }: StoredRow): PutWrite {
  const cells = table.rowOf(row)
  const keyColumns = new Set(table.keyColumns)
  let writeTime = 0
  const times: Record<string, number> = {}
  for (const column of Object.keys(cells)) {
    const time = keyColumns.has(column) ? undefined : writeTimes[column]
    if (time === undefined) continue
    times[column] = time
    writeTime = Math.max(writeTime, time)
  }
  return { kind: 'put', table: table.name, row: cells, writeTime, writeTimes: times }
}

interface SeededRow {
  readonly row: StoredRow
  /** What an earlier attempt left in the new base. */
  readonly earlier: StoredRow | null
}

function projectionsOf({ from }: SeedTables, table: TablePlan, { row, earlier }: SeededRow): Write[] {
  if (!from.entity.readsBase) return table.keyOf(row.row) === null ? [] : [copyOf(table, row)]
  const state = stateOf(from, row)
  const before = earlier === null ? null : stateOf(from, earlier)
  // Whoever wrote a later state has put its rows in place.
  if (before !== null && before.stamp > state.stamp) return []
  const visible = visibleRow(state)
  const key = visible === null ? null : table.keyOf(visible)
  const left = keyBefore(table, before)
  const writes: Write[] = []
  if (left !== null && JSON.stringify(left) !== JSON.stringify(key)) {
    writes.push({ kind: 'delete', table: table.name, key: left, writeTime: state.stamp })
  }
  if (visible === null || key === null) return writes
  const whole: Record<string, Value> = { ...visible }
  // An earlier attempt may have written what is null since.
  for (const column of state.shape.valueColumns.keys()) if (cellOf(whole, column) === undefined) whole[column] = null
  return [...writes, { kind: 'put', table: table.name, row: table.rowOf(whole), writeTime: state.stamp }]
}

function stateOf({ shape }: EntityPlan, stored: StoredRow): EntityState {
  const key: Record<string, Value> = {}
  for (const column of shape.keyColumns) key[column] = stored.row[column] ?? null
  return openState(shape, key, stored)
}

function keyBefore(table: TablePlan, before: EntityState | null): Row | null {
  const visible = before === null ? null : visibleRow(before)
  return visible === null ? null : table.keyOf(visible)
}
