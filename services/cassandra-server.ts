// One Cassandra node, alone or as one of a ring.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Client, errors } from 'cassandra-driver'
import { CASSANDRA_JVM_ARGS } from './cassandra-jvm-args.ts'
import type { RunningServer, ServerOptions } from './server-options.ts'
import { startServer, type Node } from './start-server.ts'

export interface CassandraOptions extends ServerOptions {
  /** The port between nodes, the same on all of a ring's hosts. Unset: as with `port`. */
  readonly storagePort?: number
  /** Nodes that know the ring, as `host:storagePort`: this node alone by default. A seed is started first. */
  readonly seeds?: readonly string[]
  /**
   * A change of the schema is not flushed to disk: a tenth of its time (20 tables: 1.3 s in place of 13.4), and a node that ends without a clean
   * stop has lost it, with the rows of its tables. For those that never start again.
   */
  readonly losesSchema?: boolean
}

/** SimpleSnitch's only data centre. */
const DATA_CENTER = 'datacenter1'
/** How long a node looks for others: one that is alone finds none, one of a ring must reach a seed. */
const RING_DELAY_ALONE_MS = 100
const RING_DELAY_MS = 10_000
const LOGBACK = fileURLToPath(new URL('./cassandra-logback.xml', import.meta.url))

/** Resolves when a client gets an answer. SERVICE_TOOL_MISSING, SERVICE_JARS_UNAVAILABLE, SERVICE_FAILED, PORT_IN_USE. */
export async function startCassandra(options: CassandraOptions): Promise<RunningServer> {
  return await startServer(
    {
      name: 'cassandra',
      title: 'Cassandra',
      innerPort: options.storagePort,
      heapMegabytes: 768,
      prepare: (node) => prepare(node, options),
      answers,
      javaNote: ({ major }) => (major > 17 ? ` Cassandra 5 is made for Java 17; this is Java ${String(major)}.` : ''),
    },
    options,
  )
}

async function prepare(node: Node, options: CassandraOptions): Promise<string[]> {
  const file = join(node.directory, 'cassandra.yaml')
  // JSON is YAML.
  const settings = { ...settingsOf(node, options.seeds), ...options.settings }
  await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`)
  return [
    ...CASSANDRA_JVM_ARGS,
    `-Dcassandra.ring_delay_ms=${String(options.seeds === undefined ? RING_DELAY_ALONE_MS : RING_DELAY_MS)}`,
    ...(options.losesSchema === true ? ['-Dcassandra.test.flush_local_schema_changes=false'] : []),
    `-javaagent:${join(node.jars, 'jamm-0.4.0.jar')}`,
    `-Dcassandra.config=${pathToFileURL(file).href}`,
    `-Dcassandra.storagedir=${dataDirectoryOf(node)}`,
    `-Dlogback.configurationFile=${LOGBACK}`,
    '-cp',
    join(node.jars, '*'),
    'org.apache.cassandra.service.CassandraDaemon',
  ]
}

function settingsOf(node: Node, seeds: readonly string[] | undefined): Record<string, unknown> {
  const data = dataDirectoryOf(node)
  const seedList = (seeds ?? [`${node.host}:${String(node.innerPort)}`]).join(',')
  return {
    cluster_name: 'meshgate',
    num_tokens: 16,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    data_file_directories: [join(data, 'data')],
    commitlog_directory: join(data, 'commitlog'),
    saved_caches_directory: join(data, 'saved_caches'),
    hints_directory: join(data, 'hints'),
    cdc_raw_directory: join(data, 'cdc_raw'),
    // Periodic loses acknowledged rows when the process is killed.
    commitlog_sync: 'batch',
    endpoint_snitch: 'SimpleSnitch',
    listen_address: node.host,
    rpc_address: node.host,
    native_transport_port: node.port,
    storage_port: node.innerPort,
    seed_provider: [
      { class_name: 'org.apache.cassandra.locator.SimpleSeedProvider', parameters: [{ seeds: seedList }] },
    ],
    authenticator: 'AllowAllAuthenticator',
    authorizer: 'AllowAllAuthorizer',
    // The nodes of a ring start empty and together: there is nothing to stream.
    auto_bootstrap: false,
    // Dropped tables of development and tests are meant to go.
    auto_snapshot: false,
  }
}

function dataDirectoryOf(node: Node): string {
  return join(node.directory, 'data')
}

async function answers({ host, port }: Pick<Node, 'host' | 'port'>): Promise<boolean> {
  const client = new Client({
    contactPoints: [`${host}:${String(port)}`],
    localDataCenter: DATA_CENTER,
    socketOptions: { connectTimeout: 2_000, readTimeout: 5_000 },
  })
  try {
    await client.execute('SELECT release_version FROM system.local')
    return true
  } catch (error) {
    // One that asks for a password answers.
    const { innerErrors = {} } = error as { innerErrors?: Readonly<Record<string, unknown>> }
    if (Object.values(innerErrors).some((one) => one instanceof errors.AuthenticationError)) return true
    throw error
  } finally {
    await client.shutdown()
  }
}
