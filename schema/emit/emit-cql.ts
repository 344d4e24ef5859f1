// Emits CQL for Cassandra 5: tables with their clustering order and TTL, storage-attached indexes. Statements are idempotent.
// Nested values are text: JSON, one frozen cell.
import type { ColumnType, TableDefinition } from '../tables.ts'

const cqlTypes: Readonly<Record<ColumnType, string>> = {
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

function createTable(table: TableDefinition, qualified: string): string {
  const cqlName = new Map(table.columns.map((column) => [column.name, cqlIdentifier(column.cqlName)]))
  const name = (column: string): string => cqlName.get(column) ?? cqlIdentifier(column)
  const columns = table.columns.map((column) => `  ${name(column.name)} ${cqlTypes[column.type]}`)
  const partition = `(${table.partitionKey.map(name).join(', ')})`
  const key = [partition, ...table.clusteringKey.map((part) => name(part.column))].join(', ')
  const options: string[] = []
  if (table.clusteringKey.length > 0)
    options.push(
      `CLUSTERING ORDER BY (${table.clusteringKey.map((part) => `${name(part.column)} ${part.order}`).join(', ')})`,
    )
  if (table.ttlMs !== null) options.push(`default_time_to_live = ${Math.ceil(table.ttlMs / 1000)}`)
  const tail = options.length === 0 ? '' : ` WITH ${options.join(' AND ')}`
  return `CREATE TABLE IF NOT EXISTS ${qualified} (\n${columns.join(',\n')},\n  PRIMARY KEY (${key})\n)${tail}`
}

function createIndexes(table: TableDefinition, keyspace: string): readonly string[] {
  return table.indexes
    .filter((column) => !(table.partitionKey.length === 1 && table.partitionKey[0] === column)) // Cassandra refuses it: the key is its index
    .map((column) => {
      const cqlName = table.columns.find((candidate) => candidate.name === column)?.cqlName ?? column
      const index = cqlIdentifier(`${table.name}_${cqlName}_idx`)
      const on = `${cqlIdentifier(keyspace)}.${cqlIdentifier(table.name)}`
      return `CREATE INDEX IF NOT EXISTS ${index} ON ${on} (${cqlIdentifier(cqlName)}) USING 'sai'`
    })
}

export function emitCql(tables: readonly TableDefinition[], keyspace: string): readonly string[] {
  return tables.flatMap((table) => [
    createTable(table, `${cqlIdentifier(keyspace)}.${cqlIdentifier(table.name)}`),
    ...createIndexes(table, keyspace),
  ])
}
