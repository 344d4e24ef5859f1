// GraphQL over SSE, distinct connections mode: as graphql-sse's client speaks it, and byte for byte as an EventSource reads it.
import type { ExecutionResult } from 'graphql'
import { createClient, type Client } from 'graphql-sse'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { post, startStreams, type Streams } from './stream-mesh.ts'

const TICKS = 'subscription { tick { count } }'
const SSE = { accept: 'text/event-stream' }
const tick = (count: number) => ({ data: { tick: { count } } })

let streams: Streams
let client: Client
beforeAll(async () => {
  streams = await startStreams()
  // The client would try again where the connection fails: a test should see that instead.
  client = createClient({ url: streams.url, retryAttempts: 0 })
})
afterAll(() => streams.close())

/** Everything that comes until the stream completes. */
async function all(query: string): Promise<ExecutionResult[]> {
  const results: ExecutionResult[] = []
  for await (const result of client.iterate({ query })) results.push(result as ExecutionResult)
  return results
}

describe("graphql-sse's client", () => {
  test('gets every event in order, and then the end', async () => {
    const results = all(TICKS)
    await expect.poll(() => streams.open()).toBe(1)
    for (const count of [1, 2, 3]) streams.emit(count)
    streams.complete()
    expect(await results).toEqual([tick(1), tick(2), tick(3)])
  })

  test('gets queries and mutations as a stream of one', async () => {
    expect(await all('{ now }')).toEqual([{ data: { now: 7 } }])
    expect(await all('mutation { add(amount: 1) }')).toEqual([{ data: { add: 2 } }])
  })

  test('is told what is wrong with its document, instead of failing to connect', async () => {
    const [result] = await all('subscription { tock }')
    expect(result?.errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['DOCUMENT_INVALID'])
  })

  test('ends the upstream when it leaves', async () => {
    const leave = client.subscribe(
      { query: TICKS },
      { next: () => undefined, error: () => undefined, complete: () => undefined },
    )
    await expect.poll(() => streams.open()).toBe(1)
    leave()
    await expect.poll(() => streams.open()).toBe(0)
  })

  test('is told why a stream ends before its time', async () => {
    const results = all(TICKS)
    await expect.poll(() => streams.open()).toBe(1)
    streams.emit(1)
    streams.fail(new Error('boom'))
    const [first, last] = await results
    expect([first, last?.errors?.[0]?.extensions]).toEqual([
      tick(1),
      { code: 'RESUME_UNSUPPORTED', service: 'streams' },
    ])
  })
})

describe('an EventSource', () => {
  const search = `?query=${encodeURIComponent(TICKS)}`
  const sameOrigin = { ...SSE, 'sec-fetch-site': 'same-origin' }

  test('reads events with their cursors as ids, and resumes by the last of them', async () => {
    const response = await fetch(streams.url + search, { headers: { ...sameOrigin, 'last-event-id': 'c0' } })
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      'no-store',
    ])
    expect(streams.requests.at(-1)?.extensions).toEqual({ meshgate: { cursor: 'c0', started: true, positions: true } })
    streams.emit(1, { cursor: 'c1' })
    streams.emit(2)
    streams.complete()
    expect(await response.text()).toBe(
      `:\n\nid: c1\nevent: next\ndata: {"data":{"tick":{"count":1}},"extensions":{"cursor":"c1","key":"k"}}\n\nevent: next\ndata: {"data":{"tick":{"count":2}}}\n\nevent: complete\ndata:\n\n`,
    )
  })

  test.each(['older', null])(
    'resumes by its last event though the URL has a cursor to begin with (%s)',
    async (cursor) => {
      const url = `${streams.url}${search}&extensions=${encodeURIComponent(JSON.stringify({ cursor }))}`
      const response = await fetch(url, { headers: { ...sameOrigin, 'last-event-id': 'c0' } })
      expect(streams.requests.at(-1)?.extensions).toMatchObject({ meshgate: { cursor: 'c0' } })
      streams.complete()
      await response.text()
    },
  )

  test('of another site gets nothing, unless its origin is listed', async () => {
    expect((await fetch(streams.url + search, { headers: { ...SSE, 'sec-fetch-site': 'cross-site' } })).status).toBe(
      400,
    )
    const open = await startStreams({ cors: { origins: ['https://app.example'] } })
    const response = await fetch(open.url + search, { headers: { ...SSE, origin: 'https://app.example' } })
    open.complete()
    expect([response.status, await response.text()]).toEqual([200, ':\n\nevent: complete\ndata:\n\n'])
    await open.close()
  })
})

