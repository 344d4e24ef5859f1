// What a client may send and how it is answered, beyond the audit: CSRF prevention, forwarded headers, batches, compression.
import { ApolloClient, gql, InMemoryCache } from '@apollo/client'
import { BatchHttpLink } from '@apollo/client/link/batch-http'
import { createClient } from 'graphql-ws'
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { limits } from '../../platform/limits.ts'
import { readAccept } from '../../gateway/http/accept.ts'
import { createCompressor, readAcceptEncoding } from '../../gateway/http/content-coding.ts'
import { post, startStreams, type Streams } from './stream-mesh.ts'

let streams: Streams
beforeAll(async () => {
  streams = await startStreams({ forwardHeaders: ['Authorization', 'x-tenant', 'cookie'], batchMax: 3 })
})
afterAll(() => streams.close())

describe('Accept', () => {
  const cases: Record<string, [string | null, string | null]> = {
    'application/json': ['application/json', null],
    '*/*': ['application/json', null],
    'application/graphql-response+json, application/json;q=0.9': ['application/graphql-response+json', null],
    'application/json;q=0.9, application/graphql-response+json': ['application/graphql-response+json', null],
    'application/json;q=0, */*': ['application/graphql-response+json', null],
    'application/*;q=0, */*': [null, null],
    'text/event-stream': [null, 'text/event-stream'],
    'application/json, text/event-stream': ['application/json', 'text/event-stream'],
    'application/json;q=0.1, text/event-stream;q=0.2': [null, 'text/event-stream'],
    'multipart/mixed;deferSpec=20220824, application/json': ['application/json', null],
    'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json': ['application/json', 'multipart/mixed'],
    'application/json;q=2, text/html': [null, null],
    'text/html': [null, null],
  }
  for (const [header, [answer, stream]] of Object.entries(cases)) {
    test(`${header} takes ${answer ?? 'no answer'} and ${stream ?? 'no stream'}`, () => {
      expect(readAccept(header)).toEqual({ answer, stream })
    })
  }
})

