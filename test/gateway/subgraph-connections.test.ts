// Connections to a subgraph over HTTP/1.1: kept, bounded, and what a server that misbehaves does to requests and to the ones after them.
import { afterEach, describe, expect, test } from 'vitest'
import { HttpEndpoint, type HttpEndpointOptions } from '../../gateway/endpoints/http-endpoint.ts'
import { nextArrival } from '../../gateway/endpoints/arrival.ts'
import { limits } from '../../platform/limits.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { WireRequest } from '../../platform/ports/subgraph-endpoint.ts'
import { http, RawServer, type RawAnswer } from './raw-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const OK = '{"data":{"a":1}}'

interface Reached {
  readonly server: RawServer
  readonly endpoint: HttpEndpoint
  readonly ask: (request?: Partial<WireRequest>) => Promise<string>
}

async function reach(answer: RawAnswer, options: Partial<HttpEndpointOptions> = {}): Promise<Reached> {
  const server = await RawServer.open(answer)
  const endpoint = new HttpEndpoint({ name: 'remote', url: server.url, timeoutMs: 10_000, ...options })
  closing.push(
    () => server.close(),
    () => endpoint.close(),
  )
  return {
    server,
    endpoint,
    ask: async (request = {}) => {
      const { bytes } = await endpoint.exchange({ ...wire, arrival: nextArrival(), ...request })
      return Buffer.from(bytes).toString('utf8')
    },
  }
}

const wire: WireRequest = { body: '{"query":"{ a }"}', isMutation: false, principal: ANONYMOUS, arrival: 0 }

const echo: RawAnswer = ({ socket, body }) => socket.write(http(body))

describe('a connection', () => {
  test('is kept from one request to the next, and the one used last is taken first', async () => {
    const { ask, server } = await reach(({ socket }) => socket.write(http(OK)))
    await Promise.all([ask(), ask(), ask()])
    for (let count = 0; count < 5; count += 1) expect(await ask()).toBe(OK)
    expect(server.connections).toBe(3)
    expect(new Set(server.requests.slice(3).map(({ connection }) => connection)).size).toBe(1)
  })

  test('carries what it is asked, and its answer goes to who asked', async () => {
    const { ask } = await reach(echo, { connectionsMax: 3 })
    const bodies = Array.from({ length: 50 }, (_, index) => JSON.stringify({ query: `{ a${'ü€😀'.repeat(index)} }` }))
    expect(await Promise.all(bodies.map((body) => ask({ body })))).toEqual(bodies)
  })

  test('is one of so many at most, and requests wait for one', async () => {
    const waiting: (() => void)[] = []
    const { ask, server } = await reach(({ socket }) => waiting.push(() => socket.write(http(OK))), {
      connectionsMax: 2,
    })
    const answers = Promise.all([ask(), ask(), ask(), ask(), ask()])
    for (let count = 0; count < 5; count += 1) {
      await expect.poll(() => waiting.length).toBeGreaterThan(0)
      waiting.shift()?.()
    }
    expect(await answers).toEqual([OK, OK, OK, OK, OK])
    expect(server.connections).toBe(2)
  })

  test('is not used again when its server says so', async () => {
    const { ask, server } = await reach(({ socket }) => socket.write(http(OK, ['connection: close'])))
    expect([await ask(), await ask()]).toEqual([OK, OK])
    expect(server.connections).toBe(2)
  })

  test('is not used again when more came than the answer', async () => {
    const { ask, server } = await reach(({ socket }) => socket.write(http(OK) + http('{"data":{"a":"smuggled"}}')))
    expect([await ask(), await ask()]).toEqual([OK, OK])
    expect(server.connections).toBe(2)
  })

  test('ends when bytes come that nobody asked for', async () => {
    const { ask, server } = await reach(({ socket }) => socket.write(http(OK)))
    await ask()
    server.requests[0]?.socket.write(http('{"data":{"a":"smuggled"}}'))
    await expect.poll(() => server.open).toBe(0)
    expect(await ask()).toBe(OK)
  })

  test('is let go before its server lets it go', async () => {
    const { ask, server } = await reach(({ socket }) => socket.write(http(OK, ['keep-alive: timeout=1'])))
    expect([await ask(), await ask()]).toEqual([OK, OK])
    expect(server.connections).toBe(2)
  })

  test('that was idle for long carries no mutation', async () => {
    const { ask, server } = await reach(({ socket }) => socket.write(http(OK)))
    await ask()
    await ask({ isMutation: true })
    expect(server.connections).toBe(1)
    const idleSince = performance.now()
    await expect
      .poll(() => performance.now() - idleSince, { timeout: 5_000 })
      .toBeGreaterThan(limits.subgraphMutationIdleMsMax)
    await ask({ isMutation: true })
    // A query may still take the old one.
    expect([server.connections, server.open]).toEqual([2, 2])
  })

  test('is found by a name as well as by an address', async () => {
    const { server } = await reach(({ socket }) => socket.write(http(OK)))
    const endpoint = new HttpEndpoint({ name: 'named', url: `http://localhost:${server.port}/graphql` })
    closing.push(() => endpoint.close())
    expect(Buffer.from((await endpoint.exchange(wire)).bytes).toString()).toBe(OK)
    expect(server.requests[0]?.head).toContain(`host: localhost:${server.port}\r\n`)
  })
})

