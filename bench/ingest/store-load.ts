// What the parts about the embedded store share: a table of orders, rows of about 250 bytes as JSON with two nested lines, under keys that
// are sequential or random to the tree, and the CPU of every thread around a piece of work.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import type { PutWrite, Store } from '../../platform/ports/store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import type { Row } from '../../schema/row.ts'
import type { ColumnType, TableDefinition } from '../../schema/tables.ts'

export type KeyOrder = 'sequential' | 'random'

const COLUMNS: Readonly<Record<string, ColumnType>> = {
  id: 'text',
  customerId: 'text',
  placedAt: 'timestamp',
  status: 'text',
  total: 'decimal',
  lines: 'json',
}

export function ordersTable(name: string, shape: 'keyed' | 'clustered' = 'keyed'): TableDefinition {
  return {
    name,
    owner: 'bench/store',
    columns: Object.entries(COLUMNS).map(([column, type]) => ({ name: column, cqlName: column, type })),
    partitionKey: [shape === 'keyed' ? 'id' : 'customerId'],
    clusteringKey:
      shape === 'keyed'
        ? []
        : [
            { column: 'placedAt', order: 'DESC' },
            { column: 'id', order: 'ASC' },
          ],
    ttlMs: null,
    indexes: [],
  }
}

export function orderId(at: number, order: KeyOrder): string {
  if (order === 'sequential') return `order-${String(at).padStart(12, '0')}`
  const scattered = Math.imul(at, 0x9e3779b1) >>> 0
  return `${scattered.toString(16).padStart(8, '0')}-${String(at)}`
}

/** `customers`: how many the orders are spread over. */
export function orderRow(at: number, order: KeyOrder, customers: number): Row {
  const scattered = Math.imul(at, 0x9e3779b1) >>> 0
  return {
    id: orderId(at, order),
    customerId: `customer-${scattered % customers}`,
    placedAt: new Date(1.7e12 + at * 1_000).toISOString(),
    status: 'PAID',
    total: `${(scattered % 10_000) + 1}.25`,
    lines: [
      { productId: `product-${scattered % 977}`, quantity: 2, amount: '5.7' },
      { productId: `product-${scattered % 1_559}`, quantity: 1, amount: '12.49' },
    ],
  }
}

export function orderWrites(
  table: string,
  range: { readonly from: number; readonly count: number; readonly customers: number },
  order: KeyOrder,
): PutWrite[] {
  return Array.from({ length: range.count }, (_, at): PutWrite => {
    const number = range.from + at
    return {
      kind: 'put',
      table,
      row: orderRow(number, order, range.customers),
      writeTime: 1_700_000_000_000_000 + number,
    }
  })
}

export interface OpenedStore {
  readonly store: Store
  readonly directory: string
  /** µs of CPU of each thread since it started. */
  readonly cpu: () => Promise<ThreadCpu>
  readonly dispose: () => Promise<void>
}

export interface ThreadCpu {
  readonly main: number
  /** With the thread that brings the log into the file. */
  readonly writer: number
  readonly reader: number
  /** Of the whole process: collecting garbage and compiling too. */
  readonly all: number
}

/** A store in a directory of its own below the system's. */
export async function openStore(options: { readonly shards?: number } = {}): Promise<OpenedStore> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-store-bench-'))
  const workers: Worker[] = []
  const store = await openSqliteStore({
    directory,
    clock: systemClock,
    onThread: (worker) => workers.push(worker),
    ...options,
  })
  return {
    store,
    directory,
    async cpu() {
      const used = await Promise.all(
        workers.map(async (worker) => ({ name: worker.threadName, ...(await cpuOf(worker)) })),
      )
      const sum = (reader: boolean): number =>
        used
          .filter(({ name }) => (name === 'reader-thread') === reader)
          .reduce((total, { user, system }) => total + user + system, 0)
      const [main, all] = [process.threadCpuUsage(), process.cpuUsage()]
      return { main: main.user + main.system, writer: sum(false), reader: sum(true), all: all.user + all.system }
    },
    async dispose() {
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
}

// A thread that is just being started has none yet.
async function cpuOf(worker: Worker): Promise<NodeJS.CpuUsage> {
  return worker.cpuUsage().catch(() => ({ user: 0, system: 0 }))
}

/** CPU between two looks, µs a row. */
export function cpuPerRow(before: ThreadCpu, after: ThreadCpu, rows: number): ThreadCpu {
  return {
    main: (after.main - before.main) / rows,
    writer: (after.writer - before.writer) / rows,
    reader: (after.reader - before.reader) / rows,
    all: (after.all - before.all) / rows,
  }
}
