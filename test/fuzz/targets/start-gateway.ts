// `meshgate gateway` with all that can be attacked switched on: tokens, trusted documents, batches, CORS, sharing, forwarded headers; its
// subgraphs are hostile to whoever asks them to be.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Processes } from '../../cli/meshgate-process.ts'
import { AUDIENCE, issueKey, startIssuer } from '../../gateway/token-issuer.ts'
import { EVENTS, fuzzSchema, fuzzSupergraph } from '../subgraph/fuzz-mesh.ts'
import { SEED_HEADER, serveMesh } from '../subgraph/serve-mesh.ts'
import { isReady, portOf, streamSource, type Target } from './target.ts'

/** Against hanging only: clients of a subgraph that never answers leave before, and good requests must not fail because a machine is busy. */
const SUBGRAPH_TIMEOUT_MS = 10_000
const TRUSTED = { good: '{ me { name } }', deep: '{ users { name reviews { body product { name shipping } } } }' }
const GOOD = [
  '{ me { name } }',
  '{ users { name manager { name } reviews { stars product { name shipping label } } } nodes { id hits ... on User { role } } }',
  '{ topProducts(first: 3) { upc grid related { name rank } } things { __typename ... on Review { body } } }',
]

/** `isTrusting`: it answers nothing but trusted documents. */
export async function startGateway(processes: Processes, isTrusting: boolean): Promise<Target> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-fuzz-'))
  const mesh = await serveMesh()
  const key = await issueKey('one')
  const issuer = await startIssuer([key])
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(directory, name), text)
    return join(directory, name)
  }
  const options: readonly (readonly [option: string, ...values: string[]])[] = [
    ['--supergraph', await file('supergraph.graphql', fuzzSupergraph())],
    ...mesh.urls.map(({ name, url }) => ['--subgraph-url', `${name}=${url}`] as const),
    ...mesh.urls.map(({ name }) => ['--subgraph-timeout', `${name}=${SUBGRAPH_TIMEOUT_MS}`] as const),
    ['--subgraph-sse', EVENTS],
    ...[SEED_HEADER, 'authorization', 'cookie'].map((name) => ['--forward-header', name] as const),
    ['--token-issuer', `${issuer.issuer}=${issuer.jwksUrl}`],
    ['--token-audience', AUDIENCE],
    ['--trusted-documents', await file('documents.json', JSON.stringify(TRUSTED))],
    ['--trusted-documents-mode', isTrusting ? 'only' : 'also'],
    ['--batch-max', '10'],
    ['--share', isTrusting ? 'fresh' : 'requests'],
    ['--introspection'],
    ['--cost-tell'],
    ['--page'],
    ['--cors-origin', 'https://app.example'],
    ['--cors-credentials'],
  ]
  const running = processes.start(['gateway', ...options.flat()])
  const url = await running.printed(/Gateway: (http:\S+)\//)
  await isReady(url)
  const token = await issuer.sign(key, {}, { expiresInS: 86_400 })
  return {
    name: isTrusting ? 'trusting' : 'gateway',
    running,
    port: portOf(url),
    recordsPort: portOf(url),
    surfaces: isTrusting
      ? ['http', 'socket', 'documents']
      : ['http', 'socket', 'stream', 'documents', 'subgraphs', 'subgraphs'],
    source: streamSource(fuzzSchema(), { paths: ['/', '/metrics', '/schema.graphql', '/health/ready'], token }),
    records: { topics: [] },
    good: isTrusting
      ? Object.keys(TRUSTED).map((documentId) => JSON.stringify({ documentId }))
      : GOOD.map((query) => JSON.stringify({ query })),
    stop: async () => {
      const { code } = await running.stop()
      await Promise.all([mesh.close(), issuer.close()])
      await rm(directory, { recursive: true })
      return code
    },
  }
}
