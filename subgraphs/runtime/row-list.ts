// A list of rows that can be walked both ways from a position: a partition, an index or a whole table. A position is the row's key
// columns (those that tell it apart in the list); it stays good when its row is gone.
import type { Row, Value } from '../../schema/row.ts'
import type { ClusteringRange, RowPage, Store } from '../../platform/ports/store.ts'
import { cellOf, pick, type ServedTable } from './served-product.ts'

export type Order = 'FORWARD' | 'REVERSE'

export interface StepRequest {
  readonly order: Order
  readonly after: Row | null
  /** 1 to `limits.pageRowsMax`. */
  readonly limit: number
}

export interface Step {
  readonly rows: readonly Row[]
  /** Where to go on; null at the end of the list. */
  readonly end: Row | null
}

export interface RowList {
  readonly table: ServedTable
  /** Columns of a position, in the order in which a cursor holds them. A position may lack the last ones. */
  readonly positionColumns: readonly string[]
  /** Rows after a position, the invisible ones too. */
  step(request: StepRequest): Promise<Step>
  /** The whole key of the row at a position, null where the position is no row's. */
  keyAt(position: Row): Row | null
}

/** The values that a cursor holds of a position. */
export const positionValues = ({ positionColumns }: RowList, position: Row): readonly Value[] =>
  positionColumns.filter((column) => Object.hasOwn(position, column)).map((column) => cellOf(position, column))

/** The position of which a cursor of ours holds the values; null where they are none. */
export function positionFrom({ positionColumns }: RowList, values: unknown): Row | null {
  if (!Array.isArray(values) || values.length === 0 || values.length > positionColumns.length) return null
  return Object.fromEntries(values.map((value: Value, index) => [positionColumns[index] ?? '', value]))
}

const stepOf = (page: RowPage, columns: readonly string[]): Step => {
  const last = page.rows.at(-1)
  return { rows: page.rows, end: page.more && last !== undefined ? pick(last, columns) : null }
}

/** `after` as the store takes it. */
const startOf = (request: StepRequest): { order: Order; limit: number; after?: Row } => ({
  order: request.order,
  limit: request.limit,
  ...(request.after === null ? {} : { after: request.after }),
})

/** Rows of one partition within a range, in clustering order. */
export function partitionList(store: Store, table: ServedTable, partition: Row, range: ClusteringRange): RowList {
  const positionColumns = table.table.clusteringKey.map((part) => part.field)
  return {
    table,
    positionColumns,
    async step(request) {
      return stepOf(await store.page(table.name, { partition, range, ...startOf(request) }), positionColumns)
    },
    keyAt: (position) => ({ ...partition, ...position }),
  }
}

/** Rows whose indexed column has the value, in scan order. */
export function indexList(store: Store, table: ServedTable, column: string, value: string | number | boolean): RowList {
  return {
    table,
    positionColumns: table.keyColumns,
    async step(request) {
      return stepOf(await store.byIndex(table.name, { column, value, ...startOf(request) }), table.keyColumns)
    },
    keyAt: (position) => position,
  }
}

/** All rows of the table, in scan order. */
export function scanList(store: Store, table: ServedTable): RowList {
  return {
    table,
    positionColumns: table.keyColumns,
    async step(request) {
      return stepOf(await store.scan(table.name, startOf(request)), table.keyColumns)
    },
    keyAt: (position) => position,
  }
}
