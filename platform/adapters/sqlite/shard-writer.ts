// The one writer of a shard file: groups of writes merged and committed in a transaction each, migrations, sweeping. Owns the connection.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { invariant } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { type Catalog, compileLayouts, type TableLayout } from './catalog.ts'
import { openDatabase } from './open-database.ts'
import type { MigrationPlan } from './plan-migration.ts'
import { emptyState, mergeWrite, type RowState, sweepState } from './row-state.ts'
import { addPut, endPuts, type RowPuts } from './row-puts.ts'
import {
  buildIndex,
  createRows,
  dropOthers,
  indexEntries,
  insertRow,
  prepareRowTable,
  replaceState,
  type RowTable,
  selectColumns,
} from './row-table.ts'
import { rowWriteOf, type SentWrite, sortedWrites, textOf } from './sent-write.ts'
import { decodeState, encodeState, encodeWhole, type StoredColumns } from './stored-row.ts'
import { prepareWalPages, tendWal } from './wal.ts'
import { widenColumn } from './widen-column.ts'
import { WRITE_KINDS, type WritePart } from './write-part.ts'

export class ShardWriter {
  readonly file: string
  readonly #database: DatabaseSync
  #layouts: ReadonlyMap<string, TableLayout> = new Map()
  readonly #tables = new Map<number, RowTable>()
  readonly #walPages: StatementSync

  constructor(file: string) {
    this.file = file
    this.#database = openDatabase(file, 'write')
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS catalog (only INTEGER PRIMARY KEY CHECK (only = 1), text TEXT NOT NULL)',
    )
    this.#walPages = prepareWalPages(this.#database)
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
      dropOthers(this.#database, plan.catalog)
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

  /**
   * Merges the writes of the parts into the file, in one transaction in key order; they are durable when it returns. True: the file's log
   * should be brought into it by the checkpoint thread.
   */
  write(parts: readonly WritePart[], nowMs: number): boolean {
    const tables = sortedWrites(parts)
    this.#transaction(() => {
      for (const [id, writes] of tables) this.#writeTable(this.#tableOf(id), writes, nowMs)
    })
    return tendWal(this.#database, this.#walPages)
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

  #writeTable(table: RowTable, writes: SentWrite[], nowMs: number): void {
    const { layout, indexes } = table
    // What such a put writes is its row and nothing else.
    const puttable = layout.ttlMs === null && indexes.length === 0
    const puts: RowPuts = { table, full: [], whole: [], merge: (write) => this.#mergeRow(table, [write], nowMs) }
    let start = 0
    while (start < writes.length) {
      const end = endOfRow(writes, start)
      const first = writes[start]
      if (puttable && end === start + 1 && first !== undefined && isWhole(first)) addPut(puts, first)
      else this.#writeRow(table, writes.slice(start, end), nowMs)
      start = end
    }
    endPuts(puts)
  }

  /** Writes of one row, merged in memory: one read and one write of the tree at most. */
  #writeRow(table: RowTable, writes: readonly SentWrite[], nowMs: number): void {
    const [first] = writes
    if (first === undefined) return
    const { layout } = table
    const fresh = (): RowState => {
      const state = emptyState()
      mergeAll(state, layout, writes, nowMs)
      return state
    }
    // Most rows are new: try that before reading. And most of these come in one put, which is stored as it came.
    if (writes.length === 1 && isWhole(first)) {
      const columns = encodeWhole(textOf(first.text), { writeTime: first.writeTime, ttlMs: layout.ttlMs })
      if (insertRow(table, first.key, { columns, state: fresh })) return
    } else {
      const state = fresh()
      if (insertRow(table, first.key, { columns: encodeState(state), state: () => state })) return
    }
    this.#mergeRow(table, writes, nowMs)
  }

  /** Merges writes into a row that is there. */
  #mergeRow(table: RowTable, writes: readonly SentWrite[], nowMs: number): void {
    const [first] = writes
    if (first === undefined) return
    const columns = selectColumns(table, first.key)
    if (columns !== null && writes.length === 1 && repeats(first, columns)) return
    const state = columns === null ? emptyState() : decodeState(columns, table.layout.keyNames)
    const before = indexEntries(table, state)
    if (mergeAll(state, table.layout, writes, nowMs)) replaceState(table, first.key, { before, after: state })
  }

  #sweepRow(table: RowTable, key: Uint8Array, nowMs: number): void {
    const columns = selectColumns(table, key)
    if (columns === null) return
    const state = decodeState(columns, table.layout.keyNames)
    const before = indexEntries(table, state)
    sweepState(state, nowMs)
    replaceState(table, key, { before, after: state })
  }

  #tableOf(id: number): RowTable {
    const known = this.#tables.get(id)
    if (known !== undefined) return known
    const layout = [...this.#layouts.values()].find((candidate) => candidate.id === id)
    invariant(layout !== undefined, `the store has a table ${id}`)
    return this.#table(layout)
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

function endOfRow(writes: readonly SentWrite[], start: number): number {
  const first = writes[start]
  let end = start + 1
  for (let next = writes[end]; first !== undefined && next !== undefined; next = writes[end]) {
    if (next.order !== first.order || Buffer.compare(next.key, first.key) !== 0) break
    end += 1
  }
  return end
}

function isWhole({ kind }: SentWrite): boolean {
  return kind === WRITE_KINDS.full || kind === WRITE_KINDS.whole
}

/** Whether the put is what the row was put by: a batch delivered again. */
function repeats(write: SentWrite, [text, writeTime, , deletedAt, exceptions]: StoredColumns): boolean {
  if (!isWhole(write) || writeTime !== write.writeTime || deletedAt !== null || exceptions !== null) return false
  return text === textOf(write.text)
}

function mergeAll(state: RowState, layout: TableLayout, writes: readonly SentWrite[], nowMs: number): boolean {
  const context = { types: layout.types, purgeAtMs: nowMs + limits.storeTombstoneGraceMs }
  let changed = false
  for (const write of writes) changed = mergeWrite(state, rowWriteOf(layout, write), context) || changed
  return changed
}
