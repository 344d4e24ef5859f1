// Turns a write as it was sent into one that can be applied: table found, key encoded, every value checked and canonical. Most puts make
// a row that is not there yet; for these the row's text is stored as it came. Only where a row must be merged are cells made of it.
import type { Row, Value } from '../../../schema/row.ts'
import { invariant, MeshgateError } from '../../errors.ts'
import type { Write } from '../../ports/store.ts'
import { checkedCell, checkStorable, checkedWriteTime, keyValue, unwrittenTime } from '../../row-check.ts'
import type { KeyColumn, TableLayout } from './catalog.ts'
import { encodeKey, encodePartition } from './row-key.ts'
import type { Cell, Marker, RowWrite } from './row-state.ts'
import { parseRow, parseScalars } from './row-text.ts'
import type { SentPut, SentWrite } from './thread-messages.ts'

export interface PreparedWrite {
  readonly layout: TableLayout
  readonly key: Buffer
  /** The cells that hold the key. */
  readonly keyCells: Row
  /** What to merge; or a row put whole, its values canonical, at one time. */
  readonly write: RowWrite | WholePut
}

export interface WholePut {
  readonly kind: 'whole'
  /** The row's JSON text; no cell of it is null. */
  readonly text: string
  readonly marker: Marker
}

/** The layout of a table. STORE_TABLE_UNKNOWN where there is none. */
export function findLayout(layouts: ReadonlyMap<string, TableLayout>, table: string): TableLayout {
  const layout = layouts.get(table)
  if (layout !== undefined) return layout
  throw new MeshgateError('STORE_TABLE_UNKNOWN', `The store has no table ${table}: migrate it first.`)
}

/** `text`: of a put's row. STORE_TABLE_UNKNOWN or STORE_ROW_INVALID where the write does not fit its table. */
export function prepareWrite(
  layouts: ReadonlyMap<string, TableLayout>,
  write: SentWrite,
  text: string | undefined,
): PreparedWrite {
  const layout = findLayout(layouts, write.table)
  const writeTime = checkedWriteTime(layout, write.writeTime)
  if (write.kind === 'delete') {
    checkStorable(layout, write.key)
    return { layout, key: encodeKey(layout, write.key), keyCells: write.key, write: { kind: 'delete', writeTime } }
  }
  invariant(text !== undefined, 'a put is sent with the text of its row')
  const scalars = parseScalars({ text, scalarChars: write.scalarChars })
  const key = encodeKey(layout, scalars)
  checkStorable(layout, scalars)
  const marker = { writeTime, ttlMs: layout.ttlMs }
  if (write.writeTimes === undefined && isCanonical(layout, scalars)) {
    return { layout, key, keyCells: scalars, write: { kind: 'whole', text, marker } }
  }
  return { layout, key, keyCells: scalars, write: mergeable(layout, parseRow(text), marker, write) }
}

/** The write as it is merged into a row that is there. */
export function rowWriteOf({ layout, write }: PreparedWrite): RowWrite {
  return write.kind === 'whole' ? mergeable(layout, parseRow(write.text), write.marker) : write
}

/** STORE_ROW_INVALID unless all writes are in one partition of one table. */
export function checkOnePartition(writes: readonly PreparedWrite[]): void {
  const [first, ...others] = writes.map(({ layout, keyCells }) => ({
    layout,
    partition: encodePartition(layout, keyCells),
  }))
  for (const other of others) {
    if (other.layout !== first?.layout || !other.partition.equals(first.partition)) {
      throw new MeshgateError(
        'STORE_ROW_INVALID',
        `An atomic write has rows of several partitions (tables ${first?.layout.name}, ${other.layout.name}): split it by partition.`,
      )
    }
  }
}

/** The cells of a write that hold its key. */
export function rowOf(write: Write): Row {
  return write.kind === 'put' ? write.row : write.key
}

/** Whether every cell has a value, in its canonical form. */
function isCanonical(layout: TableLayout, row: Row): boolean {
  let canonical = true
  for (const name of Object.keys(row)) {
    const value = row[name] ?? null
    if (checkedCell(layout, name, value) !== value || value === null) canonical = false
  }
  return canonical
}

function mergeable(layout: TableLayout, row: Row, marker: Marker, put?: SentPut): RowWrite {
  const keyCells = new Map<string, Value>()
  const addKey = (column: KeyColumn): unknown => keyCells.set(column.name, keyValue(layout, column, row))
  layout.partition.forEach(addKey)
  layout.clustering.forEach(addKey)
  const times = put?.writeTimes
  const cells = new Map<string, Cell>()
  for (const name of Object.keys(row)) {
    if (layout.keyNames.has(name)) continue
    const value = checkedCell(layout, name, row[name] ?? null)
    const own = times !== undefined && Object.hasOwn(times, name) ? times[name] : undefined
    cells.set(
      name,
      own === undefined ? { value, ...marker } : { ...marker, value, writeTime: checkedWriteTime(layout, own) },
    )
  }
  for (const name of Object.keys(times ?? {})) {
    if (!cells.has(name)) throw unwrittenTime(layout, name)
  }
  return { kind: 'put', keyCells, cells, marker }
}
