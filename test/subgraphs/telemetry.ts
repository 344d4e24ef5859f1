// A subgraph of the test product on the real embedded store and log, in a directory of its own, with ways to put rows and changes
// there as ingest does: every table's row, then the change.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Entity, Product } from '../../schema/model.ts'
import type { Change } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { GENERATIONS_TABLE } from '../../platform/table-generations.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { tableRow } from '../../schema/emit/table-rows.ts'
import { HIDDEN_COLUMNS } from '../../schema/tables.ts'
import { openEmbeddedLog, type EmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import type { SubgraphOptions } from '../../subgraphs/runtime/create-subgraph.ts'
import type { Subgraph } from '../../subgraphs/runtime/subgraph.ts'
import { ManualClock } from '../manual-clock.ts'

export const SOURCE = 'telemetry.readings'
export const CHANGES = 'telemetry.readings.changes'
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

/** Calls of the store, counted, and reads that can be made to fail; everything else is the real one. */
export interface CountedStore {
  readonly store: Store
  readonly calls: { read: number; keys: number; page: number }
  /** What the next reads reject with; null: they are done. */
  failure: Error | null
}

function counted(store: Store): CountedStore {
  const calls = { read: 0, keys: 0, page: 0 }
  const counting: Store = {
    migrate: (tables) => store.migrate(tables),
    drop: (tables) => store.drop(tables),
    write: (writes) => store.write(writes),
    writeAtomic: (writes) => store.writeAtomic(writes),
    read: (table, keys, options) => {
      // Which generation of tables is read is no query's doing.
      if (table !== GENERATIONS_TABLE.name) {
        calls.read++
        calls.keys += keys.length
      }
      return counts.failure === null ? store.read(table, keys, options) : Promise.reject(counts.failure)
    },
    page: (table, request) => {
      calls.page++
      return counts.failure === null ? store.page(table, request) : Promise.reject(counts.failure)
    },
    scan: (table, request) => store.scan(table, request),
    byIndex: (table, request) => store.byIndex(table, request),
    ping: () => store.ping(),
    close: () => store.close(),
  }
  const counts: CountedStore = { store: counting, calls, failure: null }
  return counts
}

async function testProduct(): Promise<Product> {
  const file = new URL('./readings.graphql', import.meta.url)
  const { product, diagnostics } = compileProduct('readings.graphql', await readFile(file, 'utf8'))
  if (product === null) throw new Error(JSON.stringify(diagnostics, null, 2))
  return product
}

export class Telemetry {
  readonly product: Product
  readonly entity: Entity
  readonly counts: CountedStore
  readonly log: EmbeddedLog
  readonly subgraph: Subgraph
  readonly clock: ManualClock
  readonly errors: { details: object; message: string }[] = []
  readonly warnings: { details: object; message: string }[] = []
  readonly #directory: string
  #writeTime = 1_000
  #offset = 0

  private constructor(parts: {
    product: Product
    store: Store
    log: EmbeddedLog
    clock: ManualClock
    directory: string
  }) {
    const { product, store, log, clock, directory } = parts
    const entity = product.entities.find((each) => each.name === 'Reading')
    if (entity === undefined) throw new Error('no Reading')
    this.product = product
    this.entity = entity
    this.counts = counted(store)
    this.log = log
    this.clock = clock
    this.#directory = directory
    this.subgraph = this.another()
  }

  static async open(startMs?: number): Promise<Telemetry> {
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-subgraphs-'))
    const clock = new ManualClock(startMs)
    const product = await testProduct()
    const store = await openSqliteStore({ directory: join(directory, 'store'), clock })
    const log = await openEmbeddedLog({ directory: join(directory, 'log'), clock })
    await store.migrate(emitTables(product))
    await log.createTopics(emitTopics(product))
    return new Telemetry({ product, store, log, clock, directory })
  }

  /** A subgraph on the same store and log: another instance. */
  another(options: Partial<SubgraphOptions> = {}): Subgraph {
    let errors = 0
    return createSubgraph({
      product: this.product,
      store: this.counts.store,
      log: this.log,
      clock: this.clock,
      cursorKey: new Uint8Array(32).fill(7),
      logger: {
        debug: () => undefined,
        warn: (details, message) => this.warnings.push({ details, message }),
        error: (details, message) => this.errors.push({ details, message }),
      },
      newErrorId: () => `error-${++errors}`,
      ...options,
    })
  }

  /** Rows into every table; `deleted` puts the marks of a delete over them. */
  async put(rows: readonly Row[], deleted = false): Promise<void> {
    const writeTime = ++this.#writeTime
    const mark = deleted ? HIDDEN_COLUMNS.deletedAt : HIDDEN_COLUMNS.upsertedAt
    const writes = rows.flatMap((row) =>
      this.entity.tables.map((table) => ({
        kind: 'put' as const,
        table: table.name,
        row: tableRow(this.entity, table, { ...row, [mark]: String(writeTime) }),
        writeTime,
      })),
    )
    await this.counts.store.write(writes)
  }

  /** A change of a new source record, with what `change` says otherwise. */
  change(row: Row, change: Partial<Change> = {}): Change {
    return {
      key: idOf(row),
      op: 'UPSERT',
      row,
      wrote: Object.keys(row),
      before: null,
      created: true,
      writeTime: this.#writeTime,
      source: `${SOURCE}:0:${this.#offset++}`,
      eventTimeMs: null,
      generation: 0,
      ...change,
    }
  }

  async append(changes: readonly Change[], partition?: number): Promise<void> {
    const at = partition === undefined ? {} : { partition }
    await this.log.append(
      CHANGES,
      changes.map((change) => ({ key: encode(change.key), value: encode(change), ...at })),
    )
  }

  execute(query: string, variables?: Record<string, unknown>): Promise<SubgraphResponse> {
    return this.subgraph.endpoint.execute(request(query, variables === undefined ? {} : { variables }))
  }

  async close(): Promise<void> {
    await this.subgraph.close()
    await this.log.close()
    await this.counts.store.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

export const request = (query: string, rest: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  query,
  principal: ANONYMOUS,
  ...rest,
})

export function idOf(row: Row): string {
  const { id } = row
  if (typeof id !== 'string') throw new TypeError('a row has an id')
  return id
}

/** A whole reading; times are seconds apart. */
export function reading(id: string, cells: Row = {}): Row {
  const number = Number(id.replace(/\D/g, ''))
  return {
    id,
    sensorId: '1',
    readAt: new Date(Date.UTC(2026, 0, 1) + number * 1_000).toISOString(),
    value: `${number}.5`,
    status: 'OK',
    ...cells,
  }
}

/** Plain objects: GraphQL's have no prototype. */
export const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown
