// One row as a merge of writes: Cassandra's rules per cell. The state is a join over the writes seen, so their order and repetition do
// not matter: per cell the highest write time, then a null, then the later expiry, then the greater CQL bytes; a delete hides
// what was written at or before it. Pure; knows nothing of files.
import type { Value } from '../../../schema/row.ts'
import type { ColumnType } from '../../../schema/tables.ts'
import { compareTied } from '../../cell-order.ts'
import type { WriteTime } from '../../ports/store.ts'

/** What makes a row exist without other cells: that it was put. */
export interface Marker {
  readonly writeTime: WriteTime
  /** Null never expires. */
  readonly ttlMs: number | null
}

export interface Cell extends Marker {
  /** Null clears: it stays as long as an older value may come late. */
  readonly value: Value
}

export interface RowState {
  /** Canonical values of the key columns, by name; empty until a put is seen. */
  key: ReadonlyMap<string, Value>
  marker: Marker | null
  cells: Map<string, Cell>
  deletedAt: WriteTime | null
  /** When (ms) the delete and the nulls may be forgotten. */
  purgeAtMs: number | null
}

/** A write, checked and canonical, for the row that its key names. */
export type RowWrite =
  | {
      readonly kind: 'put'
      readonly keyCells: ReadonlyMap<string, Value>
      readonly cells: ReadonlyMap<string, Cell>
      readonly marker: Marker
    }
  | { readonly kind: 'delete'; readonly writeTime: WriteTime }

export function emptyState(): RowState {
  return { key: new Map(), marker: null, cells: new Map(), deletedAt: null, purgeAtMs: null }
}

/** Merges a write into the state; whether anything changed. `purgeAtMs` is when a delete or null of now may be forgotten. */
export function mergeWrite(
  state: RowState,
  write: RowWrite,
  context: { readonly types: ReadonlyMap<string, ColumnType>; readonly purgeAtMs: number },
): boolean {
  if (write.kind === 'delete') return mergeDelete(state, write.writeTime, context.purgeAtMs)
  let changed = false
  const hidden = state.deletedAt ?? -1
  if (state.key.size === 0) state.key = write.keyCells
  if (write.marker.writeTime > hidden && supersedesMarker(write.marker, state.marker)) {
    state.marker = write.marker
    changed = true
  }
  for (const [name, cell] of write.cells) {
    if (cell.writeTime <= hidden) continue
    const before = state.cells.get(name)
    if (before !== undefined && !supersedes(cell, before, context.types.get(name) ?? 'json')) continue
    state.cells.set(name, cell)
    if (cell.value === null) state.purgeAtMs = Math.max(state.purgeAtMs ?? 0, context.purgeAtMs)
    changed = true
  }
  return changed
}

function mergeDelete(state: RowState, writeTime: WriteTime, purgeAtMs: number): boolean {
  if (state.deletedAt !== null && writeTime <= state.deletedAt) return false
  state.deletedAt = writeTime
  state.purgeAtMs = Math.max(state.purgeAtMs ?? 0, purgeAtMs)
  if (state.marker !== null && state.marker.writeTime <= writeTime) state.marker = null
  for (const [name, cell] of state.cells) if (cell.writeTime <= writeTime) state.cells.delete(name)
  return true
}

function supersedes(cell: Cell, before: Cell, type: ColumnType): boolean {
  if (cell.writeTime !== before.writeTime) return cell.writeTime > before.writeTime
  const later = cell.value === null || before.value === null ? 0 : compareTtl(cell, before)
  return later !== 0 ? later > 0 : compareTied(type, cell.value, before.value) > 0
}

function supersedesMarker(marker: Marker, before: Marker | null): boolean {
  if (before === null) return true
  return marker.writeTime !== before.writeTime ? marker.writeTime > before.writeTime : compareTtl(marker, before) > 0
}

// An expiring cell wins over one that never does: it will be a delete one day, and must win the same before and after.
function compareTtl(left: Marker, right: Marker): number {
  return (left.ttlMs ?? -1) - (right.ttlMs ?? -1)
}

/** When (ms) a marker or cell ends; Infinity for never. */
export function expiresAtMs(marker: Marker): number {
  return marker.ttlMs === null ? Infinity : Math.ceil(marker.writeTime / 1_000) + marker.ttlMs
}

/** When (ms) the row stops being visible: Infinity for never, -Infinity where it is not visible at all. */
export function visibleUntilMs(state: RowState): number {
  let until = state.marker === null ? -Infinity : expiresAtMs(state.marker)
  for (const cell of state.cells.values()) if (cell.value !== null) until = Math.max(until, expiresAtMs(cell))
  return until
}

/** Forgets what no reader sees any more: expired cells, and past their grace the delete and the nulls. */
export function sweepState(state: RowState, nowMs: number): void {
  if (state.marker !== null && expiresAtMs(state.marker) <= nowMs) state.marker = null
  for (const [name, cell] of state.cells) {
    if (cell.value !== null && expiresAtMs(cell) <= nowMs) state.cells.delete(name)
  }
  if (state.purgeAtMs === null || state.purgeAtMs > nowMs) return
  state.purgeAtMs = null
  state.deletedAt = null
  for (const [name, cell] of state.cells) if (cell.value === null) state.cells.delete(name)
}
