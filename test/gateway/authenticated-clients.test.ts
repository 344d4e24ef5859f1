// Clients with tokens over HTTP, WebSocket and event streams: who is refused, what expires, how often one may ask.
import { createClient, type Client } from 'graphql-ws'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createTokenAuthenticator } from '../../gateway/authenticate/token-authenticator.ts'
import type { GatewayServerOptions } from '../../gateway/http/gateway-server.ts'
import { clientAddress } from '../../gateway/http/client-key.ts'
import { createRateLimiter } from '../../gateway/http/rate-limiter.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { post, startStreams, type Streams } from './stream-mesh.ts'
import { AUDIENCE, issueKey, startIssuer, type Issuer, type IssuedKey } from './token-issuer.ts'

let key: IssuedKey
let issuer: Issuer
let streams: Streams
let clients: Client[]

beforeEach(async () => {
  clients = []
  key = await issueKey('one')
  issuer = await startIssuer([key])
})
afterEach(async () => {
  for (const client of clients) await client.dispose()
  await streams.close()
  await issuer.close()
})

async function start(options: Partial<GatewayServerOptions> = {}, requireAuthentication = false): Promise<void> {
  const authenticate = createTokenAuthenticator({
    issuers: [{ issuer: issuer.issuer, keys: issuer.jwksUrl }],
    audiences: [AUDIENCE],
    requireAuthentication,
    clockToleranceMs: 0,
    clock: systemClock,
    onFailure: () => undefined,
  })
  streams = await startStreams({ authenticate, ...options })
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const closes: { code: number; reason: string }[] = []

function connect(
  connectionParams: () => Promise<Record<string, unknown>> | Record<string, unknown>,
  retryAttempts = 0,
) {
  closes.length = 0
  const client = createClient({
    url: streams.url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts,
    lazy: true,
    retryWait: () => Promise.resolve(),
    shouldRetry: () => true,
    on: { closed: (event) => closes.push(event as { code: number; reason: string }) },
  })
  clients.push(client)
  return client
}

describe('over HTTP', () => {
  test('a token makes the principal that subgraphs are asked for', async () => {
    await start()
    const response = await post(streams.url, { query: '{ now }' }, bearer(await issuer.sign(key, { roles: ['a'] })))
    expect([response.status, await response.json()]).toEqual([200, { data: { now: 7 } }])
    expect(streams.requests[0]?.principal).toMatchObject({ subject: 'ann', roles: ['a'] })
    await post(streams.url, { query: '{ now }' })
    expect(streams.requests[1]?.principal).toBe(ANONYMOUS)
  })

  test('a wrong token is answered with 401 and what is wrong, and nothing is asked', async () => {
    await start()
    const response = await post(
      streams.url,
      { query: '{ now }' },
      bearer(await issuer.sign(key, {}, { expiresInS: -1 })),
    )
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer error="invalid_token", error_description="The token has expired."',
    )
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'The token has expired. Ask again with a token that is valid.',
          extensions: { code: 'UNAUTHENTICATED' },
        },
      ],
    })
    expect(streams.requests).toEqual([])
  })

  test('no token is answered with 401 where one is required, and 503 while nobody can tell', async () => {
    await start({}, true)
    const none = await post(streams.url, { query: '{ now }' })
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    issuer.status = 500
    const unknown = await post(streams.url, { query: '{ now }' }, bearer(await issuer.sign(key)))
    expect([unknown.status, unknown.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await unknown.json()).toMatchObject({ errors: [{ extensions: { code: 'AUTHENTICATION_UNAVAILABLE' } }] })
    expect((await fetch(`${streams.server.url}/health/live`)).status).toBe(200)
  })

  test('an event stream whose token expires ends with the cursor to go on from', async () => {
    await start()
    const token = await issuer.sign(key, {}, { expiresInS: 2 })
    const response = await post(
      streams.url,
      { query: 'subscription { tick { count } }' },
      { ...bearer(token), accept: 'text/event-stream' },
    )
    await expect.poll(() => streams.open()).toBe(1)
    streams.emit(1, { cursor: 'c1' })
    const text = await response.text()
    expect(text).toContain('"count":1')
    expect(text).toMatch(/"code":"TOKEN_EXPIRED","cursor":"c1"/)
    await expect.poll(() => streams.open()).toBe(0)
  })
})

describe('over a WebSocket', () => {
  test('the token comes with connection_init, and a wrong one closes with 4403', async () => {
    await start({}, true)
    const good = connect(async () => ({ Authorization: `Bearer ${await issuer.sign(key)}` }))
    const { value } = await good.iterate({ query: '{ now }' }).next()
    expect(value).toEqual({ data: { now: 7 } })
    expect(streams.requests[0]?.principal.subject).toBe('ann')
    for (const parameters of [{}, { authorization: 'Bearer x' }]) {
      const bad = connect(() => parameters)
      await expect(bad.iterate({ query: '{ now }' }).next()).rejects.toMatchObject({ code: 4403 })
    }
    issuer.status = 500
    expect(streams.requests).toHaveLength(1)
  })

  test('a token that expires ends the streams with their cursors, then the socket; its client comes back with a new one', async () => {
    await start()
    let expiresInS = 2
    const client = connect(async () => bearer(await issuer.sign(key, {}, { expiresInS })))
    const seen: unknown[] = []
    const failed = new Promise<unknown>((resolve) => {
      client.subscribe(
        { query: 'subscription { tick { count } }' },
        { next: (event) => seen.push(event.data), error: resolve, complete: () => resolve('completed') },
      )
    })
    await expect.poll(() => streams.open()).toBe(1)
    streams.emit(1, { cursor: 'c1' })
    expect(await failed).toMatchObject([{ extensions: { code: 'TOKEN_EXPIRED', cursor: 'c1' } }])
    expect(seen).toEqual([{ tick: { count: 1 } }])
    await expect.poll(() => closes.map(({ code }) => code)).toEqual([4403])
    await expect.poll(() => streams.open()).toBe(0)
    expiresInS = 60
    const again = client.iterate({ query: 'subscription { tick { count } }', extensions: { cursor: 'c1' } })
    void again.next()
    await expect.poll(() => streams.requests.at(-1)?.extensions).toMatchObject({ meshgate: { cursor: 'c1' } })
    await again.return?.()
  })
})

