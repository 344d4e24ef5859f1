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
}

export interface GenerationStoreOptions {
  readonly store: Store
  readonly clock: Clock
  readonly products: readonly ProductTables[]
  readonly timings?: Pick<TableTimings, 'leaseMs' | 'refreshMs'>
}

/** By declared name; tables that are not there keep theirs. */
type Names = ReadonlyMap<string, string>

export function createGenerationStore(options: GenerationStoreOptions): Store {
  const { store } = options
  const names = liveNames(options)
  const named = (name: string, known: Names): string => known.get(name) ?? name
  const renamed = (writes: readonly Write[], known: Names): readonly Write[] =>
    writes.map((write) => ({ ...write, table: named(write.table, known) }))
  return {
    async migrate(tables) {
      await store.migrate([GENERATIONS_TABLE])
      const known = await names()
      await store.migrate(tables.map((table) => ({ ...table, name: named(table.name, known) })))
    },
    drop: (tables) => store.drop(tables),
    write: async (writes) => store.write(renamed(writes, await names())),
    writeAtomic: async (writes) => store.writeAtomic(renamed(writes, await names())),
    read: async (table, keys, read) => store.read(named(table, await names()), keys, read),
    page: async (table, request) => store.page(named(table, await names()), request),
    scan: async (table, request) => store.scan(named(table, await names()), request),
    byIndex: async (table, request) => store.byIndex(named(table, await names()), request),
    ping: () => store.ping(),
    close: () => store.close(),
  }
}

/** Gives the names at once while the last look is young, and looks again in passing; waits for a look where the last is too old. */
function liveNames(options: GenerationStoreOptions): () => Names | Promise<Names> {
  const { store, clock, products, timings = defaultTableTimings } = options
  const live = new Map<string, number>()
  let names: Names = new Map()
  let lookedMs = Number.NEGATIVE_INFINITY
  let looking: Promise<Names> | null = null

  const look = async (): Promise<Names> => {
    const startedMs = clock.monotonic()
    const found = await readGenerations(store, products)
    for (const { product, tables } of products) {
      const generation = found.get(product) ?? FIRST_GENERATION
      // A generation never goes back.
      if (generation <= (live.get(product) ?? FIRST_GENERATION)) continue
      // Another process made the tables: this one's store has to get to know them.
      await store.migrate(tablesOfGeneration(tables, generation))
      live.set(product, generation)
      const own = tables.map(({ name }) => [name, generationTable(name, generation)] as const)
      names = new Map([...names, ...own])
    }
    lookedMs = startedMs
    return names
  }
  const lookOnce = (): Promise<Names> => (looking ??= look().finally(() => (looking = null)))
  const lookNow = async (): Promise<Names> => {
    // One that was under way may have begun too long ago.
    for (;;) {
      const found = await lookOnce()
      if (clock.monotonic() - lookedMs < timings.leaseMs) return found
    }
  }
  return () => {
    const ageMs = clock.monotonic() - lookedMs
    if (ageMs < timings.refreshMs) return names
    if (ageMs >= timings.leaseMs) return lookNow()
    // A failure is met by whoever has to wait for a look.
    lookOnce().catch(() => undefined)
    return names
  }
}

/** The live generation of each product that ever had more than the first. */
async function readGenerations(store: Store, products: readonly ProductTables[]): Promise<ReadonlyMap<string, number>> {
  const keys = products.map(({ product }) => ({ product }))
  const read = () => store.read(GENERATIONS_TABLE.name, keys)
  const rows = await read().catch(async (error: unknown) => {
    if (!(error instanceof MeshgateError && error.code === 'STORE_TABLE_UNKNOWN')) throw error
    await store.migrate([GENERATIONS_TABLE])
    return read()
  })
  return new Map(products.map(({ product }, index) => [product, Number(rows[index]?.row['live'] ?? FIRST_GENERATION)]))
}

/** Makes readers read the generation from their next look on. The tables stand, are filled, and are written by whoever writes. */
export async function makeLive(store: Store, product: string, generation: number): Promise<void> {
  await store.write([
    { kind: 'put', table: GENERATIONS_TABLE.name, row: { product, live: generation }, writeTime: generation },
  ])
}
