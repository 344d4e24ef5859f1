// The generations of all products that this process ingests: the ports that live batches write through, and a loop that tends what no batch
// asks for. Owns the loop and what is filled here.
import { MeshgateError } from '../../platform/errors.ts'
import { tellWhole } from '../../platform/generation-store.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import {
  defaultTableTimings,
  GENERATIONS_TABLE,
  productKey,
  tablesOfGeneration,
  type TableTimings,
} from '../../platform/table-generations.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import type { Product } from '../../schema/model.ts'
import type { EntityPlan } from '../entity-plan.ts'
import type { IngestLogger } from '../ingest-logger.ts'
import { createChangeOver, type ChangeOver } from './change-over.ts'
import { declaring, declaringProblems, wholeTables } from './declared-tables.ts'
import { ProductGenerations } from './product-generations.ts'
import { TableLedger } from './table-ledger.ts'
import { partsOf } from './table-request.ts'
import type { Building, ProductTables, TablesState } from './table-state.ts'

export interface TableWorkOptions {
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
  readonly logger?: IngestLogger
  readonly timings?: TableTimings
}

/** Of a product, as `GET /ingest` tells it. */
export interface TablesStatus {
  /** The generation that is read. */
  readonly live: number
  readonly building:
    | (Pick<Building, 'generation' | 'seed' | 'phase' | 'failed'> & {
        /** Parts (partitions, scans) that are filled, of so many. */
        readonly partsReady: number
        readonly parts: number
        /** Records that this process has still to fill, and rows that it has seeded. */
        readonly recordsLeft: number
        readonly rowsSeeded: number
      })
    | null
  /** Tables that a version of the product added: refused to readers until rows from before are copied. */
  readonly adding:
    | (Pick<NonNullable<TablesState['adding']>, 'phase'> & {
        readonly tables: readonly string[]
        /** That this process has copied. */
        readonly rowsSeeded: number
      })
    | null
  /** The version that ingests the product in place of this process's, which has left its records to others. */
  readonly supersededBy: string | null
  readonly kept: TablesState['kept']
  readonly retired: TablesState['retired']
  readonly dropping: TablesState['dropping']
}

interface Tended {
  readonly generations: ProductGenerations
  readonly changeOver: ChangeOver
  readonly isFirst: () => boolean
  /** Leaves the product's records to other processes. */
  readonly leave: () => Promise<void>
  /** Declared names of tables that are being filled, as last told to the log. */
  toldAdding: string
}

/** What a product's live batches have to do with its consumers. */
export interface TendedBy {
  readonly assignment: Assignment
  readonly leave: () => Promise<void>
}

export type Assignment = () => readonly { readonly topic: string; readonly partition: number }[]

export class TableWork {
  readonly #options: TableWorkOptions
  readonly #timings: TableTimings
  readonly #ledger: TableLedger
  readonly #tended = new Map<string, Tended>()
  /** By product: the state that readers were told of at the start. */
  readonly #toldVersions = new Map<string, number>()
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #told = ''

  constructor(options: TableWorkOptions) {
    this.#options = options
    this.#timings = options.timings ?? defaultTableTimings
    this.#ledger = new TableLedger(options)
  }

  /**
   * Migrates every table that is written now, and declares which are: from then on processes that do not know them leave the records to
   * others. What is refused is refused before. The topic `mesh.tables` exists.
   */
  async start(products: readonly Product[]): Promise<void> {
    const { store } = this.#options
    await this.#ledger.readOn()
    await store.migrate([GENERATIONS_TABLE])
    this.#requireDeclarable(products)
    const liveOf = (product: Product): number => this.#ledger.of(productKey(product)).state.live
    await store.migrate(products.flatMap((product) => tablesOfGeneration(emitTables(product), liveOf(product))))
    for (const product of products) await this.#declare(product)
  }

  #requireDeclarable(products: readonly Product[]): void {
    const problems = products.flatMap((product) => {
      const all = declaringProblems(this.#ledger.of(productKey(product)).state, product)
      return all.length === 0 ? [] : [`${productKey(product)} ${product.version} is refused:`, ...all.map(listed)]
    })
    if (problems.length > 0) throw new MeshgateError('PRODUCT_CHANGE_REFUSED', problems.join('\n'))
  }

