// The Store on Cassandra 5: tables, rows and indexes of one keyspace. This side checks calls, knows the tables and ends them in order;
// each kind of call is a function of its own over the client.
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Row } from '../../../schema/row.ts'
import type { TableDefinition } from '../../../schema/tables.ts'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type {
  IndexRequest,
  PageRequest,
  ReadOptions,
  RowPage,
  ScanRequest,
  Store,
  StoredRow,
  Write,
} from '../../ports/store.ts'
import { CassandraClient, type ClientOptions } from './cassandra-client.ts'
import { compileTable, type CqlTable } from './cql-table.ts'
import { indexRows } from './index-rows.ts'
import { dropTables } from './drop-tables.ts'
import { type MigrationContext, migrateTables } from './migrate-tables.ts'
import { onceDecided, onceLoaded } from './keyspace-schema.ts'
import { openKeyspace } from './open-keyspace.ts'
import { pageRows } from './page-rows.ts'
import { readRows } from './read-rows.ts'
import { scanRows } from './scan-rows.ts'
import { TableCatalog } from './table-catalog.ts'
import { type WriteContext, writeRows, writeRowsAtomically } from './write-rows.ts'

export interface CassandraStoreOptions extends ClientOptions {
  readonly keyspace: string
  /** Copies of a row in a keyspace that is made; one that exists stays as it is. Unset: three, or as many as there are nodes. */
  readonly replication?: number | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** Connects and finds or makes the keyspace. Rejects with STORE_UNAVAILABLE within about ten seconds where no node answers. */
export async function openCassandraStore(options: CassandraStoreOptions): Promise<CassandraStore> {
  const client = new CassandraClient(options)
  await client.connect()
  try {
    const store = new CassandraStore(options, client)
    await store.start(options)
    return store
  } catch (error) {
    // Not waited for: the reason may be a node that hangs.
    client.close().catch(() => undefined)
    throw error
  }
}

export class CassandraStore implements Store {
  readonly #client: CassandraClient
  readonly #keyspace: string
  readonly #clock: Clock
  readonly #catalog: TableCatalog
  readonly #writes: WriteContext
  readonly #stopping = new AbortController()
  readonly #calls = new Set<Promise<unknown>>()
  #tables: ReadonlyMap<string, CqlTable> = new Map()
  #expiresAfter2038 = false
  #migrating: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null

  constructor(options: CassandraStoreOptions, client: CassandraClient) {
    this.#client = client
    this.#keyspace = options.keyspace
    this.#clock = options.clock
    this.#catalog = new TableCatalog(client, options.keyspace)
    this.#writes = { client, table: (name) => this.#table(name), now: () => this.#clock.now() }
  }

  async start(options: CassandraStoreOptions): Promise<void> {
    const { replication, logger } = options
    const context = this.#migration()
    this.#expiresAfter2038 = await openKeyspace(context, { replication, logger })
    // Others may be migrating at this moment.
    const read = () => onceLoaded(context, () => this.#catalog.tables())
    this.#use(await onceDecided(context, read, limits.storeContentionWaitMs))
  }

  migrate(tables: readonly TableDefinition[]): Promise<void> {
    return this.#inTurn((context) => migrateTables(context, tables))
  }

  drop(tables: readonly string[]): Promise<void> {
    return this.#inTurn((context) => dropTables(context, tables))
  }

  /** One migration at a time in this process; the lock is for the others. */
  #inTurn(change: (context: MigrationContext) => Promise<ReadonlyMap<string, TableDefinition>>): Promise<void> {
    return this.#run(() => {
      const turn = this.#migrating.then(async () => this.#use(await change(this.#migration())))
      this.#migrating = turn.catch(() => undefined)
      return turn
    })
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#run(() => writeRows(this.#writes, writes))
  }

  writeAtomic(writes: readonly Write[]): Promise<void> {
    return this.#run(() => writeRowsAtomically(this.#writes, writes))
  }

  read(table: string, keys: readonly Row[], options?: ReadOptions): Promise<readonly (StoredRow | null)[]> {
    return this.#run(async () => readRows(this.#client, this.#table(table), { keys, options }))
  }

  page(table: string, request: PageRequest): Promise<RowPage> {
    return this.#run(async () => pageRows(this.#client, this.#table(table), request))
  }

  scan(table: string, request: ScanRequest): Promise<RowPage> {
    return this.#run(async () => scanRows(this.#client, this.#table(table), request))
  }

  byIndex(table: string, request: IndexRequest): Promise<RowPage> {
    return this.#run(async () => indexRows(this.#client, this.#table(table), request))
  }

  /** A read at the store's consistency: a node that answers may still lack the others that a read needs. */
  ping(): Promise<void> {
    return this.#run(async () => this.#client.ping(this.#catalog.probe))
  }

  /**
   * A secret that all processes of the keyspace share: that of `create` for whoever comes first. Kept in the keyspace as it is: who can
   * read its tables can read it.
   */
  sharedSecret(name: string, create: () => Uint8Array): Promise<Uint8Array> {
    const wanted = async (): Promise<Uint8Array> => {
      const kept = await this.#catalog.value('secret', name)
      if (kept !== null) return Uint8Array.from(Buffer.from(kept, 'base64'))
      const made = create()
      const outcome = await this.#catalog.insert('secret', name, { value: Buffer.from(made).toString('base64') })
      return outcome.applied ? made : Uint8Array.from(Buffer.from(outcome.found ?? '', 'base64'))
    }
    // Processes of a mesh start together and contend over it, which shows as a time limit of the server: no outage.
    return this.#run(() => onceDecided(this.#migration(), wanted, limits.storeContentionWaitMs))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#stopping.abort(new MeshgateError('STORE_CLOSED', 'The store has been closed.'))
    const waiting = new AbortController()
    const late = this.#clock.sleep(limits.storeCloseWaitMs, waiting.signal).catch(() => undefined)
    await Promise.race([Promise.allSettled(this.#calls), late])
    waiting.abort()
    await this.#client.close()
  }

  #migration(): MigrationContext {
    return {
      client: this.#client,
      keyspace: this.#keyspace,
      clock: this.#clock,
      signal: this.#stopping.signal,
      catalog: this.#catalog,
      holder: randomUUID(),
      expiresAfter2038: this.#expiresAfter2038,
    }
  }

  #use(tables: ReadonlyMap<string, TableDefinition>): void {
    this.#tables = new Map([...tables].map(([name, definition]) => [name, compileTable(definition, this.#keyspace)]))
  }

  #table(name: string): CqlTable {
    const table = this.#tables.get(name)
    if (table !== undefined) return table
    throw new MeshgateError('STORE_TABLE_UNKNOWN', `The store has no table ${name}: migrate it first.`)
  }

  /** Runs a call unless the store is closed; close waits for it. */
  #run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closing !== null) {
      const message = 'The store has been closed: no call can be made any more.'
      return Promise.reject(new MeshgateError('STORE_CLOSED', message))
    }
    const running = call()
    this.#calls.add(running)
    const forget = (): boolean => this.#calls.delete(running)
    running.then(forget, forget)
    return running
  }
}
