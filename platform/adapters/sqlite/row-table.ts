// The statements of one table in one shard file: rows by key, and its secondary indexes, which change in the same transaction.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Value } from '../../../schema/row.ts'
import type { Catalog, CatalogTable, TableLayout } from './catalog.ts'
import { encodeIndexValue } from './row-key.ts'
import { expiresAtMs, type RowState, visibleUntilMs } from './row-state.ts'
import { decodeState, encodeState, STORED_COLUMNS, type StoredColumns } from './stored-row.ts'

/** SQLite's names: tables are numbered, see catalog.ts. */
export const rowsName = (tableId: number): string => `rows_${tableId}`
export const indexName = (indexId: number): string => `index_${indexId}`
const OWN_TABLE = /^(?:rows|index)_\d+$/

/**
 * Rows lie in the order they came, found by an index of their keys: a batch of random keys changes pages of some eighty keys and not of
 * a dozen rows. Directories made before keep tables whose rows lie in key order (WITHOUT ROWID); every statement here fits both.
 */
export function createRows(database: DatabaseSync, table: CatalogTable): void {
  const rows = rowsName(table.id)
  if (database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(rows) !== undefined) return
  database.exec(`
    CREATE TABLE ${rows} (k BLOB NOT NULL, v TEXT, w INTEGER, t INTEGER, d INTEGER, m TEXT, x INTEGER, p INTEGER);
    CREATE UNIQUE INDEX ${rows}_keys ON ${rows}(k);
    CREATE INDEX ${rows}_expiring ON ${rows}(x) WHERE x IS NOT NULL;
    CREATE INDEX ${rows}_purgeable ON ${rows}(p) WHERE p IS NOT NULL;`)
}

/** Removes the tables of SQLite that the catalog does not have: what was dropped, also where an attempt at that ended half-way. */
export function dropOthers(database: DatabaseSync, { tables }: Catalog): void {
  const kept = new Set(
    tables.flatMap(({ id, indexes }) => [rowsName(id), ...indexes.map((index) => indexName(index.id))]),
  )
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
  for (const { name } of names) {
    if (OWN_TABLE.test(String(name)) && !kept.has(String(name))) database.exec(`DROP TABLE ${String(name)}`)
  }
}

/** Builds an index from the rows that are there. What an earlier attempt left is thrown away: it missed later writes. */
export function buildIndex(database: DatabaseSync, layout: TableLayout, indexId: number): void {
  const index = layout.indexes.find(({ id }) => id === indexId)
  if (index === undefined) return
  database.exec(`DROP TABLE IF EXISTS ${indexName(indexId)}`)
  database.exec(`CREATE TABLE ${indexName(indexId)} (i BLOB, k BLOB, x INTEGER, PRIMARY KEY (i, k)) WITHOUT ROWID`)
  const insert = database.prepare(`INSERT INTO ${indexName(indexId)} VALUES (?, ?, ?)`)
  const rows = database.prepare(`SELECT ${STORED_COLUMNS}, k FROM ${rowsName(layout.id)} WHERE v IS NOT NULL`)
  rows.setReturnArrays(true)
  for (const columns of rows.iterate() as unknown as Iterable<[...StoredColumns, key: Uint8Array]>) {
    const entry = indexEntry(
      decodeState(columns.slice(0, -1) as unknown as StoredColumns, layout.keyNames),
      index.column,
    )
    const key = columns[columns.length - 1] as Uint8Array
    if (entry !== null) insert.run(encodeIndexValue(layout, index.column, entry.value), key, entry.expiresAtMs)
  }
}

interface IndexStatements {
  readonly column: string
  readonly insert: StatementSync
  readonly remove: StatementSync
}

/** Rows of a statement that inserts several: two thirds of the time of one by one, and 64 gain nothing more. */
export const ROWS_PER_INSERT = 16

/** Insert key, text and write time of a row, or of ROWS_PER_INSERT rows; `changes` says how many were taken. */
interface PutStatements {
  readonly one: StatementSync
  readonly several: StatementSync
}

/** Prepared statements of a table; valid until the catalog changes. */
export interface RowTable {
  readonly layout: TableLayout
  readonly insert: StatementSync
  /** Rows put whole, by how many values they have; of tables without TTL and indexes, where nothing else has to be written. */
  readonly putFull: PutStatements
  readonly putWhole: PutStatements
  readonly select: StatementSync
  readonly replace: StatementSync
  readonly remove: StatementSync
  readonly expired: StatementSync
  readonly purgeable: StatementSync
  readonly indexes: readonly IndexStatements[]
}

