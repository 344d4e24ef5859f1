// Subscriptions beside an Apollo Server, on the HTTP server that it stands on: graphql-ws's client at the one, queries at the other.
import { ApolloServer, HeaderMap, type ApolloServerPlugin, type BaseContext } from '@apollo/server'
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer'
import { createClient, type Client } from 'graphql-ws'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, type CloseEvent } from 'ws'
import { MeshgateGateway } from '../../gateway/apollo/meshgate-gateway.ts'
import { EventQueue } from '../../gateway/subscribe/event-queue.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import type { SubgraphEndpoint, SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { composeMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'
import { closeAfterTest } from './apollo-harness.ts'

const FEED: TestSubgraph = {
  name: 'feed',
  sdl: 'type Query { feed: Int } type Subscription { changed: User } type User @key(fields: "id", resolvable: false) { id: ID! }',
  resolvers: {},
}

interface Feed {
  readonly endpoint: SubgraphEndpoint
  readonly emit: (id: string) => void
  /** What the one who subscribed first has sent along. */
  readonly asked: () => SubgraphRequest | undefined
  readonly subscribed: Promise<void>
}

function createFeed(): Feed {
  const streams: EventQueue<SubgraphResponse>[] = []
  const requests: SubgraphRequest[] = []
  const { promise: subscribed, resolve } = Promise.withResolvers<void>()
  return {
    subscribed,
    asked: () => requests[0],
    emit: (id) => {
      const event = { data: { changed: { __typename: 'User', id } } }
      for (const stream of streams) stream.push({ event, cursor: undefined })
    },
    endpoint: {
      name: 'feed',
      execute: () => Promise.reject(new Error('only streams')),
      subscribe: async (request) => {
        requests.push(request)
        const stream = new EventQueue<SubgraphResponse>({
          eventsMax: 10,
          cursor: undefined,
          onOverflow: () => new Error('full'),
          onReturn: () => undefined,
        })
        streams.push(stream)
        resolve()
        return stream
      },
      close: async () => undefined,
    },
  }
}

/** What an integration of Apollo Server does, on nothing but node:http. */
async function serve(server: ApolloServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  const headers = new HeaderMap()
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
  const answer = await server.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: 'POST', headers, search: '', body: JSON.parse(Buffer.concat(chunks).toString()) },
    context: () => Promise.resolve({}),
  })
  if (answer.body.kind !== 'complete') throw new Error('one answer')
  response.writeHead(answer.status ?? 200, Object.fromEntries(answer.headers)).end(answer.body.string)
}

interface Beside {
  readonly server: ApolloServer
  readonly meshgate: MeshgateGateway
  readonly url: string
  readonly feed: Feed
}

function principal({ headers }: IncomingMessage): Principal {
  return { ...ANONYMOUS, subject: String(headers['x-subject']) }
}

type Plugins = (server: Server, meshgate: MeshgateGateway) => ApolloServerPlugin<BaseContext>[]

async function start(plugins: Plugins): Promise<Beside> {
  const feed = createFeed()
  const meshgate = new MeshgateGateway({
    supergraphSdl: composeMesh([...SHOP, FEED]),
    endpoints: [...SHOP.map((subgraph) => localEndpoint(subgraph)), feed.endpoint],
  })
  const httpServer = createServer((request, response) => {
    serve(server, request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  const server: ApolloServer = new ApolloServer({
    ...meshgate.apolloOptions({ plugins: plugins(httpServer, meshgate) }),
    stopOnTerminationSignals: false,
  })
  meshgate.attachSubscriptions(httpServer, { path: '/live', forwardHeaders: ['x-tenant'], principal })
  await server.start()
  await new Promise<void>((resolve) => httpServer.listen(0, '127.0.0.1', resolve))
  closeAfterTest(async () => {
    await server.stop()
    httpServer.closeAllConnections()
    httpServer.close()
  })
  const { port } = httpServer.address() as AddressInfo
  return { server, meshgate, feed, url: `127.0.0.1:${port}` }
}

function subscribe(url: string, on: { closed?: (event: CloseEvent) => void } = {}): Client {
  const client = createClient({
    url: `ws://${url}/live`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    on: { closed: (event) => on.closed?.(event as CloseEvent) },
  })
  closeAfterTest(async () => client.dispose())
  return client
}

const QUERY = 'subscription { changed { name reviews { stars } } }'
const BOB = { data: { changed: { name: 'Bob', reviews: [{ stars: 3 }] } } }

test('events are joined from other subgraphs while Apollo Server answers queries', async () => {
  const { url, feed } = await start((httpServer) => [ApolloServerPluginDrainHttpServer({ httpServer })])
  const events = subscribe(url).iterate({ query: QUERY })
  const first = events.next()
  await feed.subscribed
  const answer = await fetch(`http://${url}/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ me { name } }' }),
  })
  feed.emit('u2')
  expect([await answer.json(), (await first).value]).toEqual([{ data: { me: { name: 'Ada' } } }, BOB])
})

test('subscriptions go on when a new supergraph is refused, and are told why when it has them no more', async () => {
  const { url, feed, meshgate } = await start(() => [])
  const events = subscribe(url).iterate({ query: QUERY })
  const first = events.next()
  await feed.subscribed
  await expect(meshgate.replaceSupergraph({ supergraphSdl: '{' })).rejects.toMatchObject({ code: 'COMPOSITION_FAILED' })
  feed.emit('u2')
  expect((await first).value).toEqual(BOB)
  const endpoints = SHOP.map((subgraph) => localEndpoint(subgraph))
  await meshgate.replaceSupergraph({ supergraphSdl: composeMesh(SHOP), endpoints })
  await expect(events.next()).rejects.toMatchObject([{ extensions: { code: 'SUBSCRIPTION_REPLACED' } }])
})

test('a server that stops tells its subscribers before it closes their connections', async () => {
  const { url, feed, server } = await start((httpServer) => [ApolloServerPluginDrainHttpServer({ httpServer })])
  const { promise: closed, resolve } = Promise.withResolvers<CloseEvent>()
  const events = subscribe(url, { closed: resolve }).iterate({ query: QUERY })
  const first = events.next()
  // Its rejection is looked at below.
  first.catch(() => undefined)
  await feed.subscribed
  await server.stop()
  await expect(first).rejects.toMatchObject([{ extensions: { code: 'SUBSCRIPTION_RECONNECT' } }])
  expect((await closed).code).toBe(1001)
})

test('subgraphs see of a subscriber what they are to see, and pages of other sites get no socket', async () => {
  const { url, feed } = await start(() => [])
  const headers = { 'x-tenant': 't', 'x-subject': 'ada', cookie: 'a=b' }
  class Socket extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers })
    }
  }
  const client = createClient({ url: `ws://${url}/live`, webSocketImpl: Socket, retryAttempts: 0 })
  const first = client.iterate({ query: QUERY }).next()
  await feed.subscribed
  feed.emit('u2')
  await first
  await client.dispose()
  const asked = feed.asked()
  expect([asked?.headers, asked?.principal.subject]).toEqual([{ 'x-tenant': 't' }, 'ada'])
  const foreign = new WebSocket(`ws://${url}/live`, 'graphql-transport-ws', { origin: 'https://evil.example' })
  expect(await new Promise((resolve) => foreign.once('error', resolve))).toMatchObject({
    message: expect.stringContaining('403'),
  })
})
