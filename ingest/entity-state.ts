// One entity while a batch is planned: its cells with their write times, merged as the store merges them, so that one read of the
// base table is enough to know what every table must hold. Pure; a state belongs to one batch.
import { cellOf, type Row, type Value } from '../schema/row.ts'
import { HIDDEN_COLUMNS, type ColumnType, type TableDefinition } from '../schema/tables.ts'
import type { StoredRow, WriteTime } from '../platform/ports/store.ts'
import { compareTied } from '../platform/cell-order.ts'
import { limits } from '../platform/limits.ts'

/** What an entity's columns are: taken from its base table. */
export interface EntityShape {
  readonly keyColumns: readonly string[]
  /** Columns beside the key, with their types; no hidden ones, no buckets. */
  readonly valueColumns: ReadonlyMap<string, ColumnType>
}

interface Cell {
  /** Null: cleared at `time`. */
  readonly value: Value
  readonly time: WriteTime
}

/** The base table's `memory` column. Every member is absent where it says nothing. */
interface Memory {
  /** The stamp, where it is not the newest write time. */
  readonly stamp?: number
  /** Write times of cells that are null: a store does not give them back. */
  readonly cleared?: Readonly<Record<string, WriteTime>>
  /** Positions of records that created the entity before `origin` and may be delivered again. */
  readonly origins?: readonly string[]
  readonly moves?: readonly Move[]
  /** Append time (ms) of the delete: a sequence says nothing of age. */
  readonly deletedMs?: number
}

/** A record that changed what subscriptions select by, and may be delivered again: by then the row before it is gone from every table. */
interface Move {
  readonly position: string
  /** Columns that subscriptions select by, as they were before. */
  readonly from: Row
}

export interface EntityState {
  readonly shape: EntityShape
  /** The entity's key columns. */
  readonly key: Row
  /** Not in the store before this batch. */
  readonly fresh: boolean
  readonly cells: Map<string, Cell>
  /** Cells of the base row that this batch changed. */
  readonly changed: Map<string, Cell>
  upsertedAt: WriteTime | null
  deletedAt: WriteTime | null
  exists: boolean
  origin: string | null
  origins: readonly string[]
  moves: readonly Move[]
  deletedMs: number | null
  /**
   * Counts the entity's changes, and is never below a write time of its cells: the write time of its rows in further tables. Equal stamps
   * mean equal states, a greater stamp is the later state, whatever the records' versions say.
   */
  stamp: WriteTime
  memoryChanged: boolean
  visibleRow: Row | null | undefined
  /** Of `visibleRow`; null until it is asked for. */
  visibleText: string | null
}

export function shapeOf(entityKey: readonly string[], base: TableDefinition): EntityShape {
  const hidden = new Set<string>(Object.values(HIDDEN_COLUMNS))
  const tableKey = new Set([...base.partitionKey, ...base.clusteringKey.map((part) => part.column)])
  const valueColumns = new Map<string, ColumnType>()
  for (const column of base.columns) {
    if (!hidden.has(column.name) && !tableKey.has(column.name)) valueColumns.set(column.name, column.type)
  }
  return { keyColumns: entityKey, valueColumns }
}

export function openState(shape: EntityShape, key: Row, stored: StoredRow | null): EntityState {
  const state: EntityState = {
    shape,
    key,
    fresh: stored === null,
    cells: new Map(),
    changed: new Map(),
    upsertedAt: null,
    deletedAt: null,
    exists: stored !== null,
    origin: null,
    origins: [],
    moves: [],
    deletedMs: null,
    stamp: 0,
    memoryChanged: false,
    visibleRow: stored === null ? null : undefined,
    visibleText: null,
  }
  if (stored !== null) fillFromStore(state, stored)
  return state
}

function fillFromStore(state: EntityState, stored: StoredRow): void {
  const { row } = stored
  state.upsertedAt = timeIn(row, HIDDEN_COLUMNS.upsertedAt)
  state.deletedAt = timeIn(row, HIDDEN_COLUMNS.deletedAt)
  state.origin = (row[HIDDEN_COLUMNS.origin] as string | null | undefined) ?? null
  const memory = (row[HIDDEN_COLUMNS.memory] ?? {}) as Memory
  state.origins = memory.origins ?? []
  state.moves = memory.moves ?? []
  state.deletedMs = memory.deletedMs ?? null
  state.stamp = Math.max(memory.stamp ?? 0, state.upsertedAt ?? 0, state.deletedAt ?? 0)
  for (const column of state.shape.valueColumns.keys()) {
    const value = cellOf(row, column)
    const time = stored.writeTimes?.[column]
    if (value === undefined || value === null || time === undefined) continue
    state.stamp = Math.max(state.stamp, time)
    if (state.deletedAt === null || time > state.deletedAt) state.cells.set(column, { value, time })
  }
  for (const [column, time] of Object.entries(memory.cleared ?? {})) {
    if (!state.cells.has(column) && (state.deletedAt === null || time > state.deletedAt)) {
      state.cells.set(column, { value: null, time })
    }
  }
}

