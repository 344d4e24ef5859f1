// One Kafka and one Cassandra that runs may kill, stop in the middle and start again, each behind a proxy. Kafka sends its clients to the
// proxy, Cassandra's are given its address. Nothing outlives the process that opened them.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { startCassandra } from '../../../services/cassandra-server.ts'
import { pickPort } from '../../../services/free-port.ts'
import { startKafka } from '../../../services/kafka-server.ts'
import type { RunningServer } from '../../../services/server-options.ts'
import { TEST_KAFKA_SETTINGS, testServerOptions } from '../../servers/test-server-options.ts'
import { AnswerProxy } from './answer-proxy.ts'

const HOST = '127.0.0.1'
/** kafkajs's ConfigResourceTypes.TOPIC, which Node does not find by name. */
const TOPIC_RESOURCE = 2
/** Topics of runs that are over are gone at once: a broker that starts again looks at every one that it has. */
const KAFKA_SETTINGS = { 'log.segment.delete.delay.ms': 1_000, 'log.index.size.max.bytes': 65_536 }

export interface FaultServer {
  readonly proxy: AnswerProxy
  kill(): Promise<void>
  /** Cleanly, as for an update. */
  stop(): Promise<void>
  /** After either; resolves when it answers. */
  start(): Promise<void>
  /** SIGSTOP: it keeps its connections and answers nothing. */
  hang(): void
  resume(): void
}

export class FaultServers {
  readonly kafka: FaultServer
  readonly cassandra: FaultServer
  readonly #directory: string

  private constructor(directory: string, kafka: FaultServer, cassandra: FaultServer) {
    this.#directory = directory
    this.kafka = kafka
    this.cassandra = cassandra
  }

  static async open(): Promise<FaultServers> {
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-fault-servers-'))
    const [kafka, cassandra] = await Promise.all([
      ownServer((port, proxyPort) => {
        const advertised = { 'advertised.listeners': `PLAINTEXT://${HOST}:${String(proxyPort)}` }
        const settings = { ...TEST_KAFKA_SETTINGS, ...KAFKA_SETTINGS, ...advertised }
        return startKafka({ ...testServerOptions(directory, 'kafka'), port, settings })
      }),
      ownServer((port) => startCassandra({ ...testServerOptions(directory, 'cassandra'), port })),
    ])
    return new FaultServers(directory, kafka, cassandra)
  }

  /** By kafkajs's own client, which shares nothing with what is tested but the encoding of messages. */
  async withAdmin<T>(use: (admin: Admin) => Promise<T>): Promise<T> {
    const brokers = [this.kafka.proxy.address]
    const admin = new Kafka({ clientId: 'meshgate-faults', brokers, logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    try {
      return await use(admin)
    } finally {
      await admin.disconnect()
    }
  }

  /** `CreateTime`: a topic whose times are the appending process's, as a broker's are whose clock is set. */
  async setTimestamps(topic: string, type: 'CreateTime' | 'LogAppendTime'): Promise<void> {
    await this.withAdmin(async (admin) => {
      const resource = { type: TOPIC_RESOURCE, name: topic }
      const held = await admin.describeConfigs({ resources: [resource], includeSynonyms: false })
      const kept = ['cleanup.policy', 'max.message.bytes', 'retention.ms', 'min.insync.replicas']
      const configEntries = (held.resources[0]?.configEntries ?? [])
        .filter(({ configName }) => kept.includes(configName))
        .map(({ configName, configValue }) => ({ name: configName, value: configValue }))
      configEntries.push({ name: 'message.timestamp.type', value: type })
      await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] })
    })
  }

  async close(): Promise<void> {
    for (const server of [this.kafka, this.cassandra]) {
      await server.kill()
      await server.proxy.close()
    }
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 10 })
  }
}

async function ownServer(launch: (port: number, proxyPort: number) => Promise<RunningServer>): Promise<FaultServer> {
  const port = await pickPort(HOST)
  const proxy = await AnswerProxy.open(port)
  let server = await launch(port, proxy.port)
  return {
    proxy,
    kill: () => server.kill(),
    stop: () => server.stop(),
    async start() {
      server = await launch(port, proxy.port)
    },
    hang: () => void process.kill(server.pid, 'SIGSTOP'),
    resume: () => void process.kill(server.pid, 'SIGCONT'),
  }
}
