// The last records of a run: one entity for every partition of a product's changes. An observer that has been told all of them has been told
// everything before them.
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import { partitionOfKey } from '../../platform/partitioner.ts'
import type { FaultProduct } from './fault-products.ts'
import { makeRecord } from './record-maker.ts'
import { numbered, type Post } from './workload.ts'

/** Deliveries of marks are numbered from here. */
const FIRST_DELIVERY = 1_000_000_000
/** Above the versions of a workload. */
const VERSION = 900_000_000

export function markKeys({ name, partitions }: FaultProduct): readonly string[] {
  const keys: string[] = []
  for (let partition = 0; partition < partitions; partition++) {
    let number = 0
    while (partitionOfKey(Buffer.from(`${name}-end-${number}`), partitions) !== partition) number++
    keys.push(`${name}-end-${number}`)
  }
  return keys
}

export function endMarks(product: FaultProduct): Post {
  const records = markKeys(product).map((id, index): AppendRecord => {
    const cells = { serial: 0, customerId: 'nobody', rank: 0 }
    return numbered(makeRecord(product, { id, version: VERSION, cells, customerId: 'nobody' }), FIRST_DELIVERY + index)
  })
  return { product, records, deliveries: records.map((_record, index) => FIRST_DELIVERY + index) }
}
