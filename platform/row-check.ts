// Checks what a caller of a store gives against its table, in the words of the Store port: canonical values, or STORE_ROW_INVALID and
// STORE_REQUEST_INVALID naming table and column. Shared by the adapters, so that what one refuses the other refuses too.
import type { Row, Value } from '../schema/row.ts'
import type { StorableCheck } from '../schema/storable-row.ts'
import type { ColumnType } from '../schema/tables.ts'
import { canonicalValue, VALUE_SHAPES } from './column-value.ts'
import { MeshgateError } from './errors.ts'
import { limits } from './limits.ts'
import type { Write, WriteTime } from './ports/store.ts'

export interface CheckedTable {
  readonly name: string
  readonly types: ReadonlyMap<string, ColumnType>
}

export interface WritableTable extends CheckedTable {
  readonly keyNames: ReadonlySet<string>
  readonly storableProblem: StorableCheck
}

/** STORE_ROW_INVALID where the write does not fit its table: asked of all writes of a call before any is done. */
export function checkWrite(table: WritableTable, write: Write): void {
  checkedWriteTime(table, write.writeTime)
  const row = write.kind === 'put' ? write.row : write.key
  for (const name of table.keyNames) keyValue(table, { name, type: table.types.get(name) ?? 'text' }, row)
  checkStorable(table, row)
  if (write.kind === 'delete') return
  for (const name of Object.keys(row)) checkedCell(table, name, row[name] ?? null)
  for (const [name, time] of Object.entries(write.writeTimes ?? {})) {
    checkedWriteTime(table, time)
    if (!Object.hasOwn(row, name) || table.keyNames.has(name)) throw unwrittenTime(table, name)
  }
}

export function unwrittenTime(table: CheckedTable, name: string): MeshgateError {
  return new MeshgateError(
    'STORE_ROW_INVALID',
    `A row of table ${table.name} has a write time for ${name}, which it does not write: leave it out.`,
  )
}

/** The canonical value of a key column. STORE_ROW_INVALID where it is missing, null or of another type. */
export function keyValue(
  table: CheckedTable,
  column: { readonly name: string; readonly type: ColumnType },
  row: Row,
): Value {
  const value = Object.hasOwn(row, column.name) ? row[column.name] : undefined
  if (value === undefined || value === null) {
    throw new MeshgateError(
      'STORE_ROW_INVALID',
      `A row of table ${table.name} has no value of its key column ${column.name}: give ${VALUE_SHAPES[column.type]}.`,
    )
  }
  return checkedValue(table, column.name, value)
}

/** The canonical form of a value of a column of the table. STORE_ROW_INVALID where it is of another type. */
export function checkedValue(table: CheckedTable, column: string, value: Value): Value {
  const type = table.types.get(column)
  if (type === undefined) {
    throw new MeshgateError(
      'STORE_ROW_INVALID',
      `Table ${table.name} has no column ${column}: migrate first, or leave it out.`,
    )
  }
  const canonical = canonicalValue(type, value)
  if (canonical === undefined) {
    // JSON has no NaN: it would be shown as null.
    const shown = (typeof value === 'number' ? String(value) : String(JSON.stringify(value))).slice(0, 80)
    throw new MeshgateError(
      'STORE_ROW_INVALID',
      `Column ${column} of table ${table.name} cannot hold ${shown}: give ${VALUE_SHAPES[type]}.`,
    )
  }
  return canonical
}

/** As `checkedValue`, and null. */
export function checkedCell(table: CheckedTable, column: string, value: Value): Value {
  // An unknown column is refused whatever it holds.
  if (value !== null || !table.types.has(column)) return checkedValue(table, column, value)
  return null
}

/** STORE_ROW_INVALID where keys or indexed values of the row are of a size that no store holds. */
export function checkStorable(
  table: { readonly name: string; readonly storableProblem: StorableCheck },
  row: Row,
): void {
  const problem = table.storableProblem(row)
  if (problem === null) return
  throw new MeshgateError(
    'STORE_ROW_INVALID',
    `Column ${problem.column} of table ${table.name} has a value that cannot be stored. ${problem.message}`,
  )
}

export function checkedWriteTime(table: CheckedTable, writeTime: WriteTime): WriteTime {
  if (Number.isSafeInteger(writeTime) && writeTime >= 0) return writeTime
  throw new MeshgateError(
    'STORE_ROW_INVALID',
    `A write to table ${table.name} has the write time ${String(writeTime)}: give µs, an integer from 0 to ${Number.MAX_SAFE_INTEGER}.`,
  )
}

/** STORE_REQUEST_INVALID unless the limit of a page or scan is within bounds. */
export function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= limits.pageRowsMax) return
  throw new MeshgateError(
    'STORE_REQUEST_INVALID',
    `A page of ${limit} rows was asked for: ask for 1 to ${limits.pageRowsMax}.`,
  )
}

/** STORE_REQUEST_INVALID where more keys are asked for at once than the limit. */
export function checkKeyCount(table: string, keys: number): void {
  if (keys <= limits.readKeysMax) return
  throw new MeshgateError(
    'STORE_REQUEST_INVALID',
    `${keys} keys of table ${table} were asked for at once: ask for at most ${limits.readKeysMax}.`,
  )
}
