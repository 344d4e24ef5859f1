// Ingest as a role: consumes the source topics of products, writes their tables, appends changes and rejected records. Takes the ports;
// whoever starts it chooses the adapters. `close` finishes the batches in hand.
import type { FoldFunctions } from '../schema/fold/fold-function.ts'
import type { Entity, Product } from '../schema/model.ts'
import { emitTables } from '../schema/emit/emit-tables.ts'
import { emitTopics } from '../schema/emit/emit-topics.ts'
import { MeshgateError } from '../platform/errors.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { Consumer, EventLog, RecordBatch } from '../platform/ports/event-log.ts'
import type { Store } from '../platform/ports/store.ts'
import { createGenerationStore } from '../platform/generation-store.ts'
import type { TableTimings } from '../platform/table-generations.ts'
import { checkProductChanges, keepProducts } from './accept-products.ts'
import { AppendClock } from './append-clock.ts'
import { createTableRoutes } from './beside/table-routes.ts'
import { TableWork, type TablesStatus } from './beside/table-work.ts'
import { Derivations, planDerivations } from './derive/derivations.ts'
import { groupOf, planEntities, rekeyGroupOf, type EntityPlan } from './entity-plan.ts'
import { createDigestRoutes } from './digest/digest-routes.ts'
import { FailureLog } from './failure-log.ts'
import { GroupProgress } from './group-progress.ts'
import { createDeadLetterRoutes } from './http/dead-letter-routes.ts'
import { createTopicRoutes, type RouteHandler } from './http/topic-routes.ts'
import type { IngestLogger } from './ingest-logger.ts'
import type { IngestObserver } from './ingest-observer.ts'
import { internalTopics, toldTopics } from './internal-topics.ts'
import { processBatch, rekeyBatch, type BatchOutcome, type ObserveBatch } from './process-batch.ts'
import { QualityObserver } from './quality/quality-observer.ts'
import type { ReplayStatus } from './replay/replay-progress.ts'
import { createReplayRoutes } from './replay/replay-routes.ts'
import { Replayer } from './replay/replayer.ts'
import { Sweeper } from './sweeper.ts'

export type { IngestLogger } from './ingest-logger.ts'
export type { IngestObserver, IngestedBatch } from './ingest-observer.ts'

export interface IngestOptions {
  readonly products: readonly Product[]
  /** Products that derived ones among them are made from: where they are ingested elsewhere, they are only read here. */
  readonly inputs?: readonly Product[]
  /** What `folds.ts` beside a derived product's file exports, by `domain/name`. */
  readonly functions?: Readonly<Record<string, FoldFunctions>>
  /** Of the text of these files, by `domain/name`: with another one, what the functions make is made anew. */
  readonly functionHashes?: Readonly<Record<string, string>>
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
  readonly logger?: IngestLogger
  readonly observer?: IngestObserver
  /** Records of a topic that may wait before posts are refused; default `limits.topicLagRecordsMax`. */
  readonly lagRecordsMax?: number
  /** Sweeps old delete markers; default true. */
  readonly sweep?: boolean
  /** What changing over to new tables waits for; default by `limits`. */
  readonly tableTimings?: TableTimings
  /** Tells what comes of the products' records, for mesh/observations; default false. */
  readonly tellsQuality?: boolean
}

export interface ProductCounts {
  /** Records accepted, and records rejected, by this process since its start; a repetition after a failure counts once. */
  readonly written: number
  readonly rejected: number
}

export interface Ingest {
  /** Resolves once all that was in the products' topics when called is written or rejected, and what is derived from it. */
  caughtUp(): Promise<void>
  /** By `domain/name`. */
  counts(): Readonly<Record<string, ProductCounts>>
  /** Partitions whose batch in hand fails again and again, or does not end; the others go on. */
  stuck(): readonly StuckPartitionOf[]
  /** Records not yet handled, by `domain/name`. */
  lag(): Promise<Readonly<Record<string, number>>>
  /** The products' newest replays, also those that others do. */
  replays(): Promise<readonly ReplayStatus[]>
  /** The generations of the products' tables, by `domain/name`. */
  tables(): Readonly<Record<string, TablesStatus>>
  /** HTTP handlers to mount: `GET /topics`, `POST /topics/{topic}`, `POST /ingest/replays`, `POST /ingest/tables/{domain}/{name}`. */
  readonly routes: readonly RouteHandler[]
  /** Finishes the batches in hand and leaves the groups. Ports stay open. */
  close(): Promise<void>
}

