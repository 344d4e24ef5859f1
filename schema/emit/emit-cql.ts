// Emits CQL for Cassandra 5: tables with their clustering order and TTL, storage-attached indexes. Statements are idempotent.
// Nested values are text: JSON, one frozen cell. The Cassandra store migrates by these very statements.
import type { ColumnDefinition, ColumnType, TableDefinition } from '../tables.ts'

export const CQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  int: 'int',
  bigint: 'bigint',
  double: 'double',
  boolean: 'boolean',
  decimal: 'decimal',
  timestamp: 'timestamp',
  date: 'date',
  uuid: 'uuid',
  json: 'text',
}

/** Reserved words of CQL (Cassandra's ReservedKeywords): names only in quotes. */
const reserved = new Set(
  (
    'add allow alter and apply asc authorize batch begin by columnfamily create default delete desc describe drop entries execute ' +
    'from full grant if in index infinity insert into is keyspace limit materialized mbean mbeans modify nan norecursive not null ' +
    'of on or order primary rename replace revoke schema select set table to token truncate unlogged unset update use using view ' +
    'where with'
  ).split(' '),
)

/** An identifier as CQL takes it: quoted where it is reserved or has capitals or other characters. */
export const cqlIdentifier = (name: string): string =>
  /^[a-z][a-z0-9_]*$/.test(name) && !reserved.has(name) ? name : `"${name.replaceAll('"', '""')}"`

const tableName = (table: TableDefinition, keyspace: string): string =>
  `${cqlIdentifier(keyspace)}.${cqlIdentifier(table.name)}`

const ttlSeconds = (table: TableDefinition): number => (table.ttlMs === null ? 0 : Math.ceil(table.ttlMs / 1000))

export function createTable(table: TableDefinition, keyspace: string): string {
  const cqlName = new Map(table.columns.map((column) => [column.name, cqlIdentifier(column.cqlName)]))
  const name = (column: string): string => cqlName.get(column) ?? cqlIdentifier(column)
  const columns = table.columns.map((column) => `  ${name(column.name)} ${CQL_TYPES[column.type]}`)
  const partition = `(${table.partitionKey.map(name).join(', ')})`
  const key = [partition, ...table.clusteringKey.map((part) => name(part.column))].join(', ')
  const options: string[] = []
  if (table.clusteringKey.length > 0)
    options.push(
      `CLUSTERING ORDER BY (${table.clusteringKey.map((part) => `${name(part.column)} ${part.order}`).join(', ')})`,
    )
  if (table.ttlMs !== null) options.push(`default_time_to_live = ${ttlSeconds(table)}`)
  const tail = options.length === 0 ? '' : ` WITH ${options.join(' AND ')}`
  return `CREATE TABLE IF NOT EXISTS ${tableName(table, keyspace)} (\n${columns.join(',\n')},\n  PRIMARY KEY (${key})\n)${tail}`
}

/** Adds columns to a table that is there. */
export function addColumns(table: TableDefinition, columns: readonly ColumnDefinition[], keyspace: string): string {
  const added = columns.map((column) => `${cqlIdentifier(column.cqlName)} ${CQL_TYPES[column.type]}`)
  return `ALTER TABLE ${tableName(table, keyspace)} ADD IF NOT EXISTS (${added.join(', ')})`
}

/** Gives a table that is there the TTL of its definition, for later writes. */
export function setTtl(table: TableDefinition, keyspace: string): string {
  return `ALTER TABLE ${tableName(table, keyspace)} WITH default_time_to_live = ${ttlSeconds(table)}`
}

/** The columns that get an index. Cassandra refuses one on a whole partition key: the key is its own index. */
export function indexedColumns(table: TableDefinition): readonly ColumnDefinition[] {
  const [only, ...more] = table.partitionKey
  const isKey = (column: string): boolean => more.length === 0 && column === only
  return table.columns.filter((column) => table.indexes.includes(column.name) && !isKey(column.name))
}

export function createIndex(table: TableDefinition, column: ColumnDefinition, keyspace: string): string {
  const index = cqlIdentifier(indexName(table, column))
  return `CREATE INDEX IF NOT EXISTS ${index} ON ${tableName(table, keyspace)} (${cqlIdentifier(column.cqlName)}) USING 'sai'`
}

/**
 * Index names share a keyspace: table `a` with column `b_c` and table `a_b` with column `c` must not meet, or the second would silently
 * have no index. The length of the table's name tells them apart. They also name files, whose names may have 255 bytes.
 */
function indexName(table: TableDefinition, column: ColumnDefinition): string {
  const { cqlName } = column
  const shown = cqlName.length <= 100 ? cqlName : `${cqlName.slice(0, 100)}_${table.columns.indexOf(column)}`
  return `${table.name}_${shown}_idx${table.name.length}`
}

export function emitCql(tables: readonly TableDefinition[], keyspace: string): readonly string[] {
  return tables.flatMap((table) => [
    createTable(table, keyspace),
    ...indexedColumns(table).map((column) => createIndex(table, column, keyspace)),
  ])
}
