// What one client may take of a gateway at a time: tokens that it gets wrong, WebSockets, subscriptions; and that what is refused is told.
import { createClient, type Client } from 'graphql-ws'
import type { IncomingHttpHeaders } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createTokenAuthenticator } from '../../gateway/authenticate/token-authenticator.ts'
import type { RefusedRequest } from '../../gateway/gateway-observer.ts'
import type { GatewayServerOptions } from '../../gateway/http/gateway-server.ts'
import { createRateLimiter } from '../../gateway/http/rate-limiter.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { post, startStreams, type Streams } from './stream-mesh.ts'
import { AUDIENCE, issueKey, startIssuer, type Issuer, type IssuedKey } from './token-issuer.ts'

const NOW = { query: '{ now }' }
const TICK = { query: 'subscription { tick { count } }' }

let key: IssuedKey
let issuer: Issuer
let streams: Streams
let clients: Client[]
let refused: RefusedRequest[]
/** How many WebSockets were open, whenever that changed. */
let sockets: number[]
let elapsedMs: number
const clock: Clock = { ...systemClock, monotonic: () => elapsedMs }

beforeEach(async () => {
  clients = []
  refused = []
  sockets = []
  elapsedMs = 0
  key = await issueKey('one')
  issuer = await startIssuer([key])
})
afterEach(async () => {
  for (const client of clients) await client.dispose()
  await streams.close()
  await issuer.close()
})

async function start(options: Partial<GatewayServerOptions> = {}, tokenFailures = 3): Promise<void> {
  const authenticate = createTokenAuthenticator({
    issuers: [{ issuer: issuer.issuer, keys: issuer.jwksUrl }],
    audiences: [AUDIENCE],
    clock,
    tokenFailures,
    trustedProxies: 1,
    onFailure: () => undefined,
  })
  const observer = {
    refused: (request: RefusedRequest) => void refused.push(request),
    sockets: (open: number) => void sockets.push(open),
  }
  streams = await startStreams({ authenticate, trustedProxies: 1, observer, ...options })
}

const from = (address: string, more: Record<string, string> = {}) => ({ 'x-forwarded-for': address, ...more })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function ask(headers: Record<string, string>): Promise<number> {
  return (await post(streams.url, NOW, headers)).status
}

/** What a handshake of its own headers came to: `open`, the status it was refused with, or the code it was closed with. */
function open(headers: IncomingHttpHeaders, parameters: object = {}): Promise<WebSocket | number> {
  const socket = new WebSocket(streams.url.replace('http', 'ws'), 'graphql-transport-ws', { headers: headers as {} })
  return new Promise((resolve) => {
    socket.on('error', () => undefined)
    socket.on('unexpected-response', (_request, response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: parameters })))
    socket.on('message', () => resolve(socket))
    socket.on('close', (code) => resolve(code))
  })
}

