// Rewrites the values of a column for its wider type, in the rows as they are stored: one statement, which reads each row once.
import type { DatabaseSync } from 'node:sqlite'
import type { ColumnType } from '../../../schema/tables.ts'
import { rowsName } from './row-table.ts'

/** Types whose values are texts of digits: a number becomes one. Between all others that widen, values stay as they are. */
const DIGITS: ReadonlySet<ColumnType> = new Set(['bigint', 'decimal'])

export function widenColumn(
  database: DatabaseSync,
  tableId: number,
  { column, type }: { readonly column: string; readonly type: ColumnType },
): void {
  if (!DIGITS.has(type)) return
  const path = `$.${JSON.stringify(column)}`
  const rows = rowsName(tableId)
  database
    .prepare(
      `UPDATE ${rows} SET v = json_set(v, ?1, CAST(json_extract(v, ?1) AS TEXT)) WHERE json_type(v, ?1) = 'integer'`,
    )
    .run(path)
}
