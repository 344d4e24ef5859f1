// Subscriptions whose documents are named, by a trusted id or a hash: a new supergraph plans them again by the text that they were opened with,
// though neither the manifest nor anybody's memory has it any more.
import { createHash } from 'node:crypto'
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from 'graphql-ws'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../../gateway/main.ts'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import { limits } from '../../platform/limits.ts'
import { reading, Telemetry } from '../subgraphs/telemetry.ts'
import { post } from './stream-mesh.ts'

const CREATED = 'subscription { readingCreated { id } }'
const HASH = createHash('sha256').update(CREATED).digest('hex')
const NAMED = { persistedQuery: { version: 1, sha256Hash: HASH } }

let telemetry: Telemetry
let gateway: Gateway
let client: Client
let directory: string
let created: number

beforeEach(async () => {
  created = 0
  telemetry = await Telemetry.open()
  directory = await mkdtemp(join(tmpdir(), 'meshgate-named-'))
})
afterEach(async () => {
  await client.dispose()
  await gateway.close()
  await telemetry.close()
  await rm(directory, { recursive: true })
})

/** With another subgraph beside it, so that every version is another supergraph. */
function meshOf(version: string, sdl = telemetry.subgraph.sdl) {
  const { name, endpoint } = telemetry.subgraph
  const composed = composeSupergraph([
    { name, sdl, url: 'http://here' },
    { name: 'other', sdl: `type Query { ${version}: Int }`, url: 'http://there' },
  ])
  if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
  const other: SubgraphEndpoint = { ...endpoint, name: 'other' }
  return { supergraphSdl: composed.supergraphSdl, endpoints: [endpoint, other] }
}

async function start(options: Partial<GatewayOptions>): Promise<void> {
  const logger = pino({ level: 'silent' })
  gateway = await startGateway({ mesh: meshOf('one'), port: 0, logger, ...options })
  const url = `${gateway.url.replace('http', 'ws')}/graphql`
  client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false })
}

async function create(): Promise<object> {
  const id = String(++created)
  await telemetry.put([reading(id)])
  await telemetry.append([telemetry.change(reading(id))], 0)
  return { data: { readingCreated: { id } } }
}

/** As one answer, which a subscription is not: what is asked here is whether the document is known. */
const asked = async (body: object): Promise<unknown> => (await post(`${gateway.url}/graphql`, body)).json()

test('by a trusted id: it goes on when the manifest no longer has it, and ends where the field is gone', async () => {
  const path = join(directory, 'documents.json')
  await writeFile(path, JSON.stringify({ created: CREATED }))
  await start({ trustedDocuments: { path, mode: 'only', pollMs: 20 } })
  const stream = client.iterate({ query: '', extensions: { documentId: 'created', started: true } })
  expect((await stream.next()).value).toMatchObject({ extensions: { started: true } })
  await writeFile(`${path}.next`, '{ "one": "{ one }" }')
  await rename(`${path}.next`, path)
  await expect
    .poll(() => asked({ documentId: 'created' }))
    .toMatchObject({ errors: [{ extensions: { code: 'DOCUMENT_NOT_FOUND' } }] })
  await gateway.replaceSupergraph(meshOf('two'))
  const event = await create()
  expect((await stream.next()).value).toMatchObject(event)
  await gateway.replaceSupergraph(meshOf('three', telemetry.subgraph.sdl.replace(/\breadingCreated\b/, 'readingMade')))
  await expect(stream.next()).rejects.toMatchObject([{ extensions: { code: 'SUBSCRIPTION_REPLACED' } }])
})

test('by a hash: it goes on when the gateway has forgotten the text', { timeout: 60_000 }, async () => {
  await start({ persistedQueries: true })
  const sent = client.iterate({ query: CREATED, extensions: { ...NAMED, started: true } })
  await sent.next()
  // Else both would share an upstream, which knows the text by the first.
  await sent.return?.()
  const stream = client.iterate({ query: '', extensions: { ...NAMED, started: true } })
  expect((await stream.next()).value).toMatchObject({ extensions: { started: true } })
  for (let other = 0; other < limits.persistedQueriesMax; other += 1) {
    const query = `{ a${other}: __typename }`
    const sha256Hash = createHash('sha256').update(query).digest('hex')
    await gateway.engine().execute({ query, extensions: { persistedQuery: { version: 1, sha256Hash } } })
  }
  await expect(client.iterate({ query: '', extensions: NAMED }).next()).rejects.toMatchObject([
    { extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
  ])
  await gateway.replaceSupergraph(meshOf('two'))
  const event = await create()
  expect((await stream.next()).value).toMatchObject(event)
  await stream.return?.()
})
