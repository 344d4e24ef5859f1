// Records written into tables that nobody is told of: the same stages as a live batch's, without changes and rejected records, which the
// live tables' batch appends.
import { MeshgateError } from '../../platform/errors.ts'
import type { RecordBatch } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { DecodedRecord } from '../decode-batch.ts'
import type { EntityPlan } from '../entity-plan.ts'
import { baseKeys, planWrites } from '../plan-writes.ts'
import { readBase, writeRows } from '../write-rows.ts'

export interface RecordsToCopy {
  readonly batch: RecordBatch
  readonly decoded: readonly DecodedRecord[]
}

/** Resolves when their rows are durable. STORE_ROW_INVALID where one does not fit the tables. */
export async function copyRecords(
  store: Store,
  plan: EntityPlan,
  { batch, decoded }: RecordsToCopy,
  signal: AbortSignal,
): Promise<void> {
  const stored = await readBase(store, plan, baseKeys(plan, decoded))
  signal.throwIfAborted()
  await writeRows(store, planWrites(plan, batch, decoded, stored), signal)
}

/** As `copyRecords`, leaving out what the tables do not take: live ingest has rejected that. */
export async function copyStorable(
  store: Store,
  plan: EntityPlan,
  records: RecordsToCopy,
  signal: AbortSignal,
): Promise<void> {
  try {
    await copyRecords(store, plan, records, signal)
  } catch (error) {
    if (!isUnstorable(error)) throw error
    for (const item of records.decoded) {
      await copyRecords(store, plan, { batch: records.batch, decoded: [item] }, signal).catch((one: unknown) => {
        if (!isUnstorable(one)) throw one
      })
    }
  }
}

function isUnstorable(error: unknown): boolean {
  return error instanceof MeshgateError && error.code === 'STORE_ROW_INVALID'
}
