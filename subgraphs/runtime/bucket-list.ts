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

interface Walk {
  readonly rows: Row[]
  empty: number
  end: Row | null
}

interface Start {
  readonly bucket: string | null
  readonly after: Row | null
}

export function bucketList(store: Store, options: BucketListOptions): RowList {
  const { table, column } = options
  const clusteringColumns = table.table.clusteringKey.map((part) => part.field)
  const positionColumns = [column, ...clusteringColumns]

  /** Takes one bucket's page in; true when the step is over. */
  function take(walk: Walk, page: RowPage, bucket: string, limit: number): boolean {
    const room = limit - walk.rows.length
    const taken = page.rows.slice(0, room)
    walk.rows.push(...taken)
    walk.empty = page.rows.length === 0 ? walk.empty + 1 : 0
    const last = taken.at(-1)
    if (last !== undefined && (taken.length === room || page.more)) {
      walk.end = { ...pick(last, clusteringColumns), [column]: bucket }
      return true
    }
    if (walk.empty < limits.emptyBucketsMax) return false
    walk.end = { [column]: bucket }
    return true
  }

  async function step(request: StepRequest): Promise<Step> {
    const toNewer = options.ascending === (request.order === 'FORWARD')
    const advance = toNewer ? nextBucket : previousBucket
    const last = toNewer ? options.newest : options.oldest
    const isWithin = (bucket: string | null): bucket is string =>
      bucket !== null && (toNewer ? bucket <= last : bucket >= last)
    const walk: Walk = { rows: [], empty: 0, end: null }
    let { bucket, after } = startIn(request, toNewer, advance)
    let width = 1
    while (isWithin(bucket)) {
      const wave: string[] = []
      for (; wave.length < width && isWithin(bucket); bucket = advance(options.bucket, bucket)) wave.push(bucket)
      const pages = await Promise.all(wave.map((each, index) => readBucket(each, request, index === 0 ? after : null)))
      for (const [index, page] of pages.entries()) {
        if (take(walk, page, wave[index] ?? '', request.limit)) return walk
      }
      after = null
      width = walk.empty === 0 ? 1 : Math.min(width * 2, limits.bucketReadsAtOnceMax)
    }
    return walk
  }

  function startIn(request: StepRequest, toNewer: boolean, advance: typeof nextBucket): Start {
    const from = request.after
    if (from === null) return { bucket: toNewer ? options.oldest : options.newest, after: null }
    const bucket = cellOf(from, column)
    invariant(typeof bucket === 'string', `a position in ${table.name} has a bucket`)
    const inBucket = clusteringColumns.every((each) => Object.hasOwn(from, each))
    return inBucket
      ? { bucket, after: pick(from, clusteringColumns) }
      : { bucket: advance(options.bucket, bucket), after: null }
  }

  const readBucket = (bucket: string, request: StepRequest, after: Row | null): Promise<RowPage> =>
    store.page(table.name, {
      partition: { ...options.partition, [column]: bucket },
      range: options.range,
      order: request.order,
      limit: request.limit,
      ...(after === null ? {} : { after }),
    })

  return {
    table,
    positionColumns,
    step,
    keyAt: (position) =>
      positionColumns.every((each) => Object.hasOwn(position, each)) ? { ...options.partition, ...position } : null,
  }
}
