// The generations of one product's tables in this process: which of them each live batch writes, and the parts of a new one that this
// process fills. What holds for all processes stands in the ledger; the protocol is told in docs/decisions/table-generations.md.
import { randomUUID } from 'node:crypto'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { tellSeeded } from '../../platform/generation-store.ts'
import type { RecordBatch } from '../../platform/ports/event-log.ts'
import { productKey, tablesOfGeneration, type TableTimings } from '../../platform/table-generations.ts'
import { groupOf, type EntityPlan } from '../entity-plan.ts'
import type { IngestLogger } from '../ingest-logger.ts'
import type { BeforeChanges, Ports } from '../process-batch.ts'
import { copyRecords } from './copy-records.ts'
import { supersededBy } from './declared-tables.ts'
import { EntitySeed, type SeedProgress } from './entity-seed.ts'
import { generationPlan } from './generation-plan.ts'
import { PartitionFill, type FillPorts, type FillProgress } from './partition-fill.ts'
import type { SeedTables } from './seed-rows.ts'
import type { PartClaim, TableLedger } from './table-ledger.ts'
import { partId, workOf, type Adding, type Building, type PartMark, type ProductTables } from './table-state.ts'

export interface GenerationsOptions extends FillPorts {
  readonly product: Product
  readonly plans: readonly EntityPlan[]
  readonly ledger: TableLedger
  readonly timings: TableTimings
  readonly logger?: IngestLogger
  /** Partitions of the plans' topics that this process ingests now. */
  readonly assignment: () => readonly { readonly topic: string; readonly partition: number }[]
}

export type LiveWork<T> = (ports: Ports, plan: EntityPlan) => Promise<T>

/** A part of the build that this process has claimed. */
interface HeldPart {
  readonly claim: PartClaim
  /** Of the assignment that it was claimed under; null before the first batch. */
  readonly signal: AbortSignal | null
  readonly fill: PartitionFill
}

/** A batch in hand, as a part is claimed for it. */
interface LiveBatch {
  /** Of the assignment that it came under. */
  readonly signal: AbortSignal
  readonly offset: number
}

/** The generations have changed since the batch began: it is written again. */
class GenerationsChanged extends Error {}

export class ProductGenerations {
  readonly #options: GenerationsOptions
  readonly #key: string
  readonly #held = new Map<string, HeldPart>()
  readonly #seeds = new Map<string, { readonly claim: PartClaim; readonly seed: EntitySeed }>()
  /** By partition: the assignment under which this process last looked at the ledger. */
  readonly #looked = new Map<string, AbortSignal>()
  readonly #inHand = new Set<string>()
  readonly #known = new Map<number, Promise<void>>()
  /** By partition: claims go one after the other. */
  readonly #claiming = new Map<string, Promise<unknown>>()
  #closed = false

  constructor(options: GenerationsOptions) {
    this.#options = options
    this.#key = productKey(options.product)
  }

  /** As this process last read it. */
  get tables(): ProductTables {
    return this.#options.ledger.of(this.#key)
  }

