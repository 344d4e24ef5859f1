// The mesh on Kafka and Cassandra: a subgraph and an ingest process per domain, or of several domains together, a gateway, and the sample loaded
// by a command of its own.
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
  /** Into how many ingest processes the domains are put, and into how many subgraph processes; absent: each has one of both. */
  readonly processes?: { readonly ingest: number; readonly subgraphs: number }
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
  { products, processes, environment: extra = {} }: SeparateMeshOptions = {},
): Promise<SeparateMesh> {
  const environment = { ...serverEnvironment(servers), ...extra }
  const domains = products === undefined ? await projectDomains() : byDomain(products)
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-separate-'))
  const counts = processes ?? { ingest: domains.size, subgraphs: domains.size }
  const ingest = await startRole('ingest', dealt(domains, counts.ingest), environment)
  const subgraphs = await startRole('subgraph', dealt(domains, counts.subgraphs), environment)
  const roles = () => [...new Set([...ingest.values(), ...subgraphs.values()])]
  await Promise.all(roles().map((role) => role.ready()))
  const supergraph = join(directory, 'supergraph.graphql')
  const origins = [...new Set(subgraphs.values())].map(({ url }) => url)
  await runMeshgate(['compose', '--out', supergraph, ...origins], environment)
  const gateway = await startMeshgate({ args: ['gateway', '--supergraph', supergraph, '--page'], environment })
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
      const together = [...domains].filter(([other]) => ingest.get(other) === before)
      const args = ['ingest', ...together.flatMap(([, named]) => named)]
      const process_ = await startMeshgate({ args, environment, ...port })
      for (const [other] of together) ingest.set(other, process_)
    },
  }
}

/** By domain. */
async function startRole(
  role: 'ingest' | 'subgraph',
  groups: readonly Domains[],
  environment: Readonly<Record<string, string>>,
): Promise<Map<string, MeshgateProcess>> {
  const started = new Map<string, MeshgateProcess>()
  for (const group of groups) {
    const process_ = await startMeshgate({ args: [role, ...[...group.values()].flat()], environment })
    for (const domain of group.keys()) started.set(domain, process_)
  }
  return started
}

/** In turn, into so many groups: neighbours, which read one another more, are apart. */
function dealt(domains: Domains, count: number): Domains[] {
  const groups = Array.from({ length: Math.min(count, domains.size) }, () => new Map<string, readonly string[]>())
  for (const [at, [domain, named]] of [...domains].entries()) groups[at % groups.length]?.set(domain, named)
  return groups
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
