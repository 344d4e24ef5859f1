// The list that a page or scan operation walks: arguments and parent to partition, range and buckets, and the purpose of its cursors.
import type { Binding, PageOperation, PartitionPart, ScanOperation } from '../../schema/model.ts'
import type { Row, Value } from '../../schema/row.ts'
import { bucketOf } from '../../schema/emit/time-bucket.ts'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { ClusteringRange } from '../../platform/ports/store.ts'
import { argumentError } from './argument-error.ts'
import { bucketList } from './bucket-list.ts'
import type { ListPage } from './connection.ts'
import { indexList, partitionList, scanList, type RowList } from './row-list.ts'
import { cellOf, type ServedProduct, type ServedTable } from './served-product.ts'

type Arguments = Readonly<Record<string, Value>>
type Bound = NonNullable<ClusteringRange['lower']>

const isScalar = (value: Value): value is string | number | boolean => value !== null && typeof value !== 'object'

function boundValue(binding: Binding, args: Arguments, parent: Row): string | number | boolean {
  const name = binding.from === 'argument' ? binding.argument : binding.field
  const value = cellOf(binding.from === 'argument' ? args : parent, name)
  if (!isScalar(value)) throw argumentError(`"${name}" needs a value`)
  return value
}

function boundColumns(operation: PageOperation, args: Arguments, parent: Row): Row {
  return Object.fromEntries(
    operation.bindings.map(({ column, binding }) => [column, boundValue(binding, args, parent)]),
  )
}

/** Equalities given, which must be a prefix, in clustering order. */
function equalities(operation: PageOperation, table: ServedTable, args: Arguments): Row {
  const given = operation.equalities.filter(({ argument }) => cellOf(args, argument) !== null)
  const order = table.table.clusteringKey.map((part) => part.field)
  for (const { field, argument } of given) {
    const missing = order
      .slice(0, order.indexOf(field))
      .find((earlier) => !given.some((each) => each.field === earlier))
    if (missing !== undefined) throw argumentError(`"${argument}" needs "${missing}" as well`)
  }
  return Object.fromEntries(given.map(({ field, argument }) => [field, cellOf(args, argument)]))
}

function rangeOf(operation: PageOperation, table: ServedTable, args: Arguments): ClusteringRange {
  const equal = equalities(operation, table, args)
  const next = table.table.clusteringKey[Object.keys(equal).length]?.field
  const sides: { lower?: Bound; upper?: Bound } = {}
  for (const { field, argument, is } of operation.bounds) {
    const value = cellOf(args, argument)
    if (typeof value !== 'string' && typeof value !== 'number') continue
    if (field !== next) throw argumentError(`"${argument}" needs "${next ?? field}" before it`)
    const side = is === 'GREATER' || is === 'GREATER_OR_EQUAL' ? 'lower' : 'upper'
    if (sides[side] !== undefined) throw argumentError(`"${argument}" bounds a side that is bound already`)
    sides[side] = { column: field, value, inclusive: is.endsWith('OR_EQUAL') }
  }
  return { ...(Object.keys(equal).length === 0 ? {} : { equal }), ...sides }
}

interface ListParts {
  readonly table: ServedTable
  readonly columns: Row
  readonly range: ClusteringRange
}

function walkedList(served: ServedProduct, operation: PageOperation, parts: ListParts): RowList {
  const { table, columns, range } = parts
  const { bucketed } = operation
  if (bucketed === null) return partitionList(served.store, table, columns, range)
  const part = table.table.partitionKey.find(
    (each): each is PartitionPart => each.field === bucketed.field && each.bucket === bucketed.bucket,
  )
  invariant(part !== undefined, `${table.name} has no bucket of ${bucketed.field}`)
  const equal = cellOf(range.equal ?? {}, bucketed.field)
  const lower = range.lower?.column === bucketed.field ? String(range.lower.value) : limits.bucketFloor
  const ahead = new Date(served.clock.now() + limits.bucketAheadMs).toISOString()
  const upper = range.upper?.column === bucketed.field ? String(range.upper.value) : ahead
  const order = table.table.clusteringKey.find((each) => each.field === bucketed.field)?.order ?? 'ASC'
  return bucketList(served.store, {
    table,
    partition: columns,
    range,
    bucket: bucketed.bucket,
    column: part.column,
    oldest: bucketOf(bucketed.bucket, typeof equal === 'string' ? equal : lower),
    newest: bucketOf(bucketed.bucket, typeof equal === 'string' ? equal : upper),
    ascending: order === 'ASC',
  })
}

/** Cursors are good for one list: the table, what selects its rows, and nothing else. */
const purposeOf = (served: ServedProduct, table: string, selection: unknown): string =>
  JSON.stringify(['page', served.product.domain, served.product.name, table, selection])

export function pageList(served: ServedProduct, operation: PageOperation, args: Arguments, parent: Row): ListPage {
  const table = served.table(operation.table)
  const { defaultFirst, maxFirst } = operation
  const columns = boundColumns(operation, args, parent)
  if (operation.access === 'index') {
    const [[column, value] = []] = Object.entries(columns)
    invariant(column !== undefined && value !== undefined && isScalar(value), `${operation.name} binds no index`)
    const list = indexList(served.store, table, column, value)
    return { list, purpose: purposeOf(served, table.name, [column, value]), defaultFirst, maxFirst }
  }
  const range = rangeOf(operation, table, args)
  const list = walkedList(served, operation, { table, columns, range })
  return { list, purpose: purposeOf(served, table.name, [columns, range]), defaultFirst, maxFirst }
}

export function scanPage(served: ServedProduct, operation: ScanOperation): ListPage {
  const table = served.table(operation.table)
  const { defaultFirst, maxFirst } = operation
  return { list: scanList(served.store, table), purpose: purposeOf(served, table.name, 'scan'), defaultFirst, maxFirst }
}
