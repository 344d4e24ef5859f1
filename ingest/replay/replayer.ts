// Follows the replays that are asked for: sets back the groups' positions of the partitions that this process has, says which generation the
// changes of their records have, and notes what is done. Every step is a durable fact or may be repeated, so whoever has a partition goes on.
import type { Product } from '../../schema/model.ts'
import { topicNames } from '../../schema/topics.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { Consumer, EventLog, Position, RecordBatch } from '../../platform/ports/event-log.ts'
import type { IngestLogger } from '../ingest-logger.ts'
import { raiseGeneration } from './raise-generation.ts'
import { appendDone, appendRekeyed, appendRewound, rangeName, ReplayFacts } from './replay-facts.ts'
import type { Replay, ReplayRange } from './replay-facts.ts'
import { sourcesOf } from './plan-replay.ts'
import { isDone, rekeyedUnmarked, replayStatus, type ReplayStatus } from './replay-progress.ts'

interface ReplayerOptions {
  readonly products: readonly Product[]
  readonly log: EventLog
  readonly clock: Clock
  readonly logger?: IngestLogger
  /** The position of a partition of a source topic was set back. */
  readonly onRewound: (range: ReplayRange) => void
}

export class Replayer {
  readonly #options: ReplayerOptions
  readonly #facts: ReplayFacts
  /** By source topic: its product. */
  readonly #products = new Map<string, Product>()
  /** By source topic. */
  readonly #consumers = new Map<string, Consumer>()
  /** Times that this process has had a partition, by their signals, whose replays it knows. */
  readonly #known = new WeakSet<AbortSignal>()
  /** Set back by this process, and not marked yet: by replay and partition. */
  readonly #unmarked = new Set<string>()
  /** Marks of replays that `onRewound` has been told of. */
  readonly #told = new Set<string>()
  readonly #rewinding = new Map<string, Promise<void>>()
  /** Partitions that stand still since their position is out of range: where. */
  readonly #standing = new Map<string, number>()
  readonly #stop = new AbortController()
  #wake = Promise.withResolvers<void>()
  #running: Promise<void> = Promise.resolve()
  #failing = ''

  constructor(options: ReplayerOptions) {
    this.#options = options
    this.#facts = new ReplayFacts(options.log)
    for (const product of options.products) {
      for (const { topic } of sourcesOf(product)) this.#products.set(topic, product)
    }
  }

