// `meshgate dev` with settings of the gateway, as a process. Tokens: the page for everybody, the graph for whose token is good, streams until it
// expires. Pages of other sites: those that are listed, and none that comes by a name of its own.
import { readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { createClient, type Client } from 'graphql-ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startMeshgate, type MeshgateProcess } from '../../bench/processes/meshgate-process.ts'
import { temporaryDirectory } from '../e2e/temporary-directory.ts'
import { AUDIENCE, issueKey, startIssuer, type IssuedKey, type Issuer } from '../gateway/token-issuer.ts'

let directory: { path: string; remove: () => Promise<void> }
let issuer: Issuer
let key: IssuedKey
let mesh: MeshgateProcess
const clients: Client[] = []

beforeAll(async () => {
  directory = await temporaryDirectory()
  key = await issueKey('one')
  issuer = await startIssuer([key])
  const product = join(directory.path, 'product.graphql')
  const sdl = await readFile(new URL('./parcels.graphql', import.meta.url), 'utf8')
  await writeFile(product, sdl.replaceAll('DOMAIN', 'shipping'))
  mesh = await startMeshgate({
    args: ['dev', product, '--no-sample'],
    environment: {
      MESHGATE_DATA_DIR: join(directory.path, 'data'),
      MESHGATE_TOKEN_ISSUERS: `${issuer.issuer}=${issuer.jwksUrl}`,
      MESHGATE_TOKEN_AUDIENCES: AUDIENCE,
      MESHGATE_TOKEN_CLOCK_TOLERANCE_MS: '0',
      MESHGATE_REQUIRE_AUTHENTICATION: 'true',
      MESHGATE_CORS_ORIGINS: 'https://app.example.com',
    },
  })
  await mesh.ready()
}, 60_000)
afterAll(async () => {
  for (const client of clients) await client.dispose()
  await mesh.stop()
  await issuer.close()
  await directory.remove()
})

const bearer = async (expiresInS = 600) => ({
  authorization: `Bearer ${await issuer.sign(key, { sub: 'ann' }, { expiresInS })}`,
})

async function ask(headers: Record<string, string>): Promise<[status: number, body: unknown]> {
  const response = await fetch(`${mesh.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: '{ parcel(id: "p") { place } }' }),
  })
  return [response.status, await response.json()]
}

async function move(place: string): Promise<void> {
  const body = JSON.stringify({ id: 'p', scannedAt: new Date().toISOString(), place })
  const headers = { 'content-type': 'application/x-ndjson' }
  const response = await fetch(`${mesh.url}/topics/shipping.parcels`, { method: 'POST', headers, body })
  expect(response.status).toBe(200)
}

function connect(connectionParams: Record<string, unknown>): Client {
  const url = `${mesh.url.replace('http', 'ws')}/graphql`
  const client = createClient({ url, webSocketImpl: WebSocket, connectionParams, retryAttempts: 0 })
  clients.push(client)
  return client
}

const MOVED = 'subscription { parcelMoved { place } }'
const moved = (place: string) => ({ data: { parcelMoved: { place } } })

test('the page and health are for everybody, the graph is not', async () => {
  const page = await fetch(`${mesh.url}/`)
  expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
  expect((await fetch(`${mesh.url}/health/ready`)).status).toBe(200)
  const refused = [401, { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] }]
  expect(await ask({})).toMatchObject(refused)
  expect(await ask({ authorization: 'Bearer x' })).toMatchObject(refused)
  await expect(connect({}).iterate({ query: MOVED }).next()).rejects.toMatchObject({ code: 4403 })
})

test('whose token is good is answered, over HTTP and on a stream, until it expires; a new one goes on at the cursor', async () => {
  await move('home')
  await expect.poll(async () => ask(await bearer())).toEqual([200, { data: { parcel: { place: 'home' } } }])
  const stream = connect(await bearer(3)).iterate({ query: MOVED, extensions: { started: true } })
  expect((await stream.next()).value).toMatchObject({ extensions: { started: true } })
  await move('road')
  expect((await stream.next()).value).toMatchObject(moved('road'))
  const ended: unknown = await stream.next().catch((error: unknown) => error)
  expect(ended).toMatchObject([{ extensions: { code: 'TOKEN_EXPIRED', cursor: expect.any(String) as string } }])
  await move('shop')
  const [{ extensions }] = ended as [{ extensions: { cursor: string } }]
  const resumed = connect(await bearer()).iterate({ query: MOVED, extensions })
  expect((await resumed.next()).value).toMatchObject(moved('shop'))
  await move('yard')
  expect((await resumed.next()).value).toMatchObject(moved('yard'))
})

test('a page that is developed elsewhere may ask when it is listed', async () => {
  const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' }
  const preflight = await fetch(`${mesh.url}/graphql`, { method: 'OPTIONS', headers })
  expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, headers.origin])
  const other = { ...headers, origin: 'https://evil.example' }
  const refused = await fetch(`${mesh.url}/graphql`, { method: 'OPTIONS', headers: other })
  expect(refused.headers.get('access-control-allow-origin')).toBeNull()
})

test('under the name of another site nothing is read, and no record is taken', async () => {
  const { port } = new URL(mesh.url)
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/graphql?query={__typename}'],
    ['POST', '/topics/shipping.parcels'],
    ['GET', '/metrics'],
  ] as const) {
    const asking = request({ port, path, method, headers: { host: `evil.example:${port}` } })
    asking.end()
    const [response] = (await once(asking, 'response')) as [IncomingMessage]
    response.resume()
    expect([path, response.statusCode]).toEqual([path, 421])
  }
})