// Hidden times are bigint columns: digits in a row.
function timeIn(row: Row, column: string): WriteTime | null {
  const value = row[column]
  return value === undefined || value === null ? null : Number(value)
}

/** Merges an upsert. Whether anything changed. */
export function applyUpsert(state: EntityState, row: Row, time: WriteTime): boolean {
  if (state.deletedAt !== null && time <= state.deletedAt) return false
  let changed = false
  for (const [column, type] of state.shape.valueColumns) {
    const value = cellOf(row, column)
    if (value === undefined) continue
    const held = state.cells.get(column)
    if (held !== undefined && (held.time > time || (held.time === time && compareTied(type, value, held.value) <= 0)))
      continue
    const cell = { value, time }
    if (value === null || held?.value === null) state.memoryChanged = true
    state.cells.set(column, cell)
    state.changed.set(column, cell)
    changed = true
  }
  if (state.upsertedAt === null || time > state.upsertedAt) {
    state.upsertedAt = time
    state.changed.set(HIDDEN_COLUMNS.upsertedAt, { value: String(time), time })
    changed = true
  }
  state.exists = true
  if (changed) advance(state, time)
  return changed
}

/** Merges a delete: hides every cell written at or before `time`. */
export function applyDelete(state: EntityState, time: WriteTime, appendedMs: number): boolean {
  if (state.deletedAt !== null && time <= state.deletedAt) return false
  for (const [column, cell] of state.cells) {
    if (cell.time > time) continue
    state.cells.delete(column)
    state.changed.set(column, { value: null, time })
  }
  state.deletedAt = time
  state.deletedMs = appendedMs
  state.exists = true
  state.changed.set(HIDDEN_COLUMNS.deletedAt, { value: String(time), time })
  state.memoryChanged = true
  advance(state, time)
  return true
}

function advance(state: EntityState, time: WriteTime): void {
  state.stamp = Math.max(state.stamp + 1, time)
  state.visibleRow = undefined
  state.visibleText = null
}

/** Notes the record that made the entity appear. Creations from `firstOffset` on may be delivered again and are all remembered. */
export function noteOrigin(state: EntityState, position: string, mayComeAgain: (position: string) => boolean): void {
  const earlier = state.origin === null ? state.origins : [...state.origins, state.origin]
  const kept = earlier.filter(mayComeAgain).slice(-limits.originsKeptMax)
  if (kept.length > 0 || state.origins.length > 0) state.memoryChanged = true
  state.origins = kept
  state.origin = position
  state.changed.set(HIDDEN_COLUMNS.origin, { value: position, time: state.stamp })
}

/** Notes what the record changed of the columns that subscriptions select by. Of moves as of creations. */
export function noteMove(state: EntityState, move: Move, mayComeAgain: (position: string) => boolean): void {
  const earlier = state.moves.filter(({ position }) => mayComeAgain(position))
  state.moves = [...earlier, move].slice(-limits.originsKeptMax)
  state.memoryChanged = true
}

function isVisible(state: EntityState): boolean {
  if (!state.exists) return false
  return state.deletedAt === null || (state.upsertedAt !== null && state.upsertedAt > state.deletedAt)
}

/** Key columns and every cell with a value; null while the entity is not visible. */
export function visibleRow(state: EntityState): Row | null {
  if (state.visibleRow !== undefined) return state.visibleRow
  if (!isVisible(state)) return (state.visibleRow = null)
  const row: Record<string, Value> = { ...state.key }
  for (const column of state.shape.valueColumns.keys()) {
    const cell = state.cells.get(column)
    if (cell !== undefined && cell.value !== null) row[column] = cell.value
  }
  return (state.visibleRow = row)
}

/** The visible row as JSON text, made once. */
export function visibleText(state: EntityState): string {
  return (state.visibleText ??= JSON.stringify(visibleRow(state)))
}

/** What the base row must remember beside its cells; null where the cells say it all. */
export function memoryOf(state: EntityState): Row | null {
  const cleared: Record<string, WriteTime> = {}
  let newest = Math.max(state.upsertedAt ?? 0, state.deletedAt ?? 0)
  for (const [column, cell] of state.cells) {
    if (cell.value === null) cleared[column] = cell.time
    if (cell.time > newest) newest = cell.time
  }
  const memory: Record<string, Value> = {}
  if (state.stamp > newest) memory['stamp'] = state.stamp
  if (Object.keys(cleared).length > 0) memory['cleared'] = cleared
  if (state.origins.length > 0) memory['origins'] = state.origins
  if (state.moves.length > 0) memory['moves'] = state.moves.map(({ position, from }) => ({ position, from }))
  if (state.deletedMs !== null) memory['deletedMs'] = state.deletedMs
  return Object.keys(memory).length > 0 ? memory : null
}
