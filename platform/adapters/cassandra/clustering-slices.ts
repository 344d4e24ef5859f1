// The part of a partition that a page reads, as CQL can say it. Where clustering columns are of mixed order, the rows after a row are no
// single range of CQL, whose tuples compare by value: they are one slice per run of columns of the same order.
import type { Row, Value } from '../../../schema/row.ts'
import { rangeColumns } from '../../clustering-range.ts'
import { invariant } from '../../errors.ts'
import { compareKeyValues } from '../../key-component.ts'
import type { ClusteringRange } from '../../ports/store.ts'
import { checkedValue, keyValue } from '../../row-check.ts'
import type { CqlKeyColumn, CqlTable } from './cql-table.ts'
import { toCql } from './cql-value.ts'

export interface SliceCell {
  readonly column: CqlKeyColumn
  /** Canonical. */
  readonly value: Value
}

export interface SliceBound {
  /** Columns that follow one another, compared as a tuple. */
  readonly cells: readonly SliceCell[]
  readonly operator: '<' | '<=' | '>' | '>='
}

/** Rows of a partition that lie together: the first clustering columns equal, bounds on those after them. */
export interface ClusteringSlice {
  readonly equal: readonly SliceCell[]
  readonly bounds: readonly SliceBound[]
}

export interface SliceRequest {
  readonly range?: ClusteringRange | undefined
  /** Clustering columns of the row to start after. */
  readonly after?: Row | undefined
  readonly reverse: boolean
  /** A column that shares no tuple with others. */
  readonly apart?: string | undefined
}

/** The slices in reading order. None where nothing can be there. */
export function planSlices(table: CqlTable, request: SliceRequest): readonly ClusteringSlice[] {
  const range = request.range ?? {}
  const { fixed } = rangeColumns(table, range)
  const equal = fixed.map((column, at) => cellOf(table, clusteringAt(table, at), range.equal?.[column.name] ?? null))
  const lower = boundOf(table, fixed.length, range.lower, '>')
  const upper = boundOf(table, fixed.length, range.upper, '<')
  const whole: ClusteringSlice = { equal, bounds: [lower, upper].filter((bound) => bound !== null) }
  const after =
    request.after === undefined ? null : table.clustering.map((column) => afterCell(table, column, request.after ?? {}))
  if (cross(lower, upper)) return []
  if (after === null) return [whole]
  switch (placeOf(after, whole, request.reverse)) {
    case 'before':
      return [whole]
    case 'behind':
      return []
    case 'within':
      return slicesAfter(after, whole, request)
  }
}

/** The restrictions and their parameters, ` AND …` each. */
export function sliceCondition(slice: ClusteringSlice): { readonly text: string; readonly params: readonly unknown[] } {
  const parts: string[] = []
  const params: unknown[] = []
  for (const { column, value } of slice.equal) {
    parts.push(` AND ${column.cql} = ?`)
    params.push(toCql(column.type, value))
  }
  for (const { cells, operator } of slice.bounds) {
    const names = cells.map(({ column }) => column.cql)
    parts.push(
      cells.length === 1
        ? ` AND ${names[0] ?? ''} ${operator} ?`
        : ` AND (${names.join(', ')}) ${operator} (${names.map(() => '?').join(', ')})`,
    )
    params.push(...cells.map(({ column, value }) => toCql(column.type, value)))
  }
  return { text: parts.join(''), params }
}

/** Whether a value of the bound's only column is within it. */
export function isWithin(bound: SliceBound, value: Value): boolean {
  const [cell] = bound.cells
  if (cell === undefined) return true
  const place = compareKeyValues(cell.column.type, value, cell.value)
  if (place === 0) return bound.operator.endsWith('=')
  return bound.operator.startsWith('>') ? place > 0 : place < 0
}

function clusteringAt(table: CqlTable, at: number): CqlKeyColumn | undefined {
  return table.clustering[at]
}

