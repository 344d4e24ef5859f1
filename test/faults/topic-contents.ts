// All that a topic holds, partition by partition, and the waiting until ingest has taken it.
import { setTimeout as sleep } from 'node:timers/promises'
import { groupOf, rekeyGroupOf } from '../../ingest/entity-plan.ts'
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import { topicNames } from '../../schema/topics.ts'
import type { FaultProduct } from './fault-products.ts'
import type { PartitionRecords } from './oracle.ts'

const READ_RECORDS = 1_000
const POLL_MS = 5

export async function topicContents(log: EventLog, topic: string): Promise<readonly PartitionRecords[]> {
  const partitions: PartitionRecords[] = []
  for (const { partition, earliest, next } of await log.offsets(topic)) {
    const records: LogRecord[] = []
    for (let offset = earliest; offset < next;) {
      const read = await log.read({ topic, partition, offset }, READ_RECORDS)
      const last = read.at(-1)
      if (last === undefined) break
      records.push(...read)
      offset = last.offset + 1
    }
    partitions.push({ partition, records })
  }
  return partitions
}

/** Resolves once ingest has committed everything that the product's topics held. Rejects after so long, saying where it stands. */
export async function untilIngested(log: EventLog, product: FaultProduct, patienceMs: number): Promise<void> {
  const rekeyed = product.keyField !== 'id'
  if (rekeyed) await untilCommitted(log, { group: rekeyGroupOf(product.product), topic: product.topic }, patienceMs)
  const topic = rekeyed ? topicNames.rekeyed(product.topic) : product.topic
  await untilCommitted(log, { group: groupOf(product.product), topic }, patienceMs)
}

interface Consumed {
  readonly group: string
  readonly topic: string
}

async function untilCommitted(log: EventLog, { group, topic }: Consumed, patienceMs: number): Promise<void> {
  const wanted = await log.offsets(topic)
  const deadline = performance.now() + patienceMs
  for (;;) {
    const committed = await log.committed(group, topic)
    if (wanted.every(({ partition, next }) => next === 0 || (committed[partition] ?? 0) >= next)) return
    if (performance.now() > deadline)
      throw new Error(
        `${group} stands at ${committed.join()} of ${topic}, which ends at ${wanted.map(({ next }) => next).join()}`,
      )
    await sleep(POLL_MS)
  }
}
