// What one round of a bench in a process of its own does, whatever it measures: a product of the bench, records by their numbers, and what CPU
// the process and its threads have had.
import { readFile } from 'node:fs/promises'
import type { Worker } from 'node:worker_threads'
import { invariant } from '../platform/errors.ts'
import type { AppendRecord, EventLog } from '../platform/ports/event-log.ts'
import { compileProduct } from '../schema/compile-product.ts'
import type { Product } from '../schema/model.ts'

const FILL_BATCH_RECORDS = 4_000

export async function readBenchProduct(file: URL): Promise<Product> {
  const name = file.pathname.slice(file.pathname.lastIndexOf('/') + 1)
  const { product } = compileProduct(name, await readFile(file, 'utf8'))
  invariant(product !== null, `the bench's product ${name} compiles`)
  return product
}

/** The first `count` records, in the order of their numbers. */
export async function appendNumbered(
  log: EventLog,
  topic: string,
  count: number,
  recordOf: (number: number) => AppendRecord,
): Promise<void> {
  for (let from = 0; from < count; from += FILL_BATCH_RECORDS) {
    const length = Math.min(FILL_BATCH_RECORDS, count - from)
    await log.append(
      topic,
      Array.from({ length }, (_, index) => recordOf(from + index)),
    )
  }
}

/** µs so far: of the process, its main thread, and each of the others, by name. */
export type CpuTimes = ReadonlyMap<string, number>

export async function cpuTimes(threads: ReadonlyMap<string, Worker>): Promise<CpuTimes> {
  const sum = ({ user, system }: NodeJS.CpuUsage): number => user + system
  const times = new Map([
    ['process', sum(process.cpuUsage())],
    ['main', sum(process.threadCpuUsage())],
  ])
  for (const [name, worker] of threads) times.set(name, sum(await worker.cpuUsage()))
  return times
}

/** µs of CPU for each of so many records, as `processCpuUs` and so on. */
export function cpuPerRecord(before: CpuTimes, after: CpuTimes, records: number): Readonly<Record<string, number>> {
  const spent = [...after].map(([name, time]) => [`${name}CpuUs`, (time - (before.get(name) ?? 0)) / records] as const)
  return Object.fromEntries(spent)
}
