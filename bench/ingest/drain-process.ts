// One run of the embedded part, in a process of its own: `fill` writes orders into the source topic of a fresh directory, `drain` starts
// ingest on it and measures until the backlog has become rows and changes. Prints its figures as JSON. Used by embedded.ts.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { startIngest } from '../../ingest/main.ts'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { invariant } from '../../platform/errors.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Row, Value } from '../../schema/row.ts'
import { appendNumbered, cpuPerRecord, cpuTimes, readBenchProduct } from '../process-round.ts'
import { orderRecord, type OrderIds } from './bench-orders.ts'

const TOPIC = 'bench.orders'
const SAMPLE_MS = 250
/** Rows looked up at the end: one in so many. */
const ROWS_CHECKED = 1_000

const { values: args } = parseArgs({
  options: {
    step: { type: 'string', default: 'drain' },
    directory: { type: 'string', default: '' },
    product: { type: 'string', default: 'orders-one-table' },
    ids: { type: 'string', default: 'sequential' },
    records: { type: 'string', default: '100000' },
  },
})
const ids: OrderIds = args.ids === 'random' ? 'random' : 'sequential'
const records = Number(args.records)

const product = await readBenchProduct(new URL(`products/${args.product}.graphql`, import.meta.url))
const log = await openEmbeddedLog({ directory: join(args.directory, 'log'), clock: systemClock })
if (args.step === 'fill') await fill()
else process.stdout.write(`${JSON.stringify(await drain())}\n`)
await log.close()

async function fill(): Promise<void> {
  await log.createTopics(emitTopics(product))
  await appendNumbered(log, TOPIC, records, (number) => orderRecord(number, ids))
}

/** Rate in wall time; µs of CPU per record by thread; resident memory at its highest and after a third and the whole; records a batch. */
async function drain(): Promise<Readonly<Record<string, number>>> {
  const threads = new Map<string, Worker>()
  const directory = join(args.directory, 'store')
  const onThread = (worker: Worker): unknown => threads.set(worker.threadName ?? 'thread', worker)
  const store = await openSqliteStore({ directory, clock: systemClock, onThread })
  const memory: number[] = []
  const sampler = setInterval(() => memory.push(process.memoryUsage.rss() / 1_048_576), SAMPLE_MS)
  const batches: number[] = []
  const before = await cpuTimes(threads)
  const startedMs = performance.now()
  const observer = { batch: ({ records: count }: { readonly records: number }) => void batches.push(count) }
  const ingest = await startIngest({ products: [product], log, store, clock: systemClock, sweep: false, observer })
  await ingest.caughtUp()
  const seconds = (performance.now() - startedMs) / 1_000
  const after = await cpuTimes(threads)
  clearInterval(sampler)
  await ingest.close()
  await checkAll(log, store)
  await store.close()
  return {
    recordsPerSecond: records / seconds,
    ...cpuPerRecord(before, after, records),
    seconds,
    rssMegabytesMax: Math.max(0, ...memory),
    rssMegabytesAtThird: memory[Math.floor(memory.length / 3)] ?? 0,
    rssMegabytesAtEnd: memory.at(-1) ?? 0,
    batchRecordsMean: records / batches.length,
    batchRecordsMax: Math.max(...batches),
  }
}

/** A change per record, none rejected, and the rows there as they were sent. */
async function checkAll(filled: EventLog, store: Store): Promise<void> {
  const count = async (topic: string): Promise<number> =>
    (await filled.offsets(topic)).reduce((sum, { next }) => sum + next, 0)
  const [changes, rejected] = [await count(`${TOPIC}.changes`), await count(`${TOPIC}.rejected`)]
  invariant(changes === records && rejected === 0, `${changes} changes and ${rejected} rejected of ${records} records`)
  const step = Math.max(1, Math.floor(records / ROWS_CHECKED))
  const numbers = Array.from({ length: Math.floor(records / step) }, (_, index) => index * step)
  const orders = numbers.map(
    (number) => JSON.parse(String(orderRecord(number, ids).value)) as Readonly<Record<string, Value>>,
  )
  const rows = await store.read(
    'bench_orders',
    orders.map(({ id = '' }) => ({ id })),
  )
  const wrong = orders.findIndex((order, index) => !holds(rows[index]?.row ?? {}, order))
  invariant(wrong < 0, `the row of order ${String(numbers[wrong])} is as it was sent`)
}

/** Whether the row has every member of the order; a Decimal may have lost zeros at its end. */
function holds(row: Row, order: Row): boolean {
  return Object.entries(order).every(([name, value]) => {
    if (name === 'total' || name === 'amount') return Number(row[name]) === Number(value)
    if (!Array.isArray(value)) return row[name] === value
    const items = row[name]
    return Array.isArray(items) && items.every((item, at) => holds(item as Row, value[at] as Row))
  })
}
