// The product of items as a whole mesh of processes on servers: ingest twice, a subgraph, a gateway. What they say on standard error is kept.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createProcesses, type MeshgateProcess, type Processes } from '../cli/meshgate-process.ts'
import { itemsSdl } from './item-mesh.ts'

/** Addresses with commas between them. */
export interface ServerAddresses {
  readonly kafka: string
  readonly cassandra: string
}

export interface ItemProcesses {
  readonly topic: string
  readonly keyspace: string
  /** Of the two that ingest. */
  readonly ingests: readonly string[]
  readonly gateway: string
  /** Ends all of them, gives what the two that ingest have logged. */
  stop(): Promise<readonly (readonly LogLine[])[]>
  kill(): Promise<void>
}

export interface LogLine {
  readonly msg: string
  readonly level: number | string
}

export async function startItemProcesses(servers: ServerAddresses, unique: string): Promise<ItemProcesses> {
  const topic = `test.items-${unique}`
  const keyspace = `items_${unique}`
  const processes = createProcesses(() => ({
    MESHGATE_KAFKA_BROKERS: servers.kafka,
    MESHGATE_CASSANDRA_CONTACT_POINTS: servers.cassandra,
    MESHGATE_CASSANDRA_KEYSPACE: keyspace,
  }))
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-items-'))
  const product = join(directory, 'items')
  await mkdir(product)
  await writeFile(join(product, 'product.graphql'), itemsSdl(unique, topic))
  const kill = async (): Promise<void> => {
    await processes.killAll()
    await rm(directory, { recursive: true, force: true })
  }
  try {
    const ingests = [processes.start(['ingest', product]), processes.start(['ingest', product])]
    const urls = await Promise.all(ingests.map((ingest) => urlIn(ingest, /Ingest: (\S+)\/topics/)))
    const serving = await startServing(processes, product, join(directory, 'supergraph.graphql'))
    return {
      topic,
      keyspace,
      ingests: urls,
      gateway: serving.url,
      async stop() {
        const ends = await Promise.all([...ingests, ...serving.processes].map((process) => process.stop()))
        await kill()
        return ends.slice(0, ingests.length).map(({ stderr }) => linesOf(stderr))
      },
      kill,
    }
  } catch (error) {
    await kill()
    throw error
  }
}

async function startServing(
  { start, run }: Processes,
  product: string,
  supergraph: string,
): Promise<{ readonly url: string; readonly processes: readonly MeshgateProcess[] }> {
  const subgraph = start(['subgraph', product])
  const url = await urlIn(subgraph, /Subgraph \S+: (\S+)/)
  const composed = await run(['compose', '--out', supergraph, `items=${url}`])
  if (composed.code !== 0) throw new Error(composed.stderr)
  const gateway = start(['gateway', '--supergraph', supergraph])
  return { url: await urlIn(gateway, /Gateway: (\S+)\//), processes: [subgraph, gateway] }
}

async function urlIn(process: MeshgateProcess, pattern: RegExp): Promise<string> {
  return (await process.printed(pattern)).replace('localhost', '127.0.0.1')
}

function linesOf(stderr: string): readonly LogLine[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine)
}
