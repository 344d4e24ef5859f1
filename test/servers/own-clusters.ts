// Clusters of three for tests that kill some of their nodes: three Kafka nodes in one quorum, three Cassandra nodes in one ring on 127.0.0.1
// to 127.0.0.3. They are removed after the file, as any own server.
import { types } from 'cassandra-driver'
import { describe, vi } from 'vitest'
import { pickPort } from '../../services/free-port.ts'
import { withDriver } from '../cassandra-store/cassandra-harness.ts'
import { describeServers, type OwnServer, startOwnCassandra, startOwnKafka } from './test-servers.ts'

const NODES = [1, 2, 3] as const
const HOST = '127.0.0.1'
/** Three at once on a small machine. */
const CASSANDRA_HEAP_MEGABYTES = 512
/** Of a node that starts until all others know it: gossip takes seconds, on a busy machine many. Guards against hanging only. */
const RING_WAIT_MS = 90_000
/** Of three copies wherever a ring has three nodes; Cassandra makes it. */
const THREE_COPIES = "SELECT * FROM system_distributed.view_build_status WHERE keyspace_name = '-' AND view_name = '-'"

const WANTED = process.env['MESHGATE_CLUSTER_TESTS'] ?? ''

/** Six servers on a small machine take minutes: tests of clusters run only when they are asked for. */
export const describeClusters = WANTED === '' ? describe.skip : describeServers
if (WANTED === '') process.stderr.write('Tests of clusters are skipped: MESHGATE_CLUSTER_TESTS=short runs them.\n')

/** Each node is killed in turn, in place of one, and the suites of the ports run on the cluster. */
export const IS_FULL = WANTED === 'full'

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
  const ring = clusterOf([await start(seed), ...(await allStarted(others.map(start)))])
  await ringComplete(ring)
  return ring
}

/**
 * Waits until every node finds all three alive, as a read of all three copies by way of it shows, and all have the same schema. A node serves
 * before the others have heard of it, and before it has heard of tables that were made while it was away.
 */
export async function ringComplete({ addresses }: OwnCluster): Promise<void> {
  const complete = async (): Promise<void> => {
    const schemas = await Promise.all(addresses.map(schemaOfComplete))
    if (new Set(schemas).size > 1) throw new Error(`The nodes have different schemas: ${schemas.join(', ')}`)
  }
  await vi.waitFor(complete, { timeout: RING_WAIT_MS, interval: 250 })
}

/** The version of one node's schema. Rejects where it does not find all three alive. */
async function schemaOfComplete(address: string): Promise<string> {
  return await withDriver(address, async (driver) => {
    await driver.connect()
    const host = driver.hosts.get(address)
    if (host === undefined) throw new Error(`${address} does not list itself`)
    await driver.execute(THREE_COPIES, [], { host, consistency: types.consistencies.all })
    const { rows } = await driver.execute('SELECT schema_version FROM system.local', [], { host })
    return String(rows[0]?.['schema_version'])
  })
}

/** Waits for all even where one fails: the file's end removes what was started. */
async function allStarted(starting: readonly Promise<OwnServer>[]): Promise<readonly OwnServer[]> {
  await Promise.allSettled(starting)
  return await Promise.all(starting)
}

function clusterOf(nodes: readonly OwnServer[]): OwnCluster {
  return { nodes, addresses: nodes.map(({ address }) => address) }
}
