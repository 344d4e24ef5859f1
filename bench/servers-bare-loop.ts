// What the load rate is to be compared with: the least that could do the same on Kafka and Cassandra. kafkajs appends the orders and
// consumes them, cassandra-driver writes their two rows, kafkajs appends a change each, and the batch is committed. It checks nothing, reads
// nothing first, and repeats nothing after a failure.
import { Client, types } from 'cassandra-driver'
import { Kafka, logLevel, type EachBatchPayload, type Producer } from 'kafkajs'
import { invariant } from '../platform/errors.ts'
import type { SampleRecord } from '../samples/foodmart/foodmart-rows.ts'
import { orderRecords } from '../samples/foodmart/order-records.ts'
import type { BenchPlace, FreshPlace } from './bench-place.ts'
import type { Scenario } from './measure.ts'

const PARTITIONS = 4
const BATCH_RECORDS = 1_000
const COLUMNS = 'id, customer_id, placed_at, total, lines, origin, upserted_at'

interface Order {
  readonly id: string
  readonly customerId: string
  readonly placedAt: string
  readonly lines: readonly { readonly amount: string | number }[]
}

export async function bareLoopScenario(place: BenchPlace): Promise<Scenario> {
  const records = await Array.fromAsync(orderRecords())
  return { name: 'bare loop', round: () => place.fresh((fresh) => loadOnce(fresh, records)) }
}

async function loadOnce({ addresses, domain }: FreshPlace, records: readonly SampleRecord[]) {
  invariant(addresses !== null, 'the bare loop runs on servers')
  await using parts = new AsyncDisposableStack()
  const driver = await openTables(parts, addresses.cassandra, addresses.keyspace)
  const kafka = new Kafka({ brokers: [addresses.kafka], logLevel: logLevel.NOTHING })
  const [source, changes] = [`${domain}.bare`, `${domain}.bare.changes`]
  const admin = kafka.admin()
  await admin.connect()
  const topics = [source, changes].map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 }))
  await admin.createTopics({ waitForLeaders: true, topics })
  await admin.disconnect()
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  parts.defer(() => producer.disconnect())
  const consumer = kafka.consumer({ groupId: `${domain}-bare` })
  await consumer.connect()
  parts.defer(() => consumer.disconnect())
  await consumer.subscribe({ topic: source, fromBeginning: true })
  const done = Promise.withResolvers<void>()
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
  let handled = 0
  await consumer.run({
    eachBatchAutoResolve: false,
    autoCommit: false,
    partitionsConsumedConcurrently: PARTITIONS,
    eachBatch: async (payload: EachBatchPayload) => {
      const { batch } = payload
      for (let start = 0; start < batch.messages.length; start += BATCH_RECORDS) {
        const messages = batch.messages.slice(start, start + BATCH_RECORDS)
        await Promise.all(messages.flatMap(({ value, offset }) => rowsOf(value, offset).map(driver.write)))
        const copies = messages.map(({ key, value }) => ({ key, value }))
        await producer.send({ topic: changes, acks: -1, messages: copies })
        const offset = String(Number(messages.at(-1)?.offset) + 1)
        await consumer.commitOffsets([{ topic: source, partition: batch.partition, offset }])
        payload.resolveOffset(messages.at(-1)?.offset ?? '')
        handled += messages.length
      }
      if (handled === records.length) done.resolve()
    },
  })
  await joined
  const startedMs = performance.now()
  const startedCpu = process.cpuUsage()
  await appendAll(producer, source, records)
  await done.promise
  const seconds = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(startedCpu)
  return { recordsPerSecond: records.length / seconds, processUs: (user + system) / records.length }
}

async function appendAll(producer: Producer, topic: string, records: readonly SampleRecord[]): Promise<void> {
  for (let start = 0; start < records.length; start += BATCH_RECORDS) {
    const messages = records.slice(start, start + BATCH_RECORDS).map(({ value }) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return { key: (JSON.parse(text) as Order).id, value: text }
    })
    await producer.send({ topic, acks: -1, messages })
  }
}

interface Statement {
  readonly table: 'orders' | 'orders_by_customer'
  readonly params: readonly unknown[]
}

function rowsOf(value: Buffer | null, offset: string): readonly Statement[] {
  const order = JSON.parse(value?.toString() ?? '') as Order
  const total = order.lines.reduce((sum, { amount }) => sum + Number(amount), 0).toFixed(2)
  const lines = JSON.stringify(order.lines)
  const params = [order.id, order.customerId, Date.parse(order.placedAt), total, lines, offset, BigInt(offset)]
  return [
    { table: 'orders', params },
    { table: 'orders_by_customer', params },
  ]
}

async function openTables(parts: AsyncDisposableStack, address: string, keyspace: string) {
  const client = new Client({
    contactPoints: [address],
    protocolOptions: { port: Number(address.split(':')[1]) },
    localDataCenter: 'datacenter1',
    encoding: { useBigIntAsLong: true },
    socketOptions: { readTimeout: 60_000 },
  })
  await client.connect()
  parts.defer(() => client.shutdown())
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}"
  await client.execute(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`)
  const types_ =
    'id text, customer_id text, placed_at timestamp, total decimal, lines text, origin text, upserted_at bigint'
  await client.execute(`CREATE TABLE ${keyspace}.orders (${types_}, PRIMARY KEY (id))`)
  await client.execute(
    `CREATE TABLE ${keyspace}.orders_by_customer (${types_}, PRIMARY KEY (customer_id, placed_at, id)) ` +
      'WITH CLUSTERING ORDER BY (placed_at DESC, id ASC)',
  )
  const options = { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum }
  return {
    write: async ({ table, params }: Statement): Promise<void> => {
      const query = `INSERT INTO ${keyspace}.${table} (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`
      await client.execute(query, [...params], options)
    },
  }
}
