// Subscriptions from subgraph to client: joined per event, in order, shared, resumable, and never silent about a loss.
import { buildSchema, parse } from 'graphql'
import { createClient } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { limits } from '../../platform/limits.ts'
import type { SubgraphEndpoint, SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { EventQueue } from '../../gateway/subscribe/event-queue.ts'
import { joinInOrder } from '../../gateway/subscribe/ordered-join.ts'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'
import type { EngineResult } from '../../gateway/engine-contract.ts'
import { startGateway } from '../../gateway/main.ts'
import { createMesh, composeMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'
import { ManualClock } from '../manual-clock.ts'

/** A subgraph whose stream the test feeds. */
class Feed implements SubgraphEndpoint {
  readonly name = 'feed'
  /** As one of our own subgraphs: it says where its streams begin. */
  readonly #isOurs: boolean
  readonly requests: SubgraphRequest[] = []
  readonly streams: EventQueue<SubgraphResponse>[] = []
  returned = 0

  constructor(isOurs = true) {
    this.#isOurs = isOurs
  }

  async execute(): Promise<SubgraphResponse> {
    return { data: null, errors: [{ message: 'only streams' }] }
  }
  async subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    this.requests.push(request)
    const stream = new EventQueue<SubgraphResponse>({
      eventsMax: 10_000,
      cursor: undefined,
      onOverflow: () => new Error('full'),
      onReturn: () => this.returned++,
    })
    this.streams.push(stream)
    const { cursor = 'c0' } = (request.extensions?.['meshgate'] ?? {}) as { readonly cursor?: string }
    const started = { data: null, extensions: { meshgate: { cursor, started: true } } }
    if (this.#isOurs) stream.push({ event: started, cursor })
    return stream
  }
  emit(id: string, cursor: string): void {
    const extensions = this.#isOurs ? { extensions: { meshgate: { key: id, cursor } } } : {}
    const event = { data: { changed: { __typename: 'User', id } }, ...extensions }
    for (const stream of this.streams) stream.push({ event, cursor: undefined })
  }
  async close(): Promise<void> {}
}

const FEED: TestSubgraph = {
  name: 'feed',
  sdl: `type Query { feed: Int } type Subscription { changed(city: String): User } type User @key(fields: "id", resolvable: false) { id: ID! }`,
  resolvers: {},
}
/** The stream over a WebSocket, as a subgraph in a process of its own has it. */
async function serveFeed(feed: Feed, port: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  const served = useServer(
    {
      onSubscribe: (_context, _id, { query, variables, extensions }) => ({
        schema: buildSchema('type Query { feed: Int }'),
        document: parse(query),
        contextValue: { query, variables, extensions },
      }),
      subscribe: ({ contextValue }) => feed.subscribe(contextValue as SubgraphRequest) as never,
    },
    sockets,
  )
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      await served.dispose()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const QUERY = 'subscription { changed { id name reviews { stars } } }'

function createFeedMesh() {
  const feed = new Feed()
  const endpoints = [...SHOP.map((subgraph) => localEndpoint(subgraph)), feed]
  return { feed, mesh: createMesh([...SHOP, FEED], { endpoints }) }
}

type Stream = AsyncIterableIterator<EngineResult>

async function open(subscription: Promise<Stream | EngineResult>): Promise<Stream> {
  const stream = await subscription
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
  return stream
}

describe('a subscription', () => {
  test('joins what other subgraphs know, event by event, with the cursor of each', async () => {
    const { feed, mesh } = createFeedMesh()
    const stream = await open(mesh.subscribe({ query: QUERY }))
    feed.emit('u2', 'c1')
    feed.emit('u3', 'c2')
    expect([(await stream.next()).value, (await stream.next()).value]).toEqual([
      {
        data: { changed: { id: 'u2', name: 'Bob', reviews: [{ stars: 3 }] } },
        extensions: { key: 'u2', cursor: 'c1' },
      },
      {
        data: { changed: { id: 'u3', name: null, reviews: [{ stars: 2 }] } },
        extensions: { key: 'u3', cursor: 'c2' },
      },
    ])
    await stream.return?.()
  })

  test('has one upstream for equal operations, closed after the last client', async () => {
    const { feed, mesh } = createFeedMesh()
    const streams = await Promise.all([1, 2, 3].map(() => open(mesh.subscribe({ query: QUERY }))))
    const other = await open(mesh.subscribe({ query: 'subscription { changed(city: "Graz") { id } }' }))
    expect(feed.requests.length).toBe(2)
    feed.emit('u1', 'c1')
    for (const stream of [...streams, other]) expect((await stream.next()).value.data.changed.id).toBe('u1')
    await streams[0]?.return?.()
    await streams[1]?.return?.()
    expect(feed.returned).toBe(0)
    await streams[2]?.return?.()
    await other.return?.()
    expect(feed.returned).toBe(2)
  })

  test('does not share an upstream between principals', async () => {
    const { feed, mesh } = createFeedMesh()
    const principal = { subject: 'a', roles: [], scopes: [], purposes: [], claims: {} }
    await open(mesh.subscribe({ query: QUERY, principal }))
    await open(mesh.subscribe({ query: QUERY, principal: { ...principal, subject: 'b' } }))
    expect(feed.requests.map((request) => request.principal.subject)).toEqual(['a', 'b'])
  })

  test('resumes on an upstream of its own, with the cursor handed on', async () => {
    const { feed, mesh } = createFeedMesh()
    await open(mesh.subscribe({ query: QUERY }))
    await open(mesh.subscribe({ query: QUERY, extensions: { cursor: 'c7' } }))
    expect(feed.requests.map((request) => request.extensions)).toEqual([
      { meshgate: { started: true, positions: true } },
      { meshgate: { cursor: 'c7', started: true, positions: true } },
    ])
  })

  test('ends with its last cursor when the upstream is lost', async () => {
    const { feed, mesh } = createFeedMesh()
    const stream = await open(mesh.subscribe({ query: QUERY }))
    feed.emit('u1', 'c1')
    feed.streams[0]?.fail(() => new Error('gone'))
    await stream.next()
    await expect(stream.next()).rejects.toMatchObject({
      extensions: { code: 'SUBSCRIPTION_LOST', service: 'feed', cursor: 'c1' },
    })
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })

  test('ends with its last cursor when the supergraph goes', async () => {
    const { feed, mesh } = createFeedMesh()
    const stream = await open(mesh.subscribe({ query: QUERY }))
    feed.emit('u1', 'c1')
    await stream.next()
    await mesh.close('A new supergraph has replaced the old.')
    await expect(stream.next()).rejects.toMatchObject({
      extensions: { code: 'SUBSCRIPTION_RECONNECT', cursor: 'c1' },
    })
  })

  test('completes when the subgraph completes it', async () => {
    const { feed, mesh } = createFeedMesh()
    const stream = await open(mesh.subscribe({ query: QUERY }))
    feed.streams[0]?.complete()
    expect(await stream.next()).toEqual({ done: true, value: undefined })
  })
})

describe('a subgraph that knows no cursors', () => {
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  function meshOver(feed: Feed, further = '') {
    const supergraphSdl = composeMesh([...SHOP, { ...FEED, sdl: FEED.sdl + further }])
    return { supergraphSdl, endpoints: [...SHOP.map((subgraph) => localEndpoint(subgraph)), feed] }
  }

  test('is not asked to go on from one: it would leave out what came in between', async () => {
    const clock = new ManualClock()
    const endpoints = [...SHOP.map((subgraph) => localEndpoint(subgraph)), new Feed(false)]
    const mesh = createMesh([...SHOP, FEED], { endpoints, clock })
    const refused = mesh.subscribe({ query: QUERY, extensions: { cursor: 'c7' } })
    await expect.poll(() => clock.sleeping()).toBe(1)
    clock.advance(limits.subscriptionConfirmMs)
    expect(await refused).toMatchObject({ errors: [{ extensions: { code: 'RESUME_UNSUPPORTED' } }] })
  })

  test('tells its clients when its stream is lost, and goes on where a new supergraph asks it the same', async () => {
    const feed = new Feed(false)
    const gateway = await startGateway({ mesh: meshOver(feed), port: 0, logger: pino({ level: 'silent' }) })
    closing.push(() => gateway.close())
    const stream = await open(gateway.engine().subscribe({ query: QUERY }))
    await gateway.replaceSupergraph(meshOver(feed, ' scalar Another'))
    feed.emit('u2', '')
    expect((await stream.next()).value).toEqual({
      data: { changed: { id: 'u2', name: 'Bob', reviews: [{ stars: 3 }] } },
    })
    expect(feed.streams.length).toBe(1)
    await gateway.replaceSupergraph(meshOver(new Feed(false)))
    await expect(stream.next()).rejects.toMatchObject({ extensions: { code: 'RESUME_UNSUPPORTED', service: 'feed' } })
    const other = await open(gateway.engine().subscribe({ query: QUERY }))
    await gateway.replaceSupergraph(meshOver(feed))
    await expect(other.next()).rejects.toMatchObject({ extensions: { code: 'RESUME_UNSUPPORTED' } })
  })
})

test('a slow client gets what is queued, then an error with the last cursor it saw', async () => {
  const queue = new EventQueue<number>({
    eventsMax: 2,
    cursor: undefined,
    onOverflow: (cursor) => new Error(`slow at ${cursor}`),
    onReturn: () => undefined,
  })
  for (const event of [1, 2, 3, 4]) queue.push({ event, cursor: `c${event}` })
  expect([(await queue.next()).value, (await queue.next()).value]).toEqual([1, 2])
  await expect(queue.next()).rejects.toThrow('slow at c2')
})

test('events keep their order although their joins end in another, and few are joined at once', async () => {
  const joins: PromiseWithResolvers<void>[] = []
  const published: number[] = []
  let atOnce = 0
  let most = 0
  const done = joinInOrder({
    events: (async function* () {
      for (let event = 0; event < 9; event++) yield event
    })(),
    join: async (event: number) => {
      most = Math.max(most, ++atOnce)
      const join = Promise.withResolvers<void>()
      joins.push(join)
      if (joins.length === 3) for (const waiting of joins.splice(0).reverse()) waiting.resolve()
      await join.promise
      atOnce--
      return event
    },
    publish: (event) => void published.push(event),
    inFlightMax: 3,
  })
  await done
  expect([published, most]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8], 3])
})

describe('over the network', () => {
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  async function chain(): Promise<{ feed: Feed; url: string; lost: string[]; restart: () => Promise<Feed> }> {
    const lost: string[] = []
    const feed = new Feed()
    let upstream = await serveFeed(feed, 0)
    const { port } = upstream
    const remote = new HttpEndpoint({ name: 'feed', url: `http://127.0.0.1:${port}/graphql` })
    const endpoints = [...SHOP.map((subgraph) => localEndpoint(subgraph)), remote]
    const gateway = await startGateway({
      mesh: { supergraphSdl: composeMesh([...SHOP, FEED]), endpoints },
      port: 0,
      logger: pino({ level: 'silent' }),
      observer: { upstreamLost: (subgraph) => lost.push(subgraph) },
    })
    closing.push(
      () => upstream.close(),
      () => remote.close(),
      () => gateway.close(),
    )
    const restart = async (): Promise<Feed> => {
      await upstream.close()
      const after = new Feed()
      upstream = await serveFeed(after, port)
      return after
    }
    return { feed, url: gateway.url, lost, restart }
  }

  test('events come through subgraph socket and client socket; two clients share one upstream; its restart is not noticed', async () => {
    const { feed, url, lost, restart } = await chain()
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    })
    closing.push(async () => client.dispose())
    const streams = [client.iterate({ query: QUERY }), client.iterate({ query: QUERY })]
    const first = streams.map((stream) => stream.next())
    await expect.poll(() => feed.requests.length).toBe(1)
    feed.emit('u2', 'c1')
    for (const event of await Promise.all(first)) {
      expect(event.value).toEqual({
        data: { changed: { id: 'u2', name: 'Bob', reviews: [{ stars: 3 }] } },
        extensions: { key: 'u2', cursor: 'c1' },
      })
    }
    const second = streams.map((stream) => stream.next())
    const after = await restart()
    await expect
      .poll(() => after.requests.map(({ extensions }) => extensions))
      .toEqual([{ meshgate: { cursor: 'c1', started: true, positions: true } }])
    after.emit('u3', 'c2')
    for (const event of await Promise.all(second)) {
      expect(event.value).toMatchObject({ extensions: { key: 'u3', cursor: 'c2' } })
    }
    expect(lost).toEqual(['feed'])
  })

  test('queries run over the socket too, and invalid ones are refused there', async () => {
    const { url } = await chain()
    const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket })
    closing.push(async () => client.dispose())
    expect((await client.iterate({ query: '{ me { name } }' }).next()).value).toEqual({ data: { me: { name: 'Ada' } } })
    await expect(client.iterate({ query: '{ nothing }' }).next()).rejects.toEqual([
      expect.objectContaining({ extensions: { code: 'DOCUMENT_INVALID' } }),
    ])
  })
})