describe('an answer', () => {
  test('of 8 MB comes whole, with a length, in chunks, or up to the end of its connection', async () => {
    const text = JSON.stringify({ data: { a: 'ü'.repeat(4_000_000) } })
    const bytes = Buffer.from(text)
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
    const { ask, server } = await reach(({ socket, count }) => {
      if (count === 1) {
        socket.write(http(text))
      } else if (count === 2) {
        socket.write(`${head}transfer-encoding: chunked\r\n\r\n`)
        for (let at = 0; at < bytes.length; at += 100_000) {
          const piece = bytes.subarray(at, at + 100_000)
          socket.write(`${piece.length.toString(16)}\r\n`)
          socket.write(piece)
          socket.write('\r\n')
        }
        socket.write('0\r\n\r\n')
      } else {
        socket.write(`${head}\r\n`)
        socket.end(bytes)
      }
    })
    for (let count = 0; count < 3; count += 1) expect((await ask()) === text).toBe(true)
    expect(server.connections).toBe(1)
  })

  test('that is too large is not waited for, and ends its connection', async () => {
    const { ask, server } = await reach(
      ({ socket, count }) => socket.write(count === 1 ? http('x'.repeat(101)) : http(OK)),
      { responseBytesMax: 100 },
    )
    await expect(ask()).rejects.toMatchObject({
      code: 'SUBGRAPH_PROTOCOL',
      message: 'Subgraph "remote" answered with more than 100 bytes. Ask for less at once.',
    })
    expect(await ask()).toBe(OK)
    expect(server.connections).toBe(2)
  })

  test('in a coding that nobody asked for is refused', async () => {
    const { ask } = await reach(({ socket }) => socket.write(http(OK, ['content-encoding: gzip'])))
    await expect(ask()).rejects.toMatchObject({ code: 'SUBGRAPH_PROTOCOL' })
  })

  test('before the request is out ends its connection, and is an answer', async () => {
    // Larger than what the sockets hold: the server reads nothing of it.
    const body = JSON.stringify({ query: 'x'.repeat(12_000_000) })
    const { server, ask } = await reach(({ socket }) => socket.write(http(OK)))
    server.onConnection = (socket) => {
      socket.pause()
      socket.write(http('{"errors":[{"message":"too large"}]}', [], '413 Payload Too Large'))
    }
    expect(await ask({ body })).toBe('{"errors":[{"message":"too large"}]}')
    server.onConnection = null
    expect(await ask()).toBe(OK)
    expect(server.connections).toBe(2)
  })
})