export interface StuckPartitionOf {
  /** `domain/name`. */
  readonly product: string
  readonly topic: string
  readonly partition: number
  /** Of the first record of the batch. */
  readonly offset: number
  readonly forMs: number
  /** Of the failure that it is tried again for; null: the batch has not ended. */
  readonly code: string | null
}

interface Stage {
  readonly progress: GroupProgress
  readonly plan: EntityPlan
  readonly process: (batch: RecordBatch, signal: AbortSignal) => Promise<BatchOutcome>
}

/** Creates topics and migrates tables, then consumes. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { products, log } = options
  const folds = planDerivations(options)
  await log.createTopics([...products.flatMap(emitTopics), ...internalTopics, ...toldTopics])
  await checkProductChanges(products, { ...options, store: liveTables(options) })
  const tables = new TableWork({ ...options, ...timingsOf(options) })
  await tables.start(products)
  await keepProducts(products, options)
  const counts = new Map<string, { written: number; rejected: number }>()
  const failures = new FailureLog(options)
  const stages: Stage[] = []
  const consumers: Consumer[] = []
  const byTopic = new Map<string, Consumer>()
  const observers: QualityObserver[] = []
  const replayer = new Replayer({
    ...options,
    onRewound: ({ topic, partition }) => {
      for (const { progress } of stages) if (progress.topic === topic) progress.rewound(partition)
    },
  })
  const isWritten = (product: Product, entity: Entity): Promise<void> =>
    allCaughtUp(stages.filter(({ plan }) => plan.product === product && plan.entity === entity))
  const derivations = new Derivations(folds, { ...options, failures, isWritten })
  try {
    const registers = { counts, stages, failures, replayer, byTopic, tables, observers }
    for (const product of products) counts.set(nameOf(product), { written: 0, rejected: 0 })
    // Each joins a group or two, and on servers every one takes its time.
    const started = await Promise.allSettled(products.map((product) => startProduct(options, product, registers)))
    for (const outcome of started) if (outcome.status === 'fulfilled') consumers.push(...outcome.value)
    for (const outcome of started) if (outcome.status === 'rejected') throw outcome.reason
    await derivations.start()
    replayer.start(byTopic)
    tables.tend()
  } catch (error) {
    // Those of the product that did not start are only here.
    await derivations.close()
    await Promise.all([...new Set(byTopic.values())].map((consumer) => consumer.close()))
    await Promise.all([replayer.close(), tables.close(), ...observers.map((each) => each.close())])
    throw error
  }
  const caughtUp = async (): Promise<void> => {
    await allCaughtUp(stages)
    await derivations.caughtUp()
  }
  const sweeper = startSweeper(options, stages, consumers)
  return {
    caughtUp,
    stuck: () => stuckOf(stages, failures, derivations),
    counts: () => Object.fromEntries([...counts].map(([name, count]) => [name, { ...count }])),
    lag: async () => together(await Promise.all([lagByProduct(stages), derivations.lag()])),
    replays: () => replayer.status(),
    tables: () => tables.status(),
    routes: routesOf(options, { stages, caughtUp, replayer, tables }),
    async close() {
      await sweeper?.close()
      replayer.stop()
      await derivations.close()
      await Promise.all(consumers.map((consumer) => consumer.close()))
      await Promise.all(observers.map((each) => each.close()))
      await Promise.all([replayer.close(), tables.close()])
      const reason = new MeshgateError('LOG_CLOSED', 'Ingest closed before it had caught up. Start it again.')
      for (const { progress } of stages) progress.close(reason)
    },
  }
}

function routesOf(
  options: IngestOptions,
  work: {
    readonly stages: readonly Stage[]
    readonly caughtUp: () => Promise<void>
    readonly replayer: Replayer
    readonly tables: TableWork
  },
): readonly RouteHandler[] {
  const { stages, caughtUp, replayer, tables } = work
  return [
    createTopicRoutes({ ...options, lagOf: lagOfTopics(stages) }),
    createDeadLetterRoutes({ ...options, caughtUp }),
    createReplayRoutes(options, replayer),
    createDigestRoutes({ products: options.products, store: liveTables(options) }),
    createTableRoutes({ ...options, look: () => tables.look() }),
  ]
}

function startSweeper(
  options: IngestOptions,
  stages: readonly Stage[],
  consumers: readonly Consumer[],
): Sweeper | null {
  if (options.sweep === false) return null
  const plans = stages.filter(({ plan, progress }) => progress.topic === plan.topic).map(({ plan }) => plan)
  return new Sweeper(plans, {
    ...options,
    store: liveTables(options),
    // Every member would look at every row: the one that has the topic's first partition does.
    isMine: ({ topic }) =>
      consumers.some((consumer) => consumer.assignment().some((mine) => mine.topic === topic && mine.partition === 0)),
  })
}

async function lagByProduct(stages: readonly Stage[]): Promise<Readonly<Record<string, number>>> {
  const each = await Promise.all(
    stages.map(async ({ plan, progress }) => ({ [nameOf(plan.product)]: await progress.lag() })),
  )
  return together(each)
}

// A topic's re-keying stage comes before its writing stage: what the first appends, the second must see.
async function allCaughtUp(stages: readonly Stage[]): Promise<void> {
  for (const rekeying of [true, false]) {
    const waiting = stages.filter(({ plan, progress }) => (progress.topic !== plan.topic) === rekeying)
    await Promise.all(waiting.map(({ progress }) => progress.caughtUp()))
  }
}

/** Of a source topic: what waits to be re-keyed and to be written. */
function lagOfTopics(stages: readonly Stage[]): (topic: string) => Promise<number> {
  return async (topic) => {
    const own = stages.filter(({ plan }) => plan.source.topic === topic)
    const lags = await Promise.all(own.map(({ progress }) => progress.lag()))
    return lags.reduce((sum, lag) => sum + lag, 0)
  }
}

