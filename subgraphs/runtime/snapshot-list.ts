// Which list serves the snapshot of a subscription: the rows that match its filters, from a table whose partition key or index they fix, or
// a scan where the product declares one. Whatever of the filters the list does not select by is left to its reader.
import type { Entity, SubscriptionOperation, Table, TimeBucket } from '../../schema/model.ts'
import { cellText, type Row, type Value } from '../../schema/row.ts'
import { bucketOf } from '../../schema/emit/time-bucket.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { ClusteringRange } from '../../platform/ports/store.ts'
import { bucketList } from './bucket-list.ts'
import type { Filter } from './change-selection.ts'
import { indexList, partitionList, scanList, type RowList } from './row-list.ts'
import { baseTable, type ServedProduct } from './served-product.ts'

export interface SnapshotList {
  /** How it is read. A position in it is good only where the same is said again. */
  readonly label: string
  readonly list: RowList
}

/** What reading costs: the rows wanted; those and some; empty buckets of half a century; every row; half a million empty buckets. */
const COST = { partition: 0, index: 1, buckets: 2, scan: 3, hours: 4 } as const

interface Candidate {
  readonly cost: number
  readonly label: string
  open(): RowList
}

type Wanted = ReadonlyMap<string, Value>

/** Leading clustering columns that the filters fix. */
function rangeOf(table: Table, wanted: Wanted): ClusteringRange {
  const equal: Record<string, Value> = {}
  for (const { field } of table.clusteringKey) {
    const value = wanted.get(field)
    if (value === undefined) break
    equal[field] = value
  }
  return Object.keys(equal).length === 0 ? {} : { equal }
}

function partitionCandidate(served: ServedProduct, table: Table, wanted: Wanted): Candidate | null {
  const partition: Record<string, Value> = {}
  let open: { readonly column: string; readonly field: string; readonly bucket: TimeBucket } | null = null
  for (const { field, bucket, column } of table.partitionKey) {
    const value = wanted.get(field)
    if (value !== undefined) partition[column] = bucket === null ? value : bucketOf(bucket, cellText(value))
    else if (bucket === null || open !== null) return null
    else open = { column, field, bucket }
  }
  const list = served.table(table.name)
  const range = rangeOf(table, wanted)
  if (open === null) {
    const label = `partition ${table.name}`
    return { cost: COST.partition, label, open: () => partitionList(served.store, list, partition, range) }
  }
  const { column, field, bucket } = open
  const newest = new Date(served.clock.now() + limits.bucketAheadMs).toISOString()
  const order = table.clusteringKey.find((part) => part.field === field)?.order ?? 'ASC'
  return {
    cost: bucket === 'hour' ? COST.hours : COST.buckets,
    label: `buckets ${table.name}`,
    open: () =>
      bucketList(served.store, {
        table: list,
        partition,
        range,
        bucket,
        column,
        oldest: bucketOf(bucket, limits.bucketFloor),
        newest: bucketOf(bucket, newest),
        ascending: order === 'ASC',
      }),
  }
}

function indexCandidates(served: ServedProduct, table: Table, wanted: Wanted): Candidate[] {
  return table.indexes.flatMap((column) => {
    const value = wanted.get(column)
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return []
    const open = (): RowList => indexList(served.store, served.table(table.name), column, value)
    return [{ cost: COST.index, label: `index ${table.name} ${column}`, open }]
  })
}

/** Rows that lack a part of its key are not in a further table, so only a scan of the base has all. */
function scanCandidates(served: ServedProduct, entity: Entity): Candidate[] {
  const base = baseTable(served, entity)
  const isDeclared = served.product.queries.some((query) => query.kind === 'scan' && query.table === base.name)
  return isDeclared ? [{ cost: COST.scan, label: `scan ${base.name}`, open: () => scanList(served.store, base) }] : []
}

/** SNAPSHOT_NOT_SERVED where no list is declared that the snapshot could be read from. */
export function snapshotList(
  served: ServedProduct,
  operation: SubscriptionOperation,
  filters: readonly Filter[],
): SnapshotList {
  const entity = served.entity(operation.entity)
  const wanted: Wanted = new Map(filters.map(({ field, value }) => [field, value]))
  const candidates = [
    ...entity.tables.flatMap((table) => partitionCandidate(served, table, wanted) ?? []),
    ...entity.tables.flatMap((table) => indexCandidates(served, table, wanted)),
    ...scanCandidates(served, entity),
  ]
  // Of equal cost the first declared.
  const [best] = candidates.toSorted((one, other) => one.cost - other.cost)
  if (best === undefined) throw notServed(served, operation, filters)
  return { label: best.label, list: best.open() }
}

/** Arguments that would make one of the tables serve it. */
function sufficientArguments(entity: Entity, operation: SubscriptionOperation): readonly string[] {
  const argumentOf = new Map(operation.filters.map(({ field, argument }) => [field, argument]))
  for (const table of entity.tables) {
    const fields = [...new Set(table.partitionKey.filter(({ bucket }) => bucket === null).map(({ field }) => field))]
    const given = fields.flatMap((field) => argumentOf.get(field) ?? [])
    if (given.length === fields.length && given.length > 0) return given
  }
  return []
}

function notServed(served: ServedProduct, operation: SubscriptionOperation, filters: readonly Filter[]): MeshgateError {
  const entity = served.entity(operation.entity)
  const base = baseTable(served, entity)
  const sufficient = sufficientArguments(entity, operation)
  const ways: string[] = []
  if (sufficient.length > 0) ways.push(`give ${sufficient.map((name) => `"${name}"`).join(' and ')}`)
  if (filters.length > 0) {
    const partitionKey = JSON.stringify(filters.map(({ field }) => field))
    const clusteringKey = JSON.stringify(entity.key)
    ways.push(
      `declare @table(name: …, partitionKey: ${partitionKey}, clusteringKey: ${clusteringKey}) on ${entity.name}`,
    )
  }
  ways.push(`declare a query with @scan(table: "${base.name}")`)
  const given = filters.length === 0 ? 'without arguments' : `by ${filters.map(({ field }) => field).join(' and ')}`
  return new MeshgateError(
    'SNAPSHOT_NOT_SERVED',
    `No table of ${served.product.domain}/${served.product.name} serves a snapshot of ${operation.name} ${given}: ${ways.join(', or ')}`,
  )
}

/** What is told of a row of the snapshot: every field's cell, so that none is read again; no hidden column. */
export function wholeRow(entity: Entity, row: Row): Row {
  const cells: Record<string, Value> = {}
  for (const { kind, name } of entity.fields) {
    if (kind === 'stored' || kind === 'computed') cells[name] = Object.hasOwn(row, name) ? (row[name] ?? null) : null
  }
  return cells
}
