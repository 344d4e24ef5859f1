// Which partition a write is in: an atomic write may have only one.
import type { Row } from '../../../schema/row.ts'
import { MeshgateError } from '../../errors.ts'
import type { Write } from '../../ports/store.ts'
import { findLayout, type TableLayout } from './catalog.ts'
import { encodePartition } from './row-key.ts'

/** STORE_ROW_INVALID unless all writes are in one partition of one table. */
export function checkOnePartition(layouts: ReadonlyMap<string, TableLayout>, writes: readonly Write[]): void {
  const [first, ...others] = writes.map((write) => {
    const layout = findLayout(layouts, write.table)
    return { layout, partition: encodePartition(layout, keyOf(write)) }
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
export function keyOf(write: Write): Row {
  return write.kind === 'put' ? write.row : write.key
}
