// Products derived in a chain by two processes on Kafka and Cassandra, and a third one that only appends, and waits as `meshgate load` and
// `meshgate sample` do.
import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { ingestElsewhere } from '../../cli/ingest-elsewhere.ts'
import { internalTopics } from '../../ingest/internal-topics.ts'
import { openCassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog } from '../../platform/adapters/kafka/kafka-log.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import { systemClock as clock } from '../../platform/system-clock.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Product } from '../../schema/model.ts'
import {
  categories,
  derivedRows,
  expectedRows,
  functions,
  itemRecord,
  items,
  meshProducts,
  orderRecord,
  orders,
  removal,
  startMesh,
  totalsProduct,
} from '../ingest/derive/sales-mesh.ts'
import { cassandraAddress, describeServers, kafkaAddress } from './test-servers.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const keyspace = `derived_${randomUUID().replaceAll('-', '').slice(0, 12)}`
const logger = pino({ level: 'silent' })

async function openLog(): Promise<EventLog> {
  const log = await openKafkaLog({ brokers: [await kafkaAddress()], clock, logger, replication: 1 })
  closing.push(() => log.close())
  return log
}

async function openStore(): Promise<Store> {
  const contactPoints = [await cassandraAddress()]
  const store = await openCassandraStore({ contactPoints, keyspace, replication: 1, clock, logger })
  closing.push(() => store.close())
  return store
}

async function startProcess(products: readonly Product[], inputs: readonly Product[]): Promise<void> {
  const ports = { log: await openLog(), store: await openStore(), clock }
  const ingest = await startMesh(ports, { products, inputs })
  closing.push(() => ingest.close())
}

const order = (number: number) =>
  orderRecord({
    id: `order-${number}`,
    shop: `shop-${number % 5}`,
    placedAt: new Date(Date.UTC(2026, 0, 1 + (number % 4), 0, 0, number)).toISOString(),
    lines: Array.from({ length: 1 + (number % 3) }, (_, line) => ({
      item: `item-${(number + line) % 7}`,
      amount: `${number % 90}.25`,
    })),
  })
const item = (number: number, categoryCount: number) =>
  itemRecord({ id: `item-${number}`, category: `category-${number % categoryCount}` })

describeServers('a process that ingests nothing', () => {
  // Whoever asks first waits for their start.
  beforeAll(() => Promise.all([kafkaAddress(), cassandraAddress()]))

  test('knows when all that others derive from what it appended, and from that again, can be read', async () => {
    const log = await openLog()
    const inputs: readonly Product[] = []
    await log.createTopics([...meshProducts.flatMap(emitTopics), ...internalTopics])
    const elsewhere = ingestElsewhere(meshProducts, { log, clock }, { inputs, functions })
    await log.append(
      'tests.items',
      Array.from({ length: 7 }, (_, number) => item(number, 3)),
    )
    await log.append(
      'tests.orders',
      Array.from({ length: 300 }, (_, number) => order(number)),
    )
    expect((await elsewhere.lag())['tests/orders']).toBe(300)
    let isThrough = false
    const waiting = elsewhere.caughtUp().then(() => (isThrough = true))
    await startProcess([orders, items], [])
    // Nobody derives anything yet.
    const written = ingestElsewhere([orders, items], { log, clock }, { inputs, functions: {} })
    await written.caughtUp()
    expect(isThrough).toBe(false)
    await startProcess([categories], [orders, totalsProduct()])
    await startProcess([totalsProduct()], [orders, items])
    await waiting
    const store = await openStore()
    const first = await derivedRows(store)
    expect(first).toEqual(await expectedRows(store))
    expect(first.categories).toHaveLength(3)
    await log.append('tests.items', [item(2, 7), item(6, 2)])
    await log.append('tests.orders', [removal('order-7'), order(301)])
    await elsewhere.caughtUp()
    const second = await derivedRows(store)
    expect(second).toEqual(await expectedRows(store))
    expect(second).not.toEqual(first)
    expect(Object.values(await elsewhere.lag()).every((lag) => lag === 0)).toBe(true)
  })
})
