// Rows with a value in an indexed column, by a storage-attached index, in scan order. Such an index reads forwards only: backwards its
// rows are read and turned. The index of a table's only partition key column is the table itself.
import type { Row, Value } from '../../../schema/row.ts'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { IndexRequest, RowPage } from '../../ports/store.ts'
import { checkedValue, checkLimit, checkStorable, keyValue } from '../../row-check.ts'
import { compareKeyValues } from '../../key-component.ts'
import type { CassandraClient } from './cassandra-client.ts'
import { type ClusteringSlice, isWithin, planSlices, sliceCondition } from './clustering-slices.ts'
import { type CqlColumn, type CqlTable, equalities, keyParams, rowOf } from './cql-table.ts'
import { toCql } from './cql-value.ts'
import { gatherRows, pageOf } from './gather-rows.ts'
import { partitionRows } from './page-rows.ts'
import { partitionKeyBytes } from './partition-key.ts'
import { walkTokens } from './token-walk.ts'
import type { InPartition, WalkSource } from './walk-source.ts'
import { type Condition, windowPartitions, windowRows } from './window-query.ts'

export async function indexRows(client: CassandraClient, table: CqlTable, request: IndexRequest): Promise<RowPage> {
  checkLimit(request.limit)
  const { after } = request
  const column = table.indexes.has(request.column) ? table.byName.get(request.column) : undefined
  if (column === undefined) {
    throw new MeshgateError(
      'STORE_REQUEST_INVALID',
      `Table ${table.name} has no index on ${request.column}: add it to the table's indexes.`,
    )
  }
  const value = checkedValue(table, column.name, request.value)
  if (after !== undefined) {
    keyParams(table, table.key, after)
    checkStorable(table, after)
  }
  // What cannot be stored is nowhere.
  if (table.storableProblem({ [column.name]: value }) !== null) return pageOf([], request.limit)
  const walk = { after, reverse: request.order === 'REVERSE', wanted: request.limit + 1 }
  const isPartition = table.partition.length === 1 && table.partition[0]?.name === column.name
  const rows = isPartition
    ? await rowsOfPartition(client, table, { ...walk, partition: { [column.name]: value } })
    : await walkTokens(client, indexSource(client, table, { column, value }), walk)
  return pageOf(rows, request.limit)
}

interface OfPartition {
  readonly partition: Row
  readonly after: Row | undefined
  readonly reverse: boolean
  readonly wanted: number
}

/** The partition's rows, where they come after the row in the order of a scan. */
async function rowsOfPartition(
  client: CassandraClient,
  table: CqlTable,
  { partition, after, reverse, wanted }: OfPartition,
): Promise<readonly Row[]> {
  const place = after === undefined ? 1 : comparePartitions(client, table, [partition, after])
  if (place !== 0 && place > 0 === reverse && after !== undefined) return []
  const slices = planSlices(table, { after: place === 0 ? after : undefined, reverse })
  return partitionRows(client, table, { partition, slices, reverse, wanted })
}

/** By token, then by the key's bytes. */
function comparePartitions(client: CassandraClient, table: CqlTable, [left, right]: readonly [Row, Row]): number {
  const [leftKey, rightKey] = [partitionKeyBytes(table, left), partitionKeyBytes(table, right)]
  const [leftToken, rightToken] = [client.tokenOf(leftKey), client.tokenOf(rightKey)]
  return leftToken === rightToken ? Buffer.compare(leftKey, rightKey) : leftToken < rightToken ? -1 : 1
}

const ALLOW_FILTERING = ' ALLOW FILTERING'

interface Indexed {
  readonly column: CqlColumn
  readonly value: Value
}

function indexSource(client: CassandraClient, table: CqlTable, indexed: Indexed): WalkSource {
  const condition = conditionOf(table, indexed)
  return {
    table,
    name: indexed.column.name,
    window: (window, wanted) => windowRows(client, table, { window, condition, wanted }),
    partitions: (window) => windowPartitions(client, table, { window, condition }),
    inPartition: (partition, request) => indexedInPartition(client, table, { ...request, partition, indexed }),
  }
}

