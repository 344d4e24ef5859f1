// One Kafka node: broker and KRaft controller in one process, alone or as one of a quorum.
import { execFile } from 'node:child_process'
import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { mendRequestQueue } from '../platform/kafkajs-request-queue.ts'
import { limits } from '../platform/limits.ts'
import type { RunningServer, ServerOptions } from './server-options.ts'
import { startServer, type Node } from './start-server.ts'

export interface KafkaOptions extends ServerOptions {
  /** This node among the voters; 1 by default. */
  readonly nodeId?: number
  /** All controllers, as `id@host:port`: this node alone by default. All are started at once, since none answers without a majority. */
  readonly voters?: readonly string[]
}

/** Nodes of one quorum share it; quorums on one machine are told apart by their ports. */
const CLUSTER_ID = 'TWVzaGdhdGVTZXJ2aWNlcw'
/** What production has, where there are that many nodes. */
const REPLICATION_MAX = 3
/** The internal topics: eight spread well enough over a few nodes, and fifty would be made one by one. */
const INTERNAL_PARTITIONS = 8
mendRequestQueue()

const LOG_ARGS = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true']

/** Resolves when a client gets an answer. SERVICE_TOOL_MISSING, SERVICE_JARS_UNAVAILABLE, SERVICE_FAILED, PORT_IN_USE. */
export async function startKafka(options: KafkaOptions): Promise<RunningServer> {
  const nodeId = options.nodeId ?? 1
  const ownVoter = options.voters?.find((voter) => voter.startsWith(`${String(nodeId)}@`))
  return await startServer(
    {
      name: 'kafka',
      title: 'Kafka',
      innerPort: ownVoter === undefined ? undefined : Number(ownVoter.slice(ownVoter.lastIndexOf(':') + 1)),
      heapMegabytes: 384,
      prepare: (node) => prepare(node, nodeId, options),
      answers: (at) => hasNode(at, nodeId),
    },
    options,
  )
}

async function prepare(node: Node, nodeId: number, options: KafkaOptions): Promise<string[]> {
  const file = join(node.directory, 'server.properties')
  const properties = { ...propertiesOf(node, nodeId, options.voters), ...options.settings }
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${String(value)}\n`)
  await writeFile(file, lines.join(''))
  const classPath = ['-cp', join(node.jars, '*')]
  if (!(await exists(join(dataDirectoryOf(node), 'meta.properties')))) {
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file]
    const args = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...LOG_ARGS, ...classPath, ...format]
    await promisify(execFile)(node.java.executable, args, { cwd: node.directory, timeout: limits.serviceStartMsMax })
  }
  return [...LOG_ARGS, ...classPath, 'kafka.Kafka', file]
}

function propertiesOf(node: Node, nodeId: number, voters: readonly string[] | undefined): Record<string, string> {
  const host = node.host
  const quorum = voters ?? [`${String(nodeId)}@${host}:${String(node.innerPort)}`]
  const replication = Math.min(REPLICATION_MAX, quorum.length)
  const replicasInSync = String(Math.max(1, replication - 1))
  return {
    'process.roles': 'broker,controller',
    'node.id': String(nodeId),
    'controller.quorum.voters': quorum.join(','),
    listeners: `PLAINTEXT://${host}:${String(node.port)},CONTROLLER://${host}:${String(node.innerPort)}`,
    'advertised.listeners': `PLAINTEXT://${host}:${String(node.port)}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    'log.dirs': dataDirectoryOf(node),
    'default.replication.factor': String(replication),
    'min.insync.replicas': replicasInSync,
    'offsets.topic.replication.factor': String(replication),
    'offsets.topic.num.partitions': String(INTERNAL_PARTITIONS),
    'transaction.state.log.replication.factor': String(replication),
    'transaction.state.log.min.isr': replicasInSync,
    'transaction.state.log.num.partitions': String(INTERNAL_PARTITIONS),
    'group.initial.rebalance.delay.ms': '0',
    // A topic is made by whoever means to; a misspelt name is an error.
    'auto.create.topics.enable': 'false',
  }
}

function dataDirectoryOf(node: Node): string {
  return join(node.directory, 'data')
}

/** The cluster lists a broker only when it may serve clients. */
async function hasNode({ host, port }: Pick<Node, 'host' | 'port'>, nodeId: number): Promise<boolean> {
  const kafka = new Kafka({
    clientId: 'meshgate-services',
    brokers: [`${host}:${String(port)}`],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 2_000,
    retry: { retries: 0 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { brokers } = await admin.describeCluster()
    return brokers.some((broker) => broker.nodeId === nodeId)
  } finally {
    await admin.disconnect()
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