  /** The version that ingests the product in place of this process's, null where this one may. */
  get supersededBy(): string | null {
    return supersededBy(this.tables.state, this.#options.product)
  }

  /** Makes a generation's tables known to the store, and there. */
  know(generation: number): Promise<void> {
    const known = this.#known.get(generation)
    if (known !== undefined) return known
    const { store, product } = this.#options
    const knowing = store.migrate(tablesOfGeneration(emitTables(product), generation))
    this.#known.set(generation, knowing)
    knowing.catch(() => this.#known.delete(generation))
    return knowing
  }

  /** Runs a live batch on the generations that it must write: its changes are appended when all of them hold it. */
  async runLive<T>(plan: EntityPlan, batch: RecordBatch, signal: AbortSignal, work: LiveWork<T>): Promise<T> {
    const part = partId.partition(batch.topic, batch.partition)
    this.#inHand.add(part)
    try {
      for (;;) {
        await this.#look(part, signal)
        try {
          return await this.#runOnce(plan, batch, signal, work)
        } catch (error) {
          if (!(error instanceof GenerationsChanged)) throw error
          signal.throwIfAborted()
        }
      }
    } finally {
      this.#inHand.delete(part)
    }
  }

  // Under a new assignment everything is looked at anew: others may have had the partition meanwhile.
  async #look(part: string, signal: AbortSignal): Promise<void> {
    const { ledger, timings } = this.#options
    if (this.#looked.get(part) !== signal) {
      await ledger.readOn()
      this.#looked.set(part, signal)
    } else await ledger.freshWithin(timings.refreshMs)
    const newer = this.supersededBy
    if (newer === null) return
    const { version } = this.#options.product
    throw new MeshgateError(
      'PRODUCT_SUPERSEDED',
      `${this.#key} ${version} takes no more records, since version ${newer} is ingested, whose tables it does not know: start this process with that version.`,
    )
  }

  async #runOnce<T>(plan: EntityPlan, batch: RecordBatch, signal: AbortSignal, work: LiveWork<T>): Promise<T> {
    const { log, store } = this.#options
    const { state } = this.tables
    const offset = batch.records[0]?.offset ?? 0
    const held = await this.#heldFor(plan, batch.partition, { signal, offset })
    const fills = held !== null && (await held.fill.beginLive(offset))
    let handled: number | null = null
    try {
      const copied = [state.kept, state.building?.phase === 'writing' ? state.building.generation : null].filter(
        (generation) => generation !== null,
      )
      const building = fills && held !== null ? { held, generation: held.claim.generation, offset } : null
      for (const generation of [state.live, ...copied]) await this.know(generation)
      const copies = copied.map((generation) => generationPlan(plan, generation))
      const beforeChanges: BeforeChanges = async (of, decoded, stop) => {
        for (const copy of copies) await copyRecords(store, copy, { batch: of, decoded }, stop)
        if (building !== null) await this.#copyBuilding(plan, building, { batch: of, decoded }, stop)
        await this.#requireUnchanged(state.version, held)
      }
      const result = await work({ log, store, beforeChanges }, generationPlan(plan, state.live))
      handled = (batch.records.at(-1)?.offset ?? offset) + 1
      return result
    } finally {
      held?.fill.endLive(handled)
    }
  }

