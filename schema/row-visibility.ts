// Whether a row of a table with hidden columns is there for a reader: deleted entities stay as rows for a while (tables.ts).
import { cellOf, type Row } from './row.ts'
import { HIDDEN_COLUMNS } from './tables.ts'

/** Whether the row was put after it was last deleted or moved away. Rows without hidden columns are. */
export function isRowVisible(row: Row): boolean {
  const deletedAt = cellOf(row, HIDDEN_COLUMNS.deletedAt) ?? null
  return deletedAt === null || Number(cellOf(row, HIDDEN_COLUMNS.upsertedAt) ?? -1) > Number(deletedAt)
}
