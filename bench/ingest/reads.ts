// How long reads of the embedded store take, alone and beside a load of writes: keys, waves of keys, waves of keys that are not there, pages.
// Alone: node bench/ingest/reads.ts --scale 0.2 --rounds 1
import { setTimeout as sleep } from 'node:timers/promises'
import { cellText, type Row } from '../../schema/row.ts'
import type { BenchPart, RoundOptions } from './part.ts'
import { latencyAt, latencyInTurn, type Latency } from './read-latency.ts'
import { runParts } from './run-parts.ts'
import { openStore, orderId, orderRow, orderWrites, ordersTable, type OpenedStore } from './store-load.ts'

const ROWS = 500_000
const PAGE_ROWS = 100
const WAVE_KEYS = 1_000
const LOOKUPS_PER_SECOND = 2_000
const LOOKUPS = 10_000
const WAVES = 60
const PAGES = 500
const LOAD_BATCH = 10_000
/** The load beside: 10,000 rows a second. */
const WRITE_ROWS = 100
const WRITES_PER_SECOND = 100

export const reads: BenchPart = {
  name: 'embedded store, reads',
  about:
    'Milliseconds in a table of 500,000 rows of about 250 bytes with random ids: one key 2,000 times a second; waves of 1,000 keys, of 1,000 ' +
    'keys that are not there, and pages of 100 rows, one after the other. Alone, and while 10,000 rows a second are written.',
  aims: [
    { figure: 'keyP99Ms', atMost: 1 },
    { figure: 'waveP50Ms', atMost: 15 },
    { figure: 'pageP50Ms', atMost: 2 },
    { figure: 'keyBesideWritesP99Ms', atMost: 1 },
    { figure: 'waveBesideWritesP50Ms', atMost: 15 },
    { figure: 'pageBesideWritesP50Ms', atMost: 2 },
  ],
  servers: false,
  async round(options) {
    const opened = await openStore()
    try {
      const rows = Math.max(50_000, Math.round(ROWS * options.scale))
      // Pages that are full, each of its own customer.
      const load = { rows, customers: Math.floor(rows / PAGE_ROWS / 2) }
      await fill(opened, load)
      const alone = await latencies(opened, load, options)
      const writing = new AbortController()
      const written = write(opened, load, writing.signal)
      const beside = await latencies(opened, load, options)
      writing.abort()
      const behind = await written
      return {
        ...figuresOf('', alone),
        ...figuresOf('BesideWrites', beside),
        besideRowsPerSecond: behind,
      }
    } finally {
      await opened.dispose()
    }
  },
}

interface Load {
  readonly rows: number
  readonly customers: number
}

async function fill({ store }: OpenedStore, { rows, customers }: Load): Promise<void> {
  await store.migrate([ordersTable('orders'), ordersTable('by_customer', 'clustered')])
  for (let from = 0; from < rows; from += LOAD_BATCH) {
    const range = { from, count: Math.min(LOAD_BATCH, rows - from), customers }
    await store.write([...orderWrites('orders', range, 'random'), ...orderWrites('by_customer', range, 'random')])
  }
}

/** Writes at its rate until told to end; rows a second that it came to. */
async function write({ store }: OpenedStore, { rows, customers }: Load, signal: AbortSignal): Promise<number> {
  const began = performance.now()
  let written = 0
  while (!signal.aborted) {
    await store.write(orderWrites('orders', { from: rows + written, count: WRITE_ROWS, customers }, 'random'))
    written += WRITE_ROWS
    const early = began + (written / WRITE_ROWS / WRITES_PER_SECOND) * 1_000 - performance.now()
    if (early > 0) await sleep(early)
  }
  return (written / (performance.now() - began)) * 1_000
}

type Read = 'key' | 'wave' | 'absentWave' | 'page'

async function latencies(
  { store }: OpenedStore,
  { rows, customers }: Load,
  { scale, print }: RoundOptions,
): Promise<Readonly<Record<Read, Latency>>> {
  const calls = (count: number): number => Math.max(20, Math.round(count * scale))
  const key = (at: number): Row => ({ id: orderId((at * 7_919) % rows, 'random') })
  const keys = (at: number): Row[] => Array.from({ length: WAVE_KEYS }, (_, index) => key(at * 1_013 + index))
  const absent = (at: number): Row[] => keys(at).map(({ id }) => ({ id: `${cellText(id)}-none` }))
  const customer = (at: number): Row => {
    const { customerId } = orderRow((at * 7_919) % rows, 'random', customers)
    return { customerId: customerId ?? '' }
  }
  const found = {
    key: await latencyAt(LOOKUPS_PER_SECOND, calls(LOOKUPS), (at) => store.read('orders', [key(at)])),
    wave: await latencyInTurn(calls(WAVES), (at) => store.read('orders', keys(at))),
    absentWave: await latencyInTurn(calls(WAVES), (at) => store.read('orders', absent(at))),
    page: await latencyInTurn(calls(PAGES), (at) =>
      store.page('by_customer', { partition: customer(at), limit: PAGE_ROWS }),
    ),
  }
  for (const [name, { p50Ms, p99Ms }] of Object.entries(found)) {
    print(`${name}: p50 ${p50Ms.toFixed(3)} ms, p99 ${p99Ms.toFixed(3)} ms`)
  }
  return found
}

function figuresOf(suffix: string, found: Readonly<Record<Read, Latency>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, { p50Ms, p99Ms }]) => [
      [`${name}${suffix}P50Ms`, p50Ms],
      [`${name}${suffix}P99Ms`, p99Ms],
    ]),
  )
}

if (import.meta.main) await runParts([reads], process.argv.slice(2))