describe('CSRF prevention', () => {
  const ask = (headers: Record<string, string>) => fetch(`${streams.url}?query={now}`, { headers })
  const allowed: Record<string, Record<string, string>> = {
    "Apollo's header": { 'apollo-require-preflight': 'true' },
    'the operation name of Apollo clients': { 'x-apollo-operation-name': 'Q' },
    'a media type that no page can send unasked': { 'content-type': 'application/json' },
    'a page of the same site': { 'sec-fetch-site': 'same-origin' },
  }
  for (const [title, headers] of Object.entries(allowed)) {
    test(`lets pass a GET with ${title}`, async () => {
      expect(await (await ask(headers)).json()).toEqual({ data: { now: 7 } })
    })
  }
  const refused: Record<string, Record<string, string>> = {
    nothing: {},
    'an empty header': { 'apollo-require-preflight': '' },
    'a media type of forms': { 'content-type': 'text/plain; charset=utf-8' },
    'a media type that browsers cannot read': { 'content-type': 'application/json, text/plain' },
    'another site': { 'sec-fetch-site': 'same-site' },
  }
  for (const [title, headers] of Object.entries(refused)) {
    test(`refuses a GET with ${title}, and nothing runs`, async () => {
      const before = streams.requests.length
      const response = await ask(headers)
      expect([response.status, await response.json(), streams.requests.length]).toEqual([
        400,
        {
          errors: [
            {
              message:
                'This request could come from a page of another site. Send it with content-type application/json, or with a header x-apollo-operation-name or apollo-require-preflight.',
              extensions: { code: 'REQUEST_INVALID' },
            },
          ],
        },
        before,
      ])
    })
  }

  test('takes the headers that are configured, or none', async () => {
    const own = await startStreams({ csrf: { headers: ['X-My-App'] } })
    const off = await startStreams({ csrf: false })
    const statuses = await Promise.all([
      fetch(`${own.url}?query={now}`, { headers: { 'x-my-app': '1' } }),
      fetch(`${own.url}?query={now}`, { headers: { 'apollo-require-preflight': '1' } }),
      fetch(`${off.url}?query={now}`),
    ])
    expect(statuses.map(({ status }) => status)).toEqual([200, 400, 200])
    await Promise.all([own.close(), off.close()])
  })

  test('refuses to start with a header that every page may send', async () => {
    for (const header of ['accept', 'no header']) {
      await expect(startStreams({ csrf: { headers: [header] } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    }
  })
})

describe('forwarded headers', () => {
  const forwarded = (): unknown => streams.requests.at(-1)?.headers

  test('are those that are named, and none else', async () => {
    await post(streams.url, { query: '{ now }' }, { authorization: 'Bearer a', 'x-tenant': 't', 'x-other': 'o' })
    expect(forwarded()).toEqual({ authorization: 'Bearer a', 'x-tenant': 't' })
    await post(streams.url, { query: '{ now }' }, { 'x-other': 'o' })
    expect(forwarded()).toBeUndefined()
  })

  test('are none by default, cookies neither', async () => {
    const plain = await startStreams()
    await post(plain.url, { query: '{ now }' }, { authorization: 'Bearer a', cookie: 'a=1' })
    expect(plain.requests.at(-1)?.headers).toBeUndefined()
    await plain.close()
  })

  test('are not those that the client means for the gateway alone, and repeated ones come as one', async () => {
    await new Promise<void>((resolve, reject) => {
      const headers = [
        ['host', 'gateway'],
        ['content-type', 'application/json'],
        ['connection', 'keep-alive, x-tenant'],
        ['x-tenant', 't'],
        ['cookie', 'a=1'],
        ['cookie', 'b=2'],
      ].flat()
      const sent = request(streams.url, { method: 'POST', headers }, (response) => response.resume().on('end', resolve))
      sent.on('error', reject)
      sent.end('{"query":"{ now }"}')
    })
    expect(forwarded()).toEqual({ cookie: 'a=1; b=2' })
  })

  test("of a WebSocket are its handshake's, whatever connection_init says", async () => {
    class Handshake extends WebSocket {
      constructor(url: string, protocol: string) {
        super(url, protocol, { headers: { authorization: 'Bearer socket' } })
      }
    }
    const client = createClient({
      url: streams.url.replace('http', 'ws'),
      webSocketImpl: Handshake,
      connectionParams: { authorization: 'Bearer params' },
    })
    for (const query of ['{ now }', 'subscription { tick { count } }']) {
      const results = client.iterate({ query })
      const first = results.next()
      await expect.poll(forwarded).toEqual({ authorization: 'Bearer socket' })
      streams.requests.length = 0
      streams.emit(1)
      await first
      await results.return?.()
    }
    await client.dispose()
  })

  test('refuses to start with headers of one connection or message, or what is no name', async () => {
    for (const name of ['Host', 'content-length', 'Connection', 'sec-websocket-key', 'no name']) {
      await expect(startStreams({ forwardHeaders: [name] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    }
  })
})

describe('a batch', () => {
  const batch = async (entries: unknown, headers: Record<string, string> = {}) => {
    const response = await post(streams.url, entries, headers)
    return [response.status, await response.json()]
  }
  const codes = (results: unknown): unknown =>
    (results as { errors?: { extensions?: { code?: string } }[]; data?: unknown }[]).map(
      ({ errors, data }) => errors?.[0]?.extensions?.code ?? data,
    )

  test('is answered in its order, each entry for itself', async () => {
    const [status, results] = await batch([{ query: '{ tock }' }, { query: '{ a: now }' }, { nothing: true }])
    expect([status, codes(results)]).toEqual([200, ['DOCUMENT_INVALID', { a: 7 }, 'REQUEST_INVALID']])
  })

  test("is what Apollo Client's batching link sends", async () => {
    const client = new ApolloClient({
      link: new BatchHttpLink({ uri: streams.url, batchMax: 3, batchInterval: 1_000 }),
      cache: new InMemoryCache(),
    })
    const queries = ['{ a: now }', '{ b: now }', '{ c: now }'].map((query) => client.query({ query: gql(query) }))
    expect((await Promise.all(queries)).map(({ data }) => data)).toEqual([{ a: 7 }, { b: 7 }, { c: 7 }])
  })

  test('runs mutations one after the other, as they are written', async () => {
    const before = streams.requests.length
    const entries = [1, 2, 3].map((amount) => ({ query: `mutation { add(amount: ${amount}) }` }))
    expect(await batch(entries)).toEqual([200, [2, 3, 4].map((add) => ({ data: { add } }))])
    expect(streams.requests.slice(before).map(({ query }) => /\d/.exec(query)?.[0])).toEqual(['1', '2', '3'])
  })

  test('has no subscriptions', async () => {
    const [, results] = await batch([{ query: 'subscription { tick { count } }' }])
    expect(codes(results)).toEqual(['REQUEST_INVALID'])
  })

  test('is refused whole where it is too long, empty, or asked as a stream', async () => {
    const entry = { query: '{ now }' }
    const statuses = [
      await batch([entry, entry, entry, entry]),
      await batch([]),
      await batch([entry], { accept: 'text/event-stream' }),
    ].map(([status]) => status)
    expect(statuses).toEqual([400, 400, 406])
  })
})

describe('compression', () => {
  interface Raw {
    readonly coding: string | undefined
    readonly vary: string | undefined
    readonly body: Buffer
  }
  /** fetch would undo it. */
  function ask(query: string, acceptEncoding: string, accept = 'application/json'): Promise<Raw> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'accept-encoding': acceptEncoding, accept }
      const sent = request(streams.url, { method: 'POST', headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const { 'content-encoding': coding, vary } = response.headers
          resolve({ coding, vary, body: Buffer.concat(chunks) })
        })
      })
      sent.on('error', reject)
      sent.end(JSON.stringify({ query }))
    })
  }
  const LONG = JSON.stringify({ data: { long: 'x'.repeat(5_000) } })
  const decoders: Record<string, (bytes: Buffer) => Buffer> = {
    br: brotliDecompressSync,
    gzip: gunzipSync,
    deflate: inflateSync,
    zstd: zstdDecompressSync,
  }
  for (const [coding, decode] of Object.entries(decoders)) {
    test(`answers in ${coding} where the client accepts it`, async () => {
      const answer = await ask('{ long }', coding)
      expect([answer.coding, answer.vary, decode(answer.body).toString()]).toEqual([
        coding,
        'accept, accept-encoding',
        LONG,
      ])
    })
  }

  const cases: Record<string, string> = {
    'gzip, deflate, br': 'br',
    'gzip, deflate, br, zstd': 'zstd',
    'br;q=0.5, gzip;q=0.8': 'gzip',
    'gzip;q=0.5, identity': 'identity',
    'gzip;q=0': 'identity',
    '*': 'zstd',
    '*, zstd;q=0': 'br',
    'x-gzip': 'gzip',
    'identity;q=0, compress': 'identity',
    'gzip;q=x': 'identity',
    '': 'identity',
  }
  for (const [header, coding] of Object.entries(cases)) {
    test(`answers "${header}" in ${coding}`, () => {
      expect(readAcceptEncoding(header)).toBe(coding)
    })
  }

  test('leaves small answers and streams as they are', async () => {
    expect((await ask('{ now }', 'gzip')).coding).toBeUndefined()
    const stream = await ask('{ long }', 'gzip', 'text/event-stream')
    expect([stream.coding, stream.body.toString()]).toEqual([
      undefined,
      `:\n\nevent: next\ndata: ${LONG}\n\nevent: complete\ndata:\n\n`,
    ])
  })

  test('lets no more wait than the limit: what comes then goes out as it is', async () => {
    const compressor = createCompressor()
    const bytes = Buffer.alloc(1_048_576, 'x')
    const fitting = limits.compressionBytesWaitingMax / bytes.length
    const accepted = Array.from({ length: fitting }, () => compressor.compress(bytes, 'zstd'))
    expect([accepted.includes(null), compressor.compress(bytes, 'zstd')]).toEqual([false, null])
    for (const compressed of await Promise.all(accepted.filter((each) => each !== null))) {
      expect(zstdDecompressSync(compressed).equals(bytes)).toBe(true)
    }
    expect(compressor.compress(bytes, 'zstd')).not.toBeNull()
  })

  test('can be switched off', async () => {
    const off = await startStreams({ compression: false })
    const response = await post(off.url, { query: '{ long }' }, { 'accept-encoding': 'gzip' })
    expect([response.headers.get('content-encoding'), response.headers.get('vary')]).toEqual([null, 'accept'])
    await off.close()
  })
})
