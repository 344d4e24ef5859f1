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
import { checkKeyCount, checkLimit } from '../../row-check.ts'
import { gainsRequired } from '../../table-migration.ts'
import { type Catalog, compileLayouts, emptyCatalog, findLayout, type TableLayout } from './catalog.ts'
import { type MigrationPlan, planDrop, planMigration } from './plan-migration.ts'
import { keyPart } from './key-part.ts'
import { checkOnePartition, keyOf } from './one-partition.ts'
import { encodePartition, shardOf } from './row-key.ts'
import { StoreThread, type ThreadEntry } from './store-thread.ts'
import type { ReaderRequest } from './thread-messages.ts'
import { appendWrite, createPartSink, type PartSink, takePart, type WritePart } from './write-part.ts'

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

interface Encoded {
  readonly sinks: ReadonlyMap<number, PartSink>
  /** The first write that is not in them. */
  readonly next: number
}

export class ShardedStore implements Store {
  readonly #clock: Clock
  readonly #options: SqliteStoreOptions
  readonly #writers: readonly StoreThread[]
  readonly #reader: StoreThread
  readonly #checkpointer: StoreThread
  /** Shards whose log is being brought into its file. */
  readonly #checkpointing = new Set<number>()
  readonly #stopping = new AbortController()
  /** Calls under way, and who waits for their end. */
  #underWay = 0
  #whenIdle: (() => void) | null = null
  #catalog: Catalog
  #layouts: ReadonlyMap<string, TableLayout> = new Map()
  #migrating: Promise<void> = Promise.resolve()
  /** Under way or waiting for their turn: writes wait for them, or they would be encoded for tables as they were. */
  #migrations = 0
  #sweeping: Promise<void> = Promise.resolve()
  #closing: Promise<void> | null = null

