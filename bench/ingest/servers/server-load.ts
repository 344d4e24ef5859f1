// What the loads on Kafka and Cassandra have in common: the product in a domain of its own, its topic filled before anything is measured, and
// the clock, which runs from the first batch to the last record.
import { readFile } from 'node:fs/promises'
import { pino } from 'pino'
import { openCassandraStore } from '../../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog } from '../../../platform/adapters/kafka/kafka-log.ts'
import { invariant } from '../../../platform/errors.ts'
import type { AppendRecord, EventLog } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import { compileProduct } from '../../../schema/compile-product.ts'
import type { Product } from '../../../schema/model.ts'
import { orderRecord } from '../bench-orders.ts'
import { cpuSecondsOf, serverProcess } from './server-cpu.ts'

export type ServerProduct = 'orders-one-table' | 'orders-two-tables' | 'orders-shared-partitions'

export interface ServerLoad {
  readonly product: ServerProduct
  /** Of its own for each load: topics, group, keyspace. */
  readonly domain: string
  readonly servers: { readonly kafka: string; readonly cassandra: string }
  readonly partitions: number
  readonly records: number
}

export interface Ports {
  readonly log: EventLog
  readonly store: Store
  close(): Promise<void>
}

/** Customers whose orders come mixed: a batch of a thousand records has ten of each. */
const SHARED_CUSTOMERS = 100
const FILL_BATCH_RECORDS = 1_000
const FILL_BATCHES_AT_ONCE = 4

export async function openPorts({ servers, domain }: ServerLoad): Promise<Ports> {
  const logger = pino({ level: 'error' }, pino.destination(2))
  const log = await openKafkaLog({ brokers: [servers.kafka], clock: systemClock, logger, replication: 1 })
  const contactPoints = [servers.cassandra]
  const store = await openCassandraStore({
    contactPoints,
    keyspace: domain,
    replication: 1,
    clock: systemClock,
    logger,
  })
  return {
    log,
    store,
    async close() {
      await log.close()
      await store.close()
    },
  }
}

export async function productOf({ product: name, domain, partitions }: ServerLoad): Promise<Product> {
  const source = await readFile(new URL(`../products/${name}.graphql`, import.meta.url), 'utf8')
  const moved = source
    .replaceAll('"bench.', `"${domain}.`)
    .replaceAll('"bench"', `"${domain}"`)
    .replace('@source(', `@source(partitions: ${String(partitions)}, `)
  const { product } = compileProduct(`${name}.graphql`, moved)
  invariant(product !== null, `the product ${name} compiles`)
  return product
}

export function sourceTopic({ domain }: ServerLoad): string {
  return `${domain}.orders`
}

export async function fillTopic(log: EventLog, load: ServerLoad): Promise<void> {
  const total = load.records
  for (let start = 0; start < total;) {
    const appends: Promise<unknown>[] = []
    for (; start < total && appends.length < FILL_BATCHES_AT_ONCE; start += FILL_BATCH_RECORDS) {
      const count = Math.min(FILL_BATCH_RECORDS, total - start)
      const records = Array.from({ length: count }, (_, index) => recordOf(load, start + index))
      appends.push(log.append(sourceTopic(load), records))
    }
    await Promise.all(appends)
  }
}

function recordOf({ product }: ServerLoad, number: number): AppendRecord {
  const record = orderRecord(number, 'random')
  if (product !== 'orders-shared-partitions') return record
  const customerId = `customer-${String(number % SHARED_CUSTOMERS)}`
  const order = JSON.parse(Buffer.from(record.value ?? []).toString()) as object
  return { key: Buffer.from(customerId), value: Buffer.from(JSON.stringify({ ...order, customerId })) }
}

export interface LoadFigures {
  readonly recordsPerSecond: number
  /** CPU of the process itself, of Kafka and of Cassandra, per record. */
  readonly cpuUs: number
  readonly kafkaCpuUs: number
  readonly cassandraCpuUs: number
}

/** Times all records of a load: from the begin of the first batch to the end of the last. CPU counts from `start`, before there is a consumer. */
export class LoadClock {
  readonly #load: ServerLoad
  readonly #done = Promise.withResolvers<LoadFigures>()
  readonly #pids: { readonly kafka: number; readonly cassandra: number }
  readonly #startCpu: Marks
  #handled = 0
  #beginMs = Number.POSITIVE_INFINITY

  constructor(load: ServerLoad) {
    this.#load = load
    const { kafka, cassandra } = load.servers
    this.#pids = { kafka: serverProcess(kafka), cassandra: serverProcess(cassandra) }
    this.#startCpu = this.#marks()
  }

  /** A batch of records has ended, which took so long. */
  handled(records: number, durationMs: number): void {
    this.#beginMs = Math.min(this.#beginMs, performance.now() - durationMs)
    this.#handled += records
    const { records: count } = this.#load
    if (this.#handled < count) return
    const end = this.#marks()
    const start = this.#startCpu
    const each = (one: number, other: number): number => ((other - one) / count) * 1e6
    this.#done.resolve({
      recordsPerSecond: (count / (performance.now() - this.#beginMs)) * 1_000,
      cpuUs: each(start.own, end.own),
      kafkaCpuUs: each(start.kafka, end.kafka),
      cassandraCpuUs: each(start.cassandra, end.cassandra),
    })
  }

  get done(): Promise<LoadFigures> {
    return this.#done.promise
  }

  #marks(): Marks {
    const { user, system } = process.cpuUsage()
    const kafka = cpuSecondsOf(this.#pids.kafka)
    return { own: (user + system) / 1e6, kafka, cassandra: cpuSecondsOf(this.#pids.cassandra) }
  }
}

interface Marks {
  readonly own: number
  readonly kafka: number
  readonly cassandra: number
}