  /** From now on it follows replays; `consumers` by source topic. */
  start(consumers: ReadonlyMap<string, Consumer>): void {
    for (const [topic, consumer] of consumers) if (this.#products.has(topic)) this.#consumers.set(topic, consumer)
    this.#running = this.#run()
  }

  /**
   * The batch with the generation of the replay that it is part of. `signal`: of the handler, one for each time that this process has the
   * partition; what was set back before it had it, it must know first.
   */
  async raised(batch: RecordBatch, signal: AbortSignal): Promise<RecordBatch> {
    const product = this.#products.get(batch.topic)
    if (product === undefined) return batch
    if (!this.#known.has(signal)) {
      await this.#facts.refresh()
      this.#known.add(signal)
    }
    const replay = this.#facts.current(nameOf(product))
    const range = replay?.ranges.find(({ topic, partition }) => topic === batch.topic && partition === batch.partition)
    return replay === null || range === undefined ? batch : raiseGeneration(batch, range, replay.generation)
  }

  /** The partition stands still there. */
  outOfRange({ topic, partition, offset }: Position): void {
    this.#standing.set(rangeName({ topic, partition }), offset)
    this.#wake.resolve()
  }

  /** Looks at once whether a replay was asked for. */
  look(): void {
    this.#wake.resolve()
  }

  /** Of the products' newest replays. Rejects as the log does. */
  async status(): Promise<readonly ReplayStatus[]> {
    await this.#facts.refresh()
    const current = this.#options.products.flatMap((product) => {
      const replay = this.#facts.current(nameOf(product))
      return replay === null ? [] : [{ product, replay }]
    })
    return Promise.all(current.map(({ product, replay }) => replayStatus(this.#options.log, product, replay)))
  }

  /** Begins nothing more. What it asked consumers for ends with them. */
  stop(): void {
    this.#stop.abort()
    this.#wake.resolve()
  }

  /** The consumers are closed. */
  async close(): Promise<void> {
    this.stop()
    await this.#running
    await Promise.all(this.#rewinding.values())
  }

  async #run(): Promise<void> {
    const { clock, products, logger } = this.#options
    while (!this.#stop.signal.aborted) {
      this.#wake = Promise.withResolvers()
      try {
        await this.#facts.refresh()
        for (const product of products) {
          const replay = this.#facts.current(nameOf(product))
          if (replay !== null && replay.doneAt === null) await this.#follow(product, replay)
        }
        this.#failing = ''
      } catch (error) {
        const code = error instanceof MeshgateError ? error.code : 'INTERNAL'
        if (!this.#stop.signal.aborted && code !== this.#failing) {
          logger?.warn({ error }, 'Replays cannot be followed now; it is tried again.')
        }
        this.#failing = code
      }
      const rested = new AbortController()
      const rest = clock.sleep(limits.replayPollMs, rested.signal).catch(() => undefined)
      await Promise.race([rest, this.#wake.promise])
      rested.abort()
    }
  }

  async #follow(product: Product, replay: Replay): Promise<void> {
    for (const range of replay.ranges) {
      this.#tell(replay, range)
      if (this.#isMine(range) && this.#isDue(replay, range)) this.#setBack(replay, range)
    }
    // One of the members notes what concerns all partitions.
    const [first] = replay.ranges
    if (first === undefined || !this.#isMine(first)) return
    const { log, clock, logger } = this.#options
    const status = await replayStatus(log, product, replay)
    for (const topic of rekeyedUnmarked(product, replay, status)) {
      const ends = (await log.offsets(topicNames.rekeyed(topic))).map(({ next }) => next)
      await appendRekeyed(log, replay, topic, ends)
    }
    if (!(await isDone(log, product, replay, status))) return
    await appendDone(log, replay, new Date(clock.now()).toISOString())
    logger?.info({ product: replay.product, id: replay.id, records: status.records }, 'A replay is done.')
  }

  /** Also of what another member has set back: what this one knows of the partition is older. */
  #tell(replay: Replay, range: ReplayRange): void {
    const mark = `${replay.id}/${rangeName(range)}`
    if (!replay.rewound.has(rangeName(range)) || this.#told.has(mark)) return
    this.#told.add(mark)
    this.#options.onRewound(range)
  }

  #isMine({ topic, partition }: ReplayRange): boolean {
    const assigned = this.#consumers.get(topic)?.assignment() ?? []
    return assigned.some((mine) => mine.topic === topic && mine.partition === partition)
  }

  #isDue(replay: Replay, range: ReplayRange): boolean {
    const name = rangeName(range)
    if (this.#rewinding.has(name)) return false
    return !replay.rewound.has(name) || (this.#standing.get(name) ?? Infinity) < range.until
  }

  /** Beside others: the batch in hand may take long. */
  #setBack(replay: Replay, range: ReplayRange): void {
    const name = rangeName(range)
    const rewinding = this.#rewind(replay, range)
      .catch((error: unknown) => {
        // Whoever has the partition now does it.
        const moved = error instanceof MeshgateError && error.code === 'LOG_PARTITION_NOT_HELD'
        if (moved || this.#stop.signal.aborted) return
        this.#options.logger?.warn({ error, replay: replay.id, partition: name }, 'A partition could not be set back.')
      })
      .finally(() => this.#rewinding.delete(name))
    this.#rewinding.set(name, rewinding)
  }

  async #rewind(replay: Replay, range: ReplayRange): Promise<void> {
    const { log, onRewound, logger } = this.#options
    const { topic, partition, from, until } = range
    const name = rangeName(range)
    const done = `${replay.id}/${name}`
    const stood = this.#standing.get(name)
    if (stood !== undefined || !this.#unmarked.has(done)) {
      const earliest = (await log.offsets(topic))[partition]?.earliest ?? 0
      // What retention drops meanwhile was ingested once; behind `until` it may not have been, and that is not passed over.
      const offset = Math.max(from, earliest)
      if (offset <= until || from === until) {
        await this.#consumers.get(topic)?.rewind({ topic, partition, offset })
        onRewound(range)
      }
      this.#standing.delete(name)
      this.#unmarked.add(done)
      logger?.info(
        { product: replay.product, id: replay.id, partition: name, offset, until },
        'A partition is replayed.',
      )
    }
    if (!replay.rewound.has(name)) await appendRewound(log, replay, range)
    await this.#facts.refresh()
    this.#unmarked.delete(done)
  }
}

function nameOf(product: Product): string {
  return `${product.domain}/${product.name}`
}
