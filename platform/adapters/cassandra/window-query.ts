// Queries of a window of tokens: its rows, or its partitions.
import type { types } from 'cassandra-driver'
import { invariant } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { CassandraClient } from './cassandra-client.ts'
import { type CqlTable, rowOf } from './cql-table.ts'
import type { TokenWindow } from './token-window.ts'
import type { FoundRow } from './walk-source.ts'

/** A further restriction, ` AND …`, and its parameters. */
export interface Condition {
  readonly text: string
  readonly params: readonly unknown[]
  /** Ends the statement. */
  readonly tail: string
}

/** No column has such a name. */
const TOKEN = 'token:'

export async function windowRows(
  client: CassandraClient,
  table: CqlTable,
  { window, condition, wanted }: { window: TokenWindow; condition: Condition; wanted: number },
): Promise<readonly FoundRow[]> {
  const query = `SELECT ${table.selection}, ${restricted(table, condition)} LIMIT ?${condition.tail}`
  const found = await client.select(query, [window.above, window.upTo, ...condition.params, wanted])
  return found.rows.map((row) => foundRow(table, row))
}

/** The key of each partition, fetched as far as it is asked for. */
export async function* windowPartitions(
  client: CassandraClient,
  table: CqlTable,
  { window, condition }: { window: TokenWindow; condition: Condition },
): AsyncGenerator<FoundRow> {
  const key = table.partition.map((column) => column.cql).join(', ')
  const query = `SELECT ${key}, ${restricted(table, condition)} PER PARTITION LIMIT 1${condition.tail}`
  const params = [window.above, window.upTo, ...condition.params]
  let pageState: string | undefined
  do {
    const found = await client.select(query, params, {
      fetchSize: limits.storeStreamRows,
      ...(pageState === undefined ? {} : { pageState }),
    })
    for (const row of found.rows) yield foundRow(table, row)
    pageState = found.pageState ?? undefined
  } while (pageState !== undefined)
}

function restricted(table: CqlTable, condition: Condition): string {
  const token = `token(${table.partition.map((column) => column.cql).join(', ')})`
  return `${token} AS "${TOKEN}" FROM ${table.qualified} WHERE ${token} > ? AND ${token} <= ?${condition.text}`
}

function foundRow(table: CqlTable, row: types.Row): FoundRow {
  const token: unknown = row[TOKEN]
  invariant(typeof token === 'bigint', 'tokens are 64-bit integers: the cluster uses Murmur3Partitioner')
  return { token, row: rowOf(table, row) }
}
