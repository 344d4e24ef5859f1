// Things that are ingested while their tables are built anew: a writer of records with serial numbers, readers as subgraphs have them, and a
// subscriber that looks up the effect of every change at the moment it is told of it.
import { expect, vi } from 'vitest'
import { startIngest, type Ingest, type IngestOptions } from '../../../ingest/main.ts'
import { createGenerationStore } from '../../../platform/generation-store.ts'
import type { AppendRecord, EventLog, Tail } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { generationTable, type TableTimings } from '../../../platform/table-generations.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import type { Product } from '../../../schema/model.ts'
import type { Change } from '../../../schema/record.ts'
import type { Row } from '../../../schema/row.ts'
import { isRowVisible } from '../../../schema/row-visibility.ts'
import type { Random } from '../random-things.ts'
import { byId, jsonOf, visibleRows, type TestPorts } from '../open-ports.ts'
import { testProduct } from '../test-products.ts'

export const TIMINGS: TableTimings = { leaseMs: 300, refreshMs: 100, stepWaitMs: 700, graceMs: 700, pollMs: 20 }
export const WAIT = { timeout: 60_000, interval: 20 }
export const KEY = 'test/things'
const TABLES = ['things', 'things_by_shelf'] as const

export const thingsProduct = (): Product => testProduct({ source: { envelope: 'DEBEZIUM', partial: true } })

/** Records of some things, each with a number greater than all before: corrections, moves, deletes. */
export class ThingWriter {
  readonly #log: EventLog
  readonly #random: Random
  readonly #keys: number
  readonly expected = new Map<string, Row>()
  #serial = 0

  constructor(log: EventLog, random: Random, keys: number) {
    this.#log = log
    this.#random = random
    this.#keys = keys
  }

  async append(count: number): Promise<void> {
    await this.#log.append(
      'test.things',
      Array.from({ length: count }, () => this.#next()),
    )
  }

  #next(): AppendRecord {
    const random = this.#random
    const id = `thing-${random(this.#keys)}`
    const rank = (this.#serial += 1)
    const before = this.expected.get(id)
    if (before !== undefined && random(8) === 0) {
      this.expected.delete(id)
      return recordOf(id, { op: 'd', before: { id } })
    }
    const cells: Record<string, Row[string]> = { rank }
    if (before === undefined || random(3) === 0) cells['shelf'] = `shelf-${random(5)}`
    if (random(3) === 0) cells['note'] = random(3) === 0 ? null : `note ${rank}`
    const row = Object.entries({ ...before, id, ...cells }).filter(([, value]) => value !== null)
    this.expected.set(id, Object.fromEntries(row))
    return recordOf(id, { op: 'c', after: { id, ...cells } })
  }

  rows(): Row[] {
    return byId([...this.expected.values()])
  }
}

function recordOf(id: string, message: object): AppendRecord {
  return { key: Buffer.from(id), value: Buffer.from(JSON.stringify(message)) }
}

export function ingestThings(
  ports: Pick<TestPorts, 'log' | 'store' | 'clock'>,
  options: Partial<IngestOptions> = {},
): Promise<Ingest> {
  const { log, store, clock } = ports
  return startIngest({
    products: [thingsProduct()],
    log,
    store,
    clock,
    sweep: false,
    tableTimings: TIMINGS,
    ...options,
  })
}

/** The store as a subgraph has it. */
export function readerOf({ store, clock }: Pick<TestPorts, 'store' | 'clock'>): Store {
  const tables = emitTables(thingsProduct())
  return createGenerationStore({ store, clock, products: [{ product: KEY, tables }], timings: TIMINGS })
}

/** Queries for ever, from every table, and looks up each change when it comes; what was wrong is kept. */
export class Watcher {
  readonly wrong: string[] = []
  changes = 0
  #tail: Tail | null = null
  #looking: Promise<void> = Promise.resolve()
  readonly #reader: Store

  constructor(reader: Store) {
    this.#reader = reader
  }

  async start(log: EventLog): Promise<void> {
    this.#tail = await log.tail({
      topic: 'test.things.changes',
      from: 'end',
      onBatch: ({ records }) => {
        const changes = records.map((record) => jsonOf(record) as Change)
        this.changes += changes.length
        this.#looking = this.#looking.then(() => this.#look(changes))
      },
      onError: (error) => this.wrong.push(String(error)),
    })
  }

  async close(): Promise<void> {
    await this.#tail?.close()
    await this.#looking
  }

  async #look(changes: readonly Change[]): Promise<void> {
    try {
      const newest = [...new Map(changes.map((change) => [change.key, change])).values()]
      const found = await this.#things(newest)
      const placed = await this.#placed(found)
      const later = await this.#things(newest)
      for (const [index, { key, op, row }] of newest.entries()) {
        const [held, now] = [found[index] ?? null, later[index] ?? null]
        // A later record may have come meanwhile: it has a greater rank, or has deleted the thing.
        const isStale = op === 'UPSERT' && held !== null && Number(held['rank']) < Number(row['rank'])
        const isMissing = op === 'UPSERT' && held === null && now?.['rank'] === row['rank']
        if (isStale || isMissing) this.wrong.push(`${key}: told ${JSON.stringify(row)}, found ${JSON.stringify(held)}`)
        if (held !== null && placed[index] !== true) await this.#expectMoved(key, held)
      }
    } catch (error) {
      this.wrong.push(String(error))
    }
  }

  // A batch writes shelves first, so that a thing is on none that it was on while its base row still says so; but then the base row follows.
  async #expectMoved(key: string, held: Row): Promise<void> {
    await vi.waitFor(async () => {
      const [stored] = await this.#reader.read('things', [{ id: key }])
      if (JSON.stringify(stored?.row) === JSON.stringify(held)) throw new Error(`${key} is not on its shelf`)
    }, WAIT)
  }

  async #things(changes: readonly Pick<Change, 'key'>[]): Promise<readonly (Row | null)[]> {
    const found = await this.#reader.read(
      'things',
      changes.map(({ key }) => ({ id: key })),
    )
    return found.map((stored) => (stored !== null && isRowVisible(stored.row) ? stored.row : null))
  }

  async #placed(things: readonly (Row | null)[]): Promise<readonly boolean[]> {
    const keys = things.map((thing) => ({
      shelf: thing?.['shelf'] ?? '-',
      rank: thing?.['rank'] ?? 0,
      id: thing?.['id'] ?? '-',
    }))
    return (await this.#reader.read('things_by_shelf', keys)).map((stored) => stored !== null)
  }
}

/** Whether everything is as the records say, in both tables of a generation. */
export async function expectRows(store: Store, generation: number, rows: readonly Row[]): Promise<void> {
  for (const table of TABLES) {
    expect(byId(await visibleRows(store, generationTable(table, generation)))).toEqual(rows)
  }
}

export async function untilLive(ingest: Ingest, generation: number): Promise<void> {
  await vi.waitFor(() => expect(ingest.tables()[KEY]).toMatchObject({ live: generation, kept: null }), WAIT)
}
