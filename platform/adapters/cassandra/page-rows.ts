// Pages of one partition by clustering order, both ways, within a range and after a row that need not exist.
import type { Row } from '../../../schema/row.ts'
import type { PageRequest, RowPage } from '../../ports/store.ts'
import { checkLimit } from '../../row-check.ts'
import type { CassandraClient } from './cassandra-client.ts'
import { type ClusteringSlice, planSlices, sliceCondition } from './clustering-slices.ts'
import { type CqlTable, equalities, keyParams, rowOf } from './cql-table.ts'
import { gatherRows, pageOf } from './gather-rows.ts'

export async function pageRows(client: CassandraClient, table: CqlTable, request: PageRequest): Promise<RowPage> {
  checkLimit(request.limit)
  const { partition, range, after } = request
  const reverse = request.order === 'REVERSE'
  const slices = planSlices(table, { range, after, reverse })
  keyParams(table, table.partition, partition)
  // What cannot be stored is nowhere.
  if (table.storableProblem(partition) !== null) return pageOf([], request.limit)
  const rows = await partitionRows(client, table, { partition, slices, reverse, wanted: request.limit + 1 })
  return pageOf(rows, request.limit)
}

export interface PartitionRequest {
  readonly partition: Row
  /** In reading order. */
  readonly slices: readonly ClusteringSlice[]
  readonly reverse: boolean
  readonly wanted: number
}

export function partitionRows(client: CassandraClient, table: CqlTable, request: PartitionRequest): Promise<Row[]> {
  const { slices, reverse } = request
  const partition = keyParams(table, table.partition, request.partition)
  const select = `SELECT ${table.selection} FROM ${table.qualified} WHERE ${equalities(table.partition)}`
  const order = reverse ? reverseOrder(table) : ''
  const parts = slices.map((slice) => async (wanted: number) => {
    const { text, params } = sliceCondition(slice)
    const query = `${select}${text}${order} LIMIT ?`
    const found = await client.select(query, [...partition, ...params, wanted])
    return found.rows.map((row) => rowOf(table, row))
  })
  return gatherRows(parts, request.wanted)
}

/** Naming the first column turns all of them. */
function reverseOrder(table: CqlTable): string {
  const [first] = table.clustering
  return first === undefined ? '' : ` ORDER BY ${first.cql} ${first.descending ? 'ASC' : 'DESC'}`
}
