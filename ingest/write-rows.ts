// Third stage: the rows of a batch made durable, of entities that moved further tables first and the base last. While the base still has
// the old row, a repetition finds out what moved; once it has the new one, everything else is in place.
import type { Store, StoredRow } from '../platform/ports/store.ts'
import type { Row } from '../schema/row.ts'
import type { EntityPlan } from './entity-plan.ts'
import type { BatchPlan } from './plan-writes.ts'

/** Base rows of the keys in one wave, by key text; those that are there. */
export async function readBase(
  store: Store,
  plan: EntityPlan,
  keys: ReadonlyMap<string, Row>,
): Promise<ReadonlyMap<string, StoredRow>> {
  const rows = new Map<string, StoredRow>()
  if (keys.size === 0) return rows
  const stored = await store.read(plan.base.name, [...keys.values()], { writeTimes: true })
  let index = 0
  for (const keyText of keys.keys()) {
    const row = stored[index++] ?? null
    if (row !== null) rows.set(keyText, row)
  }
  return rows
}

export async function writeRows(store: Store, { first, rest }: BatchPlan, signal: AbortSignal): Promise<void> {
  if (first.length > 0) await store.write(first)
  signal.throwIfAborted()
  if (rest.length > 0) await store.write(rest)
}
