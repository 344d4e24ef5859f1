// A list over the time buckets of a partition key: bucket after bucket in the direction of the clustering order. Nobody knows which
// buckets have rows, so empty ones are read several at a time, and a step gives up after a bounded number of them, saying where.
import type { TimeBucket } from '../../schema/model.ts'
import type { Row } from '../../schema/row.ts'
import { nextBucket, previousBucket } from '../../schema/emit/time-bucket.ts'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { ClusteringRange, RowPage, Store } from '../../platform/ports/store.ts'
import type { RowList, Step, StepRequest } from './row-list.ts'
import { cellOf, pick, type ServedTable } from './served-product.ts'

export interface BucketListOptions {
  readonly table: ServedTable
  /** Every partition column but the bucket's. */
  readonly partition: Row
  readonly range: ClusteringRange
  readonly bucket: TimeBucket
  readonly column: string
  /** First and last bucket in time. */
  readonly oldest: string
  readonly newest: string
  /** Whether the declared order of the table is from old to new. */
  readonly ascending: boolean
}

/** What walking one step needs, worked out once. */
interface Buckets extends BucketListOptions {
  readonly store: Store
  readonly clusteringColumns: readonly string[]
}

interface Start {
  readonly bucket: string | null
  readonly after: Row | null
}

interface Walk {
  readonly rows: Row[]
  empty: number
  end: Row | null
}

function startIn(buckets: Buckets, request: StepRequest, toNewer: boolean): Start {
  const from = request.after
  if (from === null) return { bucket: toNewer ? buckets.oldest : buckets.newest, after: null }
  const bucket = cellOf(from, buckets.column)
  invariant(typeof bucket === 'string', `a position in ${buckets.table.name} has a bucket`)
  if (buckets.clusteringColumns.every((each) => Object.hasOwn(from, each))) {
    return { bucket, after: pick(from, buckets.clusteringColumns) }
  }
  // The position is a whole bucket that was found empty.
  return { bucket: (toNewer ? nextBucket : previousBucket)(buckets.bucket, bucket), after: null }
}

const readBucket = (buckets: Buckets, request: StepRequest, bucket: string, after: Row | null): Promise<RowPage> =>
  buckets.store.page(buckets.table.name, {
    partition: { ...buckets.partition, [buckets.column]: bucket },
    range: buckets.range,
    order: request.order,
    limit: request.limit,
    ...(after === null ? {} : { after }),
  })

/** Takes one bucket's page in; true when the step is over. */
function take(buckets: Buckets, walk: Walk, limit: number, read: { bucket: string; page: RowPage }): boolean {
  const { bucket, page } = read
  const room = limit - walk.rows.length
  const taken = page.rows.slice(0, room)
  walk.rows.push(...taken)
  walk.empty = page.rows.length === 0 ? walk.empty + 1 : 0
  const last = taken.at(-1)
  if (last !== undefined && (taken.length === room || page.more)) {
    walk.end = { ...pick(last, buckets.clusteringColumns), [buckets.column]: bucket }
    return true
  }
  if (walk.empty < limits.emptyBucketsMax) return false
  walk.end = { [buckets.column]: bucket }
  return true
}

async function step(buckets: Buckets, request: StepRequest): Promise<Step> {
  const toNewer = buckets.ascending === (request.order === 'FORWARD')
  const advance = toNewer ? nextBucket : previousBucket
  const isWithin = (bucket: string | null): bucket is string =>
    bucket !== null && (toNewer ? bucket <= buckets.newest : bucket >= buckets.oldest)
  const walk: Walk = { rows: [], empty: 0, end: null }
  let { bucket, after } = startIn(buckets, request, toNewer)
  let width = 1
  while (isWithin(bucket)) {
    const wave: string[] = []
    for (; wave.length < width && isWithin(bucket); bucket = advance(buckets.bucket, bucket)) wave.push(bucket)
    const pages = await Promise.all(
      wave.map(async (each, at) => ({
        bucket: each,
        page: await readBucket(buckets, request, each, at === 0 ? after : null),
      })),
    )
    for (const read of pages) if (take(buckets, walk, request.limit, read)) return walk
    after = null
    width = walk.empty === 0 ? 1 : Math.min(width * 2, limits.bucketReadsAtOnceMax)
  }
  return walk
}

export function bucketList(store: Store, options: BucketListOptions): RowList {
  const clusteringColumns = options.table.table.clusteringKey.map((part) => part.field)
  const positionColumns = [options.column, ...clusteringColumns]
  const buckets: Buckets = { ...options, store, clusteringColumns }
  return {
    table: options.table,
    positionColumns,
    step: (request) => step(buckets, request),
    keyAt: (position) =>
      positionColumns.every((each) => Object.hasOwn(position, each)) ? { ...options.partition, ...position } : null,
  }
}
