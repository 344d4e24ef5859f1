// Ingest, a subgraph and two gateways as processes on Kafka and Cassandra, which other runs use too: topics and keyspace are the run's own.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { openCassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import { openKafkaLog } from '../../platform/adapters/kafka/kafka-log.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { topicNames } from '../../schema/topics.ts'
import { pickPort } from '../../services/free-port.ts'
import { withDriver } from '../cassandra-store/cassandra-harness.ts'
import { createProcesses } from '../cli/meshgate-process.ts'
import type { FaultServers } from '../faults/servers/fault-servers.ts'
import { Restartable } from './restartable.ts'
import { contentsOf, type SurvivalMesh } from './survival-mesh.ts'
import { namesOf, type Names } from './survival-product.ts'

const HOST = '127.0.0.1'
const GATEWAYS = 2
const REPEATED_CHANGES = 25
/** Against hanging. */
const INGESTED_MS_MAX = 120_000
const POLL_MS = 50

export interface ServerMeshOptions {
  readonly servers: FaultServers
  /** Of this run, in small letters and digits. */
  readonly unique: string
  readonly random: (below: number) => number
}

export async function openServerMesh({ servers, unique, random }: ServerMeshOptions): Promise<SurvivalMesh> {
  const parts = new AsyncDisposableStack()
  const names = namesOf(unique)
  const [kafka, cassandra] = [servers.kafka.proxy.address, servers.cassandra.proxy.address]
  const logger = pino({ level: 'silent' })
  const processes = createProcesses(() => ({
    MESHGATE_KAFKA_BROKERS: kafka,
    MESHGATE_CASSANDRA_CONTACT_POINTS: cassandra,
    MESHGATE_CASSANDRA_KEYSPACE: names.keyspace,
  }))
  try {
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-survival-'))
    parts.defer(() => rm(directory, { recursive: true, force: true }))
    parts.defer(() => removeAll(servers, names))
    parts.defer(() => processes.killAll())
    const mesh = await startProcesses(directory, names, processes)
    const log = await openKafkaLog({ brokers: [kafka], clock: systemClock, logger, replication: 1 })
    parts.defer(() => log.close())
    const contactPoints = [cassandra]
    const store = await openCassandraStore({ contactPoints, keyspace: names.keyspace, clock: systemClock, logger })
    parts.defer(() => store.close())
    const { ingest, subgraph, gateways } = mesh
    const any = (): Restartable => gateways[random(gateways.length)] ?? subgraph
    return {
      gateways: mesh.urls,
      ingest: mesh.ingestUrl,
      faults: {
        'gateway killed': () => any().restart('SIGKILL'),
        'gateway stopped': () => any().restart('SIGTERM'),
        'subgraph killed': () => subgraph.restart('SIGKILL'),
        'subgraph stopped': () => subgraph.restart('SIGTERM'),
        'ingest killed': () => ingest.restart('SIGKILL'),
        'broker killed': async () => {
          await servers.kafka.kill()
          await servers.kafka.start()
        },
        'broker stopped': async () => {
          await servers.kafka.stop()
          await servers.kafka.start()
        },
        'store killed': async () => {
          await servers.cassandra.kill()
          await servers.cassandra.start()
        },
        'new supergraph': () => mesh.replaceSupergraph(),
        'changes repeated': () => repeatChanges(log, names.topic),
      },
      async contents() {
        await untilIngested(log, names)
        return contentsOf(log, store, names.topic)
      },
      close: () => parts.disposeAsync(),
    }
  } catch (error) {
    await parts.disposeAsync()
    throw error
  }
}

type Processes = ReturnType<typeof createProcesses>

