// FoodMart's orders through log and ingest into a fresh embedded store, with the CPU time of each thread, in a process of its own per round.
// Usage: node bench/ingest-load.ts [--rounds N] [--times N] [--against <checkout>]: with another checkout, rounds alternate between the two.
// `--times`: how often the orders are loaded in a round, each time under new keys.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { loadFile } from '../ingest/load/load-file.ts'
import { startIngest } from '../ingest/main.ts'
import { openEmbeddedLog } from '../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../platform/adapters/sqlite/sqlite-store.ts'
import { invariant } from '../platform/errors.ts'
import { systemClock } from '../platform/system-clock.ts'
import { orderRecords } from '../samples/foodmart/order-records.ts'
import type { SampleRecord } from '../samples/foodmart/foodmart-rows.ts'
import { describe, measure } from './measure.ts'
import { salesProduct, stream } from './sales-load.ts'

const { values: args } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    times: { type: 'string', default: '3' },
    against: { type: 'string' },
    once: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const thisFile = fileURLToPath(import.meta.url)

if (args.once) print(JSON.stringify(await loadOnce()))
else {
  const here = { name: 'this checkout', round: () => roundIn(thisFile) }
  const scenarios = [here]
  if (args.against !== undefined) {
    const other = resolve(args.against, 'bench/ingest-load.ts')
    scenarios.unshift({ name: args.against, round: () => roundIn(other) })
  }
  const medians = await measure(scenarios, Number(args.rounds), print)
  for (const [name, figures] of Object.entries(medians)) print(`median  ${name}: ${describe(figures)}`)
}

async function roundIn(file: string): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    file,
    '--once',
    '--times',
    args.times,
  ])
  // What `--once` printed.
  return JSON.parse(stdout) as Record<string, number>
}

/** Records per second of wall time; µs of CPU per record of the process, of the main thread, of the store's threads. */
async function loadOnce(): Promise<Readonly<Record<string, number>>> {
  const product = await salesProduct()
  const records = manyTimes(await Array.fromAsync(orderRecords()), Number(args.times))
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-ingest-load-'))
  const threads = new Map<string, Worker>()
  const log = await openEmbeddedLog({ directory: join(directory, 'log'), clock: systemClock })
  const store = await openSqliteStore({
    directory: join(directory, 'store'),
    clock: systemClock,
    onThread: (worker) => threads.set(worker.threadName ?? 'thread', worker),
  })
  const ports = { log, store, clock: systemClock }
  const ingest = await startIngest({ products: [product], ...ports })
  const cpu = await cpuTimes(threads)
  const startedMs = performance.now()
  const result = await loadFile({
    product,
    source: { kind: 'records', contentHash: 'bench', records: () => stream(records) },
    ...ports,
    ingest,
  })
  const seconds = (performance.now() - startedMs) / 1_000
  const used = await cpuTimes(threads)
  await ingest.close()
  await store.close()
  await log.close()
  await rm(directory, { recursive: true })
  invariant(result.written === records.length, `${result.written} of ${records.length} records were written`)
  const perRecord = [...used].map(([name, time]) => [`${name}Us`, (time - (cpu.get(name) ?? 0)) / records.length])
  return { recordsPerSecond: records.length / seconds, ...(Object.fromEntries(perRecord) as Record<string, number>) }
}

/** µs of CPU so far: of the process, its main thread, and each of the store's. */
async function cpuTimes(threads: ReadonlyMap<string, Worker>): Promise<ReadonlyMap<string, number>> {
  const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system
  const times = new Map([
    ['process', sum(process.cpuUsage())],
    ['main', sum(process.threadCpuUsage())],
  ])
  for (const [name, worker] of threads) times.set(name, sum(await worker.cpuUsage()))
  return times
}

function manyTimes(records: readonly SampleRecord[], times: number): readonly SampleRecord[] {
  const copies = Array.from({ length: times }, (_, copy) => copy)
  return copies.flatMap((copy) =>
    records.map(({ value }) => {
      invariant(typeof value === 'object' && 'id' in value, 'an order has an id')
      const id = `${String(value.id)}-${copy}`
      return { key: id, value: { ...value, id } }
    }),
  )
}
