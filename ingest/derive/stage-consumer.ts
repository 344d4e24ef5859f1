// A stage of a derived entity as a consumer of its own group: what fails is told and tried again, how far it is can be asked.
import { MeshgateError } from '../../platform/errors.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { Consumer, EventLog, Position, RecordBatch } from '../../platform/ports/event-log.ts'
import type { FailureLog } from '../failure-log.ts'
import { GroupProgress } from '../group-progress.ts'
import type { IngestObserver } from '../ingest-observer.ts'
import { sizeOf, type BatchSize, type Handled } from './stage-pace.ts'

export interface StageConsumerOptions {
  readonly log: EventLog
  readonly clock: Clock
  readonly failures: FailureLog
  readonly observer?: IngestObserver
  /** `domain/name`. */
  readonly product: string
  readonly group: string
  readonly topics: readonly string[]
  /** `onPart` is called where a part of a batch is done, and the rest takes as long again. */
  readonly process: (batch: RecordBatch, signal: AbortSignal, onPart: () => void) => Promise<void>
  /** Awaited behind a batch that is handled: how long the partition's next one waits. */
  readonly rest: (handled: Handled, signal: AbortSignal) => Promise<void>
  /** What comes next in a partition is gone. */
  readonly onGone: () => void
}

export class StageConsumer {
  readonly group: string
  /** By topic. */
  readonly progress: readonly GroupProgress[]
  readonly #options: StageConsumerOptions
  /** Of the last batch of each partition. */
  readonly #sizes = new Map<string, BatchSize>()
  #consumer: Consumer | null = null

  constructor(options: StageConsumerOptions) {
    this.#options = options
    this.group = options.group
    this.progress = options.topics.map((topic) => new GroupProgress(options.group, topic, options))
  }

  async start(): Promise<void> {
    const { log, group, topics, failures, observer, product, onGone, rest } = this.#options
    /** What the handler rejected with; any other error is the consumer's. */
    const ofBatches = new WeakSet<object>()
    this.#consumer = await log.consume({
      group,
      topics,
      handler: (batch, signal) =>
        this.#handle(batch, signal).catch((error: unknown) => {
          if (typeof error === 'object' && error !== null) ofBatches.add(error)
          throw error
        }),
      rest: (handled, signal) => rest({ ...handled, ...(this.#sizes.get(partitionOf(handled)) ?? NOTHING) }, signal),
      onError: (error, position) => {
        const at = { group, ...position }
        const code = error instanceof MeshgateError ? error.code : 'INTERNAL'
        if (code === 'LOG_OFFSET_OUT_OF_RANGE') onGone()
        if (typeof error === 'object' && error !== null && !ofBatches.has(error)) {
          failures.consumerFailed(error, at)
          return
        }
        observer?.retry?.({ product, code })
        failures.failed(error, at)
      },
    })
  }

  assignment(): readonly { readonly topic: string; readonly partition: number }[] {
    return this.#consumer?.assignment() ?? []
  }

  async lag(): Promise<number> {
    const lags = await Promise.all(this.progress.map((progress) => progress.lag()))
    return lags.reduce((sum, lag) => sum + lag, 0)
  }

  async caughtUp(): Promise<void> {
    await Promise.all(this.progress.map((progress) => progress.caughtUp()))
  }

  /** Finishes the batches in hand. `reason`: for those who wait. */
  async close(reason: unknown): Promise<void> {
    await this.#consumer?.close()
    for (const progress of this.progress) progress.close(reason)
  }

  async #handle(batch: RecordBatch, signal: AbortSignal): Promise<void> {
    const { group, failures, process } = this.#options
    const at = { group, topic: batch.topic, partition: batch.partition }
    failures.begins({ ...at, offset: batch.records[0]?.offset ?? 0 }, signal)
    await process(batch, signal, () => failures.goesOn(at))
    failures.recovered(at)
    this.progress.find(({ topic }) => topic === batch.topic)?.handled(batch)
    this.#sizes.set(partitionOf(batch), sizeOf(batch))
  }
}

const NOTHING: BatchSize = { records: 0, bytes: 0 }

function partitionOf({ topic, partition }: Pick<Position, 'topic' | 'partition'>): string {
  return `${topic}:${String(partition)}`
}
