// Clusters of three for tests that kill some of their nodes: three Kafka nodes in one quorum, three Cassandra nodes in one ring on 127.0.0.1
// to 127.0.0.3. They are removed after the file, as any own server.
import { pickPort } from '../../services/free-port.ts'
import { type OwnServer, startOwnCassandra, startOwnKafka } from './test-servers.ts'

const NODES = [1, 2, 3] as const
const HOST = '127.0.0.1'
/** Three at once on a small machine. */
const CASSANDRA_HEAP_MEGABYTES = 512

export interface OwnCluster {
  readonly nodes: readonly OwnServer[]
  /** Of all nodes. */
  readonly addresses: readonly string[]
}

export async function startOwnKafkaCluster(): Promise<OwnCluster> {
  const voters: string[] = []
  for (const nodeId of NODES) voters.push(`${String(nodeId)}@${HOST}:${String(await pickPort(HOST))}`)
  return clusterOf(await allStarted(NODES.map((nodeId) => startOwnKafka({ nodeId, voters }))))
}

export async function startOwnCassandraRing(): Promise<OwnCluster> {
  const port = await pickPort(HOST)
  const storagePort = await pickPort(HOST)
  const start = (node: number): Promise<OwnServer> =>
    startOwnCassandra({
      host: `127.0.0.${String(node)}`,
      port,
      storagePort,
      seeds: [`${HOST}:${String(storagePort)}`],
      heapMegabytes: CASSANDRA_HEAP_MEGABYTES,
    })
  // The seed first; the others find the ring by it.
  const [seed, ...others] = NODES
  return clusterOf([await start(seed), ...(await allStarted(others.map(start)))])
}

/** Waits for all even where one fails: the file's end removes what was started. */
async function allStarted(starting: readonly Promise<OwnServer>[]): Promise<readonly OwnServer[]> {
  await Promise.allSettled(starting)
  return await Promise.all(starting)
}

function clusterOf(nodes: readonly OwnServer[]): OwnCluster {
  return { nodes, addresses: nodes.map(({ address }) => address) }
}