function stuckOf(stages: readonly Stage[], failures: FailureLog, derivations: Derivations): StuckPartitionOf[] {
  return failures.stuck().map(({ group, topic, ...partition }) => {
    const stage = stages.find(({ progress }) => progress.group === group && progress.topic === topic)
    const product = stage === undefined ? (derivations.productOf(group) ?? '') : nameOf(stage.plan.product)
    return { product, topic, ...partition }
  })
}

function together(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const each of all) {
    for (const [name, lag] of Object.entries(each)) sums[name] = (sums[name] ?? 0) + lag
  }
  return sums
}

/** For work that is not told when tables are switched. */
function liveTables({ store, clock, products, tableTimings }: IngestOptions): Store {
  const own = products.map((product) => ({ product: nameOf(product), tables: emitTables(product) }))
  return createGenerationStore({ store, clock, products: own, ...timingsOf({ tableTimings }) })
}

function timingsOf({ tableTimings }: { readonly tableTimings?: TableTimings | undefined }): { timings?: TableTimings } {
  return tableTimings === undefined ? {} : { timings: tableTimings }
}

function nameOf(product: Product): string {
  return `${product.domain}/${product.name}`
}

interface Registers {
  readonly counts: Map<string, { written: number; rejected: number }>
  readonly stages: Stage[]
  readonly failures: FailureLog
  readonly replayer: Replayer
  readonly tables: TableWork
  /** The consumer of each topic. */
  readonly byTopic: Map<string, Consumer>
  readonly observers: QualityObserver[]
}

