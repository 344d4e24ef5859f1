// Rows of new tables made from an entity's live base rows, for what the topic no longer tells. The base row is copied cell by cell with its
// write times, the hidden columns too, so what comes later is compared with the same. Rows of further tables are projected from it, as ingest
// projects them: at the entity's stamp where ingest reads the base, else with the write times of the base's cells.
//
// A row of a further table stands at no key but that of the new base's state: keys that an earlier attempt may have written are cleared before
// the base leaves them, and new ones are written after it. So an attempt may end anywhere, and the next one finds in the base what to clear.
// Behind the copy it is asked once more whose scan it is: whoever claims it later finds the copy, and for whoever did before nothing is projected.
import { cellOf, type Row, type Value } from '../../schema/row.ts'
import type { DeleteWrite, PutWrite, Store, StoredRow, Write } from '../../platform/ports/store.ts'
import type { EntityPlan, TablePlan } from '../entity-plan.ts'
import { openState, visibleRow, type EntityState } from '../entity-state.ts'

export interface SeedTables {
  /** The tables that rows are read from: its base. */
  readonly from: EntityPlan
  /** Where the base is copied to; null where it stays, and only further tables are new. */
  readonly base: TablePlan | null
  readonly further: readonly TablePlan[]
}

export interface SeedTurn {
  readonly signal: AbortSignal
  /** Whether nobody else had claimed the scan when it was called. */
  readonly isMine: () => Promise<boolean>
}

/** `keys`: of base rows. Whether what the new tables hold of them is durable, else the scan is another's. Repeating it changes nothing. */
export async function seedRows(
  store: Store,
  tables: SeedTables,
  keys: readonly Row[],
  { signal, isMine }: SeedTurn,
): Promise<boolean> {
  const { from, base, further } = tables
  const read = (table: string) => store.read(table, keys, { writeTimes: true })
  const seeksLeft = base !== null && further.length > 0 && from.entity.readsBase
  const [stored, earlier] = await Promise.all([read(from.base.name), seeksLeft ? read(base.name) : []])
  signal.throwIfAborted()
  const steps: Record<'clear' | 'copy' | 'project', Write[]> = { clear: [], copy: [], project: [] }
  stored.forEach((row, index) => {
    // Swept since it was scanned.
    if (row === null) return
    const seeded = { row, earlier: earlier[index] ?? null }
    if (base !== null) steps.copy.push(baseCopy(from, base, seeded))
    for (const table of further) {
      const { left, put } = projectionOf(from, table, seeded)
      if (left !== null) steps.clear.push(left)
      if (put !== null) steps.project.push(put)
    }
  })
  for (const writes of [steps.clear, steps.copy]) {
    signal.throwIfAborted()
    if (writes.length > 0) await store.write(writes)
  }
  if (steps.project.length === 0) return true
  if (steps.copy.length > 0 && !(await isMine())) return false
  signal.throwIfAborted()
  await store.write(steps.project)
  return true
}

interface SeededRow {
  readonly row: StoredRow
  /** What an earlier attempt left in the new base. */
  readonly earlier: StoredRow | null
}

function baseCopy(from: EntityPlan, base: TablePlan, { row, earlier }: SeededRow): PutWrite {
  const copy = copyOf(base, row)
  if (earlier === null || !from.entity.readsBase) return copy
  // What has become null since that attempt.
  const state = stateOf(from, row)
  const cleared: Record<string, number> = {}
  for (const column of Object.keys(earlier.writeTimes ?? {})) {
    if (cellOf(row.row, column) !== undefined) continue
    cleared[column] = state.cells.get(column)?.time ?? state.stamp
  }
  const nulls = Object.fromEntries(Object.keys(cleared).map((column) => [column, null]))
  return { ...copy, row: { ...copy.row, ...nulls }, writeTimes: { ...copy.writeTimes, ...cleared } }
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

interface Projection {
  readonly left: DeleteWrite | null
  readonly put: PutWrite | null
}

function projectionOf(from: EntityPlan, table: TablePlan, { row, earlier }: SeededRow): Projection {
  if (!from.entity.readsBase) return { left: null, put: table.keyOf(row.row) === null ? null : copyOf(table, row) }
  const state = stateOf(from, row)
  const before = earlier === null ? null : stateOf(from, earlier)
  // Whoever wrote a later state has put its rows in place.
  if (before !== null && before.stamp > state.stamp) return { left: null, put: null }
  const visible = visibleRow(state)
  const key = visible === null ? null : table.keyOf(visible)
  const was = keyBefore(table, before)
  const isLeft = was !== null && JSON.stringify(was) !== JSON.stringify(key)
  const left = isLeft ? ({ kind: 'delete', table: table.name, key: was, writeTime: state.stamp } as const) : null
  if (visible === null || key === null) return { left, put: null }
  const whole: Record<string, Value> = { ...visible }
  // An earlier attempt may have written what is null since.
  for (const column of state.shape.valueColumns.keys()) if (cellOf(whole, column) === undefined) whole[column] = null
  return { left, put: { kind: 'put', table: table.name, row: table.rowOf(whole), writeTime: state.stamp } }
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
