// The EventLog in segment files of one directory, for one process (whoever composes the process locks the data directory): routes appends to
// partitions, keeps groups and tails, runs maintenance on the clock. Layout: topics/<topic>/<partition>/*.log, groups/<group>.positions.
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { TopicDefinition } from '../../../schema/topics.ts'
import { ByteBudget } from '../../byte-budget.ts'
import { invariant, MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type * as port from '../../ports/event-log.ts'
import { routeRecords } from '../../record-router.ts'
import { BatchShare } from './batch-share.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { FRAME_BYTES_MIN } from './frame.ts'
import { asLogError, closedError, errorCode, realFiles, syncDirectory } from './file-layer.ts'
import type { FileLayer } from './file-layer.ts'
import { GroupPositions } from './group-positions.ts'
import { RecentBudget } from './recent-commits.ts'
import { SerialQueue } from './serial-queue.ts'
import { readTopicDirectories } from './topic-directory.ts'
import { createTopic, openTopic, redefineTopic } from './topic.ts'
import type { Topic } from './topic.ts'

export interface EmbeddedLogOptions {
  /** Made if it is not there. One process at a time: see `lockDataDirectory`. */
  readonly directory: string
  readonly clock: Clock
  /** Told of failures of maintenance, which otherwise has nobody to tell; it is tried again at its next turn. */
  readonly onMaintenanceError?: (error: unknown) => void
  /** Default `limits.logSegmentBytesMax`. */
  readonly segmentBytesMax?: number
  /** Default the real file system. */
  readonly files?: FileLayer
}

export interface EmbeddedLog extends port.EventLog {
  /** Retention, compaction and checkpoints now. `force` rolls and compacts also where it does not pay yet. */
  maintain(options?: { readonly force?: boolean }): Promise<void>
}

interface Context {
  readonly topicsDirectory: string
  readonly groupsDirectory: string
  readonly clock: Clock
  readonly files: FileLayer
  readonly segmentBytesMax: number
  readonly recent: RecentBudget
  readonly onMaintenanceError: (error: unknown) => void
}

export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const context: Context = {
    topicsDirectory: join(options.directory, 'topics'),
    groupsDirectory: join(options.directory, 'groups'),
    clock: options.clock,
    files: options.files ?? realFiles,
    segmentBytesMax: options.segmentBytesMax ?? limits.logSegmentBytesMax,
    recent: new RecentBudget(),
    onMaintenanceError: options.onMaintenanceError ?? ((): void => undefined),
  }
  await mkdir(context.topicsDirectory, { recursive: true })
  await mkdir(context.groupsDirectory, { recursive: true })
  await syncDirectory(context.files, options.directory)
  await syncDirectory(context.files, dirname(resolve(options.directory)))
  const definitions = await readTopicDirectories(context.topicsDirectory)
  const topics = await Promise.all(definitions.map((definition) => openTopic(context, definition)))
  return new SegmentLog(context, topics)
}

