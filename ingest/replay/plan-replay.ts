// What a replay reads again: from where it is asked for, per partition, up to where ingest stands. What retention has dropped is refused,
// and so is what ingest has not come to yet.
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { EventLog, OffsetRange } from '../../platform/ports/event-log.ts'
import { groupOf, rekeyGroupOf } from '../entity-plan.ts'
import type { ReplayFrom } from './replay-from.ts'
import type { ReplayRange } from './replay-facts.ts'

/** A topic that a replay of the product sets back, and the group that reads it. */
export interface ReplaySource {
  readonly topic: string
  readonly group: string
  readonly rekeyed: boolean
  readonly compacted: boolean
}

export function sourcesOf(product: Product): readonly ReplaySource[] {
  const sources = new Map<string, ReplaySource>()
  for (const { source } of product.entities) {
    if (source === null) continue
    const { topic, rekeyed, compacted } = source
    sources.set(topic, { topic, rekeyed, compacted, group: rekeyed ? rekeyGroupOf(product) : groupOf(product) })
  }
  return [...sources.values()]
}

/** REPLAY_RANGE_GONE, REPLAY_INVALID. Ranges without a record are left out. */
export async function planReplay(log: EventLog, product: Product, from: ReplayFrom): Promise<readonly ReplayRange[]> {
  const sources = sourcesOf(product)
  requireKnown(sources, from)
  const planned = await Promise.all(sources.map((source) => planSource(log, source, from)))
  const gone = planned.flatMap((plan) => plan.gone)
  if (gone.length > 0) {
    const message = `Retention has dropped what a replay from ${from.text} would read: ${gone.join('; ')}. Name a later start, or --from earliest for all that is left.`
    throw new MeshgateError('REPLAY_RANGE_GONE', message)
  }
  return planned.flatMap(({ ranges }) => ranges)
}

function requireKnown(sources: readonly ReplaySource[], from: ReplayFrom): void {
  if (from.kind !== 'position' || sources.some(({ topic }) => topic === from.position.topic)) return
  const known = sources.map(({ topic }) => topic).join(', ')
  throw new MeshgateError('REPLAY_INVALID', `${from.text} is of no source of the product. Its sources: ${known}.`)
}

interface SourcePlan {
  readonly ranges: readonly ReplayRange[]
  /** In words, what is not there any more. */
  readonly gone: readonly string[]
}

async function planSource(log: EventLog, source: ReplaySource, from: ReplayFrom): Promise<SourcePlan> {
  const { topic, group } = source
  // Positions first: what is committed meanwhile lies behind.
  const committed = await log.committed(group, topic)
  const held = await log.offsets(topic)
  const wanted = await startsIn(log, source, held, from)
  const ranges: ReplayRange[] = []
  const gone: string[] = []
  for (const range of held) {
    const { partition, earliest, next } = range
    const start = wanted[partition] ?? null
    const until = committed[partition] ?? null
    if (start === null || until === null) continue
    if (until < earliest) {
      // It stands still, since its position is gone: it goes on from the first that is left, and skips none of those.
      ranges.push({ topic, partition, from: earliest, until: earliest })
      continue
    }
    const lost = await lostBefore(log, source, range, from)
    if (lost !== null) gone.push(lost)
    else if (start < Math.min(until, next)) ranges.push({ topic, partition, from: start, until: Math.min(until, next) })
  }
  return { ranges, gone }
}

/** Per partition, where to begin; null: it is not meant. */
async function startsIn(
  log: EventLog,
  { topic }: ReplaySource,
  held: readonly OffsetRange[],
  from: ReplayFrom,
): Promise<readonly (number | null)[]> {
  if (from.kind === 'earliest') return held.map(({ earliest }) => earliest)
  if (from.kind === 'time') return log.offsetsAt(topic, from.timestampUs)
  const { position } = from
  if (position.topic !== topic) return held.map(() => null)
  const partition = held.find((range) => range.partition === position.partition)
  if (partition === undefined || position.offset > partition.next) {
    const holds = held.map((range) => `${topic}:${range.partition} offsets ${range.earliest} to ${range.next}`)
    throw new MeshgateError('REPLAY_INVALID', `There is no ${from.text}. There is: ${holds.join(', ')} (exclusive).`)
  }
  return held.map((range) => (range.partition === position.partition ? position.offset : null))
}

/** In words, what the partition held once of what is asked for, and what it holds now; null where nothing is missing. */
async function lostBefore(
  log: EventLog,
  { topic, compacted }: ReplaySource,
  { partition, earliest, next }: OffsetRange,
  from: ReplayFrom,
): Promise<string | null> {
  if (earliest === 0 || from.kind === 'earliest' || compacted) return null
  const [first] = earliest < next ? await log.read({ topic, partition, offset: earliest }, 1) : []
  const sinceUs = first?.timestampUs ?? null
  if (from.kind === 'position' && from.position.offset >= earliest) return null
  if (from.kind === 'time' && sinceUs !== null && from.timestampUs >= sinceUs) return null
  const since = sinceUs === null ? '' : ` (${new Date(sinceUs / 1_000).toISOString()})`
  return `${topic}:${partition} holds offsets ${earliest}${since} to ${next} (exclusive)`
}
