// Subscriptions to subgraphs as the servers of graphql-ws and graphql-sse give them: established, multiplexed, refused, lost and left.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buildSchema, GraphQLError, type GraphQLSchema } from 'graphql'
import { createHandler } from 'graphql-sse/lib/use/http'
import { useServer } from 'graphql-ws/use/ws'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { EventStreamReader } from '../../gateway/endpoints/event-stream-reader.ts'
import { HttpEndpoint, type HttpEndpointOptions } from '../../gateway/endpoints/http-endpoint.ts'
import { SocketSubscribers } from '../../gateway/endpoints/socket-subscribers.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { seededInteger } from '../seeded-random.ts'
import { RawServer } from './raw-server.ts'

const closing: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** What runs in the subgraph now. */
class Source {
  running = 0
  readonly headers: (string | undefined)[] = []
  readonly schema: GraphQLSchema

  constructor() {
    this.schema = buildSchema(`
      type Query { a: Int }
      type Subscription { count(to: Int!): Int wait: Int fail: Int }
    `)
    this.#define('count', (_, { to }) => this.#count(Number(to)))
    this.#define('wait', () => this.#wait())
    this.#define('fail', () => {
      throw new GraphQLError('Not you.', { extensions: { code: 'FORBIDDEN' } })
    })
  }

  #define(name: string, subscribe: (root: unknown, values: Record<string, unknown>) => unknown): void {
    const field = this.schema.getSubscriptionType()?.getFields()[name]
    if (field !== undefined) field.subscribe = subscribe
  }

  async *#count(to: number): AsyncGenerator<{ count: number }> {
    this.running += 1
    try {
      for (let count = 1; count <= to; count += 1) yield { count }
    } finally {
      this.running -= 1
    }
  }

  #wait(): AsyncIterableIterator<{ wait: number }> {
    this.running += 1
    const { promise, resolve } = Promise.withResolvers<IteratorResult<{ wait: number }>>()
    return {
      next: () => promise,
      return: async () => {
        this.running -= 1
        resolve({ done: true, value: undefined })
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}

interface Served {
  readonly source: Source
  readonly endpoint: HttpEndpoint
  readonly server: Server
  readonly url: string
  /** Connections that have ever been opened. */
  readonly opened: () => number
}

const connections = new WeakMap<Server, Set<Socket>>()

function socketsOf(server: Server): Iterable<Socket> {
  return connections.get(server) ?? []
}

async function serve(way: 'websocket' | 'sse', options: Partial<HttpEndpointOptions> = {}): Promise<Served> {
  const source = new Source()
  let opened = 0
  const see = (request: IncomingMessage): void => void source.headers.push(request.headers['authorization'])
  const handler = createHandler({ schema: source.schema })
  const server = createServer((request, response) => {
    see(request)
    void handler(request, response)
  })
  const open = new Set<Socket>()
  connections.set(server, open)
  server.on('connection', (socket) => {
    opened += 1
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (_, request) => see(request))
  const disposable = useServer({ schema: source.schema }, sockets)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
  const endpoint = new HttpEndpoint({ name: 'remote', url, subscriptions: way, timeoutMs: 5_000, ...options })
  closing.push(
    async () => {
      server.closeAllConnections()
      await disposable.dispose()
      await new Promise((resolve) => server.close(resolve))
    },
    () => endpoint.close(),
  )
  return { source, endpoint, server, url, opened: () => opened }
}

const request = (query: string, more: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  query,
  principal: ANONYMOUS,
  ...more,
})

async function all(events: AsyncIterableIterator<SubgraphResponse>): Promise<unknown[]> {
  const seen: unknown[] = []
  for await (const event of events) seen.push(event)
  return seen
}

for (const way of ['websocket', 'sse'] as const) {
  describe(`over ${way}, a subscription`, () => {
    test('gives every event in order, then ends', async () => {
      const { endpoint, source } = await serve(way)
      const query = 'subscription ($to: Int!) { count(to: $to) }'
      const events = await endpoint.subscribe(request(query, { variables: { to: 500 } }))
      expect(await all(events)).toEqual(Array.from({ length: 500 }, (_, index) => ({ data: { count: index + 1 } })))
      expect(source.running).toBe(0)
    })

    test('runs at the subgraph once it is established, and not any more once it is left', async () => {
      const { endpoint, source } = await serve(way)
      const left = new AbortController()
      const streams = [
        await endpoint.subscribe(request('subscription { wait }')),
        await endpoint.subscribe(request('subscription { wait }', { signal: left.signal })),
      ]
      await expect.poll(() => source.running).toBe(2)
      await streams[0]?.return?.()
      await expect.poll(() => source.running).toBe(1)
      left.abort(new Error('left'))
      await expect.poll(() => source.running).toBe(0)
      expect(await streams[1]?.next()).toEqual({ done: true, value: undefined })
    })

    test('that the subgraph does not validate is refused with its errors', async () => {
      const { endpoint } = await serve(way)
      // Over SSE the stream has begun when its first event refuses it.
      const asked = endpoint.subscribe(request('subscription { nothing }')).then((events) => events.next())
      await expect(asked).rejects.toMatchObject({
        code: 'SUBGRAPH_REFUSED',
        cause: [{ message: 'Cannot query field "nothing" on type "Subscription".' }],
      })
    })

    test('that cannot be started is refused with its errors', async () => {
      const { endpoint } = await serve(way)
      const asked = endpoint.subscribe(request('subscription { fail }')).then((events) => events.next())
      await expect(asked).rejects.toMatchObject({
        code: 'SUBGRAPH_REFUSED',
        cause: [{ message: 'Not you.', extensions: { code: 'FORBIDDEN' } }],
      })
    })

    test('fails when its connection is lost, and can be had again', async () => {
      const { endpoint, source, server } = await serve(way)
      const events = await endpoint.subscribe(request('subscription { wait }'))
      await expect.poll(() => source.running).toBe(1)
      const next = events.next()
      server.closeAllConnections()
      for (const socket of socketsOf(server)) socket.destroy()
      await expect(next).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
      const again = await endpoint.subscribe(request('subscription { count(to: 1) }'))
      expect(await all(again)).toEqual([{ data: { count: 1 } }])
    })

    test('to a server that does not answer is given up after the timeout', async () => {
      const server = await RawServer.open(() => undefined)
      server.onConnection = () => undefined
      const endpoint = new HttpEndpoint({ name: 'mute', url: server.url, subscriptions: way, timeoutMs: 200 })
      closing.push(
        () => server.close(),
        () => endpoint.close(),
      )
      const failure = way === 'sse' ? 'SUBGRAPH_TIMEOUT' : /SUBGRAPH_(TIMEOUT|UNAVAILABLE)/
      await expect(endpoint.subscribe(request('subscription { wait }'))).rejects.toMatchObject({
        code: expect.stringMatching(failure) as string,
      })
    })

    test('carries the headers to forward', async () => {
      const { endpoint, source } = await serve(way)
      const headers = { Authorization: 'Bearer a' }
      expect(await all(await endpoint.subscribe(request('subscription { count(to: 1) }', { headers })))).toEqual([
        { data: { count: 1 } },
      ])
      expect(source.headers).toEqual(['Bearer a'])
    })

    test('ends with its endpoint', async () => {
      const { endpoint, source } = await serve(way)
      const events = await endpoint.subscribe(request('subscription { wait }'))
      await expect.poll(() => source.running).toBe(1)
      await endpoint.close()
      await expect.poll(() => source.running).toBe(0)
      expect(await events.next().catch((error: unknown) => error)).toBeDefined()
    })
  })
}

describe('an event stream', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n'

  async function stream(body: string): Promise<AsyncIterableIterator<SubgraphResponse>> {
    const server = await RawServer.open(({ socket }) => socket.end(HEAD + body))
    const endpoint = new HttpEndpoint({ name: 'remote', url: server.url, subscriptions: 'sse' })
    closing.push(
      () => server.close(),
      () => endpoint.close(),
    )
    return endpoint.subscribe(request('subscription { wait }'))
  }

  test('that ends without a complete event is lost, after its events', async () => {
    const events = await stream(':\n\nevent: next\ndata: {"data":{"wait":1}}\n\n')
    expect(await events.next()).toEqual({ done: false, value: { data: { wait: 1 } } })
    await expect(events.next()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
  })

  const broken: Record<string, string> = {
    'an event that is no JSON': 'event: next\ndata: {\n\n',
    'an event that is no response': 'event: next\ndata: 1\n\n',
    'an event that is too large': `event: next\ndata: "${'x'.repeat(limits.subgraphEventBytesMax)}"\n\n`,
  }
  for (const [title, body] of Object.entries(broken)) {
    test(`with ${title} fails`, async () => {
      await expect((await stream(body)).next()).rejects.toMatchObject({ code: 'SUBGRAPH_PROTOCOL' })
    })
  }

  test('is read the same however it is cut and whatever ends its lines', () => {
    const lines = [
      '\ufeff: hello',
      'event:next',
      'data: {"a":',
      'data:"ü😀"}',
      'id: 1',
      '',
      'data',
      '',
      'event: complete',
      '',
    ]
    const expected = [
      { type: 'next', data: '{"a":\n"ü😀"}' },
      { type: '', data: '' },
      { type: 'complete', data: '' },
    ]
    const random = seededInteger(3)
    for (const end of ['\n', '\r', '\r\n']) {
      const bytes = Buffer.from(lines.map((line) => line + end).join(''))
      for (let round = 0; round < 200; round += 1) {
        const reader = new EventStreamReader(100)
        const events: unknown[] = []
        for (let at = 0; at < bytes.length;) {
          const to = at + 1 + random(round === 0 ? 1 : 12)
          events.push(...(reader.read(bytes.subarray(at, to)) ?? []))
          at = to
        }
        expect(events).toEqual(expected)
      }
    }
  })
})

describe('a WebSocket that cannot be had says', () => {
  async function refusal(url: string): Promise<string> {
    const endpoint = new HttpEndpoint({ name: 'remote', url })
    closing.push(() => endpoint.close())
    return endpoint.subscribe(request('subscription { wait }')).then(() => 'subscribed', String)
  }

  test('where it was looked for, why it is not there, and what to do', async () => {
    const server = createServer((_, response) => response.writeHead(404).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => void server.close())
    const address = `//127.0.0.1:${(server.address() as AddressInfo).port}/`
    expect(await refusal(`http:${address}?token=secret`)).toBe(
      `MeshgateError: Subgraph "remote" has no WebSocket at ws:${address} (Unexpected server response: 404). ` +
        'Name the place of its subscriptions (--subgraph-subscription-url) or take them as --subgraph-sse.',
    )
  })

  test('with which code the subgraph has closed it', async () => {
    const server = createServer()
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => socket.close(4403, 'Forbidden'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => void server.close())
    expect(await refusal(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).toBe(
      'MeshgateError: Subgraph "remote" has closed the WebSocket (4403 Forbidden).',
    )
  })
})

test('subscriptions of equal headers share one WebSocket, others have their own, so many at most', async () => {
  const { url, opened, source } = await serve('websocket')
  const subscribers = new SocketSubscribers('remote', {
    url: url.replace('http', 'ws'),
    timeoutMs: 5_000,
    authorities: undefined,
    socketsMax: 2,
  })
  closing.push(() => subscribers.close())
  const wait = (authorization: string): Promise<AsyncIterableIterator<SubgraphResponse>> =>
    subscribers.subscribe(request('subscription { wait }', { headers: { authorization } }))
  const streams = [await wait('a'), await wait('b'), await wait('a'), await wait('b')]
  await expect.poll(() => source.running).toBe(4)
  expect([opened(), subscribers.size]).toEqual([2, 2])
  await expect(wait('c')).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
  for (const stream of streams) await stream.return?.()
  await expect.poll(() => subscribers.size, { timeout: 5_000 }).toBe(0)
  const other = await wait('c')
  await other.return?.()
})