describe('which protocol answers', () => {
  const urql = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed'
  const refused: Record<string, [string, string, number]> = {
    'a subscription that accepts no stream': [TICKS, 'application/json', 406],
    'a subscription that accepts anything': [TICKS, '*/*', 406],
    'a query that accepts only multipart': ['{ now }', 'multipart/mixed;subscriptionSpec=1.0', 406],
  }
  for (const [title, [query, accept, status]] of Object.entries(refused)) {
    test(`refuses ${title} with ${status}`, async () => {
      const response = await post(streams.url, { query }, { accept })
      expect([response.status, response.headers.get('content-type')]).toEqual([
        status,
        'application/json; charset=utf-8',
      ])
    })
  }

  test('a client that takes both gets a query as JSON and a subscription as a stream', async () => {
    const query = await post(streams.url, { query: '{ now }' }, { accept: urql })
    expect(await query.json()).toEqual({ data: { now: 7 } })
    const subscription = await post(streams.url, { query: TICKS }, { accept: urql })
    streams.complete()
    expect([subscription.headers.get('content-type'), await subscription.text()]).toEqual([
      'text/event-stream; charset=utf-8',
      ':\n\nevent: complete\ndata:\n\n',
    ])
  })

  test('streams are for each client, also where identical queries are shared', async () => {
    const shared = await startStreams({ sharing: 'requests' })
    const clients = [1, 2].map(() => post(shared.url, { query: TICKS }, { accept: urql }))
    const responses = await Promise.all(clients)
    shared.emit(1)
    shared.complete()
    const texts = await Promise.all(responses.map((response) => response.text()))
    const text = ':\n\nevent: next\ndata: {"data":{"tick":{"count":1}}}\n\nevent: complete\ndata:\n\n'
    expect(texts).toEqual([text, text])
    await shared.close()
  })

  test('a client that likes the stream better gets a query as one', async () => {
    const accept = 'application/json;q=0.5, text/event-stream'
    expect(await (await post(streams.url, { query: '{ now }' }, { accept })).text()).toContain('event: next')
  })

  test('refuses a mutation by GET over SSE too', async () => {
    const search = `?query=${encodeURIComponent('mutation { add(amount: 1) }')}`
    const before = streams.requests.length
    const response = await fetch(streams.url + search, { headers: { ...SSE, 'apollo-require-preflight': '1' } })
    expect([response.status, streams.requests.length]).toEqual([405, before])
  })
})

describe('a stream', () => {
  test('shows signs of life while nothing happens', async () => {
    const quiet = await startStreams({ streamKeepAliveMs: 5 })
    const response = await post(quiet.url, { query: TICKS }, SSE)
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.startsWith(':\n\n:\n\n:\n\n')) text += (await reader?.read())?.value ?? ''
    await reader?.cancel()
    await quiet.close()
  })

  test('ends with a reason when the gateway stops, and lets it stop', async () => {
    const stopping = await startStreams()
    const response = await post(stopping.url, { query: TICKS }, SSE)
    await stopping.close()
    const text = await response.text()
    expect(text).toContain('SUBSCRIPTION_RECONNECT')
    expect(text.endsWith('event: complete\ndata:\n\n')).toBe(true)
  })

  /** A client that asks and never reads. */
  async function deafClient(port: number): Promise<Socket> {
    const body = JSON.stringify({ query: 'subscription { tick { count text } }' })
    const head = `POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    const socket = connect(port, '127.0.0.1')
    socket.pause()
    socket.on('error', () => undefined)
    socket.write(head + body)
    return socket
  }

  test('of a client that reads slower than events come ends, and frees the upstream', async () => {
    const busy = await startStreams()
    const socket = await deafClient(busy.server.port)
    await expect.poll(() => busy.open()).toBe(1)
    const text = 'x'.repeat(100_000)
    for (let count = 0; count < 1_100; count++) busy.emit(count, { text })
    await expect.poll(() => busy.open()).toBe(0)
    // Whoever reads after all gets what was queued, and the reason.
    const received = await new Promise<string>((resolve) => {
      let end = ''
      socket.on('data', (data) => {
        end = (end + data.toString('latin1')).slice(-1_000)
        if (end.includes('event: complete')) resolve(end)
      })
      socket.resume()
    })
    expect(received).toContain('SUBSCRIPTION_SLOW')
    socket.destroy()
    await busy.close()
  })

  test('of a client that takes nothing at all is closed', async () => {
    const busy = await startStreams({ streamKeepAliveMs: 5 })
    const socket = await deafClient(busy.server.port)
    await expect.poll(() => busy.open()).toBe(1)
    const text = 'x'.repeat(1_000_000)
    for (let count = 0; count < 40; count++) busy.emit(count, { text })
    await expect.poll(() => busy.open()).toBe(0)
    socket.destroy()
    await busy.close()
  })
})
