// One run's mesh on servers that other runs use too: topics, keyspace, ingest processes, subgraphs and observers of its own. The subgraphs,
// the appending and the checks are in this process, by connections of their own.
import { pino } from 'pino'
import { openCassandraStore } from '../../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog } from '../../../platform/adapters/kafka/kafka-log.ts'
import type { EventLog } from '../../../platform/ports/event-log.ts'
import type { Store } from '../../../platform/ports/store.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import { createSubgraph } from '../../../subgraphs/main.ts'
import { withDriver } from '../../cassandra-store/cassandra-harness.ts'
import type { FaultProduct } from '../fault-products.ts'
import { Observer, type Subscribable } from '../observer.ts'
import type { FaultScene } from './fault-scene.ts'
import type { FaultServers } from './fault-servers.ts'
import { IngestMembers } from './ingest-members.ts'
import { serverDerived, serverProducts, type ServerDerived } from './server-products.ts'

const CURSOR_KEY = new Uint8Array(32).fill(7)
const MEMBERS = 2

export interface ServerMesh extends FaultScene {
  readonly log: EventLog
  readonly store: Store
  readonly derived: ServerDerived
  subgraphOf(product: FaultProduct): Subscribable
  /** With its topics and its keyspace. */
  close(): Promise<void>
}

export interface ServerMeshOptions {
  readonly servers: FaultServers
  /** Of this run, in small letters and digits. */
  readonly unique: string
  readonly seed: number
  readonly names: readonly string[]
  readonly random: (below: number) => number
}

export async function openServerMesh({ servers, unique, seed, names, random }: ServerMeshOptions): Promise<ServerMesh> {
  const parts = new AsyncDisposableStack()
  const [kafka, cassandra, keyspace] = [
    servers.kafka.proxy.address,
    servers.cassandra.proxy.address,
    `faults_${unique}`,
  ]
  const products = serverProducts(unique, names)
  const derived = serverDerived(unique, seed, products)
  const all = [...products, derived.told]
  const logger = pino({ level: 'silent' })
  const clockShift = { ms: 0 }
  const clock = { ...systemClock, now: () => systemClock.now() + clockShift.ms }
  try {
    const log = await openKafkaLog({ brokers: [kafka], clock, logger, replication: 1 })
    parts.defer(() => log.close())
    const contactPoints = [cassandra]
    const store = await openCassandraStore({ contactPoints, keyspace, replication: 1, clock: systemClock, logger })
    parts.defer(() => store.close())
    parts.defer(() => withDriver(cassandra, async (driver) => void (await driver.execute(`DROP KEYSPACE ${keyspace}`))))
    const topics = all.flatMap(({ product }) => emitTopics(product))
    await log.createTopics(topics)
    parts.defer(() => servers.withAdmin((admin) => admin.deleteTopics({ topics: topics.map(({ name }) => name) })))
    await store.migrate(all.flatMap(({ product }) => emitTables(product)))
    const subgraphs = new Subgraphs(all, log, store)
    parts.defer(() => subgraphs.close())
    const observers = all.map((product) => new Observer(product, async () => subgraphs.of(product)))
    parts.defer(async () => void (await Promise.all(observers.map((observer) => observer.close()))))
    const members = new IngestMembers({ unique, seed, names, kafka, cassandra, keyspace })
    parts.defer(() => members.endAll('SIGKILL'))
    for (let member = 0; member < MEMBERS; member++) members.add()
    await Promise.all(observers.map((observer) => observer.started()))
    return {
      servers,
      members,
      products,
      derived,
      observers,
      clockShift,
      random,
      log,
      store,
      subgraphOf: (product) => subgraphs.of(product),
      restartSubgraphs: () => subgraphs.restart(),
      close: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

class Subgraphs {
  readonly #products: readonly FaultProduct[]
  readonly #log: EventLog
  readonly #store: Store
  #subgraphs: ReadonlyMap<FaultProduct, ReturnType<typeof createSubgraph>>

  constructor(products: readonly FaultProduct[], log: EventLog, store: Store) {
    this.#products = products
    this.#log = log
    this.#store = store
    this.#subgraphs = this.#open()
  }

  of(product: FaultProduct): Subscribable {
    const subgraph = this.#subgraphs.get(product)
    if (subgraph === undefined) throw new Error(`no subgraph of ${product.name}`)
    return subgraph.endpoint
  }

  async restart(): Promise<void> {
    const before = this.#subgraphs
    this.#subgraphs = this.#open()
    await Promise.all([...before.values()].map((subgraph) => subgraph.close()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#subgraphs.values()].map((subgraph) => subgraph.close()))
  }

  #open(): ReadonlyMap<FaultProduct, ReturnType<typeof createSubgraph>> {
    const [log, store] = [this.#log, this.#store]
    return new Map(
      this.#products.map((one) => [
        one,
        createSubgraph({ product: one.product, log, store, clock: systemClock, cursorKey: CURSOR_KEY }),
      ]),
    )
  }
}