async function startProcesses(directory: string, names: Names, processes: Processes) {
  const product = join(directory, 'items')
  await mkdir(product)
  await writeFile(join(product, 'product.graphql'), names.sdl)
  const [ingestPort, subgraphPort] = [await pickPort(HOST), await pickPort(HOST)].map(String)
  const ingest = new Restartable({
    processes,
    args: ['ingest', product, '--port', String(ingestPort)],
    serves: /Ingest: (\S+)/,
  })
  const subgraph = new Restartable({
    processes,
    args: ['subgraph', product, '--port', String(subgraphPort)],
    serves: /Subgraph \S+: (\S+)/,
  })
  await Promise.all([ingest.start(), subgraph.start()])
  const file = join(directory, 'supergraph.graphql')
  const source = `${names.subgraph}=http://${HOST}:${String(subgraphPort)}/graphql`
  const composed = await processes.run(['compose', '--out', file, source])
  if (composed.code !== 0) throw new Error(composed.stderr)
  const ports = await Promise.all(Array.from({ length: GATEWAYS }, () => pickPort(HOST)))
  const gateways = ports.map((port) => {
    const args = ['gateway', '--supergraph', file, '--port', String(port)]
    return new Restartable({ processes, args, serves: /Gateway: (\S+)/ })
  })
  await Promise.all(gateways.map((gateway) => gateway.start()))
  let version = 0
  return {
    ingest,
    subgraph,
    gateways,
    ingestUrl: `http://${HOST}:${String(ingestPort)}/topics/${names.topic}`,
    urls: ports.map((port) => `http://${HOST}:${String(port)}/graphql`),
    /** As a deployment would: the file is replaced, and the gateways find that out, or are told. */
    async replaceSupergraph(): Promise<void> {
      version += 1
      const now = await readFile(file, 'utf8')
      await writeFile(`${file}.new`, now.replace(/(\n# version \d+)?$/, `\n# version ${String(version)}`))
      const before = await Promise.all(ports.map(supergraphIn))
      await rename(`${file}.new`, file)
      for (const gateway of gateways) if (version % 2 === 0) gateway.hangUp()
      for (const [index, port] of ports.entries()) {
        while ((await supergraphIn(port)) === before[index]) await sleep(POLL_MS)
      }
    },
  }
}

/** The id of the supergraph in service. */
async function supergraphIn(port: number): Promise<string | undefined> {
  const metrics = await (await fetch(`http://${HOST}:${String(port)}/metrics`)).text()
  return /meshgate_gateway_supergraph\S*\{id="(\w+)"/.exec(metrics)?.[1]
}

/** What a process that was killed before its positions were committed does when it comes back, or a late member of the group. */
async function repeatChanges(log: EventLog, topic: string): Promise<void> {
  const changes = topicNames.changes(topic)
  for (const { partition, earliest, next } of await log.offsets(changes)) {
    const offset = Math.max(earliest, next - REPEATED_CHANGES)
    if (offset === next) continue
    const records = await log.read({ topic: changes, partition, offset }, REPEATED_CHANGES)
    await log.append(
      changes,
      records.map(({ key, value, headers }) => ({ key, value, headers, partition })),
    )
  }
}

async function untilIngested(log: EventLog, { topic, group }: Names): Promise<void> {
  const deadline = performance.now() + INGESTED_MS_MAX
  const wanted = await log.offsets(topic)
  for (;;) {
    const committed = await log.committed(group, topic)
    if (wanted.every(({ partition, next }) => next === 0 || (committed[partition] ?? 0) >= next)) return
    if (performance.now() > deadline) throw new Error(`${group} stands at ${committed.join()} of ${topic}`)
    await sleep(POLL_MS)
  }
}

async function removeAll(servers: FaultServers, { topic, keyspace }: Names): Promise<void> {
  const ours = [topic, topicNames.changes(topic), topicNames.rejected(topic)]
  await servers.withAdmin(async (admin) => {
    const topics = (await admin.listTopics()).filter((name) => ours.includes(name))
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
  await withDriver(servers.cassandra.proxy.address, async (driver) => {
    await driver.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`)
  })
}
