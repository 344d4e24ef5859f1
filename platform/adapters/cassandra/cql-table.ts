// A table as CQL sees it: its name and identifiers, its keys, and the way from a result's row to a Row. Compiled once per migration.
import type { types } from 'cassandra-driver'
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import type { Row, Value } from '../../../schema/row.ts'
import { compileStorableCheck, type StorableCheck } from '../../../schema/storable-row.ts'
import type { ColumnType, TableDefinition } from '../../../schema/tables.ts'
import { invariant } from '../../errors.ts'
import { widened } from '../../column-widening.ts'
import { keyValue } from '../../row-check.ts'
import { fromCql, toCql } from './cql-value.ts'
import { physicalColumns } from './physical-columns.ts'
import { tableStatements, type TableStatements, writeTimeName } from './table-statements.ts'

export { equalities } from './table-statements.ts'

export interface CqlColumn {
  /** The cell's name in a Row. */
  readonly name: string
  readonly type: ColumnType
  /** The column in a statement, quoted where it must be. */
  readonly cql: string
  /** The column's name in a result. */
  readonly resultName: string
}

/** A column beside the key as Cassandra has it. Several are one cell of a row where its type was widened (physical-columns.ts). */
export interface CqlCell extends CqlColumn {
  /** The write time's name in a result that has it. */
  readonly timeName: string
  /** Holds values of a former, narrower type. */
  readonly isFormer: boolean
}

export interface CqlKeyColumn extends CqlColumn {
  readonly descending: boolean
}

export interface CqlTable {
  readonly name: string
  readonly keyspace: string
  /** `keyspace.table`, quoted where it must be. */
  readonly qualified: string
  readonly definition: TableDefinition
  /** In the order of the definition. */
  readonly columns: readonly CqlColumn[]
  readonly types: ReadonlyMap<string, ColumnType>
  readonly byName: ReadonlyMap<string, CqlColumn>
  readonly partition: readonly CqlKeyColumn[]
  readonly clustering: readonly CqlKeyColumn[]
  /** Partition and clustering columns, in this order. */
  readonly key: readonly CqlKeyColumn[]
  /** Columns that are not of the key. */
  readonly cells: readonly CqlCell[]
  /** The cells of each widened column, that of its type first. */
  readonly widened: ReadonlyMap<string, readonly CqlCell[]>
  /** The columns of a SELECT that `rowOf` reads. */
  readonly selection: string
  readonly statements: TableStatements
  readonly ttlMs: number | null
  readonly storableProblem: StorableCheck
  /** Names of columns with an index, also one that only an earlier migration asked for. */
  readonly indexes: ReadonlySet<string>
}

export function compileTable(definition: TableDefinition, keyspace: string): CqlTable {
  const columns = definition.columns.map((column) => {
    const [{ cqlName }] = physicalColumns(column)
    return { name: column.name, type: column.type, cql: cqlIdentifier(cqlName), resultName: cqlName }
  })
  const byName = new Map<string, CqlColumn>(columns.map((column) => [column.name, column]))
  const keyColumn = (name: string, descending: boolean): CqlKeyColumn => {
    const column = byName.get(name)
    invariant(column !== undefined, `table ${definition.name} has no column ${name}`)
    return { ...column, descending }
  }
  const partition = definition.partitionKey.map((name) => keyColumn(name, false))
  const clustering = definition.clusteringKey.map(({ column, order }) => keyColumn(column, order === 'DESC'))
  const key = [...partition, ...clustering]
  const keyNames = new Set(key.map((column) => column.name))
  const qualified = `${cqlIdentifier(keyspace)}.${cqlIdentifier(definition.name)}`
  const cells = definition.columns
    .filter(({ name }) => !keyNames.has(name))
    .flatMap((column) =>
      physicalColumns(column).map((physical, at) => ({
        name: column.name,
        type: physical.type,
        cql: cqlIdentifier(physical.cqlName),
        resultName: physical.cqlName,
        isFormer: at > 0,
      })),
    )
    .map((cell, index): CqlCell => ({ ...cell, timeName: writeTimeName(index) }))
  const widenedCells = new Map([...Map.groupBy(cells, ({ name }) => name)].filter(([, same]) => same.length > 1))
  const selection = selectionOf(columns, widenedCells)
  return {
    name: definition.name,
    keyspace,
    qualified,
    definition,
    columns,
    types: new Map(columns.map(({ name, type }) => [name, type])),
    byName,
    partition,
    clustering,
    key,
    cells,
    widened: widenedCells,
    selection,
    statements: tableStatements({ qualified, selection, key, cells, timed: widenedCells }),
    ttlMs: definition.ttlMs,
    storableProblem: compileStorableCheck(definition),
    indexes: new Set(definition.indexes),
  }
}

/** Cells of a widened column come with their write times: the newest counts. */
function selectionOf(columns: readonly CqlColumn[], widened: ReadonlyMap<string, readonly CqlCell[]>): string {
  const more = [...widened.values()].flat().flatMap(({ cql, isFormer, timeName }) => {
    const time = `WRITETIME(${cql}) AS "${timeName}"`
    return isFormer ? [cql, time] : [time]
  })
  return [...columns.map((column) => column.cql), ...more].join(', ')
}

/** The cell of a column that counts: of a widened one the newest, of equally new ones that of its own type. */
export function newestCell(cells: readonly CqlCell[], result: types.Row): CqlCell | undefined {
  let newest: CqlCell | undefined
  let newestTime = -1n
  for (const cell of cells) {
    const time: unknown = result[cell.timeName]
    // Null where the cell has no value. The driver gives 64-bit integers as bigint.
    if (typeof time !== 'bigint' || time <= newestTime) continue
    newest = cell
    newestTime = time
  }
  return newest
}

/** The row of a result that has the table's selection: its key and every cell that has a value. */
export function rowOf(table: CqlTable, result: types.Row): Row {
  const row: Record<string, Value> = {}
  for (const column of table.columns) {
    const value: unknown = result[column.resultName]
    if (value !== null && value !== undefined) row[column.name] = fromCql(column.type, value)
  }
  for (const [name, cells] of table.widened) {
    const newest = newestCell(cells, result)
    if (newest?.isFormer !== true) continue
    row[name] = widened(fromCql(newest.type, result[newest.resultName]), table.types.get(name) ?? newest.type)
  }
  return row
}

/** What the driver takes for the key columns of a row. STORE_ROW_INVALID where one is missing, null or of another type. */
export function keyParams(table: CqlTable, columns: readonly CqlKeyColumn[], row: Row): unknown[] {
  return columns.map((column) => toCql(column.type, keyValue(table, column, row)))
}
