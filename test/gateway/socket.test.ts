// graphql-transport-ws at its edges: what breaks the protocol, what an early end frees, and what one client can hold.
import { connect } from 'node:net'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { SubgraphEndpoint } from '../../platform/ports/subgraph-endpoint.ts'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { composeMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'

const SLOW: TestSubgraph = {
  name: 'slow',
  sdl: 'type Query { now: Int  later: Int  long: String } type Subscription { opening: Int  open: Int }',
  resolvers: { Query: { now: () => 1, long: () => 'x'.repeat(100_000) } },
}

/** Requests that have begun and not ended, by their root field. */
const underWay: string[] = []
let gateway: Gateway
/** What the gateway's log says of itself: a client that breaks a rule is no failure. */
const failures: string[] = []

/** `later` and `opening` end only when they are aborted, `open` is a stream without events. */
function slowEndpoint(): SubgraphEndpoint {
  const local = localEndpoint(SLOW)
  const untilAborted = (name: string, signal: AbortSignal | undefined): Promise<never> => {
    underWay.push(name)
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => {
        underWay.splice(underWay.indexOf(name), 1)
        reject(signal.reason as Error)
      })
    })
  }
  return {
    ...local,
    execute: (request) =>
      request.query.includes('later') ? untilAborted('later', request.signal) : local.execute(request),
    subscribe: async (request) => {
      const ended = untilAborted(request.query.includes('opening') ? 'opening' : 'open', request.signal)
      // Who leaves at once never asks the stream for anything.
      ended.catch(() => undefined)
      if (request.query.includes('opening')) return ended
      const stream: AsyncIterableIterator<never> = {
        next: () => ended,
        return: async () => ({ done: true, value: undefined }),
        [Symbol.asyncIterator]: () => stream,
      }
      return stream
    },
  }
}

beforeAll(async () => {
  const mesh = { supergraphSdl: composeMesh([SLOW]), endpoints: [slowEndpoint()] }
  gateway = await startGateway({
    mesh,
    port: 0,
    logger: pino({ level: 'error' }, { write: (line: string) => void failures.push(line) }),
  })
})
afterAll(() => gateway.close())

interface Client {
  readonly socket: WebSocket
  readonly messages: { id?: string; type: string; payload?: unknown }[]
  readonly closed: Promise<number>
  send(message: unknown): void
}

async function open(init = true): Promise<Client> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  const messages: Client['messages'] = []
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Client['messages'][number]))
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  await new Promise((resolve) => socket.once('open', resolve))
  const send = (message: unknown): void => socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  if (init) {
    send({ type: 'connection_init' })
    await expect.poll(() => messages.length).toBe(1)
  }
  return { socket, messages, closed, send }
}

const subscribe = (id: string, query: string) => ({ type: 'subscribe', id, payload: { query } })

const violations: Record<string, [boolean, unknown[], number]> = {
  'a message that is no JSON': [false, ['hello'], 4400],
  'a message of an unknown type': [true, [{ type: 'nonsense' }], 4400],
  'a message that only a server sends': [true, [{ type: 'next', id: '1', payload: {} }], 4400],
  'an acknowledgement of what the client has begun': [false, [{ type: 'connection_ack' }], 4400],
  'a second connection_init': [true, [{ type: 'connection_init' }], 4429],
  'an operation before connection_init': [false, [subscribe('1', '{ now }')], 4401],
  'an id that is in use': [true, [subscribe('1', 'subscription { open }'), subscribe('1', '{ now }')], 4409],
  'a long id that is in use': [
    true,
    [subscribe('é'.repeat(200), 'subscription { open }'), subscribe('é'.repeat(200), '{ now }')],
    4409,
  ],
  'a message beyond the limit': [true, ['x'.repeat(1_100_000)], 1009],
  'no connection_init in time': [false, [], 4408],
}
for (const [title, [init, messages, code]] of Object.entries(violations)) {
  test(`closes with ${code} on ${title}`, async () => {
    const client = await open(init)
    for (const message of messages) client.send(message)
    expect(await client.closed).toBe(code)
    expect(failures.splice(0)).toEqual([])
  })
}

for (const field of ['open', 'opening', 'later']) {
  const kind = field === 'later' ? 'query' : 'subscription'
  test(`ends the subgraph's work when the client completes or drops: ${kind} ${field}`, async () => {
    const client = await open()
    for (const id of ['a', 'b']) client.send(subscribe(id, `${kind} ${id} { ${field} }`))
    await expect.poll(() => underWay).toEqual([field, field])
    for (const id of ['a', 'b']) client.send({ type: 'complete', id })
    await expect.poll(() => underWay).toEqual([])
    client.send(subscribe('a', `${kind} { ${field} }`))
    await expect.poll(() => underWay).toEqual([field])
    client.socket.terminate()
    await expect.poll(() => underWay).toEqual([])
  })
}

test("ends the subgraph's work when a client drops its HTTP request", async () => {
  const client = new AbortController()
  const answer = fetch(`${gateway.url}/graphql?query={later}`, {
    headers: { 'apollo-require-preflight': '1' },
    signal: client.signal,
  })
  await expect.poll(() => underWay).toEqual(['later'])
  client.abort()
  await expect(answer).rejects.toThrow()
  await expect.poll(() => underWay).toEqual([])
})

test('answers an id that is used again right after it was completed', async () => {
  const client = await open()
  for (const query of ['subscription { open }', '{ later }', 'subscription { opening }']) {
    client.send(subscribe('1', query))
    client.send({ type: 'complete', id: '1' })
  }
  client.send(subscribe('1', '{ now }'))
  await expect.poll(() => client.messages.length).toBe(3)
  expect(client.messages.slice(1)).toEqual([
    { id: '1', type: 'next', payload: { data: { now: 1 } } },
    { id: '1', type: 'complete' },
  ])
  client.socket.terminate()
})

test('does not listen to a client that asks without reading', async () => {
  const client = await open()
  client.socket.pause()
  for (let id = 0; id < 150; id++) client.send(subscribe(String(id), '{ long }'))
  for (let count = 0; count < 100_000; count++)
    client.send('{"type":"ping","payload":{"some":"thing that comes back"}}')
  let left = client.socket.bufferedAmount
  let still = 0
  // What the gateway does not take stays with the client.
  await expect
    .poll(
      () => {
        still = client.socket.bufferedAmount === left ? still + 1 : 0
        left = client.socket.bufferedAmount
        return still
      },
      { timeout: 30_000 },
    )
    .toBeGreaterThan(8)
  expect(left).toBeGreaterThan(0)
  client.socket.terminate()
})

test('answers an upgrade whose URL cannot be read, and one that resets the connection', async () => {
  const upgrade = 'GET //[ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(upgrade))
    let text = ''
    socket.on('data', (data) => (text += data.toString()))
    socket.on('close', () => resolve(text))
  })
  expect(answer).toMatch(/^HTTP\/1.1 404/)
  await new Promise<void>((resolve) => {
    const socket = connect(gateway.port, '127.0.0.1', () => socket.write(upgrade, () => socket.resetAndDestroy()))
    socket.on('close', () => resolve())
  })
  expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
})

test('a page of another origin gets no socket', async () => {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    origin: 'http://elsewhere.example',
  })
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
  expect(error.message).toContain('403')
})
