// What the Store suite stands on: an adapter's way to open a store, and tables under names that no other test has.
import type { Row, Value } from '../../../schema/row.ts'
import type { ColumnType, TableDefinition } from '../../../schema/tables.ts'
import type { PutWrite, RowPage, Store } from '../../../platform/ports/store.ts'

export interface StoreHarness {
  /** A store over a place without tables; each call another place. */
  open(): Promise<OpenedStore>
}

export interface OpenedStore {
  readonly store: Store
  /** Milliseconds by the clock that ends TTLs. */
  now(): number
  /** Lets the clock go on: really, or by hand. */
  elapse(ms: number): Promise<void>
  /** Closes the store and opens the same place again; `store` is the new one then. */
  reopen(): Promise<void>
  /** Closes what is open and removes the place. */
  dispose(): Promise<void>
}

export interface TableShape {
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly partitionKey: readonly string[]
  /** `column` or `column desc`. */
  readonly clusteringKey?: readonly string[]
  readonly ttlMs?: number
  readonly indexes?: readonly string[]
}

/** A column of every type, by the key `id`. */
export const EVERY_TYPE = {
  columns: {
    id: 'text',
    name: 'text',
    count: 'int',
    big: 'bigint',
    ratio: 'double',
    flag: 'boolean',
    amount: 'decimal',
    at: 'timestamp',
    day: 'date',
    uid: 'uuid',
    document: 'json',
  },
  partitionKey: ['id'],
} as const satisfies TableShape

export class StoreSuite {
  readonly #harness: StoreHarness
  #opened: OpenedStore | null = null
  #tables = 0

  constructor(harness: StoreHarness) {
    this.#harness = harness
  }

  get harness(): StoreHarness {
    return this.#harness
  }

  get opened(): OpenedStore {
    if (this.#opened === null) throw new Error('The suite opens its store in beforeAll.')
    return this.#opened
  }

  get store(): Store {
    return this.opened.store
  }

  async open(): Promise<void> {
    this.#opened = await this.#harness.open()
  }

  async close(): Promise<void> {
    await this.#opened?.dispose()
  }

  define(shape: TableShape): TableDefinition {
    this.#tables += 1
    return defineTable(`table_${this.#tables}`, shape)
  }

  /** Makes a table of the shape; its name. */
  async table(shape: TableShape): Promise<string> {
    const definition = this.define(shape)
    await this.store.migrate([definition])
    return definition.name
  }

  /** The row of table by its key, without write times. */
  async row(table: string, key: Row): Promise<Row | null> {
    const [found] = await this.store.read(table, [key])
    return found?.row ?? null
  }
}

export function defineTable(name: string, shape: TableShape): TableDefinition {
  return {
    name,
    owner: 'conformance/store',
    columns: Object.entries(shape.columns).map(([column, type]) => ({
      name: column,
      cqlName: column.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      type,
    })),
    partitionKey: shape.partitionKey,
    clusteringKey: (shape.clusteringKey ?? []).map((text) => {
      const [column = '', order] = text.split(' ')
      return { column, order: order === 'desc' ? 'DESC' : 'ASC' }
    }),
    ttlMs: shape.ttlMs ?? null,
    indexes: shape.indexes ?? [],
  }
}

export function put(table: string, row: Row, writeTime: number): PutWrite {
  return { kind: 'put', table, row, writeTime }
}

/** Reads pages of `size` until there are no more, each after the last row of the one before. */
export async function allPages(
  next: (bounds: { limit: number; after?: Row }) => Promise<RowPage>,
  request: { readonly size: number; readonly keyOf: (row: Row) => Row },
): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const last = rows.at(-1)
    const page = await next({ limit: request.size, ...(last === undefined ? {} : { after: request.keyOf(last) }) })
    if (page.rows.length > request.size) throw new Error(`A page of ${request.size} has ${page.rows.length} rows.`)
    if (page.more && page.rows.length === 0) throw new Error('An empty page says that more follow.')
    rows.push(...page.rows)
    if (!page.more) return rows
  }
}

/** The named cells of a row. */
export function pick(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name): [string, Value] => [name, row[name] ?? null]))
}
