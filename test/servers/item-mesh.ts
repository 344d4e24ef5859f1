// A product of its own on real servers, and the processes that ingest and serve it: each with connections of its own, as separate processes have.
import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { startIngest, type Ingest, type IngestOptions } from '../../ingest/main.ts'
import { openCassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog } from '../../platform/adapters/kafka/kafka-log.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { AppendRecord, EventLog } from '../../platform/ports/event-log.ts'
import type { Store } from '../../platform/ports/store.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import type { Product } from '../../schema/model.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import type { Subgraph } from '../../subgraphs/runtime/subgraph.ts'

const SUBSCRIPTION = 'subscription { itemChanged { id shelf rank } }'

export interface Item {
  readonly id: string
  readonly shelf: string
  readonly rank: number
}

export interface Addresses {
  readonly kafka: string
  readonly cassandra: string
}

interface Process {
  readonly log: EventLog
  readonly store: Store
  close(): Promise<void>
}

export class ItemMesh {
  readonly product: Product
  readonly topic: string
  readonly #addresses: Addresses
  readonly #keyspace: string
  readonly #closing: (() => Promise<void>)[] = []

  constructor(addresses: Addresses, sdl = itemsSdl) {
    this.#addresses = addresses
    const unique = randomUUID().replaceAll('-', '').slice(0, 12)
    this.topic = `test.items-${unique}`
    this.#keyspace = `items_${unique}`
    this.product = productOf(sdl(unique, this.topic))
  }

  /** Connections of one process. */
  async process(): Promise<Process> {
    const logger = pino({ level: 'silent' })
    const { kafka, cassandra } = this.#addresses
    const log = await openKafkaLog({ brokers: [kafka], clock: systemClock, logger, replication: 1 })
    const options = { contactPoints: [cassandra], keyspace: this.#keyspace, replication: 1, clock: systemClock, logger }
    const store = await openCassandraStore(options)
    return this.#closedLater({
      log,
      store,
      async close() {
        await log.close()
        await store.close()
      },
    })
  }

  async ingest(options: Partial<IngestOptions> = {}): Promise<Ingest> {
    const connections = await this.process()
    const { log, store } = connections
    const ingest = await startIngest({
      products: [this.product],
      log,
      store,
      clock: systemClock,
      sweep: false,
      ...options,
    })
    return this.#closedLater({
      ...ingest,
      async close() {
        await ingest.close()
        await connections.close()
      },
    })
  }

  /** Default: of the product as it was at first. */
  async subgraph(product = this.product): Promise<Subgraph> {
    const connections = await this.process()
    const { log, store } = connections
    const cursorKey = new Uint8Array(32).fill(7)
    const subgraph = createSubgraph({ product, log, store, clock: systemClock, cursorKey })
    return this.#closedLater({
      ...subgraph,
      async close() {
        await subgraph.close()
        await connections.close()
      },
    })
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0).toReversed()) await close()
  }

  #closedLater<Part extends { close(): Promise<void> }>(part: Part): Part {
    let closed: Promise<void> | undefined
    const close = (): Promise<void> => (closed ??= part.close())
    this.#closing.push(close)
    return { ...part, close }
  }
}

export const recordOf = (item: Item): AppendRecord => ({
  key: Buffer.from(item.id),
  value: Buffer.from(JSON.stringify(item)),
})

/** What a client of one subgraph after the other sees: it folds the events, and goes on with the cursor of the last. */
export class Client {
  readonly rows = new Map<string, Item>()
  readonly told: Item[] = []
  #cursor: string | null = null
  #events: AsyncIterableIterator<SubgraphResponse> | null = null

  async subscribe(subgraph: Subgraph): Promise<void> {
    await this.leave()
    const extensions = this.#cursor === null ? {} : { meshgate: { cursor: this.#cursor } }
    this.#events = await subgraph.endpoint.subscribe({ query: SUBSCRIPTION, extensions, principal: ANONYMOUS })
  }

  async leave(): Promise<void> {
    await this.#events?.return?.()
    this.#events = null
  }

  /** The next so many events. */
  async take(count: number): Promise<void> {
    const events = this.#events
    if (events === null) throw new Error('Subscribe first.')
    for (let taken = 0; taken < count; taken++) {
      const { value } = (await events.next()) as { value: SubgraphResponse }
      if (value.errors !== undefined) throw new Error(JSON.stringify(value.errors))
      const { key, cursor } = (value.extensions ?? {})['meshgate'] as { key: string; cursor: string }
      this.#cursor = cursor
      const item = { ...(value.data?.['itemChanged'] as Item) }
      this.told.push(item)
      this.rows.set(key, item)
    }
  }
}

/** A product whose further table moves rows, versioned by append time. */
export const itemsSdl = (unique: string, topic: string): string => `
extend schema @product(name: "items${unique}", domain: "test", owner: "test@example.com", version: "1.0.0")
type Item
  @key(fields: "id")
  @source(topic: "${topic}", key: "id", partitions: 4)
  @table(name: "items", partitionKey: ["id"])
  @table(name: "items_by_shelf", partitionKey: ["shelf"], clusteringKey: ["id"]) {
  id: ID!
  shelf: String!
  rank: Int!
}
type Query {
  item(id: ID!): Item @lookup
}
type Subscription {
  itemChanged: Item @changes(on: [CREATED, UPDATED])
}
`

function productOf(sdl: string): Product {
  const { product, diagnostics } = compileProduct('items.graphql', sdl)
  if (product === null) throw new Error(JSON.stringify(diagnostics, null, 2))
  return product
}