async function startProduct(options: IngestOptions, product: Product, registers: Registers): Promise<Consumer[]> {
  const { log } = options
  const { replayer } = registers
  const plans = planEntities(product, log.timestampResolutionUs)
  let writer: Consumer | null = null
  const consumers: Consumer[] = []
  const generations = await registers.tables.add(product, plans, {
    assignment: () => writer?.assignment() ?? [],
    leave: async () => {
      await Promise.all(consumers.splice(0).map((consumer) => consumer.close()))
    },
  })
  const writing: Stage[] = plans.map((plan) => {
    // What re-keying passes on has exact times already.
    const exact = exactTimes(log, plan, plan.needsClock && !plan.source.rekeyed)
    const observe = observing(options, registers, { plan, topic: plan.topic, rejectedOnly: false })
    return {
      plan,
      progress: new GroupProgress(groupOf(product), plan.topic, options),
      process: async (batch, signal) => {
        const timed = await exact(await replayer.raised(batch, signal))
        return generations.runLive(plan, batch, signal, (ports, live) =>
          processBatch({ ...ports, ...observe }, live, timed, signal),
        )
      },
    }
  })
  const rekeying: Stage[] = plans
    .filter((plan) => plan.source.rekeyed)
    .map((plan) => {
      const exact = exactTimes(log, plan, plan.needsClock)
      const observe = observing(options, registers, { plan, topic: plan.source.topic, rejectedOnly: true })
      return {
        plan,
        progress: new GroupProgress(rekeyGroupOf(product), plan.source.topic, options),
        process: async (batch, signal) =>
          rekeyBatch({ ...options, ...observe }, plan, await exact(await replayer.raised(batch, signal)), signal),
      }
    })
  registers.stages.push(...rekeying, ...writing)
  if (rekeying.length > 0) consumers.push(await consume(options, rekeying, registers))
  if (writing.length > 0) consumers.push((writer = await consume(options, writing, registers)))
  return [...consumers]
}

/** The mesh's own products are not observed: each observation would make another. */
function observing(
  { log, clock, tellsQuality = false }: IngestOptions,
  { observers }: Registers,
  of: { readonly plan: EntityPlan; readonly topic: string; readonly rejectedOnly: boolean },
): { observe?: ObserveBatch } {
  if (!tellsQuality || of.plan.product.domain === 'mesh') return {}
  const observer = new QualityObserver({ log, clock, ...of })
  observers.push(observer)
  return { observe: (batch, decoded, signal) => observer.observe(batch, decoded, signal) }
}

function exactTimes(log: EventLog, plan: EntityPlan, needed: boolean): (batch: RecordBatch) => Promise<RecordBatch> {
  if (!needed) return async (batch) => batch
  const clock = new AppendClock(log, plan.source.topic)
  return (batch) => clock.exact(batch)
}

async function consume(options: IngestOptions, stages: readonly Stage[], registers: Registers): Promise<Consumer> {
  const { counts, failures, replayer } = registers
  const byTopic = new Map(stages.map((stage) => [stage.progress.topic, stage]))
  const group = stages[0]?.progress.group ?? ''
  const { clock, observer } = options
  /** What the handler rejected with; any other error is the consumer's. */
  const ofBatches = new WeakSet<object>()
  const consumer = await options.log.consume({
    group,
    topics: [...byTopic.keys()],
    handler: async (batch, signal) => {
      const stage = byTopic.get(batch.topic)
      if (stage === undefined) return
      const at = { group, topic: batch.topic, partition: batch.partition }
      failures.begins({ ...at, offset: batch.records[0]?.offset ?? 0 }, signal)
      const product = nameOf(stage.plan.product)
      const startedMs = clock.monotonic()
      const outcome = await stage.process(batch, signal).catch((error: unknown) => {
        if (typeof error === 'object' && error !== null) ofBatches.add(error)
        throw error
      })
      failures.recovered(at)
      observer?.batch?.({
        product,
        records: batch.records.length,
        ...outcome,
        durationMs: clock.monotonic() - startedMs,
      })
      const count = counts.get(product)
      if (count !== undefined) {
        count.written += outcome.written
        count.rejected += outcome.rejected
      }
      stage.progress.handled(batch)
    },
    onError: (error, position) => {
      const at = { group, ...position }
      if (typeof error === 'object' && error !== null && !ofBatches.has(error)) {
        failures.consumerFailed(error, at)
        if (error instanceof MeshgateError && error.code === 'LOG_OFFSET_OUT_OF_RANGE') replayer.outOfRange(position)
        return
      }
      const stage = byTopic.get(at.topic)
      const code = error instanceof MeshgateError ? error.code : 'INTERNAL'
      if (stage !== undefined) observer?.retry?.({ product: nameOf(stage.plan.product), code })
      failures.failed(error, at)
    },
  })
  for (const topic of byTopic.keys()) registers.byTopic.set(topic, consumer)
  return consumer
}
