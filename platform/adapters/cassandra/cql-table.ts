// A table as CQL sees it: its name and identifiers, its keys, and the way from a result's row to a Row. Compiled once per migration.
import type { types } from 'cassandra-driver'
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import type { Row, Value } from '../../../schema/row.ts'
import { compileStorableCheck, type StorableCheck } from '../../../schema/storable-row.ts'
import type { ColumnType, TableDefinition } from '../../../schema/tables.ts'
import { invariant } from '../../errors.ts'
import { keyValue } from '../../row-check.ts'
import { fromCql, toCql } from './cql-value.ts'
import { tableStatements, type TableStatements } from './table-statements.ts'

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
  readonly cells: readonly CqlColumn[]
  /** The columns of a SELECT that `rowOf` reads. */
  readonly selection: string
  readonly statements: TableStatements
  readonly ttlMs: number | null
  readonly storableProblem: StorableCheck
  /** Names of columns with an index, also one that only an earlier migration asked for. */
  readonly indexes: ReadonlySet<string>
}

export function compileTable(definition: TableDefinition, keyspace: string): CqlTable {
  const columns = definition.columns.map(({ name, type, cqlName }) => ({
    name,
    type,
    cql: cqlIdentifier(cqlName),
    resultName: cqlName,
  }))
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
  const cells = columns.filter((column) => !keyNames.has(column.name))
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
    selection: columns.map((column) => column.cql).join(', '),
    statements: tableStatements({ qualified, columns, key, cells }),
    ttlMs: definition.ttlMs,
    storableProblem: compileStorableCheck(definition),
    indexes: new Set(definition.indexes),
  }
}

/** The row of a result that has the table's selection: its key and every cell that has a value. */
export function rowOf(table: CqlTable, result: types.Row): Row {
  const row: Record<string, Value> = {}
  for (const column of table.columns) {
    const value: unknown = result[column.resultName]
    if (value !== null && value !== undefined) row[column.name] = fromCql(column.type, value)
  }
  return row
}

/** What the driver takes for the key columns of a row. STORE_ROW_INVALID where one is missing, null or of another type. */
export function keyParams(table: CqlTable, columns: readonly CqlKeyColumn[], row: Row): unknown[] {
  return columns.map((column) => toCql(column.type, keyValue(table, column, row)))
}
