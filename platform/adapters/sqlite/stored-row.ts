// The form of a row in SQLite. The common row, put whole at one time, is its JSON text and one integer; what differs stands beside it.
import type { Value } from '../../../schema/row.ts'
import { type Cell, emptyState, expiresAtMs, type Marker, type RowState, visibleUntilMs } from './row-state.ts'

/** Columns v, w, t, d, m, x, p, in this order in every statement. */
export type StoredColumns = readonly [
  /** v: the row as it is read, key columns included, null cells left out; null where the row is not visible. */
  text: string | null,
  /** w: write time of the put that makes the row exist, and of every cell that m does not name. */
  writeTime: number | null,
  /** t: its TTL in ms. */
  ttlMs: number | null,
  /** d: write time of the last delete. */
  deletedAt: number | null,
  /** m: the exceptions, column → [write time, TTL]; a column that v lacks is a null cell. */
  exceptions: string | null,
  /** x: when (ms) the row stops being visible. */
  expiresAtMs: number | null,
  /** p: when (ms) delete and nulls may be forgotten. */
  purgeAtMs: number | null,
]

export const STORED_COLUMNS = 'v, w, t, d, m, x, p'

type Exceptions = Readonly<Record<string, readonly [writeTime: number, ttlMs: number | null]>>

export function encodeState(state: RowState): StoredColumns {
  const { marker } = state
  const until = visibleUntilMs(state)
  const values: [string, Value][] = [...state.key]
  const exceptions: [string, Exceptions[string]][] = []
  for (const [name, cell] of state.cells) {
    if (cell.value !== null) values.push([name, cell.value])
    if (cell.value === null || !sameTime(cell, marker)) exceptions.push([name, [cell.writeTime, cell.ttlMs]])
  }
  return [
    // fromEntries defines properties, so that no name (not even __proto__) is special.
    until === -Infinity ? null : JSON.stringify(Object.fromEntries(values)),
    marker?.writeTime ?? null,
    marker?.ttlMs ?? null,
    state.deletedAt,
    exceptions.length === 0 ? null : JSON.stringify(Object.fromEntries(exceptions)),
    Number.isFinite(until) ? until : null,
    state.purgeAtMs,
  ]
}

/** What `encodeState` gives for a row that was put whole, in one write, at one time. `text`: its JSON text, nothing null. */
export function encodeWhole(text: string, marker: Marker): StoredColumns {
  const until = expiresAtMs(marker)
  return [text, marker.writeTime, marker.ttlMs, null, null, Number.isFinite(until) ? until : null, null]
}

export function decodeState(columns: StoredColumns, keyNames: ReadonlySet<string>): RowState {
  const [text, writeTime, ttlMs, deletedAt, , , purgeAtMs] = columns
  const state = emptyState()
  state.marker = writeTime === null ? null : { writeTime, ttlMs }
  state.deletedAt = deletedAt
  state.purgeAtMs = purgeAtMs
  const exceptions = parseExceptions(columns)
  const key = new Map<string, Value>()
  for (const [name, value] of parseValues(text)) {
    if (keyNames.has(name)) key.set(name, value)
    else state.cells.set(name, { value, ...timeOf(exceptions.get(name), state.marker) })
  }
  for (const [name, time] of exceptions) {
    if (!state.cells.has(name)) state.cells.set(name, { value: null, ...timeOf(time, state.marker) })
  }
  state.key = key
  return state
}

/** JSON text of a visible row as it is at `nowMs`. */
export function visibleText(columns: StoredColumns, keyNames: ReadonlySet<string>, nowMs: number): string {
  // Only a cell with a TTL of its own can end before the row does.
  if (columns[4] === null || !hasTtl(columns)) return columns[0] ?? 'null'
  return JSON.stringify(
    Object.fromEntries(visibleCells(columns, keyNames, nowMs).map(([name, cell]) => [name, cell.value])),
  )
}

/** Write times by cell of a visible row at `nowMs`, as JSON text. */
export function writeTimesText(columns: StoredColumns, keyNames: ReadonlySet<string>, nowMs: number): string {
  const cells = visibleCells(columns, keyNames, nowMs).filter(([name]) => !keyNames.has(name))
  return JSON.stringify(Object.fromEntries(cells.map(([name, cell]) => [name, cell.writeTime])))
}

function visibleCells(columns: StoredColumns, keyNames: ReadonlySet<string>, nowMs: number): [string, Cell][] {
  const [text, writeTime, ttlMs] = columns
  const marker = writeTime === null ? null : { writeTime, ttlMs }
  const exceptions = parseExceptions(columns)
  return parseValues(text)
    .map(([name, value]): [string, Cell] => [name, { value, ...timeOf(exceptions.get(name), marker) }])
    .filter(([name, cell]) => keyNames.has(name) || expiresAtMs(cell) > nowMs)
}

function parseValues(text: string | null): [string, Value][] {
  // What this module wrote: a flat object of cells.
  return text === null ? [] : Object.entries(JSON.parse(text) as Readonly<Record<string, Value>>)
}

function parseExceptions(columns: StoredColumns): ReadonlyMap<string, Marker> {
  const text = columns[4]
  if (text === null) return new Map()
  const entries = Object.entries(JSON.parse(text) as Exceptions)
  return new Map(entries.map(([name, [writeTime, ttlMs]]) => [name, { writeTime, ttlMs }]))
}

function hasTtl(columns: StoredColumns): boolean {
  return columns[2] !== null || [...parseExceptions(columns).values()].some((time) => time.ttlMs !== null)
}

function timeOf(exception: Marker | undefined, marker: Marker | null): Marker {
  // A cell of a row without marker always has an exception; the fallback is never visible.
  return exception ?? marker ?? { writeTime: 0, ttlMs: null }
}

function sameTime(cell: Marker, marker: Marker | null): boolean {
  return marker !== null && cell.writeTime === marker.writeTime && cell.ttlMs === marker.ttlMs
}
