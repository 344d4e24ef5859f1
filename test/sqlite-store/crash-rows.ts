// The rows that crash-writer.ts writes: 50 of one partition in each batch.
import type { PutWrite } from '../../platform/ports/store.ts'
import { defineTable } from '../conformance/store/harness.ts'

export const crashTable = defineTable('crashes', {
  columns: { batch: 'int', key: 'int', name: 'text' },
  partitionKey: ['batch'],
  clusteringKey: ['key'],
  indexes: ['name'],
})

export function crashRows(batch: number): PutWrite[] {
  return Array.from({ length: 50 }, (_, key) => ({
    kind: 'put',
    table: crashTable.name,
    row: { batch, key, name: `batch ${batch}` },
    writeTime: batch,
  }))
}
