// Loads a file, or records that a program makes, into a product's topic: each record once, also across crashes, and not again once it
// has been loaded. Ends when ingest has processed every record, with the count of written and rejected ones.
import { stat } from 'node:fs/promises'
import type { Entity, Product } from '../../schema/model.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { topicNames } from '../../schema/topics.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { groupOf, rekeyGroupOf } from '../entity-plan.ts'
import { GroupProgress } from '../group-progress.ts'
import { internalTopics } from '../internal-topics.ts'
import { contentHash } from '../sources/file-bytes.ts'
import { sourceRecords, type LoadSource } from '../sources/load-record.ts'
import { appendLoad } from './load-appender.ts'
import { countRejected, endOffsets, loadIdOf, readMark, writeMark, type LoadMark } from './load-progress.ts'

export interface LoadProgress {
  /** Records in the topic so far, those of earlier runs included. */
  readonly records: number
  /** Of the file as it is on disk; null where records come from a program. */
  readonly bytes: { readonly read: number; readonly total: number } | null
  /** Since this run began. */
  readonly recordsPerSecond: number
}

export interface LoadOptions {
  readonly product: Product
  /** Name of the entity; default the only one with a source. */
  readonly entity?: string
  /** What the load is called: the same name and content are loaded once. Default the file's path. */
  readonly name?: string
  readonly source: LoadSource
  readonly log: EventLog
  readonly clock: Clock
  /** The ingest of this process, which knows soonest that it has caught up; else the group's committed positions tell. */
  readonly ingest?: { caughtUp(): Promise<void> }
  readonly onProgress?: (progress: LoadProgress) => void
  /** Records of the topic that may wait for ingest before the load waits too; default `limits.topicLagRecordsMax`. */
  readonly lagRecordsMax?: number
}

export interface LoadResult {
  /** The same content had been loaded before; the counts are of then. */
  readonly alreadyLoaded: boolean
  readonly records: number
  readonly written: number
  readonly rejected: number
}

export async function loadFile(options: LoadOptions): Promise<LoadResult> {
  const { product, log, source } = options
  const entity = entityToLoad(product, options.entity)
  const { topic } = entity.source
  await log.createTopics([...emitTopics(product), ...internalTopics])
  const content = source.kind === 'file' ? await contentHash([source.path]) : source.contentHash
  const name = options.name ?? (source.kind === 'file' ? source.path : 'records')
  const id = loadIdOf(`${product.domain}/${product.name}/${entity.name}`, name, content)
  const mark = (await readMark(log, id)) ?? (await firstMark(log, topic, id))
  if (mark.finished !== null) return { alreadyLoaded: true, records: mark.nextIndex, ...mark.finished }

  const bytes = await fileProgress(source)
  const { clock, onProgress } = options
  const startedMs = clock.monotonic()
  const onAppended = (records: number): void => {
    const seconds = Math.max(0.001, (clock.monotonic() - startedMs) / 1_000)
    const recordsPerSecond = Math.max(0, records - mark.nextIndex) / seconds
    onProgress?.({ records, bytes: bytes === null ? null : { ...bytes }, recordsPerSecond })
  }
  const records = sourceRecords(product, entity, source, (read) => {
    if (bytes !== null) bytes.read = read
  })
  const room = (): Promise<void> => roomFor(options, entity)
  const appended = await appendLoad({ log, clock, topic, id, onAppended, room }, mark, records)
  await processed(options, entity)
  const rejected = await countRejected(log, topicNames.rejected(topic), id, appended)
  const finished = { written: appended.nextIndex - rejected, rejected }
  await writeMark(log, id, { ...appended, finished })
  return { alreadyLoaded: false, records: appended.nextIndex, ...finished }
}

type SourceEntity = Entity & { readonly source: NonNullable<Entity['source']> }

export function entityToLoad(product: Product, name: string | undefined): SourceEntity {
  // Records of a derived entity are those of its fold alone.
  const owned = product.entities.filter(
    (entity): entity is SourceEntity => entity.source !== null && entity.derivation === null,
  )
  const [found, ...others] = name === undefined ? owned : owned.filter((entity) => entity.name === name)
  if (found !== undefined && others.length === 0) return found
  if (product.entities.some((entity) => entity.name === name && entity.derivation !== null)) {
    const message = `The rows of ${name} of ${product.domain}/${product.name} are made by its fold alone: load what it is derived from.`
    throw new MeshgateError('INGEST_TOPIC_DERIVED', message)
  }
  const what =
    name === undefined
      ? 'has not exactly one entity that records can be loaded into'
      : `has no entity ${name} that records can be loaded into`
  const known = owned.map((entity) => entity.name).join(', ')
  const fix = `Name one of: ${known === '' ? 'none' : known}.`
  throw new MeshgateError('CONFIG_INVALID', `The product ${product.domain}/${product.name} ${what}. ${fix}`)
}

// Durable before the first record: where to look for this load's records, and for its rejected ones.
async function firstMark(log: EventLog, topic: string, id: string): Promise<LoadMark> {
  const [ends, rejectedStarts] = await Promise.all([
    endOffsets(log, topic),
    endOffsets(log, topicNames.rejected(topic)),
  ])
  const mark = { nextIndex: 0, ends, rejectedStarts, finished: null }
  await writeMark(log, id, mark)
  return mark
}

async function fileProgress(source: LoadSource): Promise<{ read: number; total: number } | null> {
  if (source.kind !== 'file') return null
  return { read: 0, total: (await stat(source.path)).size }
}

async function processed(options: LoadOptions, entity: SourceEntity): Promise<void> {
  if (options.ingest !== undefined) return options.ingest.caughtUp()
  for (const progress of stagesOf(options, entity)) await progress.caughtUp()
}

/** Waits while ingest is further behind than the limit. A log that cannot say how far is asked to append, and says why not. */
async function roomFor(options: LoadOptions, entity: SourceEntity): Promise<void> {
  const { clock, lagRecordsMax = limits.topicLagRecordsMax } = options
  const stages = stagesOf(options, entity)
  for (;;) {
    const lags = await Promise.all(stages.map((progress) => progress.lag().catch(() => 0)))
    if (lags.reduce((sum, lag) => sum + lag, 0) <= lagRecordsMax) return
    await clock.sleep(limits.topicLagPollMs)
  }
}

/** In the order that a record goes through them. */
function stagesOf({ product, log, clock }: LoadOptions, { source }: SourceEntity): readonly GroupProgress[] {
  const ports = { log, clock }
  if (!source.rekeyed) return [new GroupProgress(groupOf(product), source.topic, ports)]
  return [
    new GroupProgress(rekeyGroupOf(product), source.topic, ports),
    new GroupProgress(groupOf(product), topicNames.rekeyed(source.topic), ports),
  ]
}
