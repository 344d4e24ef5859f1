// One round of a part of the derive bench, in a process of its own: `fill` makes rows of sales (or leaves them in their topic, `--live`), `derive`
// starts the derived product beside them and measures until its rows are there. Prints its figures as JSON. Used by embedded.ts.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { startIngest } from '../../ingest/main.ts'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { invariant } from '../../platform/errors.ts'
import type { Store } from '../../platform/ports/store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Product } from '../../schema/model.ts'
import { appendNumbered, cpuPerRecord, cpuTimes, readBenchProduct } from '../process-round.ts'
import { ARTICLES, articleRecord, categoryOf, type Sale, saleOf, saleRecord } from './bench-sales.ts'

const SAMPLE_MS = 250
const READ_KEYS = 1_000
/** One sale in so many is corrected. */
const CORRECTED = 10

const { values: args } = parseArgs({
  options: {
    step: { type: 'string', default: 'derive' },
    directory: { type: 'string', default: '' },
    product: { type: 'string', default: 'totals' },
    records: { type: 'string', default: '100000' },
    groups: { type: 'string', default: '1000' },
    /** The sales are ingested while they are folded. */
    live: { type: 'boolean', default: false },
    /** Without the derived product: what ingesting the sales costs alone. */
    alone: { type: 'boolean', default: false },
  },
})
const records = Number(args.records)
const groups = Number(args.groups)

const sources = await Promise.all(['sales', 'articles'].map(productNamed))
const derived = await productNamed(args.product)
const log = await openEmbeddedLog({ directory: join(args.directory, 'log'), clock: systemClock })
if (args.step === 'fill') await fill()
else process.stdout.write(`${JSON.stringify(await derive())}\n`)
await log.close()

function productNamed(name: string): Promise<Product> {
  return readBenchProduct(new URL(`products/${name}.graphql`, import.meta.url))
}

async function fill(): Promise<void> {
  await log.createTopics(sources.flatMap(emitTopics))
  await appendNumbered(log, 'bench.articles', ARTICLES, articleRecord)
  await appendNumbered(log, 'bench.sales', records, (number) => saleRecord(number, groups, false))
  if (args.live) return
  const store = await openStore()
  const ingest = await startIngest({ products: sources, log, store, clock: systemClock, sweep: false })
  await ingest.caughtUp()
  await ingest.close()
  await store.close()
}

async function openStore(onThread?: (worker: Worker) => unknown): Promise<Store> {
  const directory = join(args.directory, 'store')
  return await openSqliteStore({ directory, clock: systemClock, ...(onThread === undefined ? {} : { onThread }) })
}

/** Sales a second and µs of CPU per sale until all is folded; the same for corrections of a tenth of them; derived rows told per sale. */
async function derive(): Promise<Readonly<Record<string, number>>> {
  const threads = new Map<string, Worker>()
  const store = await openStore((worker) => threads.set(worker.threadName ?? 'thread', worker))
  const memory: number[] = []
  const sampler = setInterval(() => memory.push(process.memoryUsage.rss() / 1_048_576), SAMPLE_MS)
  const products = args.alone ? sources : [...sources, derived]
  const before = await cpuTimes(threads)
  const startedMs = performance.now()
  const ingest = await startIngest({ products, log, store, clock: systemClock, sweep: false })
  await ingest.caughtUp()
  const seconds = (performance.now() - startedMs) / 1_000
  const after = await cpuTimes(threads)
  const figures = { rowsPerSecond: records / seconds, ...cpuPerRecord(before, after, records) }
  const more = args.alone ? {} : { toldPerRow: (await derivedRecords()) / records, ...(await correct(ingest, threads)) }
  clearInterval(sampler)
  await ingest.close()
  if (!args.alone) await checkTotals(store)
  await store.close()
  return { ...figures, ...more, seconds, rssMegabytesMax: Math.max(0, ...memory) }
}

async function correct(ingest: { caughtUp(): Promise<void> }, threads: ReadonlyMap<string, Worker>) {
  const corrected = Math.ceil(records / CORRECTED)
  const before = await cpuTimes(threads)
  const startedMs = performance.now()
  await appendNumbered(log, 'bench.sales', corrected, (number) => saleRecord(number * CORRECTED, groups, true))
  await ingest.caughtUp()
  const seconds = (performance.now() - startedMs) / 1_000
  const { processCpuUs = 0 } = cpuPerRecord(before, await cpuTimes(threads), corrected)
  return { correctionsPerSecond: corrected / seconds, correctionCpuUs: processCpuUs }
}

async function derivedRecords(): Promise<number> {
  return (await log.offsets('bench.totals')).reduce((sum, { next }) => sum + next, 0)
}

/** What a sale adds to which groups: a group and cents. */
function contributionsOf(sale: Sale): readonly (readonly [string, number])[] {
  const cents = (amount: string): number => Math.round(Number(amount) * 100)
  if (args.product === 'elements') return sale.parts.map((part) => [part.articleId, cents(part.amount)])
  return [[args.product === 'joined' ? categoryOf(sale.articleId) : sale.shopId, cents(sale.amount)]]
}

/** Every group has exactly what the sales as they are now come to. */
async function checkTotals(store: Store): Promise<void> {
  const wanted = new Map<string, { sales: number; cents: number }>()
  for (let number = 0; number < records; number += 1) {
    const sale = saleOf(number, groups, number % CORRECTED === 0)
    for (const [group, cents] of contributionsOf(sale)) {
      const total = wanted.get(group) ?? { sales: 0, cents: 0 }
      wanted.set(group, { sales: total.sales + 1, cents: total.cents + cents })
    }
  }
  const ids = [...wanted.keys()]
  for (let from = 0; from < ids.length; from += READ_KEYS) {
    const some = ids.slice(from, from + READ_KEYS)
    const rows = await store.read(
      'bench_totals',
      some.map((shopId) => ({ shopId })),
    )
    some.forEach((id, at) => {
      const { sales, amount } = rows[at]?.row ?? {}
      const total = wanted.get(id)
      const same = sales === total?.sales && Math.round(Number(amount) * 100) === total?.cents
      invariant(same, `${id} has ${JSON.stringify({ sales, amount })}, not ${JSON.stringify(total)}`)
    })
  }
}
