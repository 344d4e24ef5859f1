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
import { serverEnvironment, startSeparateMesh } from './processes/separate-mesh.ts'

const QUIET = { LOG_LEVEL: 'warn' }

export interface BenchPlace {
  readonly mesh: RunningMesh
  /** Gives `work` the configuration of a place that holds nothing yet, and removes it. */
  fresh<T>(work: (config: Config) => Promise<T>): Promise<T>
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
  const mesh = await startEmbeddedMesh(await temporaryDirectory(parts), QUIET)
  parts.defer(async () => void (await mesh.stop()))
  return {
    mesh,
    fresh: async (work) => {
      await using own = new AsyncDisposableStack()
      return await work({ ...readConfig({}), dataDirectory: await temporaryDirectory(own) })
    },
  }
}

async function onServers(parts: AsyncDisposableStack): Promise<Omit<BenchPlace, 'close'>> {
  const kafka = await freshKafka(parts)
  const cassandra = await startCassandra({ directory: await temporaryDirectory(parts), lifetime: 'process' })
  parts.defer(() => cassandra.stop())
  const mesh = await startSeparateMesh({ kafka, cassandra: cassandra.address, keyspace: keyspace() }, QUIET)
  parts.defer(async () => void (await mesh.stop()))
  return {
    mesh,
    // Topics have the products' names: a Kafka of its own holds none of them yet.
    fresh: async (work) => {
      await using own = new AsyncDisposableStack()
      const addresses = { kafka: await freshKafka(own), cassandra: cassandra.address, keyspace: keyspace() }
      return await work(readConfig(serverEnvironment(addresses)))
    },
  }
}

async function freshKafka(parts: AsyncDisposableStack): Promise<string> {
  const kafka = await startKafka({ directory: await temporaryDirectory(parts), lifetime: 'process' })
  parts.defer(() => kafka.stop())
  return kafka.address
}

function keyspace(): string {
  return `bench_${randomUUID().slice(0, 8)}`
}

async function temporaryDirectory(parts: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-bench-'))
  parts.defer(() => rm(directory, { recursive: true, force: true }))
  return directory
}
