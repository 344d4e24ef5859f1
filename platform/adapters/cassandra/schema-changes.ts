// Decides what statements bring a table of the keyspace to its definition, or why none do: a table of that name that was not made by
// this store, or was changed behind its back. Pure.
import {
  addColumns,
  CQL_TYPES,
  createIndex,
  createTable,
  indexedColumns,
  setTtl,
} from '../../../schema/emit/emit-cql.ts'
import { schemaLimits } from '../../../schema/schema-limits.ts'
import type { TableDefinition } from '../../../schema/tables.ts'
import type { ExistingColumn, ExistingTable } from './keyspace-schema.ts'
import { isWidened, physicalColumns } from './physical-columns.ts'

/** Until when cells may live: Cassandra keeps the second in 32 bits, unless it is told to be compatible with nothing older. */
const EXPIRY_MS_MAX = 2_147_483_646_000

export type SchemaChange =
  | { readonly kind: 'refused'; readonly refusals: readonly string[] }
  | {
      readonly kind: 'statements'
      readonly statements: readonly string[]
      /** CQL names of columns whose index must be built before the table is used. */
      readonly indexes: readonly string[]
    }

export function schemaChange(
  definition: TableDefinition,
  existing: ExistingTable | undefined,
  keyspace: string,
): SchemaChange {
  const indexes = indexedColumns(definition)
  const indexNames = indexes.map((column) => column.cqlName)
  if (existing === undefined) {
    const made = [
      createTable(definition, keyspace),
      ...indexes.map((column) => createIndex(definition, column, keyspace)),
    ]
    return { kind: 'statements', statements: made, indexes: indexNames }
  }
  const refusals = differences(definition, existing)
  if (refusals.length > 0) return { kind: 'refused', refusals }
  const statements: string[] = []
  const added = definition.columns.flatMap((column) =>
    physicalColumns(column)
      .filter(({ cqlName }) => !existing.columns.has(cqlName))
      .map((physical) => ({ ...column, ...physical })),
  )
  if (added.length > 0) statements.push(addColumns(definition, added, keyspace))
  const ttlSeconds = definition.ttlMs === null ? 0 : Math.ceil(definition.ttlMs / 1_000)
  if (ttlSeconds !== existing.ttlSeconds) statements.push(setTtl(definition, keyspace))
  for (const column of indexes) {
    if (!existing.indexed.has(column.cqlName)) statements.push(createIndex(definition, column, keyspace))
  }
  return { kind: 'statements', statements, indexes: indexNames }
}

/** What Cassandra cannot have of a definition, whatever is there. */
export function unservable(definition: TableDefinition, nowMs: number, expiresAfter2038: boolean): readonly string[] {
  const { name, ttlMs } = definition
  const widened = definition.columns.filter((column) => isWidened(column) && definition.indexes.includes(column.name))
  if (widened.length > 0) {
    return widened.map(
      (column) =>
        `Column ${column.name} of table ${name} was widened, so Cassandra cannot index it: declare the table under another name; it is filled from what is there.`,
    )
  }
  if (ttlMs === null) return []
  if (Math.ceil(ttlMs / 1_000) > schemaLimits.ttlSecondsMax) {
    return [`The TTL of table ${name} is longer than Cassandra's longest, 20 years: shorten it or leave it out.`]
  }
  if (nowMs + ttlMs <= EXPIRY_MS_MAX || expiresAfter2038) return []
  return [
    `Rows of table ${name} would end after January 2038, which this Cassandra cannot keep: shorten the TTL, or set storage_compatibility_mode to NONE on every node.`,
  ]
}

function differences(definition: TableDefinition, existing: ExistingTable): string[] {
  const other = 'drop that table if nobody needs it, or choose another name'
  const problems: string[] = []
  for (const column of definition.columns.flatMap((each) => physicalColumns(each))) {
    const found = existing.columns.get(column.cqlName)
    if (found === undefined || found.type === CQL_TYPES[column.type]) continue
    problems.push(
      `Column ${column.cqlName} of table ${definition.name} is ${found.type} in Cassandra and not ${CQL_TYPES[column.type]}: ${other}.`,
    )
  }
  const wanted = keyText(definition)
  const found = existingKeyText(existing)
  if (wanted !== found) {
    problems.push(`The key of table ${definition.name} is ${found} in Cassandra and not ${wanted}: ${other}.`)
  }
  return problems
}

function keyText(definition: TableDefinition): string {
  const cqlName = new Map(definition.columns.map((column) => [column.name, column.cqlName]))
  const clustering = definition.clusteringKey.map(({ column, order }) => `, ${cqlName.get(column) ?? column} ${order}`)
  return `((${definition.partitionKey.map((name) => cqlName.get(name) ?? name).join(', ')})${clustering.join('')})`
}

function existingKeyText({ columns }: ExistingTable): string {
  const part = (kind: ExistingColumn['kind']): [string, ExistingColumn][] =>
    [...columns]
      .filter(([, column]) => column.kind === kind)
      .toSorted(([, left], [, right]) => left.position - right.position)
  const clustering = part('clustering').map(([name, { order }]) => `, ${name} ${order.toUpperCase()}`)
  const partition = part('partition_key').map(([name]) => name)
  return `((${partition.join(', ')})${clustering.join('')})`
}
