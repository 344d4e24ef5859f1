// `meshgate dev`, everything in one process, and `meshgate subgraph` with ingest beside it, whose own ports are attacked.
import { buildSchema } from 'graphql'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MeshgateProcess, Processes } from '../../cli/meshgate-process.ts'
import { isReady, portOf, streamSource, type Target } from './target.ts'

/** What is asked by those who expect a right answer: nobody posts to its topic. */
const LEFT_ALONE = 'sales.stores'
const GOOD = [
  '{ stores(first: 5) { nodes { id name city } } }',
  '{ store(id: "1") { name country } }',
  '{ __typename }',
]
const PATHS = ['/', '/main.js', '/metrics', '/schema.graphql', '/health/ready', '/topics', '/ingest', '/subgraphs']
const REAL = ['sales/stores', 'customers/regions', 'marketing/feedback', 'telemetry/readings']

/** Absent products: the project's, with the sample. */
export async function startDev(processes: Processes, isShort: boolean): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-fuzz-'))
  const running = processes.start(['dev', ...(isShort ? [...REAL, '--no-sample'] : [])], {
    MESHGATE_DATA_DIR: directory,
  })
  const url = await running.printed(/Meshgate listens on (http:\S+)/)
  await isReady(url)
  const schema = buildSchema(await (await fetch(`${url}/schema.graphql`)).text(), { assumeValidSDL: true })
  return {
    name: 'dev',
    running,
    port: portOf(url),
    recordsPort: portOf(url),
    surfaces: ['http', 'socket', 'stream', 'documents', 'documents', 'records'],
    source: streamSource(schema, { paths: PATHS }),
    records: { topics: await topicsOf(url) },
    good: GOOD.map((query) => JSON.stringify({ query })),
    stop: () => stopIn(running, directory),
  }
}

export async function startSubgraph(processes: Processes): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-fuzz-'))
  const args = ['subgraph', 'marketing/feedback', '--ingest-port', '0']
  const running = processes.start(args, { MESHGATE_DATA_DIR: directory })
  const recordsUrl = await running.printed(/Ingest: (http:\S+)\/topics/)
  const url = await running.printed(/(http:\S+?)\/graphql/)
  await isReady(url)
  const ask = '{"query":"{ _service { sdl } }"}'
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers, body: ask })
  const { data } = (await answer.json()) as { data: { _service: { sdl: string } } }
  return {
    name: 'subgraph',
    running,
    port: portOf(url),
    recordsPort: portOf(recordsUrl),
    surfaces: ['http', 'socket', 'documents', 'records'],
    source: streamSource(buildSchema(data._service.sdl, { assumeValidSDL: true }), { paths: PATHS }),
    records: { topics: await topicsOf(recordsUrl) },
    good: [ask, '{"query":"{ __typename }"}'],
    stop: () => stopIn(running, directory),
  }
}

async function topicsOf(url: string): Promise<string[]> {
  const topics = (await (await fetch(`${url}/topics`)).json()) as string[]
  return topics.filter((topic) => topic !== LEFT_ALONE)
}

async function stopIn(running: MeshgateProcess, directory: string): Promise<number | null> {
  const { code } = await running.stop()
  await rm(directory, { recursive: true })
  return code
}
