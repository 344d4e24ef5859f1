// The generations of all products that this process ingests: the ports that live batches write through, and a loop that tends what no batch
// asks for. Owns the loop and what is filled here.
import type { Clock } from '../../platform/ports/clock.ts'
import {
  defaultTableTimings,
  FIRST_GENERATION,
  GENERATIONS_TABLE,
  productKey,
  type TableTimings,
} from '../../platform/table-generations.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import type { Product } from '../../schema/model.ts'
import type { EntityPlan } from '../entity-plan.ts'
import type { IngestLogger } from '../ingest-logger.ts'
import { createChangeOver, type ChangeOver } from './change-over.ts'
import { ProductGenerations } from './product-generations.ts'
import { TableLedger } from './table-ledger.ts'
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
  readonly kept: TablesState['kept']
  readonly retired: TablesState['retired']
  readonly dropping: TablesState['dropping']
}

interface Tended {
  readonly generations: ProductGenerations
  readonly changeOver: ChangeOver
  readonly isFirst: () => boolean
}

export type Assignment = () => readonly { readonly topic: string; readonly partition: number }[]

export class TableWork {
  readonly #options: TableWorkOptions
  readonly #timings: TableTimings
  readonly #ledger: TableLedger
  readonly #tended = new Map<string, Tended>()
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #told = ''

  constructor(options: TableWorkOptions) {
    this.#options = options
    this.#timings = options.timings ?? defaultTableTimings
    this.#ledger = new TableLedger(options)
  }

  /** Migrates every table that is written now. The topic `mesh.tables` exists. */
  async start(products: readonly Product[]): Promise<void> {
    await this.#ledger.readOn()
    await this.#options.store.migrate([GENERATIONS_TABLE])
    const first = products.filter((product) => this.#ledger.of(productKey(product)).state.live === FIRST_GENERATION)
    await this.#options.store.migrate(first.flatMap(emitTables))
  }

  /** What live batches of the product write through. */
  async add(product: Product, plans: readonly EntityPlan[], assignment: Assignment): Promise<ProductGenerations> {
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
    })
    const [first] = plans
    const isFirst = (): boolean =>
      assignment().some(({ topic, partition }) => topic === first?.topic && partition === 0)
    this.#tended.set(key, { generations, changeOver, isFirst })
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
    for (const { generations, changeOver, isFirst } of this.#tended.values()) {
      if (this.#stop.signal.aborted) return
      await generations.tend()
      if (isFirst()) await changeOver.step()
    }
    this.#told = ''
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
  return tablesStatus(generations.tables, generations.progress())
}

/** `here`: what the process that asks has itself to do. */
export function tablesStatus(
  { state, parts }: ProductTables,
  here: { readonly left: number; readonly rows: number },
): TablesStatus {
  const { live, kept, retired, dropping, building } = state
  if (building === null) return { live, kept, retired, dropping, building: null }
  const { generation, seed, phase, failed } = building
  const partsReady = building.parts.filter((part) => parts.get(part)?.mark?.ready === true).length
  const counts = { partsReady, parts: building.parts.length, recordsLeft: here.left, rowsSeeded: here.rows }
  return { live, kept, retired, dropping, building: { generation, seed, phase, failed, ...counts } }
}
