// The embedded Store: a writer thread per shard file and one thread that reads. This side checks requests, routes writes to shards and
// keeps the catalog; every SQL statement runs in a thread, so that no query waits for the disk of another's write.
import type { Worker } from 'node:worker_threads'
import { setImmediate } from 'node:timers/promises'
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
import { checkKeyCount, checkLimit, checkWrite } from '../../row-check.ts'
import { gainsRequired } from '../../table-migration.ts'
import { type Catalog, compileLayouts, emptyCatalog, type TableLayout } from './catalog.ts'
import { planMigration } from './plan-migration.ts'
import { findLayout, rowOf } from './prepare-write.ts'
import { encodePartition, shardOf } from './row-key.ts'
import { StoreThread } from './store-thread.ts'
import { rowText } from './row-text.ts'
import type { ReaderRequest, SentWrite } from './thread-messages.ts'

export interface SqliteStoreOptions {
  /** Where the shard files are; made where it is missing. */
  readonly directory: string
  readonly clock: Clock
  /** Shard files of a new directory; default `limits.storeShards`. One that has files keeps their number. */
  readonly shards?: number
  /** Told of every thread as it starts, also again after it died. */
  readonly onThread?: (worker: Worker) => void
  /** Told when a sweep fails; it is tried again at the next interval. */
  readonly onSweepError?: (error: unknown) => void
}

// The writer knows what is wrong with a table that this side does not know yet.
const NO_COLUMNS: ReadonlySet<string> = new Set()

export class ShardedStore implements Store {
  readonly #clock: Clock
  readonly #options: SqliteStoreOptions
  readonly #writers: readonly StoreThread[]
  readonly #reader: StoreThread
  readonly #stopping = new AbortController()
  readonly #calls = new Set<Promise<unknown>>()
  #catalog: Catalog
  #layouts: ReadonlyMap<string, TableLayout> = new Map()
  #migrating: Promise<void> = Promise.resolve()
  #sweeping: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null

