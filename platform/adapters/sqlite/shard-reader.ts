// Reads of all shard files, apart from their writers: WAL lets a reader see the last commit while a transaction is being written.
// Answers are JSON text, put together from the rows' own text without parsing it. Owns its connections.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Row } from '../../../schema/row.ts'
import { invariant, MeshgateError } from '../../errors.ts'
import type { IndexRequest, PageRequest, ScanRequest } from '../../ports/store.ts'
import { checkStorable } from '../../row-check.ts'
import { type Catalog, compileLayouts, emptyCatalog, findLayout, type TableLayout } from './catalog.ts'
import { openDatabase } from './open-database.ts'
import {
  clusteringRange,
  encodeIndexValue,
  encodeKey,
  encodePartition,
  type KeyRange,
  rangeAfter,
  shardOf,
  tableRange,
} from './row-key.ts'
import { indexName, rowsName } from './row-table.ts'
import { STORED_COLUMNS, type StoredColumns, visibleText, writeTimesText } from './stored-row.ts'

/** What SQL can say of a row at a time: it is visible and has not expired. */
const VISIBLE = 'v IS NOT NULL AND (r.x IS NULL OR r.x > ?1)'

/** A walk through keys: of a table, or of an index where `index` says its value. */
interface Walk {
  readonly layout: TableLayout
  readonly range: KeyRange
  readonly reverse: boolean
  readonly index?: { readonly id: number; readonly column: string; readonly value: Buffer }
}

export class ShardReader {
  readonly #databases: readonly DatabaseSync[]
  #layouts: ReadonlyMap<string, TableLayout>
  /** By shard, by text. */
  readonly #statements: readonly Map<string, StatementSync>[]

  constructor(files: readonly string[]) {
    this.#databases = files.map((file) => openDatabase(file, 'read'))
    this.#statements = files.map(() => new Map<string, StatementSync>())
    this.#layouts = compileLayouts(emptyCatalog(files.length))
  }

  useCatalog(catalog: Catalog): void {
    this.#layouts = compileLayouts(catalog)
    for (const statements of this.#statements) statements.clear()
  }

  /** An array of `{row, writeTimes?}` or null, in the order of the keys. */
  read(
    request: { readonly table: string; readonly writeTimes: boolean; readonly nowMs: number },
    keys: Iterable<readonly [key: Uint8Array, shard: number]>,
  ): string {
    const { nowMs } = request
    const layout = findLayout(this.#layouts, request.table)
    const sql = `SELECT ${STORED_COLUMNS} FROM ${rowsName(layout.id)} r WHERE k = ?2 AND ${VISIBLE}`
    let answers = ''
    for (const [key, shard] of keys) {
      const columns = this.#statement(shard, sql).get(nowMs, key) as unknown as StoredColumns | undefined
      if (answers !== '') answers += ','
      if (columns === undefined) {
        answers += 'null'
        continue
      }
      answers += `{"row":${visibleText(columns, layout.keyNames, nowMs)}`
      if (request.writeTimes) answers += `,"writeTimes":${writeTimesText(columns, layout.keyNames, nowMs)}`
      answers += '}'
    }
    return `[${answers}]`
  }

  page(table: string, request: PageRequest, nowMs: number): string {
    const layout = findLayout(this.#layouts, table)
    const reverse = request.order === 'REVERSE'
    let range = clusteringRange(layout, request.partition, request.range ?? {})
    if (request.after !== undefined) {
      range = rangeAfter(range, encodeKey(layout, { ...request.after, ...request.partition }), reverse)
    }
    const shard = this.#shard(layout, request.partition)
    return pageText(this.#walk(shard, { layout, range, reverse }, { limit: request.limit + 1, nowMs }), request.limit)
  }

  /** Shard by shard, by key within a shard. */
  scan(table: string, request: ScanRequest, nowMs: number): string {
    const layout = findLayout(this.#layouts, table)
    return this.#acrossShards({ layout, range: tableRange(), reverse: request.order === 'REVERSE' }, request, nowMs)
  }

  byIndex(table: string, request: IndexRequest, nowMs: number): string {
    const layout = findLayout(this.#layouts, table)
    const index = layout.indexes.find(({ column }) => column === request.column)
    if (index === undefined) {
      throw new MeshgateError(
        'STORE_REQUEST_INVALID',
        `Table ${table} has no index on ${request.column}: add it to the table's indexes.`,
      )
    }
    const value = encodeIndexValue(layout, request.column, request.value)
    const walk = { layout, range: tableRange(), reverse: request.order === 'REVERSE', index: { ...index, value } }
    return this.#acrossShards(walk, request, nowMs)
  }

  /** Runs reads against one state of each file and saves a lock per statement: 5.5 µs of CPU a key instead of 8. */
  together<T>(reads: () => T): T {
    for (const database of this.#databases) database.exec('BEGIN')
    try {
      return reads()
    } finally {
      for (const database of this.#databases) if (database.isTransaction) database.exec('COMMIT')
    }
  }

  close(): void {
    for (const database of this.#databases) database.close()
  }

  #acrossShards(walk: Walk, request: ScanRequest, nowMs: number): string {
    const { layout, reverse } = walk
    const shards = [...this.#databases.keys()]
    if (reverse) shards.reverse()
    let range = walk.range
    let first = 0
    if (request.after !== undefined) {
      checkStorable(layout, request.after)
      first = shards.indexOf(this.#shard(layout, request.after))
      range = rangeAfter(range, encodeKey(layout, request.after), reverse)
    }
    const rows: string[] = []
    for (const [at, shard] of shards.slice(first).entries()) {
      const wanted = request.limit + 1 - rows.length
      if (wanted === 0) break
      rows.push(...this.#walk(shard, at === 0 ? { ...walk, range } : walk, { limit: wanted, nowMs }))
    }
    return pageText(rows, request.limit)
  }

  #walk(shard: number, walk: Walk, bounds: { limit: number; nowMs: number }): string[] {
    const { layout, range, reverse, index } = walk
    const direction = reverse ? 'DESC' : 'ASC'
    const rows = rowsName(layout.id)
    const sql =
      index === undefined
        ? `SELECT ${STORED_COLUMNS} FROM ${rows} r WHERE k >= ?2 AND k < ?3 AND ${VISIBLE} ORDER BY k ${direction} LIMIT ?4`
        : `SELECT ${STORED_COLUMNS.replace('x', 'r.x')} FROM ${indexName(index.id)} e CROSS JOIN ${rows} r ON r.k = e.k
           WHERE e.i = ?5 AND e.k >= ?2 AND e.k < ?3 AND (e.x IS NULL OR e.x > ?1) AND ${VISIBLE}
           ORDER BY e.k ${direction} LIMIT ?4`
    const values = index === undefined ? [] : [index.value]
    const found = this.#statement(shard, sql).all(bounds.nowMs, range.from, range.to, bounds.limit, ...values)
    return (found as unknown as StoredColumns[]).map((columns) => visibleText(columns, layout.keyNames, bounds.nowMs))
  }

  #shard(layout: TableLayout, row: Row): number {
    return this.#databases.length === 1 ? 0 : shardOf(encodePartition(layout, row), this.#databases.length)
  }

  #statement(shard: number, sql: string): StatementSync {
    const statements = this.#statements[shard]
    const database = this.#databases[shard]
    invariant(statements !== undefined && database !== undefined, `the store has a shard ${shard}`)
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    statements.set(sql, statement)
    return statement
  }
}

/** A page from one row more than was asked for. */
function pageText(rows: readonly string[], limit: number): string {
  return `{"rows":[${rows.slice(0, limit).join(',')}],"more":${rows.length > limit}}`
}
