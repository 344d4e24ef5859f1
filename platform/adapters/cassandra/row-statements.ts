// Turns a write into statements: values checked, write times and times to live given, absent cells unset. Pure.
import type { Row, Value } from '../../../schema/row.ts'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import { narrowed } from '../../column-widening.ts'
import type { PutWrite, Write, WriteTime } from '../../ports/store.ts'
import { checkedCell, checkStorable, checkedWriteTime, unwrittenTime } from '../../row-check.ts'
import type { Statement } from './write-batch.ts'
import { type CqlTable, keyParams } from './cql-table.ts'
import { toCql } from './cql-value.ts'

export interface RowStatements {
  readonly table: CqlTable
  /** Equal for writes of one partition of one table, and only for these. */
  readonly partition: string
  /** With the partition's columns. */
  readonly row: Row
  readonly statements: readonly Statement[]
  /** About what the statements take in a request. */
  readonly bytes: number
}

/** What a value takes in a request besides itself, and a statement besides its values: lengths, id, flags. */
const VALUE_BYTES = 4
const STATEMENT_BYTES = 32

/** STORE_ROW_INVALID where the write does not fit its table. `nowMs`: what is left of a time to live is counted from it. */
export function rowStatements(table: CqlTable, write: Write, nowMs: number): RowStatements {
  const row = write.kind === 'put' ? write.row : write.key
  const key = keyParams(table, table.key, row)
  checkStorable(table, row)
  const writeTime = checkedWriteTime(table, write.writeTime)
  const statements =
    write.kind === 'put'
      ? putStatements(table, write, { key, nowMs })
      : [{ query: table.statements.remove, params: [BigInt(writeTime), ...key] }]
  let bytes = 0
  for (const { params } of statements) {
    bytes += STATEMENT_BYTES
    for (const param of params) bytes += VALUE_BYTES + (typeof param === 'string' ? Buffer.byteLength(param) : 8)
  }
  const partition = JSON.stringify([table.name, ...key.slice(0, table.partition.length)])
  return { table, partition, row, statements, bytes }
}

interface PutContext {
  readonly key: readonly unknown[]
  readonly nowMs: number
}

function putStatements(table: CqlTable, write: PutWrite, context: PutContext): readonly Statement[] {
  checkColumns(table, write)
  const { row, writeTime, writeTimes } = write
  const statements: Statement[] = []
  // Cells of another time are statements of their own, and must not make the row exist at that time.
  const others = new Map<WriteTime, unknown[]>()
  const values = table.cells.map(({ name, type, isFormer }, cell): unknown => {
    const value = own(row, name)
    if (value === undefined) return undefined
    const checked = checkedCell(table, name, value)
    // Whoever still reads by the former type sees the value where that holds it, and never one that it has replaced.
    const cql = toCql(type, isFormer ? (narrowed(checked, type) ?? null) : checked)
    const time = own(writeTimes ?? {}, name)
    if (time === undefined || time === writeTime) return cql
    const cells = others.get(checkedWriteTime(table, time)) ?? table.cells.map(() => undefined)
    cells[cell] = cql
    others.set(time, cells)
    return undefined
  })
  const ttl = secondsToLive(table, writeTime, context.nowMs)
  if (ttl === null) statements.push(...cellStatements(table, { ...context, writeTime, values }))
  else statements.push({ query: table.statements.insert, params: [...context.key, ...values, BigInt(writeTime), ttl] })
  for (const [time, cells] of others) {
    statements.push(...cellStatements(table, { ...context, writeTime: time, values: cells }))
  }
  return statements
}

/** The cells alone. One that has ended by now is written as null: it must still win over older ones. */
function cellStatements(
  table: CqlTable,
  write: PutContext & { readonly writeTime: WriteTime; readonly values: readonly unknown[] },
): readonly Statement[] {
  const { update } = table.statements
  const { key, nowMs, writeTime, values } = write
  if (update === null || values.every((value) => value === undefined)) return []
  const ttl = secondsToLive(table, writeTime, nowMs)
  const kept = ttl === null ? values.map((value) => (value === undefined ? undefined : null)) : values
  return [{ query: update, params: [BigInt(writeTime), ttl ?? 0, ...kept, ...key] }]
}

/**
 * Seconds that a cell has left, 0 for ever, null where it has ended. Cassandra counts whole seconds from its own time: the end is the same
 * second whenever the write is repeated, since that decides between values of one write time.
 */
function secondsToLive(table: CqlTable, writeTime: WriteTime, nowMs: number): number | null {
  if (table.ttlMs === null) return 0
  const endsAtMs = Math.ceil(writeTime / 1_000) + table.ttlMs
  if (endsAtMs <= nowMs) return null
  // A version may lie ahead of now.
  return Math.min(Math.ceil(endsAtMs / 1_000) - Math.floor(nowMs / 1_000), schemaLimits.ttlSecondsMax)
}

function checkColumns(table: CqlTable, { row, writeTimes }: PutWrite): void {
  for (const name of Object.keys(row)) {
    if (!table.types.has(name)) checkedCell(table, name, row[name] ?? null)
  }
  for (const name of Object.keys(writeTimes ?? {})) {
    if (own(row, name) !== undefined && !table.key.some((column) => column.name === name)) continue
    throw unwrittenTime(table, name)
  }
}

function own<T extends Value | WriteTime>(cells: Row | Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(cells, name) ? (cells[name] as T | undefined) : undefined
}
