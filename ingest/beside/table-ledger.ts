// The topic `mesh.tables` as this process knows it, and how old that knowledge is. It reads on when it is asked; nothing runs by itself.
import { randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import { TABLES_TOPIC } from '../internal-topics.ts'
import {
  FIRST_TABLES,
  foldTables,
  tablesAppend,
  type PartMark,
  type ProductTables,
  type TablesRecord,
  type TablesState,
} from './table-state.ts'

const READ_RECORDS = 1_000

export interface PartClaim {
  readonly product: string
  readonly generation: number
  readonly part: string
  readonly owner: string
}

export class TableLedger {
  readonly #log: EventLog
  readonly #clock: Clock
  readonly #tables = new Map<string, ProductTables>()
  /** Ids of states that held. Few: a build has five. */
  readonly #held = new Set<string>()
  #next = 0
  /** Nothing that was in the topic then is unknown. */
  #asOfMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | null = null

  constructor(ports: { readonly log: EventLog; readonly clock: Clock }) {
    this.#log = ports.log
    this.#clock = ports.clock
  }

  /** As last read. The same object while nothing has changed. */
  of(product: string): ProductTables {
    return this.#tables.get(product) ?? FIRST_TABLES
  }

  ageMs(): number {
    return this.#clock.monotonic() - this.#asOfMs
  }

  /** Knows everything that was in the topic when it was called, or less than so long before. */
  async freshWithin(ageMs: number): Promise<void> {
    if (this.ageMs() >= ageMs) await this.readOn()
  }

  /** Knows everything that was in the topic when it was called. */
  async readOn(): Promise<void> {
    // One that is under way may have asked for the end before.
    await this.#reading?.catch(() => undefined)
    await (this.#reading ??= this.#readToEnd().finally(() => (this.#reading = null)))
  }

  /** Whether the state came to hold, or another that was proposed at the same time. */
  async propose(product: string, state: Omit<TablesState, 'id'>): Promise<boolean> {
    const id = randomUUID()
    await this.#say({ kind: 'state', product, state: { ...state, id } })
    return this.#held.has(id)
  }

  /** The part is this owner's from now on; `of` has what owners before it said. */
  async claim(claim: PartClaim): Promise<void> {
    await this.#say({ kind: 'claim', ...claim })
  }

  /** Counts only while the owner has the part. */
  async mark(claim: PartClaim, mark: PartMark): Promise<void> {
    await this.#say({ kind: 'mark', ...claim, mark })
  }

  /** Appends, and knows what came before it. */
  async #say(record: TablesRecord): Promise<void> {
    const [position] = await this.#log.append(TABLES_TOPIC, [tablesAppend(record)])
    const offset = position?.offset ?? 0
    while (this.#next <= offset) await this.readOn()
  }

  async #readToEnd(): Promise<void> {
    const startedMs = this.#clock.monotonic()
    const [range] = await this.#log.offsets(TABLES_TOPIC)
    const end = range?.next ?? 0
    let offset = Math.max(this.#next, range?.earliest ?? 0)
    while (offset < end) {
      const records = await this.#log.read({ topic: TABLES_TOPIC, partition: 0, offset }, READ_RECORDS)
      const last = records.at(-1)
      if (last === undefined) break
      for (const record of records) this.#fold(record)
      offset = last.offset + 1
      this.#next = offset
    }
    // Compaction may have left nothing up to the end.
    this.#next = Math.max(this.#next, end)
    this.#asOfMs = startedMs
  }

  #fold(record: LogRecord): void {
    const product = foldTables(this.#tables, record)
    if (product !== null) this.#held.add(this.of(product).state.id)
  }
}
