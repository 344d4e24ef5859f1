// Fourth stage: the changes and the rejected records of a batch made durable, after its rows.
import type { EventLog } from '../platform/ports/event-log.ts'
import { rejectedAppends, type RejectedRecord } from './dead-letter/rejected-record.ts'
import type { EntityPlan } from './entity-plan.ts'
import type { BatchPlan } from './plan-writes.ts'

export async function appendOutcomes(log: EventLog, plan: EntityPlan, batch: BatchPlan): Promise<void> {
  await Promise.all([
    batch.changes.length === 0 ? undefined : log.append(plan.changesTopic, batch.changes),
    appendRejected(log, plan, batch.rejected),
  ])
}

export async function appendRejected(
  log: EventLog,
  plan: EntityPlan,
  rejected: readonly RejectedRecord[],
): Promise<void> {
  if (rejected.length === 0) return
  const { partitions } = plan.source
  await log.append(
    plan.rejectedTopic,
    rejected.flatMap((record) => rejectedAppends(record, partitions)),
  )
}