function conditionOf(table: CqlTable, { column, value }: Indexed): Condition {
  const params = [toCql(column.type, value)]
  const isDescending = table.clustering.some(({ name, descending }) => name === column.name && descending)
  // Such an index leaves out the empty text of a descending column (Cassandra 5.0.5): its rows are looked through on the server.
  if (value === '' && isDescending) return { text: ` AND ${column.cql} <= ?`, params, tail: ALLOW_FILTERING }
  return { text: ` AND ${column.cql} = ?`, params, tail: '' }
}

async function indexedInPartition(
  client: CassandraClient,
  table: CqlTable,
  request: InPartition & { readonly partition: Row; readonly indexed: Indexed },
): Promise<readonly Row[]> {
  const { partition, indexed, after, reverse, wanted } = request
  const { column, value } = indexed
  const ofKey = table.partition.find(({ name }) => name === column.name)
  if (ofKey !== undefined) {
    if (keyValue(table, ofKey, partition) !== value) return []
    return partitionRows(client, table, { partition, slices: planSlices(table, { after, reverse }), reverse, wanted })
  }
  const slices = planSlices(table, { after, reverse, apart: column.name })
  const key = keyParams(table, table.partition, partition)
  const parts = slices.flatMap((slice) => {
    const restricted = restrictSlice(table, slice, indexed)
    if (restricted === null) return []
    const from = `SELECT ${table.selection} FROM ${table.qualified} WHERE ${equalities(table.partition)}`
    const statement = { text: `${from}${restricted.text}`, params: [...key, ...restricted.params] }
    return [
      (rest: number) =>
        reverse
          ? lastRows(client, table, { ...statement, tail: restricted.tail, wanted: rest })
          : firstRows(client, table, { ...statement, tail: restricted.tail, wanted: rest }),
    ]
  })
  return gatherRows(parts, wanted)
}

/** The slice's rows that have the value; null where there cannot be any. */
function restrictSlice(table: CqlTable, slice: ClusteringSlice, indexed: Indexed): Condition | null {
  const { column, value } = indexed
  const isKeyColumn = ({ name }: CqlColumn): boolean => name === column.name
  const isColumn = (cell: { readonly column: CqlColumn }): boolean => isKeyColumn(cell.column)
  const fixed = slice.equal.find(isColumn)
  if (fixed !== undefined) {
    return compareKeyValues(column.type, fixed.value, value) === 0 ? { ...sliceCondition(slice), tail: '' } : null
  }
  const condition = conditionOf(table, indexed)
  const bound = slice.bounds.find(({ cells }) => cells.some(isColumn))
  if (bound !== undefined) {
    if (!isWithin(bound, value)) return null
    const before = sliceCondition({ equal: slice.equal, bounds: [] })
    return { text: before.text + condition.text, params: [...before.params, ...condition.params], tail: condition.tail }
  }
  const { text, params } = sliceCondition(slice)
  // Of a clustering column behind the bounded one the index is not consulted; the rows of the slice are looked through.
  const tail = slice.bounds.length > 0 && table.clustering.some(isKeyColumn) ? ALLOW_FILTERING : condition.tail
  return { text: text + condition.text, params: [...params, ...condition.params], tail }
}

interface Matching extends Condition {
  readonly wanted: number
}

async function firstRows(client: CassandraClient, table: CqlTable, request: Matching): Promise<readonly Row[]> {
  const { text, params, tail, wanted } = request
  const found = await client.select(`${text} LIMIT ?${tail}`, [...params, wanted])
  return found.rows.map((row) => rowOf(table, row))
}

/** The last rows, the last first: all are looked through, and no more than are wanted are held. */
async function lastRows(client: CassandraClient, table: CqlTable, request: Matching): Promise<readonly Row[]> {
  const { text, params, tail, wanted } = request
  let kept: Row[] = []
  let pageState: string | undefined
  do {
    const found = await client.select(`${text}${tail}`, params, {
      fetchSize: limits.storeStreamRows,
      ...(pageState === undefined ? {} : { pageState }),
    })
    kept = [...kept, ...found.rows.map((row) => rowOf(table, row))].slice(-wanted)
    pageState = found.pageState ?? undefined
  } while (pageState !== undefined)
  return kept.toReversed()
}