  constructor(options: SqliteStoreOptions, files: readonly string[]) {
    this.#options = options
    this.#clock = options.clock
    this.#catalog = emptyCatalog(files.length)
    const thread = (entry: 'writer-thread' | 'reader-thread', threadFiles: readonly string[]): StoreThread =>
      new StoreThread({
        entry,
        data: () => ({ files: threadFiles, catalog: this.#catalog }),
        charsWaitingMax: limits.storeCharsWaitingMax,
        callsWaitingMax: limits.storeCallsWaitingMax,
        ...(options.onThread === undefined ? {} : { onStart: options.onThread }),
      })
    this.#writers = files.map((file) => thread('writer-thread', [file]))
    this.#reader = thread('reader-thread', files)
  }

  /** Opens the files and loads the catalog. */
  async start(): Promise<void> {
    // Writers first: they turn their files to WAL, which the reader then finds.
    await this.#load()
    this.#sweeping = this.#sweepAtIntervals()
  }

  migrate(tables: readonly TableDefinition[]): Promise<void> {
    return this.#run(() => {
      // One at a time, each planned on what the one before left.
      const turn = this.#migrating.then(() => this.#migrate(tables))
      this.#migrating = turn.catch(() => undefined)
      return turn
    })
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#run(async () => {
      await this.#check(writes)
      const sent: Promise<string>[] = []
      for (let start = 0; start < writes.length; start += limits.storeMessageRowsMax) {
        // Turning rows to text holds the event loop: let others in between.
        if (start > 0) await setImmediate()
        for (const [shard, part] of this.#byShard(writes.slice(start, start + limits.storeMessageRowsMax))) {
          const call = this.#send(shard, part, false)
          // A rejection is met at the end, when the other parts are settled too.
          call.catch(() => undefined)
          sent.push(call)
          // A call larger than what may wait goes at the pace of the disk.
          const behind = (this.#writers[shard]?.charsWaiting ?? 0) > limits.storeCharsWaitingMax / 2
          if (behind && writes.length > limits.storeMessageRowsMax) await call
        }
      }
      await Promise.all(sent)
    })
  }

  writeAtomic(writes: readonly Write[]): Promise<void> {
    return this.#run(async () => {
      const [first] = writes
      if (first === undefined) return
      const layout = findLayout(this.#layouts, first.table)
      await this.#check(writes)
      await this.#send(this.#shard(layout, rowOf(first)), writes, true)
    })
  }

  read(table: string, keys: readonly Row[], options?: ReadOptions): Promise<readonly (StoredRow | null)[]> {
    return this.#run(async () => {
      checkKeyCount(table, keys.length)
      const writeTimes = options?.writeTimes === true
      const parts: Promise<readonly (StoredRow | null)[]>[] = []
      for (let start = 0; start < keys.length; start += limits.storeMessageRowsMax) {
        const part = keys.slice(start, start + limits.storeMessageRowsMax)
        const answer = this.#reader.call({ kind: 'read', nowMs: this.#clock.now(), table, keys: part, writeTimes })
        // What the reader thread put together.
        parts.push(answer.then((text) => JSON.parse(text) as (StoredRow | null)[]))
      }
      if (parts.length === 0) findLayout(this.#layouts, table)
      return (await Promise.all(parts)).flat()
    })
  }

  page(table: string, request: PageRequest): Promise<RowPage> {
    return this.#readPage(request.limit, { kind: 'page', nowMs: this.#clock.now(), table, request })
  }

  scan(table: string, request: ScanRequest): Promise<RowPage> {
    return this.#readPage(request.limit, { kind: 'scan', nowMs: this.#clock.now(), table, request })
  }

  byIndex(table: string, request: IndexRequest): Promise<RowPage> {
    return this.#readPage(request.limit, { kind: 'byIndex', nowMs: this.#clock.now(), table, request })
  }

  ping(): Promise<void> {
    return this.#run(() => Promise.resolve())
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled([...this.#calls, this.#sweeping])
    // The reader first: the last writer then finds itself alone, checkpoints and removes the WAL.
    await this.#reader.close()
    await Promise.all(this.#writers.map((writer) => writer.close()))
  }

  #readPage(limit: number, request: ReaderRequest): Promise<RowPage> {
    return this.#run(async () => {
      checkLimit(limit)
      // What the reader thread put together.
      return JSON.parse(await this.#reader.call(request)) as RowPage
    })
  }

  async #migrate(tables: readonly TableDefinition[]): Promise<void> {
    const planned = planMigration(this.#catalog, tables, await this.#withRows(tables))
    if ('refusals' in planned) throw new MeshgateError('STORE_MIGRATION_REFUSED', planned.refusals.join('\n'))
    const { plan } = planned
    if (plan === null) return
    try {
      // Shard 0 keeps the catalog and goes last: until then the old catalog holds, and the same migration can be run again.
      for (const [shard, writer] of [...this.#writers.entries()].reverse()) {
        await writer.call({ kind: 'migrate', plan, keep: shard === 0 })
      }
      await this.#use(plan.catalog)
    } catch (error) {
      // A call that failed may have reached the file all the same: the file decides.
      await this.#load().catch(() => undefined)
      throw error
    }
  }

  /** Of the tables that are to get a required column, those that have rows. */
  async #withRows(tables: readonly TableDefinition[]): Promise<ReadonlySet<string>> {
    const known = new Map(this.#catalog.tables.map(({ definition }) => [definition.name, definition]))
    const withRows = new Set<string>()
    for (const table of gainsRequired(known, tables)) {
      if ((await this.scan(table, { limit: 1 })).rows.length > 0) withRows.add(table)
    }
    return withRows
  }

  async #load(): Promise<void> {
    const [first] = await Promise.all(this.#writers.map((writer) => writer.call({ kind: 'load' })))
    // What a writer kept.
    const kept = JSON.parse(first ?? 'null') as Catalog | null
    if (kept !== null) await this.#use(kept)
  }

  async #use(catalog: Catalog): Promise<void> {
    this.#catalog = catalog
    this.#layouts = compileLayouts(catalog)
    await Promise.all([...this.#writers, this.#reader].map((thread) => thread.call({ kind: 'use', catalog })))
  }

  /** All of a call before any is sent: the threads refuse what does not fit too, but each only of its own part. */
  async #check(writes: readonly Write[]): Promise<void> {
    for (const [at, write] of writes.entries()) {
      if (at > 0 && at % limits.storeMessageRowsMax === 0) await setImmediate()
      checkWrite(findLayout(this.#layouts, write.table), write)
    }
  }

  #send(shard: number, writes: readonly Write[], atomic: boolean): Promise<string> {
    const writer = this.#writers[shard]
    if (writer === undefined) throw new MeshgateError('INTERNAL', `The store has no shard ${shard}.`)
    const rows: string[] = []
    const sent = writes.map((write): SentWrite => {
      if (write.kind === 'delete') return write
      const { row, ...put } = write
      const { text, scalarChars } = rowText(row, this.#layouts.get(write.table)?.jsonColumns ?? NO_COLUMNS)
      rows.push(text)
      return { ...put, scalarChars }
    })
    return writer.call({ kind: 'write', nowMs: this.#clock.now(), atomic, writes: sent }, rows)
  }

  #byShard(writes: readonly Write[]): ReadonlyMap<number, readonly Write[]> {
    if (this.#writers.length === 1) return new Map([[0, writes]])
    return Map.groupBy(writes, (write) => this.#shard(findLayout(this.#layouts, write.table), rowOf(write)))
  }

  #shard(layout: TableLayout, row: Row): number {
    return this.#writers.length === 1 ? 0 : shardOf(encodePartition(layout, row), this.#writers.length)
  }

  async #sweepAtIntervals(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#clock.sleep(limits.storeSweepIntervalMs, signal)
        await Promise.all(this.#writers.map((writer) => this.#sweep(writer)))
      } catch (error) {
        if (!signal.aborted) this.#options.onSweepError?.(error)
      }
    }
  }

  async #sweep(writer: StoreThread): Promise<void> {
    let swept: number = limits.storeSweepRowsMax
    while (swept >= limits.storeSweepRowsMax && !this.#stopping.signal.aborted) {
      swept = Number(await writer.call({ kind: 'sweep', nowMs: this.#clock.now() }))
    }
  }

  /** Runs a call unless the store is closed; close waits for it. */
  #run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closing !== null) {
      return Promise.reject(
        new MeshgateError('STORE_CLOSED', 'The store has been closed: no call can be made any more.'),
      )
    }
    const running = call()
    this.#calls.add(running)
    const forget = (): boolean => this.#calls.delete(running)
    running.then(forget, forget)
    return running
  }
}
