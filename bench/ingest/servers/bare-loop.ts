// What our ingest is compared with: the least that could do the same. kafkajs consumes, cassandra-driver writes the same tables, kafkajs appends
// a change for each record, and the position is committed. It checks nothing, reads nothing first, and repeats nothing after a failure.
// With `together` rows of one partition go in one unlogged batch; without, it is the way of most peers: one insert per message and table.
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { Client, types } from 'cassandra-driver'
import kafkajs, { Kafka, logLevel, type EachBatchPayload, type KafkaMessage } from 'kafkajs'
import type { Product } from '../../../schema/model.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { bareTables, type BareInsert } from './bare-tables.ts'
import { LoadClock, sourceTopic, type LoadFigures, type ServerLoad } from './server-load.ts'

// The topic is filled by our log, which compresses.
kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: ({ buffer }: { readonly buffer: Buffer }) => promisify(zstdCompress)(buffer),
  decompress: promisify(zstdDecompress),
})

export interface BareTuning {
  readonly batchRecords: number
  /** Requests with Cassandra at a time. */
  readonly inFlight: number
  readonly together: boolean
}

/** Rows of one unlogged batch: more gained nothing. */
const ROWS_TOGETHER_MAX = 50

export async function bareLoop(load: ServerLoad, product: Product, tuning: BareTuning): Promise<LoadFigures> {
  await using parts = new AsyncDisposableStack()
  const clock = new LoadClock(load)
  const driver = await openDriver(parts, load)
  const inserts = bareTables(emitTables(product), load.domain)
  const kafka = new Kafka({ brokers: [load.servers.kafka], logLevel: logLevel.ERROR })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  parts.defer(() => producer.disconnect())
  const consumer = kafka.consumer({ groupId: `${load.domain}-bare`, maxBytesPerPartition: 4_194_304 })
  await consumer.connect()
  parts.defer(() => consumer.disconnect())
  const topic = sourceTopic(load)
  await consumer.subscribe({ topic, fromBeginning: true })
  const write = writer(driver, tuning)
  await consumer.run({
    eachBatchAutoResolve: false,
    autoCommit: false,
    partitionsConsumedConcurrently: load.partitions,
    eachBatch: async (payload: EachBatchPayload) => {
      const { messages, partition } = payload.batch
      for (let start = 0; start < messages.length; start += tuning.batchRecords) {
        const begunMs = performance.now()
        const some = messages.slice(start, start + tuning.batchRecords)
        await write(some.flatMap((message) => rowsOf(inserts, message)))
        const changes = some.map(({ key, value }) => ({ key, value }))
        await producer.send({ topic: `${topic}.changes`, acks: -1, messages: changes })
        const last = some.at(-1)?.offset ?? '0'
        await consumer.commitOffsets([{ topic, partition, offset: String(Number(last) + 1) }])
        payload.resolveOffset(last)
        await payload.heartbeat()
        clock.handled(some.length, performance.now() - begunMs)
      }
    },
  })
  const crashed = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
  })
  return await Promise.race([clock.done, crashed])
}

interface BareRow {
  readonly query: string
  readonly params: unknown[]
  readonly partition: string
}

function rowsOf(inserts: readonly BareInsert[], { value, offset }: KafkaMessage): readonly BareRow[] {
  const order = JSON.parse(value?.toString() ?? '') as Readonly<Record<string, unknown>>
  return inserts.map(({ query, params, partition }) => ({
    query,
    params: params(order, offset),
    partition: partition(order),
  }))
}

function writer(driver: Client, { together, inFlight }: BareTuning): (rows: readonly BareRow[]) => Promise<void> {
  const options = { prepare: true, isIdempotent: true, consistency: types.consistencies.localQuorum }
  let free = inFlight
  const waiting: (() => void)[] = []
  const send = async (rows: readonly BareRow[]): Promise<void> => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => void waiting.push(resolve))
    const [first] = rows
    if (rows.length === 1 && first !== undefined) await driver.execute(first.query, first.params, options)
    else await driver.batch([...rows], { ...options, logged: false })
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
  return async (rows) => {
    if (!together) await Promise.all(rows.map((row) => send([row])))
    else {
      const groups = [...Map.groupBy(rows, ({ partition }) => partition).values()]
      await Promise.all(groups.flatMap(split).map(send))
    }
  }
}

function split(rows: readonly BareRow[]): readonly BareRow[][] {
  const count = Math.ceil(rows.length / ROWS_TOGETHER_MAX)
  return Array.from({ length: count }, (_, at) => rows.slice(at * ROWS_TOGETHER_MAX, (at + 1) * ROWS_TOGETHER_MAX))
}

async function openDriver(parts: AsyncDisposableStack, { servers, domain }: ServerLoad): Promise<Client> {
  const client = new Client({
    contactPoints: [servers.cassandra],
    protocolOptions: { port: Number(servers.cassandra.split(':')[1]) },
    localDataCenter: 'datacenter1',
    keyspace: domain,
    encoding: { useBigIntAsLong: true, useUndefinedAsUnset: true },
    socketOptions: { readTimeout: 60_000 },
  })
  await client.connect()
  parts.defer(() => client.shutdown())
  return client
}
