// The statements that write and read single rows of a table. One text per table and kind, so that few are prepared: a column that is not
// written is left unset.
import type { CqlCell, CqlColumn, CqlKeyColumn } from './cql-table.ts'

export interface TableStatements {
  /** Key, cells, write time, TTL. Makes the row exist. */
  readonly insert: string
  /** Write time, TTL, cells, key. Makes no row exist by itself; null where the table has a key alone. */
  readonly update: string | null
  /** Write time, key. */
  readonly remove: string
  /** Key. */
  readonly read: string
  /** As `read`, and the write time of each cell under `writeTimeName`. */
  readonly readWithTimes: string
  /** The same of several rows, by the place in the key of the one column in which they differ: its values are one list. */
  readonly readMany: readonly string[]
  readonly readManyWithTimes: readonly string[]
}

/** The name in a result of the write time of the cell at an index: no column has such a name. */
export const writeTimeName = (cell: number): string => `t:${cell}`

export interface TableColumns {
  readonly qualified: string
  readonly selection: string
  readonly key: readonly CqlKeyColumn[]
  readonly cells: readonly CqlCell[]
  /** Columns whose write times are in the selection already. */
  readonly timed: ReadonlyMap<string, unknown>
}

export function tableStatements({ qualified, selection, key, cells, timed }: TableColumns): TableStatements {
  const written = [...key, ...cells]
  const where = equalities(key)
  const among = key.map((differing) =>
    key.map((column) => `${column.cql} ${column === differing ? 'IN' : '='} ?`).join(' AND '),
  )
  const times = cells
    .filter(({ name }) => !timed.has(name))
    .map(({ cql, timeName }) => `, WRITETIME(${cql}) AS "${timeName}"`)
    .join('')
  return {
    insert:
      `INSERT INTO ${qualified} (${written.map((column) => column.cql).join(', ')}) ` +
      `VALUES (${written.map(() => '?').join(', ')}) USING TIMESTAMP ? AND TTL ?`,
    update:
      cells.length === 0
        ? null
        : `UPDATE ${qualified} USING TIMESTAMP ? AND TTL ? SET ${cells.map((column) => `${column.cql} = ?`).join(', ')} WHERE ${where}`,
    remove: `DELETE FROM ${qualified} USING TIMESTAMP ? WHERE ${where}`,
    read: `SELECT ${selection} FROM ${qualified} WHERE ${where}`,
    readWithTimes: `SELECT ${selection}${times} FROM ${qualified} WHERE ${where}`,
    readMany: among.map((condition) => `SELECT ${selection} FROM ${qualified} WHERE ${condition}`),
    readManyWithTimes: among.map((condition) => `SELECT ${selection}${times} FROM ${qualified} WHERE ${condition}`),
  }
}

/** `a = ? AND b = ?` */
export function equalities(columns: readonly CqlColumn[]): string {
  return columns.map((column) => `${column.cql} = ?`).join(' AND ')
}