  async #declare(product: Product): Promise<void> {
    const { log, store, clock } = this.#options
    const key = productKey(product)
    const partitions = await partsOf(log, product, 'topic')
    for (;;) {
      const { state } = this.#ledger.of(key)
      const next = declaring(state, { product, partitions, nowMs: clock.now() })
      if (next === null) {
        // Before the first batch: who reads a table that this version added must not take it for whole.
        const whole = { product: key, whole: wholeTables(state), version: state.version }
        if (state.version > 0) await tellWhole(store, whole)
        this.#toldVersions.set(key, state.version)
        return
      }
      await this.#ledger.propose(key, { ...state, ...next, version: state.version + 1 })
      // Another process may have declared its version meanwhile.
      this.#requireDeclarable([product])
    }
  }

  /** What live batches of the product write through. */
  async add(
    product: Product,
    plans: readonly EntityPlan[],
    { assignment, leave }: TendedBy,
  ): Promise<ProductGenerations> {
    const { store, clock } = this.#options
    const options = { ...this.#options, timings: this.#timings, ledger: this.#ledger, product, plans, assignment }
    const generations = new ProductGenerations(options)
    const { live, kept } = generations.tables.state
    for (const generation of [live, kept]) if (generation !== null) await generations.know(generation)
    const key = productKey(product)
    const changeOver = createChangeOver({
      product: key,
      tables: emitTables(product).map(({ name }) => name),
      ledger: this.#ledger,
      store,
      clock,
      timings: this.#timings,
      toldVersion: this.#toldVersions.get(key) ?? -1,
    })
    const [first] = plans
    const isFirst = (): boolean =>
      assignment().some(({ topic, partition }) => topic === first?.topic && partition === 0)
    this.#tended.set(key, { generations, changeOver, isFirst, leave, toldAdding: '' })
    return generations
  }

  /** From now on parts without records are filled too, and steps taken. */
  tend(): void {
    this.#running = this.#run()
  }

  /** What has been asked for by now shows in the status. */
  look(): Promise<void> {
    return this.#ledger.readOn()
  }

  /** By `domain/name`. */
  status(): Readonly<Record<string, TablesStatus>> {
    return Object.fromEntries([...this.#tended].map(([key, { generations }]) => [key, statusOf(generations)]))
  }

  /** Ends after what is in hand. Live batches have ended. */
  async close(): Promise<void> {
    this.#stop.abort(new DOMException('Ingest closes.', 'AbortError'))
    await this.#running
    await Promise.all([...this.#tended.values()].map(({ generations }) => generations.close()))
  }

  async #run(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      await clock.sleep(this.#timings.pollMs, signal).catch(() => undefined)
      if (signal.aborted) return
      await this.#round().catch((error: unknown) => this.#tell(error))
    }
  }

  async #round(): Promise<void> {
    await this.#ledger.freshWithin(this.#timings.pollMs)
    for (const [product, tended] of this.#tended) {
      const { generations, changeOver, isFirst, leave } = tended
      if (this.#stop.signal.aborted) return
      const newer = generations.supersededBy
      this.#tellTables(product, tended, newer)
      await (newer === null ? generations.tend() : leave())
      if (newer === null && isFirst()) await changeOver.step()
    }
    this.#told = ''
  }

  /** Once each: that this process leaves the product, that tables are being filled, that they are whole. */
  #tellTables(product: string, tended: Tended, newer: string | null): void {
    const { logger } = this.#options
    const adding = (tended.generations.tables.state.adding?.tables ?? []).map(({ name }) => name).join(', ')
    const now = newer === null ? adding : `superseded by ${newer}`
    if (now === tended.toldAdding) return
    const before = tended.toldAdding
    tended.toldAdding = now
    if (newer !== null) {
      logger?.warn(
        { product, version: newer },
        'A newer version of the product is ingested, with tables that this process does not know: it leaves the records to others.',
      )
    } else if (now === '') logger?.info({ product, tables: before }, 'New tables are filled: they are whole.')
    else logger?.info({ product, tables: now }, 'New tables are being filled from rows that are there.')
  }

  /** Once for as long as it is the same. */
  #tell(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (message === this.#told) return
    this.#told = message
    this.#options.logger?.warn({ error }, 'The generations of tables could not be tended; it is tried again.')
  }
}

function statusOf(generations: ProductGenerations): TablesStatus {
  return tablesStatus(generations.tables, { ...generations.progress(), supersededBy: generations.supersededBy })
}

function listed(problem: string): string {
  return `  - ${problem}`
}

/** `here`: what the process that asks has itself to do. */
export function tablesStatus(
  { state, parts }: ProductTables,
  here: { readonly left: number; readonly rows: number; readonly supersededBy?: string | null },
): TablesStatus {
  const { live, kept, retired, dropping, building, adding } = state
  const filling =
    adding === null
      ? null
      : { tables: adding.tables.map(({ name }) => name), phase: adding.phase, rowsSeeded: here.rows }
  const rest = { live, kept, retired, dropping, adding: filling, supersededBy: here.supersededBy ?? null }
  if (building === null) return { ...rest, building: null }
  const { generation, seed, phase, failed } = building
  const partsReady = building.parts.filter((part) => parts.get(part)?.mark?.ready === true).length
  const counts = { partsReady, parts: building.parts.length, recordsLeft: here.left, rowsSeeded: here.rows }
  return { ...rest, building: { generation, seed, phase, failed, ...counts } }
}