  // What cannot be written while it is being filled is filled later: live ingest goes on without it.
  async #copyBuilding(
    plan: EntityPlan,
    { held, generation, offset }: { readonly held: HeldPart; readonly generation: number; readonly offset: number },
    records: Parameters<typeof copyRecords>[2],
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await this.know(generation)
      await copyRecords(this.#options.store, generationPlan(plan, generation), records, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof MeshgateError && error.code === 'STORE_ROW_INVALID') throw error
      if (!held.fill.leaveToFill(offset)) throw error
      this.#problem(error, held.claim.part)
    }
  }

  async #requireUnchanged(version: number, held: HeldPart | null): Promise<void> {
    const { ledger, timings } = this.#options
    await ledger.freshWithin(timings.leaseMs)
    if (this.tables.state.version !== version) throw new GenerationsChanged()
    if (held !== null && !this.#isMine(held.claim)) throw new GenerationsChanged()
  }

  #isMine({ generation, part, owner }: PartClaim): boolean {
    const { state, parts } = this.tables
    return workOf(state)?.number === generation && parts.get(part)?.owner === owner
  }

  /** The part that the partition is of the build; null where none is being filled. `live`: null where no batch asks for it. */
  #heldFor(plan: EntityPlan, partition: number, live: LiveBatch | null): Promise<HeldPart | null> {
    const part = partId.partition(plan.topic, partition)
    const turn = (this.#claiming.get(part) ?? Promise.resolve()).then(() => this.#hold(plan, partition, live))
    this.#claiming.set(
      part,
      turn.catch(() => undefined),
    )
    return turn
  }

  async #hold(plan: EntityPlan, partition: number, live: LiveBatch | null): Promise<HeldPart | null> {
    const { building } = this.tables.state
    if (this.#closed || building === null || building.phase !== 'filling' || building.failed !== null) return null
    const part = partId.partition(plan.topic, partition)
    const held = this.#held.get(part)
    const isSame = live === null || held?.signal === live.signal
    if (held !== undefined && isSame && this.#isMine(held.claim)) return held
    this.#held.delete(part)
    await held?.fill.close()
    const claimed = await this.#claim(plan, partition, { building, live })
    this.#held.set(part, claimed)
    return claimed
  }

  async #claim(
    plan: EntityPlan,
    partition: number,
    { building, live }: { readonly building: Building; readonly live: LiveBatch | null },
  ): Promise<HeldPart> {
    const { ledger, clock, timings, log, store } = this.#options
    const part = partId.partition(plan.topic, partition)
    const claim = { product: this.#key, generation: building.generation, part, owner: randomUUID() }
    await ledger.claim(claim)
    const until = await this.#until(plan, partition, live)
    const fill = new PartitionFill({
      ports: { log, store, clock },
      plan: generationPlan(plan, building.generation),
      partition,
      start: () => this.#startOf(plan, partition, building),
      isFilled: this.tables.parts.get(part)?.mark?.ready === true,
      until,
      readyAtMs: clock.monotonic() + timings.stepWaitMs,
      pollMs: timings.pollMs,
      mark: (mark) => ledger.mark(claim, mark),
      onProblem: (error) => this.#problem(error, part),
    })
    return { claim, signal: live?.signal ?? null, fill }
  }

  // The topic's end, since live ingest may have stood anywhere before a replay set it back; and where it stands now, which the batch says or,
  // where none is in hand, the group: what a broker tells of a topic's end just after an outage may lie before that.
  async #until({ product, topic }: EntityPlan, partition: number, live: LiveBatch | null): Promise<number> {
    const { log } = this.#options
    const ranges = await log.offsets(topic)
    const standing = live?.offset ?? (await log.committed(groupOf(product), topic))[partition] ?? 0
    return Math.max(ranges[partition]?.next ?? 0, standing)
  }

  /** Where the owner before has come to, or the beginning: of the topic, or of what a scan has left. */
  async #startOf(plan: EntityPlan, partition: number, building: Building): Promise<FillProgress | null> {
    await this.know(building.generation)
    const { parts } = this.tables
    const before = parts.get(partId.partition(plan.topic, partition))?.mark?.progress as FillProgress | null | undefined
    if (before !== undefined && before !== null) return before
    if (building.seed === 'topic') return { next: 0, timeUs: null }
    const scan = parts.get(partId.scan(plan.entity.name))?.mark
    if (scan?.ready !== true) return null
    const { starts } = scan.progress as SeedProgress
    return { next: starts[partition] ?? 0, timeUs: null }
  }

  /** One round of the work that no batch asks for: parts of partitions without records, scans, and ends of what is over. */
  async tend(): Promise<void> {
    const { plans, assignment } = this.#options
    const { building } = this.tables.state
    await this.#letGo()
    await this.#tendAdding()
    if (building === null || building.phase !== 'filling' || building.failed !== null) return
    const mine = assignment()
    for (const plan of plans) {
      for (const { topic, partition } of mine) {
        if (this.#closed || topic !== plan.topic) continue
        if (building.seed === 'scan' && partition === 0) await this.#seedGeneration(plan, building)
        const part = partId.partition(topic, partition)
        if (!this.#inHand.has(part)) await this.#heldFor(plan, partition, null)
      }
    }
  }

  async #letGo(): Promise<void> {
    const { assignment } = this.#options
    const mine = new Set(assignment().map(({ topic, partition }) => partId.partition(topic, partition)))
    for (const [part, { claim, fill }] of this.#held) {
      if (this.#isMine(claim) && this.tables.state.building?.phase === 'filling' && mine.has(part)) continue
      if (this.#inHand.has(part)) continue
      this.#held.delete(part)
      await fill.close()
    }
    for (const [part, { claim, seed }] of this.#seeds) {
      if (this.#isMine(claim)) continue
      this.#seeds.delete(part)
      await seed.close()
    }
  }

  #seedGeneration(plan: EntityPlan, { generation }: Building): Promise<void> {
    const into = generationPlan(plan, generation)
    return this.#seed(plan, generation, async () => {
      await this.know(generation)
      const from = generationPlan(plan, this.tables.state.live)
      return { from, base: into.base, further: into.further }
    })
  }

  /** Rows from before are copied to tables that a version added: every batch writes them by now. */
  async #tendAdding(): Promise<void> {
    const { plans, assignment } = this.#options
    const { adding, live } = this.tables.state
    if (this.#closed || adding === null) return
    const mine = assignment()
    if (adding.phase === 'handing-over') {
      for (const { topic, partition } of mine) await this.#takeOver(partId.partition(topic, partition), adding)
      return
    }
    for (const plan of plans) {
      const isAdded = plan.further.map(({ name }) => adding.tables.some((table) => table.name === name))
      if (!isAdded.includes(true)) continue
      if (!mine.some(({ topic, partition }) => topic === plan.topic && partition === 0)) continue
      const from = generationPlan(plan, live)
      const further = from.further.filter((_table, index) => isAdded[index])
      await this.#seed(plan, adding.number, async () => {
        await this.know(live)
        return { from, base: null, further }
      })
    }
  }

  /** Says that the partition is this process's, so that no batch without the added tables is in hand any more. */
  async #takeOver(part: string, { number, partitions }: Adding): Promise<void> {
    if (!partitions.includes(part) || this.tables.parts.get(part)?.mark?.ready === true) return
    const { ledger } = this.#options
    const claim = { product: this.#key, generation: number, part, owner: randomUUID() }
    await ledger.claim(claim)
    await ledger.mark(claim, { ready: true, progress: null })
  }

  /** `work`: number of what the scan is a part of. */
  async #seed(plan: EntityPlan, work: number, tables: () => Promise<SeedTables>): Promise<void> {
    const part = partId.scan(plan.entity.name)
    if (this.#seeds.has(part) || this.tables.parts.get(part)?.mark?.ready === true) return
    const { ledger, store, log, clock } = this.#options
    const claim = { product: this.#key, generation: work, part, owner: randomUUID() }
    await ledger.claim(claim)
    const isMine = async (): Promise<boolean> => {
      await ledger.readOn()
      return this.#isMine(claim)
    }
    const seed = new EntitySeed({
      ports: { log, store, clock },
      tables,
      group: groupOf(plan.product),
      progress: (this.tables.parts.get(part)?.mark?.progress ?? null) as SeedProgress | null,
      mark: async (mark: PartMark) => {
        await ledger.mark(claim, mark)
        const { rows: seeded } = mark.progress as SeedProgress
        if (work < 0) await tellSeeded(store, { product: this.#key, seeded, nowMs: clock.now() })
      },
      isMine,
      onProblem: (error) => this.#problem(error, part),
    })
    this.#seeds.set(part, { claim, seed })
  }

  #problem(error: unknown, part: string): void {
    if (this.#closed) return
    this.#options.logger?.warn(
      { error, product: this.#key, part },
      'New tables could not be filled; it is tried again.',
    )
    if (!(error instanceof MeshgateError) || error.code !== 'LOG_OFFSET_OUT_OF_RANGE') return
    this.#fail(`Retention has removed records of ${part} before they were filled: ${error.message}`).catch(
      (failure: unknown) => this.#options.logger?.warn({ error: failure }, 'That a build failed could not be said.'),
    )
  }

  async #fail(reason: string): Promise<void> {
    const { state } = this.tables
    if (state.building === null || state.building.failed !== null) return
    const failed = `${reason} Abandon the build and seed the next one by a scan.`
    const building = { ...state.building, failed }
    await this.#options.ledger.propose(this.#key, { ...state, version: state.version + 1, building })
  }

  /** Records still to be filled here, and rows seeded here. */
  progress(): { readonly left: number; readonly rows: number } {
    let left = 0
    let rows = 0
    for (const { fill } of this.#held.values()) left += fill.left ?? 0
    for (const { seed } of this.#seeds.values()) rows += seed.rows
    return { left, rows }
  }

  /** Ends filling after the batches in hand. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([
      ...[...this.#held.values()].map(({ fill }) => fill.close()),
      ...[...this.#seeds.values()].map(({ seed }) => seed.close()),
    ])
  }
}