async function opened(headers: IncomingHttpHeaders, parameters?: object): Promise<WebSocket> {
  const socket = await open(headers, parameters)
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`)
  return socket
}

async function left(socket: WebSocket): Promise<void> {
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.close()
  await closed
}

describe('tokens that are wrong', () => {
  test('are refused unchecked once there were too many from one address; tokens that are known go on', async () => {
    await start()
    const known = bearer(await issuer.sign(key))
    expect(await ask(from('1.1.1.1', known))).toBe(200)
    const other = await issueKey('one')
    const wrong = await Promise.all(Array.from({ length: 5 }, async () => bearer(await issuer.sign(other))))
    const statuses = await Promise.all(wrong.map((token) => ask(from('1.1.1.1', token))))
    expect(statuses.toSorted((a, b) => a - b)).toEqual([401, 401, 401, 429, 429])
    const fresh = bearer(await issuer.sign(key, { sub: 'ben' }))
    const late = await post(streams.url, NOW, from('1.1.1.1', fresh))
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '20'])
    expect(await late.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
    expect([await ask(from('1.1.1.1', known)), await ask(from('1.1.1.1')), await ask(from('2.2.2.2', fresh))]).toEqual([
      200, 200, 200,
    ])
    elapsedMs += limits.tokenFailuresWindowMs / 3
    const next = bearer(await issuer.sign(key, { sub: 'eve' }))
    // One came back, and a right one does not use it up.
    expect([await ask(from('1.1.1.1', next)), await ask(from('1.1.1.1', wrong[0]))]).toEqual([200, 401])
  })

  test('count on WebSockets alike, which are told to come back later', async () => {
    await start({}, 1)
    const wrong = bearer(await issuer.sign(await issueKey('one')))
    expect([await open(from('1.1.1.1'), wrong), await open(from('1.1.1.1'), wrong)]).toEqual([4403, 1013])
    expect(refused.map(({ via, status, code }) => [via, status, code])).toEqual([
      ['websocket', 401, 'UNAUTHENTICATED'],
      ['websocket', 429, 'RATE_LIMITED'],
    ])
  })

  test('are no failures of the client’s where the keys cannot be read', async () => {
    await start({}, 1)
    issuer.status = 500
    const token = bearer(await issuer.sign(key))
    expect([await ask(from('1.1.1.1', token)), await ask(from('1.1.1.1', token))]).toEqual([503, 503])
  })
})

test('what is refused before the engine knows of it is told, with its way, status, code and client', async () => {
  const rateLimiter = createRateLimiter({ operations: 2, windowMs: 60_000, trustedProxies: 1, clock })
  await start({ bodyBytesMax: 100, rateLimiter })
  const headers = from('1.1.1.1')
  const send = (init: { method: string; headers: Record<string, string>; body: string }) =>
    fetch(streams.url, { ...init, headers: { ...headers, ...init.headers } })
  const json = { 'content-type': 'application/json' }
  const answers = [
    await send({ method: 'PUT', headers: json, body: '{}' }),
    await send({ method: 'POST', headers: { ...json, accept: 'text/html' }, body: '{}' }),
    await send({ method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }),
    await send({ method: 'POST', headers: { ...json, ...bearer('x') }, body: '{}' }),
    await send({ method: 'POST', headers: json, body: `{"query":"${' '.repeat(100)}"}` }),
    await send({ method: 'POST', headers: json, body: '{' }),
    await send({ method: 'POST', headers: json, body: JSON.stringify(NOW) }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([405, 406, 415, 401, 413, 400, 429])
  const told = (status: number, code: string, method = 'POST') =>
    ({ via: 'http', status, code, method, principal: ANONYMOUS, address: '1.1.1.1', origin: undefined }) as const
  expect(refused).toEqual([
    told(405, 'REQUEST_INVALID', 'PUT'),
    told(406, 'REQUEST_INVALID'),
    told(415, 'REQUEST_INVALID'),
    told(401, 'UNAUTHENTICATED'),
    told(413, 'REQUEST_INVALID'),
    told(400, 'REQUEST_INVALID'),
    told(429, 'RATE_LIMITED'),
  ])
  refused.length = 0
  expect(await open({ ...headers, origin: 'https://elsewhere.example' })).toBe(403)
  const client = createClient({ url: streams.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
  clients.push(client)
  const statuses: unknown[] = []
  for (const query of ['{ now }', '{ now }', '{ now }']) {
    await client
      .iterate({ query })
      .next()
      .catch((error: unknown) => statuses.push(error))
  }
  expect(statuses).toMatchObject([[{ extensions: { code: 'RATE_LIMITED' } }]])
  expect(refused.map(({ via, status, code }) => [via, status, code])).toEqual([
    ['websocket', 403, 'REQUEST_INVALID'],
    ['websocket', 429, 'RATE_LIMITED'],
  ])
})

describe('WebSockets', () => {
  test('are so many of one client, by its address until it is known who asks, then by its subject', async () => {
    await start({ clientLimits: { socketsPerClient: 2 } })
    const ann = bearer(await issuer.sign(key))
    const first = await opened(from('1.1.1.1'))
    await opened(from('1.1.1.1'))
    expect(await open(from('1.1.1.1'))).toBe(429)
    await opened(from('2.2.2.2'), ann)
    await opened(from('3.3.3.3'), ann)
    expect(await open(from('4.4.4.4'), ann)).toBe(1013)
    // Those of ann are not of her address any more.
    await opened(from('2.2.2.2'))
    await left(first)
    await opened(from('1.1.1.1'))
    expect(refused.map(({ status, code, principal }) => [status, code, principal.subject])).toEqual([
      [429, 'CONNECTIONS_EXCEEDED', 'anonymous'],
      [429, 'CONNECTIONS_EXCEEDED', 'ann'],
    ])
    await expect.poll(() => sockets.at(-1)).toBe(5)
  })

  test('are so many in all, whoever asks; this machine itself is no client', async () => {
    await start({ clientLimits: { sockets: 3, socketsPerClient: 1 }, trustedProxies: 0 })
    const first = await opened({})
    await opened({})
    await opened({})
    expect(await open({})).toBe(503)
    expect(refused.map(({ status, code }) => [status, code])).toEqual([[503, 'CONNECTIONS_EXCEEDED']])
    await left(first)
    await expect.poll(() => sockets.at(-1)).toBe(2)
    await opened({})
  })
})

describe('subscriptions', () => {
  const events = { accept: 'text/event-stream' }

  test('are so many of one client over all its connections, until one ends', async () => {
    await start({ clientLimits: { subscriptionsPerClient: 2 } })
    const leave = new AbortController()
    const headers = { 'content-type': 'application/json', ...events, ...from('1.1.1.1') }
    const init = { method: 'POST', headers, body: JSON.stringify(TICK) }
    expect((await fetch(streams.url, { ...init, signal: leave.signal })).status).toBe(200)
    const socket = await opened(from('1.1.1.1'))
    const messages: { id?: string; type: string; payload?: unknown }[] = []
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as (typeof messages)[number]))
    const subscribe = (id: string): void => socket.send(JSON.stringify({ type: 'subscribe', id, payload: TICK }))
    /** An event reaches whoever has subscribed. */
    const hears = (id: string) =>
      expect
        .poll(() => {
          streams.emit(1)
          return messages.some((message) => message.type === 'next' && message.id === id)
        })
        .toBe(true)
    subscribe('a')
    await hears('a')
    subscribe('b')
    const refusal = { id: 'b', type: 'error', payload: [{ extensions: { code: 'SUBSCRIPTIONS_EXCEEDED' } }] }
    await expect.poll(() => messages.find(({ id }) => id === 'b')).toMatchObject(refusal)
    const late = await post(streams.url, TICK, { ...events, ...from('1.1.1.1') })
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '5'])
    expect(refused.map(({ via, code }) => [via, code])).toEqual([
      ['websocket', 'SUBSCRIPTIONS_EXCEEDED'],
      ['http', 'SUBSCRIPTIONS_EXCEEDED'],
    ])
    // Queries are none.
    expect(await ask(from('1.1.1.1'))).toBe(200)
    socket.send(JSON.stringify({ type: 'complete', id: 'a' }))
    // It takes a moment to end: until then others are refused.
    let attempts = 0
    await expect
      .poll(async () => {
        const id = `c${++attempts}`
        subscribe(id)
        const answer = () => messages.find((message) => message.id === id)?.type
        await expect.poll(() => (streams.emit(2), answer())).toBeDefined()
        return answer()
      })
      .toBe('next')
    leave.abort()
    await expect
      .poll(async () => {
        const again = await fetch(streams.url, init)
        void again.body?.cancel()
        return again.status
      })
      .toBe(200)
  })

  test('are so many operations at once of one WebSocket', async () => {
    await start({ clientLimits: { subscriptionsPerSocket: 2 } })
    const client = createClient({ url: streams.url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
    clients.push(client)
    for (const stream of [client.iterate(TICK), client.iterate(TICK)]) stream.next().catch(() => undefined)
    await expect(client.iterate(TICK).next()).rejects.toMatchObject([
      { extensions: { code: 'SUBSCRIPTIONS_EXCEEDED' } },
    ])
  })
})