test('over multipart the same error is the last part of the stream, with the cursor to come back with', async () => {
  await start()
  const accept = 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json'
  const listen = async (expiresInS: number, more: object = {}) => {
    const headers = { ...bearer(await issuer.sign(key, {}, { expiresInS })), accept }
    return post(streams.url, { query: 'subscription { tick { count } }', ...more }, headers)
  }
  const response = await listen(2)
  expect(response.headers.get('content-type')).toContain('multipart/mixed')
  streams.emit(1, { cursor: 'c1' })
  const parts = (await response.text())
    .split(/--graphql(?:--)?/)
    .map((part) => part.split('\r\n\r\n')[1]?.trim() ?? '')
    .filter((part) => part !== '' && part !== '{}')
    .map((part) => JSON.parse(part) as unknown)
  expect(parts).toEqual([
    { payload: { data: { tick: { count: 1 } }, extensions: expect.objectContaining({ cursor: 'c1' }) as object } },
    {
      payload: null,
      errors: [
        {
          message: expect.any(String) as string,
          extensions: { code: 'TOKEN_EXPIRED', cursor: 'c1' },
        },
      ],
    },
  ])
  await expect.poll(() => streams.open()).toBe(0)
  const again = await listen(60, { extensions: { cursor: 'c1' } })
  expect(streams.requests.at(-1)?.extensions).toMatchObject({ meshgate: { cursor: 'c1' } })
  await again.body?.cancel()
})

test('a stream that others share goes on for those whose tokens are good', async () => {
  await start()
  const listen = async (expiresInS: number) => {
    const headers = { ...bearer(await issuer.sign(key, {}, { expiresInS })), accept: 'text/event-stream' }
    return post(streams.url, { query: 'subscription { tick { count } }' }, headers)
  }
  const [short, long] = [await listen(1), await listen(60)]
  await expect.poll(() => streams.open()).toBe(1)
  expect(await short.text()).toContain('TOKEN_EXPIRED')
  expect(streams.open()).toBe(1)
  streams.emit(7, { cursor: 'c7' })
  streams.complete()
  const text = await long.text()
  expect(text).toContain('"count":7')
  expect(text).not.toContain('TOKEN_EXPIRED')
})

describe('a rate limit', () => {
  let nowMs = 0
  const clock: Clock = { ...systemClock, monotonic: () => nowMs }
  const limiter = (trustedProxies = 0) => createRateLimiter({ operations: 2, windowMs: 10_000, trustedProxies, clock })

  test('is each client’s own, and its operations come back evenly', async () => {
    nowMs = 0
    await start({ rateLimiter: limiter() })
    const ann = bearer(await issuer.sign(key))
    const ben = bearer(await issuer.sign(key, { sub: 'ben' }))
    const ask = async (headers: Record<string, string>) => {
      const response = await post(streams.url, { query: '{ now }' }, headers)
      return response.status
    }
    expect([await ask(ann), await ask(ann), await ask(ann)]).toEqual([200, 200, 429])
    expect([await ask(ben), await ask({}), await ask({}), await ask({})]).toEqual([200, 200, 200, 429])
    const refused = await post(streams.url, { query: '{ now }' }, ann)
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
    nowMs = 5_000
    expect([await ask(ann), await ask(ann)]).toEqual([200, 429])
  })

  test('counts each operation of a batch, and of a WebSocket', async () => {
    nowMs = 0
    await start({ rateLimiter: limiter(), batchMax: 5 })
    const query = '{ now }'
    expect((await post(streams.url, [{ query }, { query }, { query }])).status).toBe(429)
    expect((await post(streams.url, [{ query }])).status).toBe(200)
    const client = connect(async () => bearer(await issuer.sign(key)))
    const ask = () => client.iterate({ query }).next()
    expect([await ask(), await ask()]).toMatchObject([{ value: { data: { now: 7 } } }, { value: { data: { now: 7 } } }])
    await expect(ask()).rejects.toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterMs: 5_000 } }])
  })

  test('of nobody is by address: what a client writes itself is believed only as far as proxies are trusted', () => {
    const from = (forwarded: string | undefined, proxies: number, remoteAddress = '10.0.0.1') =>
      clientAddress({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } } as never, proxies)
    expect(from('6.6.6.6', 0)).toBe('10.0.0.1')
    expect(from('6.6.6.6, 1.2.3.4', 1)).toBe('1.2.3.4')
    expect(from('6.6.6.6, 1.2.3.4, 10.0.0.9', 2)).toBe('1.2.3.4')
    expect(from('1.2.3.4', 2)).toBe('1.2.3.4')
    expect(from(undefined, 2)).toBe('10.0.0.1')
    expect(from(undefined, 0, '2001:db8:0:1:aaaa::1')).toBe('2001:db8:0:1')
    expect(from(undefined, 0, '2001:db8::1')).toBe('2001:db8:0:0')
    expect(from(undefined, 0, '::ffff:10.0.0.7')).toBe('::ffff:10.0.0.7')
  })
})
