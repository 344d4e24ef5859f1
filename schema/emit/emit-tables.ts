// Emits the tables of a product's own entities for the Store port. Every table holds every stored and computed column, so
// that any of them answers a page whole; entities that ingest reads before writing get the hidden columns as well.
import type { Entity, FieldType, PartitionPart, Product, ScalarName, Table } from '../model.ts'
import { HIDDEN_COLUMNS } from '../tables.ts'
import type { ColumnDefinition, ColumnType, TableDefinition } from '../tables.ts'

const scalarColumns: Readonly<Record<ScalarName, ColumnType>> = {
  ID: 'text',
  String: 'text',
  Int: 'int',
  Float: 'double',
  Boolean: 'boolean',
  BigInt: 'bigint',
  Decimal: 'decimal',
  DateTime: 'timestamp',
  Date: 'date',
  UUID: 'uuid',
  EmailAddress: 'text',
  URL: 'text',
  JSON: 'json',
}

function columnTypeOf(type: FieldType): ColumnType {
  switch (type.kind) {
    case 'scalar':
      return scalarColumns[type.scalar]
    case 'enum':
      return 'text'
    case 'object':
    case 'list':
      return 'json'
  }
}

const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()

/** Names each column in CQL: `aB` and `a_b` would meet, the later one gets a number. */
function named(columns: readonly Omit<ColumnDefinition, 'cqlName'>[]): readonly ColumnDefinition[] {
  const taken = new Set<string>()
  return columns.map((column) => {
    const { name } = column
    const wanted = snakeCase(name)
    let cqlName = wanted
    for (let number = 2; taken.has(cqlName); number++) cqlName = `${wanted}_${number}`
    taken.add(cqlName)
    return { ...column, cqlName }
  })
}

const bucketColumn = (part: PartitionPart): Omit<ColumnDefinition, 'cqlName'> => ({
  name: part.column,
  type: part.bucket === 'hour' ? 'timestamp' : 'date',
})

function emitTable(product: Product, entity: Entity, table: Table): TableDefinition {
  const isBase = entity.tables[0] === table
  const columns: Omit<ColumnDefinition, 'cqlName'>[] = []
  for (const field of entity.fields) {
    if (field.kind !== 'stored' && field.kind !== 'computed') continue
    // Partial records leave out what they do not change, and no key is ever without a value.
    const required = !field.nullable && entity.source?.partial === false && !entity.key.includes(field.name)
    columns.push({ name: field.name, type: columnTypeOf(field.type), ...(required ? { required } : {}) })
  }
  for (const part of table.partitionKey) if (part.bucket !== null) columns.push(bucketColumn(part))
  if (entity.readsBase) {
    columns.push(
      { name: HIDDEN_COLUMNS.upsertedAt, type: 'bigint' },
      { name: HIDDEN_COLUMNS.deletedAt, type: 'bigint' },
    )
    if (isBase)
      columns.push({ name: HIDDEN_COLUMNS.origin, type: 'text' }, { name: HIDDEN_COLUMNS.memory, type: 'json' })
  }
  return {
    name: table.name,
    owner: `${product.domain}/${product.name}`,
    columns: named(columns),
    partitionKey: table.partitionKey.map((part) => part.column),
    clusteringKey: table.clusteringKey.map((part) => ({ column: part.field, order: part.order })),
    ttlMs: table.ttlMs,
    indexes: table.indexes,
  }
}

export function emitTables(product: Product): readonly TableDefinition[] {
  return product.entities.flatMap((entity) => entity.tables.map((table) => emitTable(product, entity, table)))
}
