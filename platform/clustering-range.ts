// The range of a page against its table's clustering key: which columns are fixed and which one is bounded, or STORE_REQUEST_INVALID in
// the same words from every store.
import type { ColumnType } from '../schema/tables.ts'
import { MeshgateError } from './errors.ts'
import type { ClusteringRange } from './ports/store.ts'

export interface ClusteringColumn {
  readonly name: string
  readonly type: ColumnType
  readonly descending: boolean
}

export interface ClusteredTable {
  readonly name: string
  readonly clustering: readonly ClusteringColumn[]
}

export interface RangeColumns {
  /** The first columns, which the range holds equal. */
  readonly fixed: readonly ClusteringColumn[]
  /** The column after them, where there is one: bounds are on it. */
  readonly next: ClusteringColumn | undefined
}

export function rangeColumns(table: ClusteredTable, range: ClusteringRange): RangeColumns {
  const equal = Object.keys(range.equal ?? {})
  const fixed = table.clustering.slice(0, equal.length)
  const next = table.clustering[equal.length]
  for (const column of equal) {
    if (!fixed.some((part) => part.name === column)) {
      throw unserved(table, `equality on ${column} needs equality on every clustering column before it`)
    }
  }
  for (const bound of [range.lower, range.upper]) {
    if (bound !== undefined && bound.column !== next?.name) {
      throw unserved(
        table,
        `a bound on ${bound.column} needs equality on every clustering column before it and none on it`,
      )
    }
  }
  return { fixed, next }
}

function unserved(table: ClusteredTable, reason: string): MeshgateError {
  const key = table.clustering.map((column) => column.name).join(', ')
  return new MeshgateError('STORE_REQUEST_INVALID', `Table ${table.name} is clustered by (${key}): ${reason}.`)
}
