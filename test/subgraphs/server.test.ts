// A subgraph on a port: GraphQL over HTTP and WebSocket as a remote gateway uses them, and health.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { createClient, type Client, type FormattedExecutionResult } from 'graphql-ws'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { limits } from '../../platform/limits.ts'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'
import type { SubgraphServer } from '../../subgraphs/main.ts'
import { plain, reading, request, Telemetry } from './telemetry.ts'

type SubscriptionResult = FormattedExecutionResult<Record<string, unknown>, unknown>

let telemetry: Telemetry
let server: SubgraphServer

beforeEach(async () => {
  telemetry = await Telemetry.open()
  server = await telemetry.subgraph.serve(0)
})

afterEach(async () => {
  await telemetry.close()
})

const post = async (body: string, headers: Record<string, string> = {}): Promise<[number, unknown]> => {
  const response = await fetch(server.url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return [response.status, await response.json()]
}

describe('over HTTP', () => {
  test('answers as in-process', async () => {
    await telemetry.put([reading('1')])
    const query = 'query ($id: ID!) { reading(id: $id) { id value } }'
    expect(await post(JSON.stringify({ query, variables: { id: '1' } }))).toEqual([
      200,
      { data: { reading: { id: '1', value: '1.5' } } },
    ])
    const service = await post(JSON.stringify({ query: '{ _service { sdl } }' }))
    expect(service).toEqual([200, { data: { _service: { sdl: expect.stringContaining('type Reading') as string } } }])
  })

  test('refuses what is no JSON, what is too large and what a browser form sends', async () => {
    expect(await post('{')).toEqual([
      400,
      { errors: [{ message: 'The body is no JSON', extensions: { code: 'BAD_REQUEST' } }] },
    ])
    const [status] = await post(JSON.stringify({ query: ' '.repeat(limits.subgraphBodyBytesMax) }))
    expect(status).toBe(413)
    const form = await fetch(server.url, { method: 'POST', body: 'query={__typename}' })
    expect(form.status).toBe(400)
  })

  test('tells its health, and what is not there', async () => {
    const base = new URL(server.url).origin
    const statuses = await Promise.all(
      ['/health/live', '/health/ready', '/nothing'].map(async (path) => (await fetch(base + path)).status),
    )
    expect(statuses).toEqual([200, 200, 404])
  })

  test('is not ready while whoever started it says so, and alive all the same', async () => {
    let reasons = ['Kafka cannot be reached.']
    const other = telemetry.another({ ready: () => ({ ready: reasons.length === 0, reasons }) })
    const { url } = await other.serve(0)
    const health = async (path: string): Promise<unknown[]> => {
      const response = await fetch(new URL(path, url))
      return [response.status, await response.json()]
    }
    const waiting = { status: 'not ready', ready: false, reasons }
    expect(await health('/health/ready')).toEqual([503, waiting])
    expect(await health('/health/live')).toEqual([200, { status: 'live' }])
    reasons = []
    expect(await health('/health/ready')).toEqual([200, { status: 'ready', ready: true, reasons: [] }])
    await other.close()
  })

  test('tells an observer of each request, and of how many subscriptions run', async () => {
    const requests: unknown[] = []
    const active: unknown[] = []
    const other = telemetry.another({
      observer: {
        request: ({ durationMs, ...rest }) => requests.push({ ...rest, timed: durationMs >= 0 }),
        subscriptions: (running) => active.push(running),
      },
    })
    const subgraph = other.name
    const { url } = await other.serve(0)
    const headers = { 'content-type': 'application/json' }
    await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: '{ __typename }' }) })
    await other.endpoint.execute(request('{ readings(first: -1) { nodes { id } } }'))
    const events = await other.endpoint.subscribe(request('subscription { readingCreated { id } }'))
    await events.return?.()
    await other.close()
    expect(requests).toEqual([
      { subgraph, codes: [], timed: true },
      { subgraph, codes: ['ARGUMENT_INVALID'], timed: true },
    ])
    expect(active).toEqual([
      { subgraph, active: 1 },
      { subgraph, active: 0 },
    ])
  })

  test('says that a port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await expect(telemetry.subgraph.serve(port)).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    await new Promise((resolve) => other.close(resolve))
  })
})

