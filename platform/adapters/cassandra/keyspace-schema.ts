// What a keyspace has, as its nodes tell: tables, columns, indexes. Agreement of the nodes, and indexes that are built.
import { errors, types } from 'cassandra-driver'
import { cqlIdentifier } from '../../../schema/emit/emit-cql.ts'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { CassandraClient } from './cassandra-client.ts'

export interface ExistingColumn {
  readonly type: string
  readonly kind: 'partition_key' | 'clustering' | 'regular' | 'static'
  /** In its part of the key. */
  readonly position: number
  readonly order: 'asc' | 'desc' | 'none'
}

export interface ExistingTable {
  readonly columns: ReadonlyMap<string, ExistingColumn>
  readonly ttlSeconds: number
  /** CQL names of columns with an index. */
  readonly indexed: ReadonlySet<string>
}

export interface SchemaContext {
  readonly client: CassandraClient
  readonly keyspace: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

const { responseErrorCodes } = types

const MISSING_CODES: ReadonlySet<string> = new Set(['STORE_REQUEST_INVALID', 'STORE_MIGRATION_REFUSED'])

/** Copies of each row in the data centre, and null where there is no such keyspace. */
export async function keyspaceReplication(client: CassandraClient, keyspace: string): Promise<number | null> {
  const found = await client.local('SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?', [
    keyspace,
  ])
  const replication: unknown = found.first()?.['replication']
  if (typeof replication !== 'object' || replication === null) return null
  const options = new Map(Object.entries(replication))
  return Number(options.get(client.dataCenter) ?? options.get('replication_factor') ?? 0)
}

export async function existingTables({ client, keyspace }: SchemaContext): Promise<ReadonlyMap<string, ExistingTable>> {
  const of = async (what: string, columns: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    (await client.local(`SELECT ${columns} FROM system_schema.${what} WHERE keyspace_name = ?`, [keyspace])).rows
  const [tables, columns, indexes] = await Promise.all([
    of('tables', 'table_name, default_time_to_live'),
    of('columns', 'table_name, column_name, type, kind, position, clustering_order'),
    of('indexes', 'table_name, options'),
  ])
  const columnsOf = Map.groupBy(columns, (row) => String(row['table_name']))
  const indexesOf = Map.groupBy(indexes, (row) => String(row['table_name']))
  return new Map(
    tables.map((row) => {
      const name = String(row['table_name'])
      const table: ExistingTable = {
        columns: new Map(
          (columnsOf.get(name) ?? []).map((column) => [String(column['column_name']), columnOf(column)]),
        ),
        ttlSeconds: Number(row['default_time_to_live'] ?? 0),
        indexed: new Set((indexesOf.get(name) ?? []).map((index) => targetOf(index['options']))),
      }
      return [name, table]
    }),
  )
}

/** Resolves when the nodes agree on the schema. STORE_UNAVAILABLE where they do not in time. */
export async function schemaAgreement(context: SchemaContext): Promise<void> {
  const agreed = await eventually(context, () => context.client.schemaAgreed())
  if (agreed) return
  const message = `The nodes of Cassandra at ${context.client.cluster} do not agree on the schema: see \`nodetool describecluster\`; retry.`
  throw new MeshgateError('STORE_UNAVAILABLE', message)
}

/** Resolves when the table's index on each column is built on every node. STORE_UNAVAILABLE where it is not in time. */
export async function indexesBuilt(context: SchemaContext, table: string, columns: readonly string[]): Promise<void> {
  const built = await eventually(context, async () => {
    const nodes = await indexesByNode(context, table)
    return nodes.every((indexes) => columns.every((column) => indexes.get(column) === true))
  })
  if (built) return
  const message = `Indexes of table ${cqlIdentifier(context.keyspace)}.${cqlIdentifier(table)} are still being built: retry.`
  throw new MeshgateError('STORE_UNAVAILABLE', message)
}

/** Of each node that is up: the columns whose index on the table it has, and whether it can be asked yet. */
export async function indexesByNode(
  { client, keyspace }: SchemaContext,
  table: string,
): Promise<readonly ReadonlyMap<string, boolean>[]> {
  const query =
    'SELECT column_name, is_queryable FROM system_views.sai_column_indexes ' +
    'WHERE keyspace_name = ? AND table_name = ? ALLOW FILTERING'
  const answers = await Promise.all(client.hosts.map((host) => client.local(query, [keyspace, table], host)))
  return answers.map(
    ({ rows }) => new Map(rows.map((row) => [String(row['column_name']), row['is_queryable'] === true])),
  )
}

/** Whether a node knows the tables and columns of the query: nodes that agree on the schema know the same. */
export async function isUsable({ client }: SchemaContext, query: string): Promise<boolean> {
  try {
    await client.local(query)
    return true
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/**
 * Tries again while Cassandra says that something is missing that another process just made: a node writes its schema down a moment
 * before it works by it.
 */
export async function onceLoaded<T>(context: SchemaContext, attempt: () => Promise<T>): Promise<T> {
  const startedAt = context.clock.monotonic()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!isMissing(error) || context.clock.monotonic() - startedAt > limits.storeSchemaWaitMs) throw error
      await context.clock.sleep(limits.storeSchemaPollMs, context.signal)
    }
  }
}

/** Tries again where the servers could not decide in time: nodes that contend, or one that has just gone. What is asked may have been done. */
export async function onceDecided<T>(
  { clock, signal }: Pick<SchemaContext, 'clock' | 'signal'>,
  attempt: () => Promise<T>,
  waitMs: number = limits.storeSchemaWaitMs,
): Promise<T> {
  const startedAt = clock.monotonic()
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const mayPass = error instanceof MeshgateError && error.retryable
      if (!mayPass || clock.monotonic() - startedAt > waitMs) throw error
      await clock.sleep(limits.storeLockPollMs, signal)
    }
  }
}

/** What a request for something that is not there yet is rejected with; in between a node knows the table and fails over its files. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof MeshgateError)) return false
  const isServerError =
    error.cause instanceof errors.ResponseError && error.cause.code === responseErrorCodes.serverError
  return MISSING_CODES.has(error.code) || isServerError
}

/** Whether it came to hold in time: within that of a change of the schema by default. */
export async function eventually(
  { clock, signal }: SchemaContext,
  holds: () => Promise<boolean>,
  waitMs: number = limits.storeSchemaWaitMs,
): Promise<boolean> {
  const startedAt = clock.monotonic()
  while (!(await holds())) {
    if (clock.monotonic() - startedAt > waitMs) return false
    await clock.sleep(limits.storeSchemaPollMs, signal)
  }
  return true
}

function columnOf(row: Readonly<Record<string, unknown>>): ExistingColumn {
  return {
    type: String(row['type']),
    // What Cassandra has in system_schema.columns.
    kind: String(row['kind']) as ExistingColumn['kind'],
    position: Number(row['position']),
    order: String(row['clustering_order']) as ExistingColumn['order'],
  }
}

/** The column of an index: its target is written as an identifier. */
function targetOf(options: unknown): string {
  const target: unknown = typeof options === 'object' && options !== null && 'target' in options ? options.target : ''
  const text = String(target)
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
}