function cellOf(table: CqlTable, column: CqlKeyColumn | undefined, value: Value): SliceCell {
  invariant(column !== undefined, `a range of table ${table.name} fixes clustering columns only`)
  return { column, value: keyValue(table, column, { [column.name]: value }) }
}

function afterCell(table: CqlTable, column: CqlKeyColumn, after: Row): SliceCell {
  return { column, value: keyValue(table, column, after) }
}

function boundOf(table: CqlTable, at: number, bound: ClusteringRange['lower'], operator: '<' | '>'): SliceBound | null {
  const column = clusteringAt(table, at)
  if (bound === undefined || column === undefined) return null
  const cell = { column, value: checkedValue(table, column.name, bound.value) }
  return { cells: [cell], operator: bound.inclusive ? `${operator}=` : operator }
}

/** Whether nothing can lie between the bounds: Cassandra would be asked for nothing. */
function cross(lower: SliceBound | null, upper: SliceBound | null): boolean {
  const [low, high] = [lower?.cells[0], upper?.cells[0]]
  if (lower === null || upper === null || low === undefined || high === undefined) return false
  const place = compareKeyValues(low.column.type, low.value, high.value)
  return place > 0 || (place === 0 && !(lower.operator === '>=' && upper.operator === '<='))
}

/** Whether the row lies before the range in reading order, so that all of it follows; or behind it. */
function placeOf(
  after: readonly SliceCell[],
  { equal, bounds }: ClusteringSlice,
  reverse: boolean,
): 'before' | 'within' | 'behind' {
  for (const [at, fixed] of equal.entries()) {
    const place = compareInOrder(after[at], fixed, reverse)
    if (place !== 0) return place < 0 ? 'before' : 'behind'
  }
  const next = after[equal.length]
  if (next === undefined) return 'behind'
  for (const bound of bounds) {
    if (isWithin(bound, next.value)) continue
    // Below a lower bound comes first where the column is read upwards.
    return bound.operator.startsWith('>') === isUpwards(next.column, reverse) ? 'before' : 'behind'
  }
  return 'within'
}

function slicesAfter(
  after: readonly SliceCell[],
  whole: ClusteringSlice,
  { reverse, apart }: SliceRequest,
): readonly ClusteringSlice[] {
  const runs = runsOf(after.slice(whole.equal.length), apart)
  const slices = runs.map((run, at): ClusteringSlice => {
    const equal = [...whole.equal, ...runs.slice(0, at).flat()]
    const upwards = run[0] !== undefined && isUpwards(run[0].column, reverse)
    // The range's other end: the row itself has taken the place of this one.
    const end = at === 0 ? whole.bounds.filter(({ operator }) => operator.startsWith('<') === upwards) : []
    return { equal, bounds: [{ cells: run, operator: upwards ? '>' : '<' }, ...end] }
  })
  // What shares most with the row comes first.
  return slices.toReversed().filter(({ bounds: [first, end] }) => {
    const [cell, ...others] = first?.cells ?? []
    const last = end?.cells[0]
    // The range ends with the row's own value.
    return !(last !== undefined && cell !== undefined && others.length === 0 && compareInOrder(cell, last, false) === 0)
  })
}

/** Neighbouring columns of the same order. */
function runsOf(cells: readonly SliceCell[], apart: string | undefined): readonly (readonly SliceCell[])[] {
  const runs: SliceCell[][] = []
  for (const cell of cells) {
    const run = runs.at(-1)
    const last = run?.at(-1)?.column
    const joins =
      last !== undefined &&
      last.descending === cell.column.descending &&
      last.name !== apart &&
      cell.column.name !== apart
    if (joins) run?.push(cell)
    else runs.push([cell])
  }
  return runs
}

function isUpwards(column: CqlKeyColumn, reverse: boolean): boolean {
  return column.descending === reverse
}

/** Negative where `left` is read before `right`. */
function compareInOrder(left: SliceCell | undefined, right: SliceCell, reverse: boolean): number {
  if (left === undefined) return 0
  const place = compareKeyValues(right.column.type, left.value, right.value)
  return isUpwards(right.column, reverse) ? place : -place
}