describe('a server that', () => {
  const misbehaving: Record<string, [answer: RawAnswer, code: string, requests: number]> = {
    hangs: [() => undefined, 'SUBGRAPH_TIMEOUT', 1],
    'sends half a head and hangs': [({ socket }) => socket.write('HTTP/1.1 200 OK\r\nconte'), 'SUBGRAPH_TIMEOUT', 1],
    'sends half a body and hangs': [({ socket }) => socket.write(http(OK).slice(0, -3)), 'SUBGRAPH_TIMEOUT', 1],
    resets: [({ socket }) => socket.resetAndDestroy(), 'SUBGRAPH_UNAVAILABLE', 2],
    'closes without a word': [({ socket }) => socket.end(), 'SUBGRAPH_UNAVAILABLE', 2],
    'closes in the middle of a body': [({ socket }) => socket.end(http(OK).slice(0, -3)), 'SUBGRAPH_UNAVAILABLE', 2],
    'answers 500': [({ socket }) => socket.write(http('{}', [], '500 No')), 'SUBGRAPH_UNAVAILABLE', 1],
    'answers 503 and when to come again': [
      ({ socket }) => socket.write(http('{}', ['retry-after: 0'], '503 No')),
      'SUBGRAPH_UNAVAILABLE',
      1,
    ],
    'sends elsewhere': [
      ({ socket }) => socket.write(http('', ['location: /'], '302 Found')),
      'SUBGRAPH_UNAVAILABLE',
      1,
    ],
    'speaks another protocol': [({ socket }) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'), 'SUBGRAPH_PROTOCOL', 1],
  }
  for (const [title, [answer, code, requests]] of Object.entries(misbehaving)) {
    test(`${title} fails its request with ${code}, and the next is answered`, async () => {
      let bad = true
      const { ask, server } = await reach((request) => (bad ? answer(request) : request.socket.write(http(OK))), {
        timeoutMs: 200,
      })
      await expect(ask()).rejects.toMatchObject({ code })
      expect(server.requests.length).toBe(requests)
      bad = false
      expect(await ask()).toBe(OK)
    })
  }

  test('sends its answer slowly is waited for no longer than the timeout, all pieces together', async () => {
    let timer: NodeJS.Timeout | undefined
    closing.push(async () => clearInterval(timer))
    const { ask } = await reach(
      ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n')
        timer = setInterval(() => socket.write(' '), 20)
      },
      { timeoutMs: 300 },
    )
    await expect(ask()).rejects.toMatchObject({ code: 'SUBGRAPH_TIMEOUT' })
  })

  test('was restarted is asked again on a new connection, though several old ones are kept', async () => {
    const { ask, server } = await reach(({ socket }) => socket.write(http(OK)))
    await Promise.all([ask(), ask(), ask()])
    let seen = 0
    // Each of the old connections breaks with the request on it.
    for (const { socket } of server.requests)
      socket.removeAllListeners('data').once('data', () => (seen++, socket.resetAndDestroy()))
    expect(await ask()).toBe(OK)
    expect([seen, server.connections]).toEqual([1, 4])
  })

  test('breaks the connection under a mutation is not asked again', async () => {
    const { ask, server } = await reach(({ socket }) => socket.resetAndDestroy())
    await expect(ask({ isMutation: true })).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(server.requests.length).toBe(1)
  })

  test('is not there fails at once, and is told of as it is', async () => {
    const { server, ask } = await reach(echo)
    await server.close()
    await expect(ask()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', cause: { code: 'ECONNREFUSED' } })
  })

  test('is left by a client frees its connection, and a request that waited for one is not sent', async () => {
    const { ask, server } = await reach(() => undefined, { connectionsMax: 1 })
    const [first, second] = [new AbortController(), new AbortController()]
    const answers = [ask({ signal: first.signal }), ask({ signal: second.signal, body: '{"query":"{ second }"}' })]
    await expect.poll(() => server.requests.length).toBe(1)
    second.abort(new Error('second left'))
    first.abort(new Error('first left'))
    await expect(answers[0]).rejects.toThrow('first left')
    await expect(answers[1]).rejects.toThrow('second left')
    await expect.poll(() => server.open).toBe(0)
    expect(server.requests.length).toBe(1)
  })

  test('is let go fails what is under way and what comes after', async () => {
    const { ask, endpoint, server } = await reach(() => undefined, { connectionsMax: 1 })
    const answers = [ask(), ask()]
    await expect.poll(() => server.requests.length).toBe(1)
    const closed = { code: 'SUBGRAPH_UNAVAILABLE', message: 'Subgraph "remote" has been let go.' }
    const ended = Promise.all(answers.map((answer) => expect(answer).rejects.toMatchObject(closed)))
    await endpoint.close()
    await ended
    await expect(ask()).rejects.toMatchObject(closed)
  })
})