  constructor(options: SqliteStoreOptions, files: readonly string[]) {
    this.#options = options
    this.#clock = options.clock
    this.#catalog = emptyCatalog(files.length)
    const thread = (entry: ThreadEntry, threadFiles: readonly string[]): StoreThread =>
      new StoreThread({
        entry,
        data: () => ({ files: threadFiles, catalog: this.#catalog }),
        charsWaitingMax: limits.storeCharsWaitingMax,
        callsWaitingMax: limits.storeCallsWaitingMax,
        ...(options.onThread === undefined ? {} : { onStart: options.onThread }),
      })
    this.#writers = files.map((file) => thread('writer-thread', [file]))
    this.#reader = thread('reader-thread', files)
    this.#checkpointer = thread('checkpoint-thread', files)
  }

  /** Opens the files and loads the catalog. */
  async start(): Promise<void> {
    // Writers first: they turn their files to WAL, which the reader then finds.
    await this.#load()
    this.#sweeping = this.#sweepAtIntervals()
  }

  migrate(tables: readonly TableDefinition[]): Promise<void> {
    return this.#inTurn(() => this.#migrate(tables))
  }

  drop(tables: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      const plan = planDrop(this.#catalog, tables)
      // Shard 0 keeps the catalog and goes first: a table that is still in it must be in every file.
      if (plan !== null) await this.#migrateShards(plan, [...this.#writers.entries()])
    })
  }

  /** One migration at a time, each planned on what the one before left. */
  #inTurn(migrate: () => Promise<void>): Promise<void> {
    return this.#run(() => {
      this.#migrations += 1
      const turn = this.#migrating.then(migrate).finally(() => (this.#migrations -= 1))
      this.#migrating = turn.catch(() => undefined)
      return turn
    })
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#run(() => this.#write(writes))
  }

  writeAtomic(writes: readonly Write[]): Promise<void> {
    return this.#run(async () => {
      const [first] = writes
      if (first === undefined) return
      const layouts = await this.#settledLayouts()
      checkOnePartition(layouts, writes)
      const sink = createPartSink(writes.length)
      const layout = findLayout(layouts, first.table)
      for (const write of writes) appendWrite(sink, layout, write)
      await this.#send(this.#shard(layout, keyOf(first)), takePart(sink))
    })
  }

  read(table: string, keys: readonly Row[], options?: ReadOptions): Promise<readonly (StoredRow | null)[]> {
    return this.#run(async () => {
      checkKeyCount(table, keys.length)
      const writeTimes = options?.writeTimes === true
      const parts: Promise<readonly (StoredRow | null)[]>[] = []
      for (let start = 0; start < keys.length; start += limits.storeReadKeysMax) {
        const part = keys.slice(start, start + limits.storeReadKeysMax)
        const { keys: bytes, ...lengths } = keyPart(findLayout(this.#layouts, table), part, this.#writers.length)
        const request: ReaderRequest = { kind: 'read', nowMs: this.#clock.now(), table, writeTimes, ...lengths }
        const answer = this.#reader.call(request, bytes)
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
    await Promise.allSettled([this.#sweeping])
    if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve))
    // These first: each writer then finds itself alone, checkpoints and removes the WAL.
    await Promise.all([this.#reader.close(), this.#checkpointer.close()])
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
    // Shard 0 keeps the catalog and goes last: until then the old catalog holds, and the same migration can be run again.
    if (plan !== null) await this.#migrateShards(plan, [...this.#writers.entries()].reverse())
  }

  async #migrateShards(plan: MigrationPlan, writers: readonly (readonly [number, StoreThread])[]): Promise<void> {
    try {
      for (const [shard, writer] of writers) {
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

  /**
   * Everything is encoded, and so checked, before anything is sent; and it is sent together, so that it shares a transaction. A call larger
   * than that is checked to its end first and then encoded again part by part, at the pace of the disk.
   */
  async #write(writes: readonly Write[]): Promise<void> {
    let layouts = await this.#settledLayouts()
    let from = 0
    let encoded = await this.#encode(layouts, writes, from)
    for (let next = encoded.next; next < writes.length;) next = (await this.#encode(layouts, writes, next)).next
    const sent: Promise<void>[] = []
    for (;;) {
      if (layouts !== this.#layouts || this.#migrations > 0) {
        // Made for tables as they are no more.
        layouts = await this.#settledLayouts()
        encoded = await this.#encode(layouts, writes, from)
        continue
      }
      for (const [shard, sink] of encoded.sinks) {
        const call = this.#send(shard, takePart(sink))
        // A rejection is met at the end, when the other parts are settled too.
        call.catch(() => undefined)
        sent.push(call)
      }
      from = encoded.next
      if (from >= writes.length) break
      const behind = this.#writers.some(({ charsWaiting }) => charsWaiting > limits.storeCharsWaitingMax / 2)
      if (behind) await sent.at(-1)
      encoded = await this.#encode(layouts, writes, from)
    }
    await Promise.all(sent)
  }

  /** From a write on as many as go together, by shard. STORE_TABLE_UNKNOWN or STORE_ROW_INVALID where one does not fit its table. */
  async #encode(layouts: ReadonlyMap<string, TableLayout>, writes: readonly Write[], from: number): Promise<Encoded> {
    const end = Math.min(writes.length, from + limits.storePartRowsMax)
    const sinks = new Map<number, PartSink>()
    const shards = this.#writers.length
    let bytes = 0
    let next = from
    for (; next < end && bytes < limits.storePartBytesMax; next += 1) {
      // Encoding holds the event loop: let others in between.
      if (next > from && (next - from) % limits.storeMessageRowsMax === 0) await setImmediate()
      const write = writes[next]
      if (write === undefined) break
      const layout = findLayout(layouts, write.table)
      const shard = shards === 1 ? 0 : this.#shard(layout, keyOf(write))
      let sink = sinks.get(shard)
      if (sink === undefined) sinks.set(shard, (sink = createPartSink(Math.ceil((end - from) / shards))))
      const before = sink.length
      appendWrite(sink, layout, write)
      bytes += sink.length - before
    }
    return { sinks, next }
  }

  async #send(shard: number, part: WritePart): Promise<void> {
    const writer = this.#writers[shard]
    if (writer === undefined) throw new MeshgateError('INTERNAL', `The store has no shard ${shard}.`)
    const text = await writer.call({ kind: 'write', nowMs: this.#clock.now() }, part)
    if (text === 'true') this.#checkpoint(shard)
  }

  // Where it fails the writer does it, once its log has grown too far.
  #checkpoint(shard: number): void {
    if (this.#checkpointing.has(shard)) return
    this.#checkpointing.add(shard)
    const end = (): boolean => this.#checkpointing.delete(shard)
    this.#checkpointer.call({ kind: 'checkpoint', shard }).then(end, end)
  }

  /** Layouts that no migration is about to change. */
  async #settledLayouts(): Promise<ReadonlyMap<string, TableLayout>> {
    while (this.#migrations > 0) await this.#migrating
    return this.#layouts
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
    this.#underWay += 1
    const forget = (): void => {
      this.#underWay -= 1
      if (this.#underWay === 0) this.#whenIdle?.()
    }
    running.then(forget, forget)
    return running
  }
}
