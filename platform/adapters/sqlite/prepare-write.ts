// Turns a write as the port takes it into one that can be merged: table found, key encoded, every value checked and canonical.
import type { Row, Value } from '../../../schema/row.ts'
import { MeshgateError } from '../../errors.ts'
import type { PutWrite, Write, WriteTime } from '../../ports/store.ts'
import type { KeyColumn, TableLayout } from './catalog.ts'
import { checkedValue, encodeKey, encodePartition, keyValue } from './row-key.ts'
import type { Cell, RowWrite } from './row-state.ts'

export interface PreparedWrite {
  readonly layout: TableLayout
  readonly key: Buffer
  readonly write: RowWrite
}

/** The layout of a table. STORE_TABLE_UNKNOWN where there is none. */
export function findLayout(layouts: ReadonlyMap<string, TableLayout>, table: string): TableLayout {
  const layout = layouts.get(table)
  if (layout !== undefined) return layout
  throw new MeshgateError('STORE_TABLE_UNKNOWN', `The store has no table ${table}: migrate it first.`)
}

/** STORE_TABLE_UNKNOWN or STORE_ROW_INVALID where the write does not fit its table. */
export function prepareWrite(layouts: ReadonlyMap<string, TableLayout>, write: Write): PreparedWrite {
  const layout = findLayout(layouts, write.table)
  const writeTime = checkedWriteTime(layout, write.writeTime)
  if (write.kind === 'delete') {
    return { layout, key: encodeKey(layout, write.key), write: { kind: 'delete', writeTime } }
  }
  return { layout, key: encodeKey(layout, write.row), write: preparePut(layout, write, writeTime) }
}

/** STORE_ROW_INVALID unless all writes are in one partition of one table. */
export function checkOnePartition(layouts: ReadonlyMap<string, TableLayout>, writes: readonly Write[]): void {
  const [first, ...others] = writes.map((write) => {
    const layout = findLayout(layouts, write.table)
    return { layout, partition: encodePartition(layout, rowOf(write)) }
  })
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

function preparePut(layout: TableLayout, put: PutWrite, writeTime: WriteTime): RowWrite {
  const { ttlMs, keyNames } = layout
  const keyCells = new Map<string, Value>()
  const addKey = (column: KeyColumn): unknown => keyCells.set(column.name, keyValue(layout, column, put.row))
  layout.partition.forEach(addKey)
  layout.clustering.forEach(addKey)
  const times = put.writeTimes
  const cells = new Map<string, Cell>()
  for (const name of Object.keys(put.row)) {
    if (keyNames.has(name)) continue
    const value = checkedCell(layout, name, put.row[name] ?? null)
    const own = times !== undefined && Object.hasOwn(times, name) ? times[name] : undefined
    cells.set(name, { value, writeTime: own === undefined ? writeTime : checkedWriteTime(layout, own), ttlMs })
  }
  for (const name of Object.keys(times ?? {})) {
    if (!cells.has(name)) {
      throw new MeshgateError(
        'STORE_ROW_INVALID',
        `A row of table ${layout.name} has a write time for ${name}, which it does not write: leave it out.`,
      )
    }
  }
  return { kind: 'put', keyCells, cells, marker: { writeTime, ttlMs } }
}

function checkedCell(layout: TableLayout, name: string, value: Value): Value {
  // An unknown column is refused whatever it holds.
  if (value !== null || !layout.types.has(name)) return checkedValue(layout, name, value)
  return null
}

function checkedWriteTime(layout: TableLayout, writeTime: WriteTime): WriteTime {
  if (Number.isSafeInteger(writeTime) && writeTime >= 0) return writeTime
  throw new MeshgateError(
    'STORE_ROW_INVALID',
    `A write to table ${layout.name} has the write time ${String(writeTime)}: give µs, an integer from 0 to ${Number.MAX_SAFE_INTEGER}.`,
  )
}
