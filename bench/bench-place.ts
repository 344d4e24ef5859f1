// Where the scenarios run: a mesh with the sample loaded, and fresh places for loads. Embedded, or on real servers with every role in a
// process of its own.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig, type Config } from '../platform/config.ts'
import { startCassandra } from '../services/cassandra-server.ts'
import { startKafka } from '../services/kafka-server.ts'
import { startEmbeddedMesh } from './processes/embedded-mesh.ts'
import type { RunningMesh } from './processes/running-mesh.ts'
import { SALE_PRODUCTS } from './processes/sale-products.ts'
import { serverEnvironment, startSeparateMesh, type ServerAddresses } from './processes/separate-mesh.ts'

const QUIET = { LOG_LEVEL: 'warn' }

/** Holds nothing yet: neither topics of the domain, nor tables. */
export interface FreshPlace {
  readonly config: Config
  /** For products that are to share nothing with those of other rounds. */
  readonly domain: string
  /** Null where it is embedded. */
  readonly addresses: ServerAddresses | null
}

export interface BenchPlace {
  readonly mesh: RunningMesh
  fresh<T>(work: (place: FreshPlace) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export async function benchPlace(servers: boolean): Promise<BenchPlace> {
  const parts = new AsyncDisposableStack()
  try {
    const place = servers ? await onServers(parts) : await embedded(parts)
    await place.mesh.ready()
    return { ...place, close: () => parts.disposeAsync() }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

async function embedded(parts: AsyncDisposableStack): Promise<Omit<BenchPlace, 'close'>> {
  const mesh = await startEmbeddedMesh({
    dataDirectory: await temporaryDirectory(parts),
    products: SALE_PRODUCTS,
    environment: QUIET,
  })
  parts.defer(async () => void (await mesh.stop()))
  return {
    mesh,
    fresh: async (work) => {
      await using own = new AsyncDisposableStack()
      const config = { ...readConfig({}), dataDirectory: await temporaryDirectory(own) }
      return await work({ config, domain: 'sales', addresses: null })
    },
  }
}

async function onServers(parts: AsyncDisposableStack): Promise<Omit<BenchPlace, 'close'>> {
  const kafka = await startKafka({ directory: await temporaryDirectory(parts), lifetime: 'process' })
  parts.defer(() => kafka.stop())
  const cassandra = await startCassandra({ directory: await temporaryDirectory(parts), lifetime: 'process' })
  parts.defer(() => cassandra.stop())
  const mesh = await startSeparateMesh(
    { kafka: kafka.address, cassandra: cassandra.address, keyspace: freshName() },
    { products: SALE_PRODUCTS, environment: QUIET },
  )
  parts.defer(async () => void (await mesh.stop()))
  return {
    mesh,
    // On the servers of the mesh: new ones would be measured while they warm up.
    fresh: async (work) => {
      const domain = freshName()
      const addresses = { kafka: kafka.address, cassandra: cassandra.address, keyspace: domain }
      return await work({ config: readConfig(serverEnvironment(addresses)), domain, addresses })
    },
  }
}

function freshName(): string {
  return `bench${randomUUID().slice(0, 8)}`
}

async function temporaryDirectory(parts: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-bench-'))
  parts.defer(() => rm(directory, { recursive: true, force: true }))
  return directory
}
