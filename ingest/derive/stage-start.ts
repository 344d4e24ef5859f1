// What is asked when a process gets a partition of a stage: whether everything that concerns the fold is still there, and whether it comes too late.
import { MeshgateError } from '../../platform/errors.ts'
import type { EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
import type { Activation } from './fold-ledger.ts'

export interface StageGroup {
  readonly log: EventLog
  readonly activation: Activation
  readonly group: string
}

/** LOG_OFFSET_OUT_OF_RANGE where retention has passed the activation's start before the group began. */
export async function requireStart({ log, activation, group }: StageGroup, first: RecordBatch): Promise<void> {
  const { topic, partition } = first
  const committed = (await log.committed(group, topic))[partition] ?? null
  if (committed !== null) return
  const earliest = (await log.offsets(topic))[partition]?.earliest ?? 0
  const start = activation.starts[topic]?.[partition] ?? 0
  if (earliest <= start) return
  const message = `${topic}:${partition} begins at offset ${earliest} by now, and ${group} needs it from ${start} on.`
  throw new MeshgateError('LOG_OFFSET_OUT_OF_RANGE', message)
}

/**
 * FOLD_SUPERSEDED where the group has gone past the batch: the process hung, others have had the partition since, and what this one would make of
 * the batch would lie above theirs. Asked behind the claim: what is committed later its owner asks the ledger for.
 * Returns the committed offset, 0 where there is none.
 */
export async function requireNotPassed({ log, group }: StageGroup, first: RecordBatch): Promise<number> {
  const { topic, partition, records } = first
  const committed = (await log.committed(group, topic))[partition] ?? 0
  const offset = records[0]?.offset ?? 0
  if (committed <= offset) return committed
  const message = `${group} is at offset ${committed} of ${topic}:${partition}, and this process has the batch from ${offset} in hand: others have had the partition since.`
  throw new MeshgateError('FOLD_SUPERSEDED', message)
}
