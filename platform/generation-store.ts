// A Store that reads and writes products' tables in the generation that is live, whoever switches it and when: callers keep the declared
// names. It looks at the store's own row now and then, as it is used, and never acts on a look older than the lease; for that long, and
// longer, writers keep the former generation true (docs/decisions/table-generations.md). Not for ingest's batches, which write several.
import type { TableDefinition } from '../schema/tables.ts'
import { MeshgateError } from './errors.ts'
import type { Clock } from './ports/clock.ts'
import type { Store, Write } from './ports/store.ts'
import {
  defaultTableTimings,
  FIRST_GENERATION,
  GENERATIONS_TABLE,
  generationTable,
  tablesOfGeneration,
  type TableTimings,
} from './table-generations.ts'

export interface ProductTables {
  /** `domain/name`. */
  readonly product: string
  readonly tables: readonly TableDefinition[]
  /** Of them those that a version of the product may have added to rows that were there: refused with TABLE_FILLING until they are whole. */
  readonly further?: readonly string[]
}

export interface GenerationStoreOptions {
  readonly store: Store
  readonly clock: Clock
  readonly products: readonly ProductTables[]
  readonly timings?: Pick<TableTimings, 'leaseMs' | 'refreshMs'>
}

/** By declared name. */
interface Look {
  /** Tables that are not there keep theirs. */
  readonly names: ReadonlyMap<string, string>
  /** Tables that lack rows, with how many have been copied. */
  readonly filling: ReadonlyMap<string, number>
}

export function createGenerationStore(options: GenerationStoreOptions): Store {
  const { store } = options
  const looked = liveNames(options)
  const named = (name: string, { names }: Look): string => names.get(name) ?? name
  const renamed = (writes: readonly Write[], known: Look): readonly Write[] =>
    writes.map((write) => ({ ...write, table: named(write.table, known) }))
  const whole = (name: string, known: Look): string => {
    const seeded = known.filling.get(name)
    if (seeded === undefined) return named(name, known)
    throw new MeshgateError(
      'TABLE_FILLING',
      `Table ${name} does not hold every row: it is new, and rows from before are being copied (${seeded} so far). Ask again later.`,
    )
  }
  return {
    async migrate(tables) {
      await store.migrate([GENERATIONS_TABLE])
      const known = await looked()
      await store.migrate(tables.map((table) => ({ ...table, name: named(table.name, known) })))
    },
    drop: (tables) => store.drop(tables),
    write: async (writes) => store.write(renamed(writes, await looked())),
    writeAtomic: async (writes) => store.writeAtomic(renamed(writes, await looked())),
    read: async (table, keys, read) => store.read(whole(table, await looked()), keys, read),
    page: async (table, request) => store.page(whole(table, await looked()), request),
    scan: async (table, request) => store.scan(whole(table, await looked()), request),
    byIndex: async (table, request) => store.byIndex(whole(table, await looked()), request),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}

/** Gives the last look at once while the last look is young, and looks again in passing; waits for a look where the last is too old. */
function liveNames(options: GenerationStoreOptions): () => Look | Promise<Look> {
  const { store, clock, products, timings = defaultTableTimings } = options
  const live = new Map<string, number>()
  let last: Look = { names: new Map(), filling: new Map() }
  let lookedMs = Number.NEGATIVE_INFINITY
  let looking: Promise<Look> | null = null

  const look = async (): Promise<Look> => {
    const startedMs = clock.monotonic()
    const found = await readGenerations(store, products)
    const names = new Map(last.names)
    const filling = new Map<string, number>()
    for (const [index, { product, tables, further = [] }] of products.entries()) {
      const { generation, whole, seeded } = found[index] ?? NOTHING_TOLD
      for (const name of further) if (whole !== null && !whole.has(name)) filling.set(name, seeded)
      // A generation never goes back.
      if (generation <= (live.get(product) ?? FIRST_GENERATION)) continue
      // Another process made the tables: this one's store has to get to know them.
      await store.migrate(tablesOfGeneration(tables, generation))
      live.set(product, generation)
      for (const { name } of tables) names.set(name, generationTable(name, generation))
    }
    lookedMs = startedMs
    last = { names, filling }
    return last
  }
  const lookOnce = (): Promise<Look> => (looking ??= look().finally(() => (looking = null)))
  const lookNow = async (): Promise<Look> => {
    // One that was under way may have begun too long ago.
    for (;;) {
      const found = await lookOnce()
      if (clock.monotonic() - lookedMs < timings.leaseMs) return found
    }
  }
  return () => {
    const ageMs = clock.monotonic() - lookedMs
    if (ageMs < timings.refreshMs) return last
    if (ageMs >= timings.leaseMs) return lookNow()
    // A failure is met by whoever has to wait for a look.
    lookOnce().catch(() => undefined)
    return last
  }
}

interface Told {
  readonly generation: number
  /** Null: nobody has said. */
  readonly whole: ReadonlySet<string> | null
  readonly seeded: number
}

const NOTHING_TOLD: Told = { generation: FIRST_GENERATION, whole: null, seeded: 0 }

/** In the order of the products. */
async function readGenerations(store: Store, products: readonly ProductTables[]): Promise<readonly Told[]> {
  const keys = products.map(({ product }) => ({ product }))
  const read = () => store.read(GENERATIONS_TABLE.name, keys)
  const rows = await read().catch(async (error: unknown) => {
    if (!(error instanceof MeshgateError && error.code === 'STORE_TABLE_UNKNOWN')) throw error
    await store.migrate([GENERATIONS_TABLE])
    return read()
  })
  return rows.map((stored) => {
    if (stored === null) return NOTHING_TOLD
    const { live, whole, seeded } = stored.row
    return {
      generation: Number(live ?? FIRST_GENERATION),
      whole: Array.isArray(whole) ? new Set(whole.map(String)) : null,
      seeded: Number(seeded ?? 0),
    }
  })
}

/** Makes readers read the generation from their next look on. The tables stand, are filled, and are written by whoever writes. */
export async function makeLive(store: Store, product: string, generation: number): Promise<void> {
  await store.write([
    { kind: 'put', table: GENERATIONS_TABLE.name, row: { product, live: generation }, writeTime: generation },
  ])
}

export interface WholeTables {
  readonly product: string
  /** Declared names of the product's tables that have every row. */
  readonly whole: readonly string[]
  /** Of what is said: a greater one holds. */
  readonly version: number
}

/** Readers refuse to read further tables that are not named, from their next look on. */
export async function tellWhole(store: Store, { product, whole, version }: WholeTables): Promise<void> {
  await store.write([
    { kind: 'put', table: GENERATIONS_TABLE.name, row: { product, whole: [...whole] }, writeTime: version },
  ])
}

/** Of tables that are being filled: for the message of who reads them. */
export async function tellSeeded(
  store: Store,
  { product, seeded, nowMs }: { readonly product: string; readonly seeded: number; readonly nowMs: number },
): Promise<void> {
  await store.write([
    { kind: 'put', table: GENERATIONS_TABLE.name, row: { product, seeded }, writeTime: nowMs * 1_000 },
  ])
}
