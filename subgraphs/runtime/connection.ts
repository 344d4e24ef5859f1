// Relay connections over a RowList: arguments to a page, and what PageInfo says of it. Cursors are sealed positions, good only for the
// list that they come from. What nobody selects (cursors, the look back) is not computed.
import type { Row } from '../../schema/row.ts'
import { isRowVisible } from '../../schema/row-visibility.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Sealer } from '../../platform/seal.ts'
import { argumentError } from './argument-error.ts'
import type { Gate } from './gate.ts'
import { positionFrom, positionValues, type Order, type RowList } from './row-list.ts'
import { pick, type ServedProduct } from './served-product.ts'
import { visibleRows } from './visible-rows.ts'

/** Relay's arguments as GraphQL gives them. */
export interface PageArguments {
  readonly first?: number | null
  readonly after?: string | null
  readonly last?: number | null
  readonly before?: string | null
}

export interface ListPage {
  readonly list: RowList
  /** What a cursor of this list is sealed for. */
  readonly purpose: string
  readonly defaultFirst: number
  readonly maxFirst: number
}

/** The value of a connection field. */
export interface Connection {
  readonly rows: readonly Row[]
  cursorOf(row: Row): string
  startCursor(): string | null
  endCursor(): string | null
  hasNextPage(): boolean | Promise<boolean>
  hasPreviousPage(): boolean | Promise<boolean>
}

interface Window {
  readonly order: Order
  readonly count: number
  readonly from: Row | null
}

const opposite = (order: Order): Order => (order === 'FORWARD' ? 'REVERSE' : 'FORWARD')

function checkedCount(name: 'first' | 'last', count: number, maxFirst: number): number {
  if (count < 0) throw argumentError(`"${name}" is ${count}; it must be from 0 to ${maxFirst}`)
  if (count > maxFirst)
    throw argumentError(`"${name}" is ${count}; at most ${maxFirst} at a time, use cursors for more`)
  return count
}

function positionOf(sealer: Sealer, page: ListPage, cursor: string): Row {
  const position = positionFrom(page.list, sealer.unseal(page.purpose, cursor))
  if (position === null) throw new MeshgateError('CURSOR_INVALID', 'The cursor holds no position')
  return position
}

function windowOf(sealer: Sealer, page: ListPage, args: PageArguments): Window {
  const { after = null, last = null, before = null } = args
  // A schema's default of `first` arrives as if it had been sent.
  const first = last !== null && args.first === page.defaultFirst ? null : (args.first ?? null)
  if (first !== null && last !== null) throw argumentError('"first" and "last" exclude each other: send one of them')
  if (last !== null || before !== null) {
    if (last === null) throw argumentError('"before" needs "last"')
    if (after !== null) throw argumentError('"after" goes with "first"; with "last" use "before"')
    const from = before === null ? null : positionOf(sealer, page, before)
    return { order: 'REVERSE', count: checkedCount('last', last, page.maxFirst), from }
  }
  const from = after === null ? null : positionOf(sealer, page, after)
  return { order: 'FORWARD', count: checkedCount('first', first ?? page.defaultFirst, page.maxFirst), from }
}

/** Whether any visible row lies beyond `after` in that direction. */
async function anyBeyond(gate: Gate, list: RowList, order: Order, after: Row | null): Promise<boolean> {
  const { rows, end } = await visibleRows(gate, list, { order, after, count: 1 })
  // An unfinished search may not claim that there is nothing.
  return rows.length > 0 || end !== null
}

/** Whether the window leaves visible rows behind it: those from its start backwards. */
async function anyBehind(
  served: ServedProduct,
  list: RowList,
  window: Window,
  nearest: Row | undefined,
): Promise<boolean> {
  if (window.from === null) return false
  const back = opposite(window.order)
  if (nearest !== undefined) return anyBeyond(served.pageGate, list, back, pick(nearest, list.positionColumns))
  const key = list.keyAt(window.from)
  const [at] = key === null ? [] : await served.store.read(list.table.name, [key])
  if (at !== undefined && at !== null && isRowVisible(at.row)) return true
  return anyBeyond(served.pageGate, list, back, window.from)
}

export async function readConnection(served: ServedProduct, page: ListPage, args: PageArguments): Promise<Connection> {
  const { sealer, pageGate } = served
  const { list, purpose } = page
  const window = windowOf(sealer, page, args)
  // One more than asked for tells whether there are more.
  const found = await visibleRows(pageGate, list, { order: window.order, after: window.from, count: window.count + 1 })
  const taken = found.rows.slice(0, window.count)
  const isCut = found.rows.length <= window.count && found.end !== null
  const hasMore = found.rows.length > window.count || isCut
  const forward = window.order === 'FORWARD'
  const rows = forward ? taken : taken.toReversed()
  const seal = (position: Row): string => sealer.seal(purpose, positionValues(list, position))
  // A page cut short by a bound goes on from where the search stopped, not from its last row.
  const edgeCursor = (row: Row | undefined, isFar: boolean): string | null => {
    if (isFar && isCut && found.end !== null) return seal(found.end)
    return row === undefined ? null : seal(row)
  }
  const behind = (): Promise<boolean> => anyBehind(served, list, window, taken[0])

  return {
    rows,
    cursorOf: seal,
    startCursor: () => edgeCursor(rows[0], !forward),
    endCursor: () => edgeCursor(rows.at(-1), forward),
    hasNextPage: () => (forward ? hasMore : behind()),
    hasPreviousPage: () => (forward ? behind() : hasMore),
  }
}
