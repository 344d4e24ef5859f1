// Redrives rejected records: appends them to their source topics again, each once. A redrive is durable before its first record, marks what
// it has appended, and is finished by the next redrive of the product where it was interrupted. What an interruption between an append and
// its mark repeats has the same position and generation, so that nothing comes of it twice.
//
// Per partition of the source, records are appended by their offsets there: subscribers know a repetition by its offset, per generation.
import { randomUUID } from 'node:crypto'
import type { Product, Source } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { AppendRecord, EventLog } from '../../platform/ports/event-log.ts'
import { topicNames } from '../../schema/topics.ts'
import { openRejected, type OpenRecord } from './open-rejected.ts'
import {
  putFinished,
  putMark,
  putRequest,
  readFacts,
  type Redrive,
  type RedriveCounts,
  type RedriveFacts,
} from './redrive-facts.ts'
import type { RejectedFilter } from './rejected-filter.ts'
import { redrivenRecord } from './redriven-record.ts'
import { contentReader } from './rejected-content.ts'

export interface RedriveOptions {
  readonly product: Product
  readonly filter: RejectedFilter
  readonly reason: string | null
  /** Who asks. */
  readonly user: string
  readonly host: string
  /** Counts what would be redriven, and does nothing. */
  readonly dryRun: boolean
  readonly log: EventLog
  readonly clock: Clock
  /** Ends the work between two batches; the next redrive goes on. */
  readonly signal?: AbortSignal
  readonly onRedriven?: (redriven: { readonly topic: string; readonly records: number }) => void
}

export interface RedriveOutcome {
  /** Open records that were meant. */
  readonly matched: number
  /** False: there are more open ones than one redrive takes. */
  readonly complete: boolean
  /** Null where nothing was to be done, or was only to be counted. */
  readonly redrive: Redrive | null
  /** Earlier redrives of the product that had been interrupted, finished now. */
  readonly resumed: readonly Redrive[]
}

export async function redriveRejected(options: RedriveOptions): Promise<RedriveOutcome> {
  const { product, filter, dryRun, log, clock } = options
  const resumed: Redrive[] = []
  if (!dryRun) {
    for (const redrive of unfinished(await readFacts(log), product)) resumed.push(await run(options, redrive))
  }
  const facts = await readFacts(log)
  const until: Record<string, readonly number[]> = {}
  let matched = 0
  let complete = true
  for (const { topic } of sourcesOf(product)) {
    const open = await openRejected(log, topic, { filter, redrivenIn: facts.redrivenIn(topic) })
    until[topic] = open.ends
    matched += open.records.length
    complete &&= open.complete
  }
  if (dryRun || matched === 0) return { matched, complete, redrive: null, resumed }
  const request = await putRequest(log, {
    id: randomUUID(),
    product: nameOf(product),
    productVersion: product.version,
    filter,
    reason: options.reason,
    user: options.user,
    host: options.host,
    requestedAt: new Date(clock.now()).toISOString(),
    until,
  })
  // Somebody elsewhere may have asked at the same time and was first: by the order of the topic each runs after the other.
  const earlier = unfinished(await readFacts(log), product).filter(({ generation }) => generation < request.generation)
  for (const redrive of earlier) resumed.push(await run(options, redrive))
  return { matched, complete, redrive: await run(options, request), resumed }
}

/** Redrives of the product, in their order. */
export async function redrivesOf(log: EventLog, product: string): Promise<readonly Redrive[]> {
  return (await readFacts(log)).redrives.filter((redrive) => redrive.product === product)
}

/** How many records of a redrive are rejected again, of those that ingest has come to. */
export async function rejectedAgain(log: EventLog, { until, generation }: Redrive): Promise<number> {
  const { redrivenIn } = await readFacts(log)
  let count = 0
  for (const topic of Object.keys(until)) {
    const { records } = await openRejected(log, topic, { redrivenIn: redrivenIn(topic) })
    count += records.filter((record) => record.generation === generation).length
  }
  return count
}

function unfinished({ redrives }: RedriveFacts, product: Product): readonly Redrive[] {
  return redrives.filter((redrive) => redrive.finished === null && redrive.product === nameOf(product))
}

export function sourcesOf(product: Product): readonly Source[] {
  return product.entities.flatMap(({ source }) => (source === null ? [] : [source]))
}

function nameOf({ domain, name }: Product): string {
  return `${domain}/${name}`
}

async function run(options: RedriveOptions, redrive: Redrive): Promise<Redrive> {
  const { log, product, clock } = options
  const { redrivenIn, marked } = await readFacts(log)
  const counts = { redriven: marked(redrive.id), left: 0, approximate: 0 }
  for (const source of sourcesOf(product)) {
    const { topic } = source
    const until = redrive.until[topic]
    if (until === undefined) continue
    const before = redrivenIn(topic)
    const { records } = await openRejected(log, topic, { filter: redrive.filter, until, redrivenIn: before })
    // What this very redrive appended before it was interrupted, and was rejected again, is none of it.
    const meant = records.filter(({ generation }) => generation < redrive.generation)
    await runTopic(options, redrive, { source, records: meant, counts })
  }
  const finished = { ...redrive, finished: { ...counts, at: new Date(clock.now()).toISOString() } }
  await putFinished(log, finished)
  return finished
}

interface TopicWork {
  readonly source: Source
  readonly records: readonly OpenRecord[]
  readonly counts: { -readonly [Name in keyof RedriveCounts]: number }
}

async function runTopic(options: RedriveOptions, redrive: Redrive, work: TopicWork): Promise<void> {
  const byPartition = Map.groupBy(work.records, ({ partition }) => partition)
  for (const [partition, records] of byPartition) {
    const ordered = records.toSorted((left, right) => left.offset - right.offset)
    await runPartition(options, redrive, { ...work, records: ordered, partition })
  }
}

async function runPartition(
  options: RedriveOptions,
  redrive: Redrive,
  { source, records, counts, partition }: TopicWork & { readonly partition: number },
): Promise<void> {
  const { log, signal, onRedriven } = options
  const { topic, compacted } = source
  const read = contentReader(log, topic)
  let batch: AppendRecord[] = []
  let offsets: number[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    signal?.throwIfAborted()
    if (batch.length === 0) return
    await log.append(topic, batch)
    await putMark(log, redrive, { topic, partition }, offsets)
    counts.redriven += batch.length
    onRedriven?.({ topic, records: batch.length })
    batch = []
    offsets = []
    bytes = 0
  }
  for (const record of records) {
    const content = await read(record)
    const redriven = content === null ? null : await redrivenRecord({ log, topic, compacted }, redrive, content)
    if (redriven === null) {
      counts.left += 1
      continue
    }
    if (redriven.approximate) counts.approximate += 1
    batch.push(redriven.append)
    offsets.push(record.offset)
    bytes += redriven.append.value?.length ?? 0
    if (batch.length >= limits.redriveBatchRecordsMax || bytes >= limits.redriveBatchBytesMax) await flush()
  }
  await flush()
}

/** CONFIG_INVALID unless the position is of a source topic of the product, in a form that a filter takes. */
export function checkPosition(product: Product, { position }: RejectedFilter): void {
  if (position === undefined) return
  const topics = sourcesOf(product).map(({ topic }) => topic)
  if (topics.some((topic) => position.startsWith(`${topic}:`))) return
  const message = `${position} is no record of ${nameOf(product)}. Name one of ${topics.join(', ')}, as \`meshgate rejected --list\` shows it, not of ${topicNames.rejected('…')}.`
  throw new MeshgateError('CONFIG_INVALID', message)
}