class SegmentLog implements EmbeddedLog {
  readonly timestampResolutionUs = 1
  readonly #context: Context
  readonly #topics: Map<string, Topic>
  readonly #groups = new Map<string, Promise<ConsumerGroup>>()
  readonly #share = new BatchShare()
  readonly #budget = new ByteBudget(limits.appendBytesInFlightMax)
  readonly #appends = new Set<Promise<unknown>>()
  readonly #administration = new SerialQueue()
  readonly #maintaining = new SerialQueue()
  readonly #stop = new AbortController()
  readonly #maintenance: Promise<void>
  /** Closing: consumers finish their batches and may append; nothing new begins. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  #closed: Promise<void> | null = null

  constructor(context: Context, topics: readonly Topic[]) {
    this.#context = context
    this.#topics = new Map(topics.map((topic) => [topic.definition.name, topic]))
    this.#maintenance = this.#maintainByClock()
  }

  createTopics(definitions: readonly TopicDefinition[]): Promise<void> {
    return this.#administration.run(async () => {
      this.#requireOpen()
      for (const definition of definitions) {
        const { name } = definition
        const topic = this.#topics.get(name)
        if (topic === undefined) this.#topics.set(name, await createTopic(this.#context, definition))
        else await redefineTopic(this.#context, topic, definition)
      }
    })
  }

  async partitions(topic: string): Promise<number> {
    this.#requireNotClosed()
    return this.#topic(topic).partitions.length
  }

  async append(topic: string, records: readonly port.AppendRecord[]): Promise<readonly port.Position[]> {
    this.#requireNotClosed()
    const { routed: to, partitions } = this.#topic(topic)
    const routed = routeRecords(to, records, { recordOverheadBytes: FRAME_BYTES_MIN, partBytesMax: Infinity })
    if (routed.bytes === 0) return []
    const appended = new Promise<readonly PromiseSettledResult<number>[]>((resolve) => {
      this.#budget.admit(routed.bytes, () => {
        const parts = routed.parts.map(async ({ partition, records: routedHere, bytes }) => {
          const log = partitions[partition]
          invariant(log !== undefined, `records are routed to partitions that ${topic} has`)
          return log.append(routedHere, bytes)
        })
        resolve(Promise.allSettled(parts))
      })
    })
    this.#appends.add(appended)
    try {
      return routed.positions((await appended).map(valueOf))
    } finally {
      this.#appends.delete(appended)
      this.#budget.release(routed.bytes)
    }
  }

  async offsets(topic: string): Promise<readonly port.OffsetRange[]> {
    this.#requireNotClosed()
    return this.#topic(topic).partitions.map((log) => log.range())
  }

  async offsetsAt(topic: string, timestampUs: number): Promise<readonly number[]> {
    this.#requireNotClosed()
    return await Promise.all(this.#topic(topic).partitions.map((log) => log.offsetAt(timestampUs)))
  }

  async read(position: port.Position, recordsMax: number): Promise<readonly port.LogRecord[]> {
    this.#requireNotClosed()
    const topic = this.#topic(position.topic)
    const log = topic.partitions[position.partition]
    if (log === undefined) {
      const held = `${position.topic} has ${String(topic.partitions.length)} partitions`
      throw new MeshgateError('LOG_OFFSET_OUT_OF_RANGE', `No partition ${String(position.partition)}: ${held}.`)
    }
    return await log.read(position.offset, { recordsMax, bytesMax: limits.consumeBatchBytesMax })
  }

  async consume(options: port.ConsumeOptions): Promise<port.Consumer> {
    this.#requireOpen()
    const logs = options.topics.flatMap((topic) => this.#topic(topic).partitions)
    const group = await this.#group(options.group)
    this.#requireOpen()
    return group.join(options, logs)
  }

  async committed(group: string, topic: string): Promise<readonly (number | null)[]> {
    this.#requireNotClosed()
    const { partitions } = this.#topic(topic)
    const { positions } = await this.#group(group)
    return partitions.map((log) => positions.committed(topic, log.partition))
  }

  async tail(options: port.TailOptions): Promise<port.Tail> {
    this.#requireOpen()
    return this.#topic(options.topic).tail.listen(options)
  }

  maintain(options: { readonly force?: boolean } = {}): Promise<void> {
    return this.#maintaining.run(async () => {
      const failures: unknown[] = []
      for (const { definition, partitions } of this.#topics.values()) {
        for (const log of partitions) {
          if (this.#state !== 'open') return
          const maintained = log.maintain(definition, { force: options.force ?? false, signal: this.#stop.signal })
          await maintained.catch((error: unknown) => failures.push(error))
        }
      }
      if (failures.length > 0) throw failures[0]
    })
  }

  async ping(): Promise<void> {
    this.#requireOpen()
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#state = 'closing'
    this.#stop.abort()
    await Promise.all([...this.#groups.values()].map(async (group) => (await group).close()))
    this.#state = 'closed'
    await Promise.all(this.#appends)
    await this.#maintenance
    await Promise.all([this.#administration.idle(), this.#maintaining.idle()])
    const topics = [...this.#topics.values()]
    await Promise.all(topics.map((topic) => topic.tail.close(closedError())))
    await Promise.all(topics.flatMap((topic) => topic.partitions.map((log) => log.close())))
  }

  async #maintainByClock(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#context.clock.sleep(limits.logMaintenanceIntervalMs, this.#stop.signal)
        await this.maintain()
      } catch (error) {
        if (this.#stop.signal.aborted) return
        // A full disk is no bug, and needs no stack in a log.
        const told = errorCode(error) === undefined ? error : asLogError(error, 'Maintenance of the log')
        this.#context.onMaintenanceError(told)
      }
    }
  }

  #group(name: string): Promise<ConsumerGroup> {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const { files, clock, groupsDirectory } = this.#context
    const path = join(groupsDirectory, `${encodeURIComponent(name)}.positions`)
    const group = GroupPositions.open(files, path).then((positions) => new ConsumerGroup(positions, clock, this.#share))
    this.#groups.set(name, group)
    // A file that could not be read now may be readable later.
    group.catch(() => this.#groups.delete(name))
    return group
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name)
    if (topic === undefined) {
      throw new MeshgateError('LOG_TOPIC_UNKNOWN', `There is no topic "${name}". Check the name, or create it first.`)
    }
    return topic
  }

  /** What a batch in hand may still need while the log closes. */
  #requireNotClosed(): void {
    if (this.#state === 'closed') throw closedError()
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw closedError()
  }
}

function valueOf(result: PromiseSettledResult<number>): number {
  if (result.status === 'rejected') throw result.reason
  return result.value
}
