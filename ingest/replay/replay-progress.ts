// How far a replay is, by what its facts say and where its groups stand: the same for whoever asks, in whichever process.
import type { Product } from '../../schema/model.ts'
import { topicNames } from '../../schema/topics.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { groupOf } from '../entity-plan.ts'
import { sourcesOf } from './plan-replay.ts'
import { rangeName, type Replay, type ReplayRange } from './replay-facts.ts'

export interface RangeProgress extends ReplayRange {
  /** Requested: not set back yet. */
  readonly state: 'requested' | 'running' | 'done'
  /** Next offset; `from` while requested. */
  readonly at: number
}

export interface ReplayStatus {
  readonly id: string
  readonly product: string
  readonly from: string
  readonly generation: number
  readonly requestedAt: string
  readonly requestedBy: string | null
  readonly doneAt: string | null
  readonly state: 'requested' | 'running' | 'done' | 'abandoned'
  /** Records, as far as offsets tell, that are to be read again in all, and that are left. */
  readonly records: number
  readonly left: number
  readonly partitions: readonly RangeProgress[]
}

/** Of a replay of the product. Rejects as the log does. */
export async function replayStatus(log: EventLog, product: Product, replay: Replay): Promise<ReplayStatus> {
  const committed = new Map<string, readonly (number | null)[]>()
  if (replay.doneAt === null) {
    for (const { topic, group } of sourcesOf(product)) committed.set(topic, await log.committed(group, topic))
  }
  const partitions = replay.ranges.map((range): RangeProgress => {
    const at = committed.get(range.topic)?.[range.partition] ?? range.from
    if (replay.doneAt !== null) return { ...range, state: 'done', at: range.until }
    if (!replay.rewound.has(rangeName(range))) return { ...range, state: 'requested', at: range.from }
    if (at >= range.until) return { ...range, state: 'done', at: range.until }
    return { ...range, state: 'running', at: Math.max(at, range.from) }
  })
  const left = partitions.reduce((sum, { at, until }) => sum + until - at, 0)
  const records = partitions.reduce((sum, { from, until }) => sum + until - from, 0)
  const { id, from, generation, requestedAt, requestedBy, doneAt } = replay
  const begun = partitions.some(({ state }) => state !== 'requested')
  const ended = replay.abandoned ? 'abandoned' : 'done'
  const state = doneAt !== null ? ended : begun ? 'running' : 'requested'
  const facts = { id, product: replay.product, from, generation, requestedAt, requestedBy, doneAt }
  return { ...facts, state, records, left, partitions }
}

/** Source topics whose ranges are all re-keyed, and whose re-keyed records are not known to be followed to their end. */
export function rekeyedUnmarked(product: Product, replay: Replay, status: ReplayStatus): readonly string[] {
  return sourcesOf(product)
    .filter(({ topic, rekeyed }) => rekeyed && !replay.rekeyedEnds.has(topic))
    .filter(({ topic }) => status.partitions.every((range) => range.topic !== topic || range.state === 'done'))
    .map(({ topic }) => topic)
}

/** Whether every record of the replay is written. */
export async function isDone(log: EventLog, product: Product, replay: Replay, status: ReplayStatus): Promise<boolean> {
  if (status.partitions.some(({ state }) => state !== 'done')) return false
  for (const { topic, rekeyed } of sourcesOf(product)) {
    if (!rekeyed) continue
    const ends = replay.rekeyedEnds.get(topic)
    if (ends === undefined) return false
    const committed = await log.committed(groupOf(product), topicNames.rekeyed(topic))
    if (ends.some((end, partition) => end > 0 && (committed[partition] ?? 0) < end)) return false
  }
  return true
}
