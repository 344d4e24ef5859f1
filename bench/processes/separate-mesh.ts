// The mesh on Kafka and Cassandra: a subgraph and an ingest process per domain, a gateway, and the sample loaded by a command of its own.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runMeshgate, startMeshgate, type MeshgateProcess } from './meshgate-process.ts'
import type { RunningMesh } from './running-mesh.ts'

const SUBGRAPHS = new URL('../../subgraphs/', import.meta.url)

export interface SeparateMesh extends RunningMesh {
  readonly ingest: ReadonlyMap<string, MeshgateProcess>
  readonly subgraphs: ReadonlyMap<string, MeshgateProcess>
  /** Starts a domain's ingest again, on its port, after it was killed. */
  restartIngest(domain: string): Promise<void>
}

export interface ServerAddresses {
  readonly kafka: string
  readonly cassandra: string
  readonly keyspace: string
}

export interface SeparateMeshOptions {
  /** `domain/name`. Absent: all of the project. */
  readonly products?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

export function serverEnvironment(servers: ServerAddresses): Record<string, string> {
  return {
    MESHGATE_KAFKA_BROKERS: servers.kafka,
    MESHGATE_CASSANDRA_CONTACT_POINTS: servers.cassandra,
    MESHGATE_CASSANDRA_KEYSPACE: servers.keyspace,
  }
}

export async function startSeparateMesh(
  servers: ServerAddresses,
  { products, environment: extra = {} }: SeparateMeshOptions = {},
): Promise<SeparateMesh> {
  const environment = { ...serverEnvironment(servers), ...extra }
  const domains = products === undefined ? await projectDomains() : byDomain(products)
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-separate-'))
  const ingest = new Map<string, MeshgateProcess>()
  const subgraphs = new Map<string, MeshgateProcess>()
  for (const [domain, named] of domains) {
    ingest.set(domain, await startMeshgate({ args: ['ingest', ...named], environment }))
    subgraphs.set(domain, await startMeshgate({ args: ['subgraph', ...named], environment }))
  }
  const roles = () => [...ingest.values(), ...subgraphs.values()]
  await Promise.all(roles().map((role) => role.ready()))
  const supergraph = join(directory, 'supergraph.graphql')
  const origins = [...subgraphs.values()].map(({ url }) => url)
  await runMeshgate(['compose', '--out', supergraph, ...origins], environment)
  const gateway = await startMeshgate({ args: ['gateway', '--supergraph', supergraph], environment })
  const all = () => [gateway, ...roles()]
  const sampleLoaded = runMeshgate(['sample', ...[...domains.values()].flat()], environment)
  // Told by `ready`, which a test that kills the mesh never asks.
  sampleLoaded.catch(() => undefined)
  return {
    url: gateway.url,
    ingest,
    subgraphs,
    topicUrl: (topic) => `${ingest.get(topic.split('.')[0] ?? '')?.url ?? ''}/topics/${topic}`,
    output: () =>
      all()
        .map((process_) => process_.output())
        .join('\n'),
    ready: async () => {
      await gateway.ready()
      await sampleLoaded
    },
    kill: async () => {
      await Promise.all(all().map((process_) => process_.kill()))
      await rm(directory, { recursive: true, force: true })
    },
    stop: async () => {
      const codes = await Promise.all(all().map((process_) => process_.stop()))
      await rm(directory, { recursive: true, force: true })
      return codes.reduce((worst, code) => (worst === null || code === null ? null : Math.max(worst, code)), 0)
    },
    restartIngest: async (domain) => {
      const before = ingest.get(domain)
      await before?.kill()
      const port = before === undefined ? {} : { port: Number(new URL(before.url).port) }
      ingest.set(
        domain,
        await startMeshgate({ args: ['ingest', ...(domains.get(domain) ?? [])], environment, ...port }),
      )
    },
  }
}

/** What a domain's processes are told to run. */
type Domains = ReadonlyMap<string, readonly string[]>

async function projectDomains(): Promise<Domains> {
  const folders = await readdir(SUBGRAPHS, { withFileTypes: true })
  const domains = folders.filter((folder) => folder.isDirectory() && folder.name !== 'runtime').map(({ name }) => name)
  return new Map(domains.map((domain) => [domain, [fileURLToPath(new URL(domain, SUBGRAPHS))]]))
}

function byDomain(products: readonly string[]): Domains {
  const domains = new Map<string, string[]>()
  for (const product of products) {
    const [domain = ''] = product.split('/')
    domains.set(domain, [...(domains.get(domain) ?? []), product])
  }
  return domains
}
