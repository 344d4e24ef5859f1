// A replay on Kafka and Cassandra, by members that come and go, and the digest of what it leaves: the same as on the embedded log and store.
import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { digestProduct, type ProductDigest } from '../../ingest/digest/digest-product.ts'
import { startIngest, type Ingest } from '../../ingest/main.ts'
import { parseReplayFrom } from '../../ingest/replay/replay-from.ts'
import { requestReplay } from '../../ingest/replay/request-replay.ts'
import type { AppendRecord, EventLog } from '../../platform/ports/event-log.ts'
import { openCassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog } from '../../platform/adapters/kafka/kafka-log.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { Store } from '../../platform/ports/store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import type { Product } from '../../schema/model.ts'
import type { Change } from '../../schema/record.ts'
import { topicNames } from '../../schema/topics.ts'
import { eventually } from '../conformance/event-log-harness.ts'
import { allRecords, jsonOf, openPorts } from '../ingest/open-ports.ts'
import { cassandraAddress, describeServers, kafkaAddress } from './test-servers.ts'

let closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  closing = []
})

const BASKETS = 400
const unique = randomUUID().replaceAll('-', '').slice(0, 12)
const topic = `test.baskets-${unique}`

/** Of every type that stores keep in ways of their own. */
const SDL = `
extend schema @product(name: "baskets${unique}", domain: "test", owner: "test@example.com", version: "1.0.0")
type Basket
  @key(fields: "id")
  @source(topic: "${topic}", key: "id", partitions: 4)
  @table(name: "baskets", partitionKey: ["id"])
  @table(name: "baskets_by_till", partitionKey: ["till"], clusteringKey: ["paidAt desc", "id"]) {
  id: ID!
  till: Int!
  paidAt: DateTime!
  total: Decimal!
  weight: Float
  note: String
  number: BigInt
  isPaid: Boolean!
  lines: [Line!]!
}
type Line {
  article: ID!
  amount: Decimal!
}
type Query {
  basket(id: ID!): Basket @lookup
}
`

function basketOf(index: number): Readonly<Record<string, unknown>> {
  return {
    id: `basket-${index}`,
    till: index % 7,
    paidAt: new Date(1_700_000_000_000 + index * 86_399_999).toISOString(),
    total: `${index}.${index % 2 === 0 ? '50' : '5'}`,
    ...(index % 3 === 0 ? { weight: index / 7 } : {}),
    ...(index % 4 === 0 ? { note: `ein Gruß 🧺 ${index}` } : { note: null }),
    number: String(2n ** 53n + BigInt(index)),
    isPaid: index % 2 === 0,
    lines: [{ article: `a-${index % 5}`, amount: '1.10' }],
  }
}

const recordOf = (basket: Readonly<Record<string, unknown>>): AppendRecord => ({
  key: Buffer.from(basket['id'] as string),
  value: Buffer.from(JSON.stringify(basket)),
})

/** Every fifth basket moves to another till, and every eleventh is deleted. */
function basketRecords(): AppendRecord[] {
  return Array.from({ length: BASKETS }, (_, index) => {
    const basket = basketOf(index)
    const records = [recordOf(basket)]
    if (index % 5 === 0) records.push(recordOf({ ...basket, till: (index + 3) % 7 }))
    if (index % 11 === 0) records.push({ key: Buffer.from(`basket-${index}`), value: null })
    return records
  }).flat()
}

const LAST = recordOf(basketOf(BASKETS))

interface Ports {
  readonly log: EventLog
  readonly store: Store
  readonly clock: Clock
}

/** As a process of its own has them. */
async function serverPorts(): Promise<Ports> {
  const [kafka, cassandra] = await Promise.all([kafkaAddress(), cassandraAddress()])
  const logger = pino({ level: 'silent' })
  const clock = systemClock
  const log = await openKafkaLog({ brokers: [kafka], clock, logger, replication: 1 })
  closing.push(() => log.close())
  const keyspace = `baskets_${unique}`
  const store = await openCassandraStore({ contactPoints: [cassandra], keyspace, replication: 1, clock, logger })
  closing.push(() => store.close())
  return { log, store, clock }
}

async function ingestOn(ports: Ports, product: Product): Promise<Ingest> {
  const ingest = await startIngest({ products: [product], ...ports, sweep: false })
  closing.push(() => ingest.close())
  return ingest
}

async function changesOf({ log }: Ports): Promise<Change[]> {
  return (await allRecords(log, topicNames.changes(topic))).map((record) => jsonOf(record) as Change)
}

describeServers('on Kafka and Cassandra', () => {
  test('a replay reads each record once more, whoever has the partitions, and leaves the digest that embedded ones have', async () => {
    const { product, diagnostics } = compileProduct('baskets.graphql', SDL)
    if (product === null) throw new Error(JSON.stringify(diagnostics))
    const ports = await serverPorts()
    const { log, clock } = ports
    const first = await ingestOn(ports, product)
    await log.append(topic, basketRecords())
    await first.caughtUp()
    const ends = (await log.offsets(topic)).map(({ next }) => next)
    await eventually(async () => expect(await log.committed(`ingest.test.${product.name}`, topic)).toEqual(ends))

    const from = parseReplayFrom('earliest')
    const asked = await requestReplay({ log, clock }, { id: randomUUID(), product, from, requestedBy: 'test' })
    expect(asked?.ranges.map((range) => [range.from, range.until])).toEqual(ends.map((end) => [0, end]))
    const second = await ingestOn(await serverPorts(), product)
    await log.append(topic, [LAST])
    await first.close()
    await eventually(async () => expect((await second.replays()).map(({ state }) => state)).toEqual(['done']))
    await second.caughtUp()

    const perSource = Map.groupBy(await changesOf(ports), ({ source }) => source)
    const asWanted = [...perSource].map(([source, changes]) => {
      const [partition = 0, offset = 0] = source.split(':').slice(-2).map(Number)
      const wanted = offset < (ends[partition] ?? 0) ? 2 : 1
      return new Set(changes.map(({ generation }) => generation)).size === wanted
    })
    expect([asWanted.length, asWanted.every(Boolean)]).toEqual([basketRecords().length + 1, true])

    const { store } = await serverPorts()
    await store.migrate(emitTables(product))
    expect(await digestProduct(store, product)).toEqual(await embeddedDigest(product))
  }, 300_000)
})

/** Of the same records, ingested without servers. */
async function embeddedDigest(product: Product): Promise<ProductDigest> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  const ingest = await ingestOn(ports, product)
  await ports.log.append(topic, [...basketRecords(), LAST])
  await ingest.caughtUp()
  const digested = await digestProduct(ports.store, product)
  expect(digested.agrees).toBe(true)
  return digested
}