export function prepareRowTable(database: DatabaseSync, layout: TableLayout): RowTable {
  const rows = rowsName(layout.id)
  const select = database.prepare(`SELECT ${STORED_COLUMNS} FROM ${rows} WHERE k = ?`)
  select.setReturnArrays(true)
  return {
    layout,
    insert: database.prepare(`INSERT INTO ${rows} VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
    // A row that has other times, or an end, is not replaced but merged.
    putFull: preparePuts(
      database,
      rows,
      `(k) DO UPDATE SET v = excluded.v, w = excluded.w WHERE w < excluded.w
       AND t IS NULL AND d IS NULL AND m IS NULL AND x IS NULL AND p IS NULL`,
    ),
    putWhole: preparePuts(database, rows, 'DO NOTHING'),
    select,
    replace: database.prepare(
      `INSERT INTO ${rows} VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (k) DO UPDATE SET
         v = excluded.v, w = excluded.w, t = excluded.t, d = excluded.d, m = excluded.m, x = excluded.x, p = excluded.p`,
    ),
    remove: database.prepare(`DELETE FROM ${rows} WHERE k = ?`),
    expired: database.prepare(`SELECT k FROM ${rows} WHERE x <= ? ORDER BY x LIMIT ?`),
    purgeable: database.prepare(`SELECT k FROM ${rows} WHERE p <= ? ORDER BY p LIMIT ?`),
    indexes: layout.indexes.map(({ id, column }) => ({
      column,
      insert: database.prepare(`REPLACE INTO ${indexName(id)} VALUES (?, ?, ?)`),
      remove: database.prepare(`DELETE FROM ${indexName(id)} WHERE i = ? AND k = ?`),
    })),
  }
}

function preparePuts(database: DatabaseSync, rows: string, onConflict: string): PutStatements {
  // Texts come as their bytes.
  const values = '(?, CAST(? AS TEXT), ?)'
  const prepare = (count: number): StatementSync =>
    database.prepare(
      `INSERT INTO ${rows} (k, v, w) VALUES ${Array(count).fill(values).join(', ')} ON CONFLICT ${onConflict}`,
    )
  return { one: prepare(1), several: prepare(ROWS_PER_INSERT) }
}

/** Inserts a row that is not there yet; false where it is. `state` is asked for where the table has indexes. */
export function insertRow(
  table: RowTable,
  key: Uint8Array,
  row: { readonly columns: StoredColumns; readonly state: () => RowState },
): boolean {
  const inserted = table.insert.run(key, ...row.columns).changes === 1
  if (inserted && table.indexes.length > 0) moveIndexes(table, key, [], row.state())
  return inserted
}

export function selectColumns(table: RowTable, key: Uint8Array): StoredColumns | null {
  // A statement that returns arrays gives the columns it selects, in order.
  return (table.select.get(key) as unknown as StoredColumns | undefined) ?? null
}

/** Replaces a row, or removes it where nothing of it is left. `before`: its index entries before the change. */
export function replaceState(
  table: RowTable,
  key: Uint8Array,
  change: { before: IndexEntries; after: RowState },
): void {
  const { before, after } = change
  if (after.marker === null && after.cells.size === 0 && after.deletedAt === null) table.remove.run(key)
  else table.replace.run(key, ...encodeState(after))
  if (table.indexes.length > 0) moveIndexes(table, key, before, after)
}

/** What an index holds of a row: the value, and when (ms) its cell ends; key columns end with the row. */
interface IndexEntry {
  readonly value: Value
  readonly expiresAtMs: number | null
}

/** The entries of a row in the order of the table's indexes. */
export type IndexEntries = readonly (IndexEntry | null)[]

export function indexEntries(table: RowTable, state: RowState): IndexEntries {
  return table.indexes.map(({ column }) => indexEntry(state, column))
}

function indexEntry(state: RowState, column: string): IndexEntry | null {
  if (visibleUntilMs(state) === -Infinity) return null
  const key = state.key.get(column)
  if (key !== undefined) return { value: key, expiresAtMs: null }
  const cell = state.cells.get(column)
  if (cell === undefined || cell.value === null) return null
  const expires = expiresAtMs(cell)
  return { value: cell.value, expiresAtMs: Number.isFinite(expires) ? expires : null }
}

function moveIndexes(table: RowTable, key: Uint8Array, before: IndexEntries, after: RowState): void {
  const entries = indexEntries(table, after)
  for (const [at, index] of table.indexes.entries()) {
    const old = before[at] ?? null
    const now = entries[at] ?? null
    if (old?.value === now?.value && old?.expiresAtMs === now?.expiresAtMs) continue
    const encode = (entry: IndexEntry): Buffer => encodeIndexValue(table.layout, index.column, entry.value)
    if (old !== null && old.value !== now?.value) index.remove.run(encode(old), key)
    if (now !== null) index.insert.run(encode(now), key, now.expiresAtMs)
  }
}
