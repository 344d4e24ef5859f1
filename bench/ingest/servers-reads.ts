// Reads from Cassandra through the store: lookups at a steady rate, waves of many keys, pages. `node cli/run.js bench/ingest/servers-reads.ts` runs it
// alone; options: run-parts.ts.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, types } from 'cassandra-driver'
import type { Row } from '../../schema/row.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import type { Write } from '../../platform/ports/store.ts'
import { quantile } from '../measure.ts'
import { orderRecord } from './bench-orders.ts'
import type { BenchPart, RoundOptions } from './part.ts'
import { runParts } from './run-parts.ts'
import { openPorts, productOf, type ServerLoad } from './servers/server-load.ts'

const ROWS = 50_000
const LOOKUPS_PER_SECOND = 2_000
const LOOKUP_SECONDS = 20
const LOOKUP_SLICES = 4
const WAVES = 40
const WAVE_KEYS = 1_000
const PAGES = 400
const CUSTOMERS = 100
const WARM_UP_SHARE = 0.3
/** The database compiles what it runs often, on the same cores: before that its answers take tens of milliseconds. */
const WARM_UP_LOOKUP_SECONDS = 20

export const serverReads: BenchPart = {
  name: 'reads from Cassandra',
  about:
    `${ROWS.toLocaleString('en-US')} orders in two tables. Lookups of one key each, ${LOOKUPS_PER_SECOND.toLocaleString('en-US')} a second whether or ` +
    `not the ones before have been answered, from the time each was due, by the store and by cassandra-driver alone (bare), each also on a database that is warm; waves of ${WAVE_KEYS.toLocaleString('en-US')} keys and pages of 100 rows one after the other.`,
  aims: [
    { figure: 'lookupP99Ms', atMost: 5 },
    { figure: 'waveP50Ms', atMost: 150 },
  ],
  servers: true,
  round: readRound,
}

async function readRound({ servers, scale }: RoundOptions): Promise<Record<string, number>> {
  if (servers === null) throw new Error('This part runs on servers.')
  const domain = `bench${randomUUID().slice(0, 8)}`
  const load: ServerLoad = {
    product: 'orders-two-tables',
    domain,
    servers,
    partitions: 4,
    records: 0,
  }
  const ports = await openPorts(load)
  try {
    const { store } = ports
    await store.migrate(emitTables(await productOf(load)))
    const rows = Math.ceil(ROWS * scale)
    for (let start = 0; start < rows; start += 5_000)
      await store.write(ordersFrom(start, Math.min(rows, start + 5_000)))
    const ids = Array.from({ length: rows }, (_, at) => idOf(at))
    const idAt = (at: number): string => ids[(at * 7_919) % rows] ?? ''
    const key = (at: number): Row => ({ id: idAt(at) })
    const ours = async (at: number): Promise<boolean> => (await store.read('bench_orders', [key(at)]))[0] !== null
    await using driver = await openDriver(load)
    const bare = async (at: number): Promise<boolean> => (await driver.one(idAt(at))) !== null
    await lookUp(ours, WARM_UP_LOOKUP_SECONDS)
    await lookUp(bare, WARM_UP_LOOKUP_SECONDS * WARM_UP_SHARE)
    const lookups: number[] = []
    const bareLookups: number[] = []
    let cpuUs = 0
    // In turn, so that what else the database does meets both.
    for (let slice = 0; slice < LOOKUP_SLICES; slice += 1) {
      const cpuBefore = process.cpuUsage()
      lookups.push(...(await lookUp(ours, (LOOKUP_SECONDS * scale) / LOOKUP_SLICES)))
      const { user, system } = process.cpuUsage(cpuBefore)
      cpuUs += user + system
      bareLookups.push(...(await lookUp(bare, (LOOKUP_SECONDS * scale) / LOOKUP_SLICES)))
    }
    const waves = await timesOf(Math.ceil(WAVES * scale), (wave) => {
      const keys = Array.from({ length: WAVE_KEYS }, (_, at) => key(wave * WAVE_KEYS + at))
      return store.read('bench_orders', keys)
    })
    const pages = await timesOf(Math.ceil(PAGES * scale), (page) =>
      store.page('bench_orders_by_customer', { partition: { customerId: customerOf(page) }, limit: 100 }),
    )
    return {
      lookupsPerSecond: lookups.length / (LOOKUP_SECONDS * scale),
      lookupP50Ms: quantile(lookups, 0.5),
      lookupP99Ms: quantile(lookups, 0.99),
      bareLookupP50Ms: quantile(bareLookups, 0.5),
      bareLookupP99Ms: quantile(bareLookups, 0.99),
      lookupCpuUs: cpuUs / lookups.length,
      waveP50Ms: quantile(waves, 0.5),
      waveP99Ms: quantile(waves, 0.99),
      pageP50Ms: quantile(pages, 0.5),
      pageP99Ms: quantile(pages, 0.99),
    }
  } finally {
    await ports.close()
  }
}

const customerOf = (number: number): string => `customer-${String(number % CUSTOMERS)}`

function orderOf(number: number): Row {
  const { lines, ...order } = JSON.parse(Buffer.from(orderRecord(number, 'random').value ?? []).toString()) as Row
  return { ...order, customerId: customerOf(number), lines: lines ?? null }
}

const idOf = (number: number): string => Buffer.from(orderRecord(number, 'random').key ?? []).toString()

function ordersFrom(start: number, end: number): Write[] {
  const rows = Array.from({ length: end - start }, (_, at) => orderOf(start + at))
  return rows.flatMap((row) =>
    ['bench_orders', 'bench_orders_by_customer'].map((table): Write => ({ kind: 'put', table, row, writeTime: 1 })),
  )
}

/** Milliseconds of each, from when it was due. */
async function lookUp(find: (at: number) => Promise<boolean>, seconds: number): Promise<readonly number[]> {
  const timesMs: number[] = []
  const reads: Promise<void>[] = []
  const startedMs = performance.now()
  for (let at = 0; at < seconds * LOOKUPS_PER_SECOND; at += 1) {
    const dueMs = startedMs + (at * 1_000) / LOOKUPS_PER_SECOND
    while (dueMs > performance.now()) await sleep(1)
    const noted = find(at).then((found) => {
      if (!found) throw new Error('A row that was written is not there.')
      timesMs.push(performance.now() - dueMs)
    })
    reads.push(noted)
  }
  await Promise.all(reads)
  return timesMs
}

interface BareReader extends AsyncDisposable {
  one(id: string): Promise<unknown>
}

async function openDriver({ servers, domain }: ServerLoad): Promise<BareReader> {
  const client = new Client({
    contactPoints: [servers.cassandra],
    localDataCenter: 'datacenter1',
    keyspace: domain,
    encoding: { useBigIntAsLong: true, useUndefinedAsUnset: true },
  })
  await client.connect()
  const options = { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum }
  return {
    one: async (id) => (await client.execute('SELECT * FROM bench_orders WHERE id = ?', [id], options)).first(),
    [Symbol.asyncDispose]: () => client.shutdown(),
  }
}

async function timesOf(count: number, work: (at: number) => Promise<unknown>): Promise<readonly number[]> {
  const timesMs: number[] = []
  const warmUp = Math.ceil(count * WARM_UP_SHARE)
  for (let at = 0; at < warmUp + count; at += 1) {
    const startedMs = performance.now()
    await work(at)
    if (at >= warmUp) timesMs.push(performance.now() - startedMs)
  }
  return timesMs
}

if (import.meta.main) await runParts([serverReads], process.argv.slice(2))
