// How the embedded store's costs grow with a table: 10^4 to 10^7 rows under random keys against rate of writes, latency of reads, bytes a row.
// Alone: node bench/ingest/growth.ts --scale 0.1 --rounds 1 (up to 10^6 rows)
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Row } from '../../schema/row.ts'
import type { BenchPart } from './part.ts'
import { latencyInTurn } from './read-latency.ts'
import { runParts } from './run-parts.ts'
import { cpuPerRow, openStore, orderId, orderWrites, ordersTable, type OpenedStore } from './store-load.ts'

const SIZES = [10_000, 100_000, 1_000_000, 10_000_000] as const
const BATCH = 16_000
const CUSTOMERS = 10_000
const LOOKUPS = 2_000
const WAVES = 20
const WAVE_KEYS = 1_000
/** Of the rows of a size, those whose writing is its figure: the last ones. */
const MEASURED_SHARE = 0.2

export const growth: BenchPart = {
  name: 'embedded store, growth',
  about:
    'One table of rows of about 250 bytes under random ids, in batches of 16,000, that grows to 10^7 rows (to 10^6 below scale 1). At each size: ' +
    'rows a second and µs of CPU a row for the last fifth of them, milliseconds of a key and of a wave of 1,000, bytes of the files a row.',
  aims: [],
  servers: false,
  once: true,
  async round({ scale, print }) {
    const opened = await openStore()
    const figures: Record<string, number> = {}
    try {
      await opened.store.migrate([ordersTable('orders')])
      let rows = 0
      for (const size of SIZES.filter((each) => scale >= 1 || each <= 1_000_000)) {
        const from = Math.max(rows, Math.floor(size * (1 - MEASURED_SHARE)))
        await grow(opened, rows, from)
        const before = await opened.cpu()
        const seconds = await grow(opened, from, size)
        const { main, writer, all } = cpuPerRow(before, await opened.cpu(), size - from)
        rows = size
        const found = {
          RowsPerSecond: (size - from) / seconds,
          MainUs: main,
          WriterUs: writer,
          AllUs: all,
          ...(await readFigures(opened, size)),
          BytesPerRow: (await bytesOf(opened.directory)) / size,
        }
        for (const [name, value] of Object.entries(found)) figures[`at${size}${name}`] = value
        print(
          `${size} rows: ${Object.entries(found)
            .map(([name, value]) => `${name} ${value.toFixed(2)}`)
            .join(', ')}`,
        )
      }
      return figures
    } finally {
      await opened.dispose()
    }
  },
}

/** Seconds of writing; rows are made outside the clock. */
async function grow({ store }: OpenedStore, from: number, to: number): Promise<number> {
  let seconds = 0
  for (let at = from; at < to; at += BATCH) {
    const range = { from: at, count: Math.min(BATCH, to - at), customers: CUSTOMERS }
    const writes = orderWrites('orders', range, 'random')
    const began = performance.now()
    await store.write(writes)
    seconds += (performance.now() - began) / 1_000
  }
  return seconds
}

async function readFigures({ store }: OpenedStore, size: number): Promise<Readonly<Record<string, number>>> {
  const key = (at: number): Row => ({ id: orderId((at * 7_919) % size, 'random') })
  const keys = await latencyInTurn(LOOKUPS, (at) => store.read('orders', [key(at)]))
  const waves = await latencyInTurn(WAVES, (at) =>
    store.read(
      'orders',
      Array.from({ length: WAVE_KEYS }, (_, index) => key(at * 1_013 + index)),
    ),
  )
  return { KeyP50Ms: keys.p50Ms, KeyP99Ms: keys.p99Ms, WaveP50Ms: waves.p50Ms, WaveP99Ms: waves.p99Ms }
}

/** Of the files as they are with what still lies in the logs beside them. */
async function bytesOf(directory: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.db')) continue
    const database = new DatabaseSync(join(directory, name))
    const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count'])
    bytes += pages * Number(database.prepare('PRAGMA page_size').get()?.['page_size'])
    database.close()
  }
  return bytes
}

if (import.meta.main) await runParts([growth], process.argv.slice(2))