describe('over WebSocket', () => {
  let client: Client

  beforeEach(() => {
    client = createClient({ url: server.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  })

  afterEach(async () => {
    await client.dispose()
  })

  function upgrade(path: string): Socket {
    const socket = connect(server.port, '127.0.0.1')
    const key = Buffer.alloc(16).toString('base64')
    const headers = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      `Sec-WebSocket-Key: ${key}`,
      'Sec-WebSocket-Version: 13',
    ]
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers.join('\r\n')}\r\n\r\n`)
    return socket
  }

  const query = 'subscription { readingCreated { id } }'
  const meshgate = (event: SubscriptionResult): { key: string; cursor: string } =>
    (event.extensions as Record<string, unknown>)['meshgate'] as { key: string; cursor: string }

  /** The subscription is established once the server's tail runs, of which the client is not told: records are sent until one arrives. */
  async function firstEvent(events: AsyncIterableIterator<SubscriptionResult>): Promise<SubscriptionResult> {
    const arrived = events.next()
    let waiting = true
    void arrived.finally(() => (waiting = false))
    for (let id = 0; waiting; id++) await telemetry.append([telemetry.change(reading(String(id)))])
    const { value } = await arrived
    return value as SubscriptionResult
  }

  test('subscribes, and goes on from a cursor', async () => {
    const events = client.iterate({ query })
    const event = await firstEvent(events)
    const { key, cursor } = meshgate(event)
    expect(plain(event.data)).toEqual({ readingCreated: { id: key } })
    await events.return?.()
    await telemetry.append([telemetry.change(reading('after'))])
    const resumed = client.iterate({ query, extensions: { meshgate: { cursor } } })
    const keys: string[] = []
    for await (const each of resumed) {
      keys.push(meshgate(each).key)
      if (keys.at(-1) === 'after') break
    }
    expect(keys).not.toContain(key)
  })

  test('queries too, and tells what is wrong with an answer', async () => {
    await telemetry.put([reading('1')])
    const { value } = await client.iterate({ query: '{ reading(id: "1") { id } }' }).next()
    expect(plain(value)).toEqual({ data: { reading: { id: '1' } } })
    const failed = await client.iterate({ query: '{ readings(first: -1) { nodes { id } } }' }).next()
    expect(failed.value).toMatchObject({ data: null, errors: [{ extensions: { code: 'ARGUMENT_INVALID' } }] })
  })

  test('tells what is wrong with an event, and goes on', async () => {
    const events = client.iterate({ query: 'subscription { readingChanged { id status } }' })
    await firstEvent(events)
    await telemetry.append([telemetry.change({ id: 'nowhere' }), telemetry.change(reading('whole'))], 0)
    const told: unknown[] = []
    for await (const event of events) {
      const { key } = meshgate(event)
      if (key === 'nowhere' || key === 'whole')
        told.push([key, (event.errors ?? []).map(({ extensions }) => extensions?.['code'])])
      if (key === 'whole') break
    }
    expect(told).toEqual([
      ['nowhere', ['ROW_INCOMPLETE']],
      ['whole', []],
    ])
  })

  test('refuses with the GraphQL errors', async () => {
    const refused = client.iterate({ query, extensions: { meshgate: { cursor: 'x' } } }).next()
    await expect(refused).rejects.toMatchObject([
      {
        message:
          'The cursor is not one that was given out here. Ask without it: a list starts at its beginning, a stream with what is new.',
        extensions: { code: 'CURSOR_INVALID' },
      },
    ])
  })

  test('ends with a reason when the subgraph closes', async () => {
    const events = client.iterate({ query })
    await firstEvent(events)
    await telemetry.subgraph.close()
    const endings: unknown[] = []
    for await (const event of events)
      endings.push(...(event.errors ?? []).map(({ extensions }) => extensions?.['code']))
    expect(endings).toEqual(['SUBSCRIPTION_LOST'])
  })

  test('is refused in a way that may pass by a subgraph that is closing', async () => {
    const socket = new WebSocket(server.url.replace('http', 'ws'), 'graphql-transport-ws')
    await once(socket, 'open')
    const received: unknown[] = []
    socket.on('message', (data: Buffer) => received.push(JSON.parse(data.toString())))
    socket.send(JSON.stringify({ type: 'connection_init' }))
    await expect.poll(() => received).toEqual([{ type: 'connection_ack' }])
    const closed = once(socket, 'close')
    socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }))
    const closing = telemetry.subgraph.close()
    await closed
    await closing
    expect(telemetry.errors).toEqual([])
  })

  test('is lost with a typed error to a gateway whose connection ends, and closing twice is closing once', async () => {
    const endpoint = new HttpEndpoint({ name: 'telemetry', url: server.url })
    const events = await endpoint.subscribe(request(query))
    await telemetry.append([telemetry.change(reading('1'))])
    expect(plain((await events.next()).value)).toMatchObject({ data: { readingCreated: { id: '1' } } })
    await Promise.all([server.close(), server.close()])
    await expect(events.next()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', retryable: true })
    await endpoint.close()
  })

  test('takes many subscriptions of a gateway at once, and Node warns of nothing', async () => {
    const warnings: Error[] = []
    const note = (warning: Error): void => void warnings.push(warning)
    process.on('warning', note)
    const endpoint = new HttpEndpoint({ name: 'telemetry', url: server.url })
    const opening = Array.from({ length: 15 }, () => endpoint.subscribe(request(query)))
    for (const events of await Promise.all(opening)) await events.return?.()
    await endpoint.close()
    await setImmediate()
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  test('closes in bounded time though a client does not answer the closing', async () => {
    const silent = upgrade('/graphql')
    await once(silent, 'data')
    silent.pause()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const closing = telemetry.subgraph.close()
      // The timer is set once the server has begun to close.
      while (vi.getTimerCount() === 0) await setImmediate()
      await vi.advanceTimersByTimeAsync(limits.closeWaitMs)
      await closing
    } finally {
      vi.useRealTimers()
      silent.destroy()
    }
  })

  test('outlives clients that ask for an upgrade elsewhere and are gone', async () => {
    for (let count = 0; count < 20; count++) {
      const gone = upgrade('/elsewhere')
      await once(gone, 'connect')
      gone.resetAndDestroy()
    }
    expect(await post(JSON.stringify({ query: '{ __typename }' }))).toEqual([200, { data: { __typename: 'Query' } }])
  })
})
