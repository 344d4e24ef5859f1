// Why records of a topic are rejected: the open ones, like with like. A record with several faults counts for each of them.
import type { EventLog } from '../../platform/ports/event-log.ts'
import { limits } from '../../platform/limits.ts'
import { topicNames } from '../../schema/topics.ts'
import { openRejected, type FoundReason, type OpenRecord } from './open-rejected.ts'
import type { RejectedFilter } from './rejected-filter.ts'
import { placeOf, rejectionOf } from './rejection.ts'

export interface RejectedReason extends FoundReason {
  /** In how many open records it was found. */
  readonly times: number
}

export interface RejectedSummary {
  /** Open records that are meant. */
  readonly open: number
  /** False: there are more open ones than are looked at. */
  readonly complete: boolean
  /** Where the topic's rejected records end, per partition: `from` of a later summary. */
  readonly ends: readonly number[]
  /** The most frequent first. */
  readonly reasons: readonly RejectedReason[]
}

/** Of the records of a source topic that were rejected at and after `from`: an offset per partition, or the end for none of them. */
export async function summarizeRejected(
  log: EventLog,
  topic: string,
  { from = [], filter = {} }: { readonly from?: 'end' | readonly number[]; readonly filter?: RejectedFilter } = {},
): Promise<RejectedSummary> {
  if (from === 'end') {
    const ranges = await log.offsets(topicNames.rejected(topic))
    return { open: 0, complete: true, ends: ranges.map(({ next }) => next), reasons: [] }
  }
  const { records, complete, ends } = await openRejected(log, topic, { from, filter })
  return { open: records.length, complete, ends, reasons: await reasonsOf(log, topic, records) }
}

interface Counted {
  readonly times: number
  readonly first: OpenRecord
}

async function reasonsOf(
  log: EventLog,
  topic: string,
  records: readonly OpenRecord[],
): Promise<readonly RejectedReason[]> {
  const counted = new Map<FoundReason, Counted>()
  for (const record of records) {
    // Two lines of one order with the same fault are one record.
    for (const reason of new Set(record.reasons)) {
      const { times, first } = counted.get(reason) ?? { times: 0, first: record }
      counted.set(reason, { times: times + 1, first })
    }
  }
  const most = [...counted]
    .toSorted(([, left], [, right]) => right.times - left.times)
    .slice(0, limits.rejectedSummaryReasonsMax)
  const told: RejectedReason[] = []
  for (const [reason, { times, first }] of most) told.push({ ...(await asMetIn(log, topic, reason, first)), times })
  return told
}

/** A reason was found in whatever record had it first: that one may be open no more, be open for another reason, or not be meant. */
async function asMetIn(log: EventLog, topic: string, reason: FoundReason, { at }: OpenRecord): Promise<FoundReason> {
  const [record] = await log.read({ topic: topicNames.rejected(topic), ...at }, 1)
  const rejection = record?.offset === at.offset ? rejectionOf(record) : null
  const met = rejection?.violations.find(
    ({ code, field, checkId }) => code === reason.code && placeOf(field) === reason.field && checkId === reason.check,
  )
  return rejection === null || met === undefined
    ? reason
    : { ...reason, message: met.message, source: rejection.source }
}
