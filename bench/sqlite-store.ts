// Measures the embedded store on this machine: durable writes by batch and shards, lookups, waves, pages, scans, and reads during writes.
// CPU is of the whole process, threads included. Usage: node bench/sqlite-store.ts [rows]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore } from '../platform/adapters/sqlite/sqlite-store.ts'
import type { PutWrite, Store } from '../platform/ports/store.ts'
import { systemClock } from '../platform/system-clock.ts'
import type { Row } from '../schema/row.ts'
import type { ColumnType, TableDefinition } from '../schema/tables.ts'
import { quantile } from './measure.ts'

const ROWS = Number(process.argv[2] ?? 100_000)
const GROUPS = Math.ceil(ROWS / 200)
const LOOKUPS = 2_000
const WAVES = 50
const TEXT = 'x'.repeat(60)

const print = (line: string): void => void process.stdout.write(`${line}\n`)

const columns = (types: Readonly<Record<string, ColumnType>>): TableDefinition['columns'] =>
  Object.entries(types).map(([name, type]) => ({ name, cqlName: name, type }))

function tableOf(name: string, clustered: boolean): TableDefinition {
  const types = { id: 'text', group: 'text', at: 'timestamp', name: 'text', total: 'decimal', lines: 'json' } as const
  return {
    name,
    owner: 'bench/store',
    columns: columns(types),
    partitionKey: [clustered ? 'group' : 'id'],
    clusteringKey: clustered
      ? [
          { column: 'at', order: 'DESC' },
          { column: 'id', order: 'ASC' },
        ]
      : [],
    ttlMs: null,
    indexes: [],
  }
}

/** About 190 bytes as JSON; keys in an order that is random to the tree. */
function rowOf(at: number): Row {
  const scattered = Math.imul(at, 0x9e3779b1) >>> 0
  return {
    id: `${scattered}-${at}`,
    group: `customer-${scattered % GROUPS}`,
    at: new Date(1.7e12 + scattered).toISOString(),
    name: TEXT,
    total: '12.34',
    lines: [{ productId: String(at), quantity: 2, amount: '5.7' }],
  }
}

async function measured(title: string, rows: number, work: () => Promise<void>): Promise<void> {
  const cpuBefore = process.cpuUsage()
  const before = performance.now()
  await work()
  const seconds = (performance.now() - before) / 1_000
  const cpu = process.cpuUsage(cpuBefore)
  const rate = Math.round(rows / seconds).toLocaleString('en')
  print(`${title}: ${rate} rows/s, ${((cpu.user + cpu.system) / rows).toFixed(1)} µs CPU a row`)
}

async function timed(title: string, count: number, call: (at: number) => Promise<unknown>): Promise<void> {
  const times: number[] = []
  for (let at = 0; at < count; at += 1) {
    const before = performance.now()
    await call(at)
    times.push(performance.now() - before)
  }
  print(`${title}: p50 ${quantile(times, 0.5).toFixed(3)} ms, p99 ${quantile(times, 0.99).toFixed(3)} ms`)
}

async function writeAll(store: Store, writes: readonly PutWrite[], batch: number, inFlight = 1): Promise<void> {
  let next = 0
  const writer = async (): Promise<void> => {
    while (next < writes.length) {
      const start = next
      next += batch
      await store.write(writes.slice(start, start + batch))
    }
  }
  await Promise.all(Array.from({ length: inFlight }, writer))
}

async function readFigures(store: Store, table: string, clustered: string): Promise<void> {
  const key = (at: number): Row => ({ id: rowOf(at % ROWS)['id'] ?? '' })
  await timed('get', LOOKUPS, (at) => store.read(table, [key(at * 7_919)]))
  await timed('wave of 1,000 keys', WAVES, (at) =>
    store.read(
      table,
      Array.from({ length: 1_000 }, (_, index) => key(at * 13 + index * 97)),
    ),
  )
  await timed('page of 100', LOOKUPS / 4, (at) =>
    store.page(clustered, { partition: { group: `customer-${at % GROUPS}` }, limit: 100 }),
  )
  await measured('scan by pages of 1,000', ROWS, async () => {
    let after: Row | undefined
    for (let more = true; more;) {
      const page = await store.scan(table, { limit: 1_000, ...(after === undefined ? {} : { after }) })
      after = page.rows.at(-1)
      more = page.more
    }
  })
}

async function figuresOf(shards: number): Promise<void> {
  print(`\n${shards} shard file(s), ${ROWS.toLocaleString('en')} rows, ${JSON.stringify(rowOf(1)).length} bytes each`)
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-store-'))
  const store = await openSqliteStore({ directory, clock: systemClock, shards })
  const names = ['by_1000', 'by_10000', 'in_flight', 'clustered']
  await store.migrate(names.map((name) => tableOf(name, name === 'clustered')))
  const writesOf = (table: string, writeTime: number): PutWrite[] =>
    Array.from({ length: ROWS }, (_, at) => ({ kind: 'put', table, row: rowOf(at), writeTime }))
  const cases: readonly [title: string, table: string, batch: number, inFlight: number, writeTime: number][] = [
    ['new rows, batches of 1,000', 'by_1000', 1_000, 1, 1],
    ['new rows, batches of 10,000', 'by_10000', 10_000, 1, 1],
    ['new rows, batches of 1,000, four in flight', 'in_flight', 1_000, 4, 1],
    ['new rows with clustering key, batches of 1,000', 'clustered', 1_000, 1, 1],
    ['same rows again, batches of 1,000', 'by_1000', 1_000, 1, 1],
    ['newer rows over them, batches of 1,000', 'by_1000', 1_000, 1, 2],
  ]
  for (const [title, table, batch, inFlight, writeTime] of cases) {
    const writes = writesOf(table, writeTime)
    await measured(title, ROWS, () => writeAll(store, writes, batch, inFlight))
  }
  await readFigures(store, 'by_1000', 'clustered')
  const writes = writesOf('by_10000', 2)
  let writing = true
  const written = writeAll(store, writes, 10_000).finally(() => (writing = false))
  const during: number[] = []
  while (writing) {
    const before = performance.now()
    await store.read('by_1000', [{ id: rowOf(during.length % ROWS)['id'] ?? '' }])
    during.push(performance.now() - before)
  }
  await written
  print(
    `get while rows are written: p50 ${quantile(during, 0.5).toFixed(3)} ms, p99 ${quantile(during, 0.99).toFixed(3)} ms`,
  )
  await store.close()
  await rm(directory, { recursive: true })
}

for (const shards of [1, 2]) await figuresOf(shards)
