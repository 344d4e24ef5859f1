// The columns that a definition has in Cassandra. No type can be altered there: a column that was widened goes on in one more column, and the
// newest of its cells, by write time, is its value. So processes that still know the old type may run beside the new ones.
import type { ColumnDefinition, ColumnType, TableDefinition } from '../../../schema/tables.ts'

/** A definition as the catalog keeps it: with the types that its columns had before. */
export interface KeptColumn extends ColumnDefinition {
  /** The oldest first; none where it was never widened. */
  readonly widenedFrom?: readonly ColumnType[]
}

export interface PhysicalColumn {
  readonly type: ColumnType
  readonly cqlName: string
}

/** The column of its type first, then those of narrower types, the newest first. No other column has such a name: fields have no colon. */
export function physicalColumns(column: KeptColumn): readonly [PhysicalColumn, ...PhysicalColumn[]] {
  const { type, cqlName, widenedFrom = [] } = column
  const former = widenedFrom.map((formerType, at) => ({
    type: formerType,
    cqlName: at === 0 ? cqlName : `${cqlName}:${formerType}`,
  }))
  const current = { type, cqlName: widenedFrom.length === 0 ? cqlName : `${cqlName}:${type}` }
  return [current, ...former.toReversed()]
}

export function isWidened(column: KeptColumn): boolean {
  return (column.widenedFrom ?? []).length > 0
}

/** The definition as the catalog is to keep it: with the indexes and the former types that the table has. */
export function withKept(wanted: TableDefinition, known: TableDefinition | undefined): TableDefinition {
  if (known === undefined) return wanted
  const before = new Map(known.columns.map((column): [string, KeptColumn] => [column.name, column]))
  // No index is ever dropped: migrations add only, and other processes may use it.
  const indexes = [...known.indexes, ...wanted.indexes.filter((column) => !known.indexes.includes(column))]
  const columns = wanted.columns.map((column): KeptColumn => {
    const { type = column.type, widenedFrom = [] } = before.get(column.name) ?? {}
    const types = type === column.type ? widenedFrom : [...widenedFrom, type]
    return types.length === 0 ? column : { ...column, widenedFrom: types }
  })
  return { ...wanted, columns, indexes }
}
