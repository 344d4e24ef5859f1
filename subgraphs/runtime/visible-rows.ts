// Rows of a list that are there for a reader: rows deleted or moved away are left out and the page is filled again, within a bound.
import type { Row } from '../../schema/row.ts'
import { isRowVisible } from '../../schema/row-visibility.ts'
import { limits } from '../../platform/limits.ts'
import type { Gate } from './gate.ts'
import type { Order, RowList, Step } from './row-list.ts'
import { pick } from './served-product.ts'

export interface VisibleRequest {
  readonly order: Order
  readonly after: Row | null
  readonly count: number
}

/** Up to `count` visible rows. Fewer with `end` null: the list is over; fewer with an `end`: the bound on reads is reached. */
export async function visibleRows(gate: Gate, list: RowList, request: VisibleRequest): Promise<Step> {
  const rows: Row[] = []
  let after = request.after
  for (let reads = 0; reads < limits.pageReadsMax; reads++) {
    const missing = request.count - rows.length
    const wanted = reads === 0 ? missing : Math.max(missing, limits.pageRefillRowsMin)
    const limit = Math.min(wanted, limits.pageRowsMax)
    const step = await gate.run(() => list.step({ order: request.order, after, limit }))
    const visible = step.rows.filter(isRowVisible)
    rows.push(...visible.slice(0, missing))
    const last = rows.at(-1)
    if (visible.length > missing && last !== undefined) return { rows, end: pick(last, list.positionColumns) }
    if (step.end === null || rows.length === request.count) return { rows, end: step.end }
    after = step.end
    // A step that ended by itself without a row (empty buckets) has done a page's work already.
    if (step.rows.length === 0) break
  }
  return { rows, end: after }
}
