// The row of one of an entity's tables: its columns picked from an entity's row, its bucket columns added.
import type { Entity, Table } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { HIDDEN_COLUMNS } from '../tables.ts'
import { bucketOf } from './time-bucket.ts'

/** Columns by table; a Product is immutable and lives as long as what serves it. */
const columnsOfTable = new WeakMap<Table, ReadonlySet<string>>()

function columnsOf(entity: Entity, table: Table): ReadonlySet<string> {
  const known = columnsOfTable.get(table)
  if (known !== undefined) return known
  const columns = new Set<string>()
  for (const field of entity.fields) if (field.kind === 'stored' || field.kind === 'computed') columns.add(field.name)
  if (entity.readsBase) {
    columns.add(HIDDEN_COLUMNS.upsertedAt).add(HIDDEN_COLUMNS.deletedAt)
    if (entity.tables[0] === table) columns.add(HIDDEN_COLUMNS.origin).add(HIDDEN_COLUMNS.memory)
  }
  columnsOfTable.set(table, columns)
  return columns
}

/** Cells that the table does not have (another table's bucket, the base's origin) are left out; a bucket of an absent field too. */
export function tableRow(entity: Entity, table: Table, row: Row): Row {
  const columns = columnsOf(entity, table)
  const picked: Record<string, Value> = {}
  for (const name in row) {
    const value = row[name]
    if (value !== undefined && columns.has(name)) picked[name] = value
  }
  for (const part of table.partitionKey) {
    if (part.bucket === null) continue
    const value = row[part.field]
    if (typeof value === 'string') picked[part.column] = bucketOf(part.bucket, value)
  }
  return picked
}
