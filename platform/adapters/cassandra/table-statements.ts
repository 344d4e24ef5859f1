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
  /** The same of several partitions, whose keys are one list; null where a key has more than one column. */
  readonly readMany: string | null
  readonly readManyWithTimes: string | null
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
  const [only, ...others] = key
  const among = only === undefined || others.length > 0 ? null : `${only.cql} IN ?`
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
    readMany: among === null ? null : `SELECT ${selection} FROM ${qualified} WHERE ${among}`,
    readManyWithTimes: among === null ? null : `SELECT ${selection}${times} FROM ${qualified} WHERE ${among}`,
  }
}

/** `a = ? AND b = ?` */
export function equalities(columns: readonly CqlColumn[]): string {
  return columns.map((column) => `${column.cql} = ?`).join(' AND ')
}
