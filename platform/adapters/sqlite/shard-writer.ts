// The one writer of a shard file: groups of writes merged and committed in a transaction each, migrations, sweeping. Owns the connection.
import type { DatabaseSync } from 'node:sqlite'
import { limits } from '../../limits.ts'
import { type Catalog, compileLayouts, type TableLayout } from './catalog.ts'
import { openDatabase } from './open-database.ts'
import type { MigrationPlan } from './plan-migration.ts'
import { type PreparedWrite, rowWriteOf } from './prepare-write.ts'
import { emptyState, mergeWrite, type RowState, sweepState } from './row-state.ts'
import {
  buildIndex,
  createRows,
  indexEntries,
  insertRow,
  prepareRowTable,
  replaceState,
  type RowTable,
  selectState,
} from './row-table.ts'
import { encodeState, encodeWhole } from './stored-row.ts'
import { widenColumn } from './widen-column.ts'

export class ShardWriter {
  readonly file: string
  readonly #database: DatabaseSync
  #layouts: ReadonlyMap<string, TableLayout> = new Map()
  readonly #tables = new Map<number, RowTable>()

  constructor(file: string) {
    this.file = file
    this.#database = openDatabase(file, 'write')
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS catalog (only INTEGER PRIMARY KEY CHECK (only = 1), text TEXT NOT NULL)',
    )
  }

  get layouts(): ReadonlyMap<string, TableLayout> {
    return this.#layouts
  }

  /** The catalog that this file keeps, null where it keeps none. */
  loadCatalog(): Catalog | null {
    const row = this.#database.prepare('SELECT text FROM catalog').get()
    // What `migrate` wrote.
    return row === undefined ? null : (JSON.parse(String(row['text'])) as Catalog)
  }

  useCatalog(catalog: Catalog): void {
    this.#layouts = compileLayouts(catalog)
    this.#tables.clear()
  }

  /**
   * Brings the file to the plan's catalog, and keeps the catalog here where `keep` says so: all or nothing. From here on writes follow
   * the new catalog: one that came between would be missing in a new index.
   */
  migrate(plan: MigrationPlan, keep: boolean): void {
    const layouts = compileLayouts(plan.catalog)
    this.#tables.clear()
    this.#transaction(() => {
      for (const table of plan.catalog.tables) createRows(this.#database, table)
      for (const { table, column, type } of plan.widen) {
        const layout = layouts.get(table)
        if (layout !== undefined) widenColumn(this.#database, layout.id, { column, type })
      }
      for (const { table, index } of plan.build) {
        const layout = layouts.get(table)
        if (layout !== undefined) buildIndex(this.#database, layout, index)
      }
      if (keep) this.#database.prepare('REPLACE INTO catalog VALUES (1, ?)').run(JSON.stringify(plan.catalog))
    })
    this.useCatalog(plan.catalog)
  }

  /** Merges the writes into the file and resolves nothing before they are durable: one transaction, in key order. */
  write(writes: PreparedWrite[], nowMs: number): void {
    // Neighbours in the tree are written together: a page is read, changed and logged once (measured.md: 15 µs a row against 4.5).
    writes.sort((left, right) => left.layout.id - right.layout.id || Buffer.compare(left.key, right.key))
    this.#transaction(() => {
      let start = 0
      while (start < writes.length) {
        const end = endOfRow(writes, start)
        this.#writeRow(writes.slice(start, end), nowMs)
        start = end
      }
    })
  }

  /** Forgets expired rows and old deletes, at most a bounded number; how many rows were swept. */
  sweep(nowMs: number): number {
    let left: number = limits.storeSweepRowsMax
    this.#transaction(() => {
      for (const layout of this.#layouts.values()) {
        const table = this.#table(layout)
        const due = [...table.expired.all(nowMs, left), ...table.purgeable.all(nowMs, left)].slice(0, left)
        for (const { k } of due) this.#sweepRow(table, k as Uint8Array, nowMs)
        left -= due.length
        if (left === 0) break
      }
    })
    return limits.storeSweepRowsMax - left
  }

  close(): void {
    // The last connection checkpoints and removes the WAL.
    this.#database.close()
  }

  /** Writes of one row, merged in memory: one read and one write of the tree at most. */
  #writeRow(writes: readonly PreparedWrite[], nowMs: number): void {
    const [first] = writes
    if (first === undefined) return
    const { layout, key } = first
    const table = this.#table(layout)
    const context = { types: layout.types, purgeAtMs: nowMs + limits.storeTombstoneGraceMs }
    const merge = (state: RowState): boolean => {
      let changed = false
      for (const write of writes) changed = mergeWrite(state, rowWriteOf(write), context) || changed
      return changed
    }
    const fresh = (): RowState => {
      const state = emptyState()
      merge(state)
      return state
    }
    // Most rows are new: try that before reading. And most of these come in one put, which is stored as it came.
    if (writes.length === 1 && first.write.kind === 'whole') {
      const { text, marker } = first.write
      if (insertRow(table, key, { columns: encodeWhole(text, marker), state: fresh })) return
    } else {
      const state = fresh()
      if (insertRow(table, key, { columns: encodeState(state), state: () => state })) return
    }
    const state = selectState(table, key) ?? emptyState()
    const before = indexEntries(table, state)
    if (merge(state)) replaceState(table, key, { before, after: state })
  }

  #sweepRow(table: RowTable, key: Uint8Array, nowMs: number): void {
    const state = selectState(table, key)
    if (state === null) return
    const before = indexEntries(table, state)
    sweepState(state, nowMs)
    replaceState(table, key, { before, after: state })
  }

  #table(layout: TableLayout): RowTable {
    const known = this.#tables.get(layout.id)
    if (known !== undefined) return known
    const table = prepareRowTable(this.#database, layout)
    this.#tables.set(layout.id, table)
    return table
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
    } catch (error) {
      // SQLite rolls some failures (a full disk among them) back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }
}

function endOfRow(writes: readonly PreparedWrite[], start: number): number {
  const first = writes[start]
  let end = start + 1
  while (end < writes.length && writes[end]?.layout === first?.layout && first !== undefined) {
    if (writes[end]?.key.equals(first.key) !== true) break
    end += 1
  }
  return end
}
