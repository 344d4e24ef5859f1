// The gateway as HTTP clients meet it: GraphQL over HTTP, health, the schema, the page, and its end.
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CorsOptions } from '../../gateway/http/cors.ts'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { composeMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const logger = pino({ level: 'silent' })
const mesh = { supergraphSdl: composeMesh(SHOP), endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)) }
const readiness = { ready: false, reasons: ['loading'] }
let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway({
    mesh,
    port: 0,
    logger,
    ready: () => readiness,
    exampleQueries: [
      { name: 'Me', query: '{ me { name } } # </script>' },
      { name: 'Another mesh', query: '{ notHere }' },
    ],
    title: 'A <mesh>',
    routes: [
      async (request, response) => {
        if (request.url !== '/topics/x') return false
        response.end('mine')
        return true
      },
    ],
  })
})
afterAll(() => gateway.close())

interface Answer {
  readonly status: number
  readonly type: string | null
  readonly body: unknown
}

async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${gateway.url}${path}`, init)
  const text = await response.text()
  const type = response.headers.get('content-type')
  return { status: response.status, type, body: type?.includes('json') === true ? JSON.parse(text) : text }
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return ask('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  })
}

const PREFLIGHTED = { 'apollo-require-preflight': 'true' }
const get = (query: string, headers: Record<string, string> = {}) =>
  ask(`/graphql?query=${encodeURIComponent(query)}`, { headers })

const NAME = { data: { me: { name: 'Ada' } } }
const GRAPHQL_RESPONSE = 'application/graphql-response+json'

describe('GraphQL over HTTP', () => {
  test('answers POST and GET in the media type that the client accepts', async () => {
    const query = '{ me { name } }'
    expect(await post({ query })).toEqual({ status: 200, type: 'application/json; charset=utf-8', body: NAME })
    expect(await post({ query }, { accept: `application/json;q=0.5, ${GRAPHQL_RESPONSE}` })).toEqual({
      status: 200,
      type: `${GRAPHQL_RESPONSE}; charset=utf-8`,
      body: NAME,
    })
    const search = new URLSearchParams({
      query: 'query Q($id: ID!) { user(id: $id) { name } }',
      variables: '{"id":"u2"}',
      operationName: 'Q',
    })
    expect((await ask(`/graphql?${search.toString()}`, { headers: PREFLIGHTED })).body).toEqual({
      data: { user: { name: 'Bob' } },
    })
  })

  const refused: Record<string, [() => Promise<Answer>, number]> = {
    'a mutation by GET': [() => get('mutation { count }', PREFLIGHTED), 405],
    'a GET that a page of another site could provoke': [() => get('{ me { name } }'), 400],
    'a compressed body': [() => post('{}', { 'content-encoding': 'gzip' }), 415],
    'a body that is no UTF-8': [() => post(Buffer.from('{"query":"\xff"}', 'latin1')), 400],
    'another method': [() => ask('/graphql', { method: 'PUT' }), 405],
    'a form, as another site could send': [
      () => post('query=x', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
    ],
    'text/plain': [() => post('{}', { 'content-type': 'text/plain' }), 415],
    'another charset': [() => post('{}', { 'content-type': 'application/json; charset=latin1' }), 415],
    'a body that is no JSON': [() => post('{'), 400],
    'a batch': [() => post([{ query: '{ me { id } }' }]), 400],
    'no query': [() => post({}), 400],
    'variables that are no object': [() => post({ query: '{ me { id } }', variables: [] }), 400],
    'a subscription where the schema has none': [
      () => post({ query: 'subscription { x }' }, { accept: GRAPHQL_RESPONSE }),
      400,
    ],
    '@defer': [() => post({ query: '{ me { ... @defer { name } } }' }, { accept: GRAPHQL_RESPONSE }), 400],
    '@stream': [() => post({ query: '{ users @stream { name } }' }, { accept: GRAPHQL_RESPONSE }), 400],
    'an invalid document, where the media type means it': [
      () => post({ query: '{ x }' }, { accept: GRAPHQL_RESPONSE }),
      400,
    ],
    'a media type that it has not': [() => post({ query: '{ me { id } }' }, { accept: 'text/html' }), 406],
    'a body beyond the limit': [() => post({ query: 'x'.repeat(1_100_000) }), 413],
  }
  for (const [title, [request, status]] of Object.entries(refused)) {
    test(`refuses ${title} with ${status}`, async () => {
      const answer = await request()
      expect([answer.status, Object.keys(answer.body as object)]).toEqual([status, ['errors']])
    })
  }

  test('tells a body that is no JSON from one that is no request', async () => {
    const said = async (body: unknown) =>
      ((await post(body)).body as { errors: { message: string }[] }).errors[0]?.message
    expect([await said('{"query":'), await said('"query"')]).toEqual([
      'The body is no JSON.',
      'The body is no JSON object with a "query".',
    ])
  })

  test('answers an invalid document with 200 in application/json, for clients that look no further', async () => {
    expect((await post({ query: '{ x }' })).status).toBe(200)
  })

  test('lets pages of other origins ask only where configured', async () => {
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'http://other', 'access-control-request-method': 'POST' },
    })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([405, null])
  })
})

describe('with origins configured', () => {
  let open: Gateway
  beforeAll(async () => {
    const cors = {
      origins: ['http://friend.example'],
      credentials: true,
      exposedHeaders: ['x-request-id'],
      maxAgeSeconds: 60,
    }
    open = await startGateway({ mesh, port: 0, logger, cors })
  })
  afterAll(() => open.close())

  const preflight = (origin: string) =>
    fetch(`${open.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
    })
  const shown = ({ headers }: Response): Record<string, string> =>
    Object.fromEntries([...headers].filter(([name]) => name === 'vary' || name.startsWith('access-control-')))

  test('a page of a listed one may ask, and its browser is told so', async () => {
    const answer = await preflight('http://friend.example')
    expect([answer.status, shown(answer)]).toEqual([
      204,
      {
        'access-control-allow-origin': 'http://friend.example',
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'content-type',
        'access-control-max-age': '60',
        vary: 'origin, access-control-request-headers',
      },
    ])
    const asked = await fetch(`${open.url}/graphql?query={me{name}}`, { headers: { origin: 'http://friend.example' } })
    expect([await asked.json(), shown(asked)]).toEqual([
      NAME,
      {
        'access-control-allow-origin': 'http://friend.example',
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': 'retry-after, x-request-id',
        vary: 'accept, accept-encoding, origin',
      },
    ])
  })

  test('it may read for how long it is to wait where nothing else is said', async () => {
    const plain = await startGateway({ mesh, port: 0, logger, cors: { origins: ['*'] } })
    const asked = await fetch(`${plain.url}/graphql?query={me{name}}`, {
      headers: { origin: 'http://any.example', 'apollo-require-preflight': '1' },
    })
    expect([asked.status, asked.headers.get('access-control-expose-headers')]).toEqual([200, 'retry-after'])
    await plain.close()
  })

  test('a page of another may not, and caches keep their answers apart', async () => {
    const answer = await preflight('http://friend.example.evil')
    expect([answer.status, shown(answer)]).toEqual([405, { vary: 'accept, accept-encoding, origin' }])
    const page = await fetch(`${open.url}/health/live`, { headers: { origin: 'http://friend.example.evil' } })
    expect(shown(page)).toEqual({ vary: 'origin' })
  })

  const wrong: Record<string, CorsOptions> = {
    'credentials for all origins': { origins: ['*'], credentials: true },
    'an origin with a path': { origins: ['http://friend.example/'] },
    'an origin without a scheme': { origins: ['friend.example'] },
  }
  for (const [title, cors] of Object.entries(wrong)) {
    test(`refuses to start with ${title}`, async () => {
      await expect(startGateway({ mesh, port: 0, logger, cors })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    })
  }
})

describe('beside GraphQL', () => {
  test('tells whether it lives and whether it is ready, with reasons', async () => {
    expect((await ask('/health/live')).status).toBe(200)
    expect(await ask('/health/ready')).toMatchObject({ status: 503, body: { ready: false, reasons: ['loading'] } })
  })

  test('gives the public schema without what federation and @inaccessible hide', async () => {
    const { body } = await ask('/schema.graphql')
    expect(body).toContain('type Review')
    expect(body).not.toMatch(/join__|hidden|SECRET|_entities/)
  })

  test('serves the page with its assets from itself', async () => {
    const page = await ask('/')
    expect(page.body).toContain('<title>A &#60;mesh&#62;</title>')
    expect(page.body).toContain('{ me { name } } # <\\/script>')
    expect(page.body).not.toContain('notHere')
    const policy = (await fetch(`${gateway.url}/`)).headers.get('content-security-policy')
    const { host } = new URL(gateway.url)
    expect(policy).toContain(`connect-src 'self' ws://${host} wss://${host} data: blob:;`)
    expect((await ask('/main.js')).type).toBe('text/javascript; charset=utf-8')
    expect((await ask('/..%2f..%2fpackage.json')).status).toBe(404)
    expect((await ask('/package.json')).status).toBe(404)
  })

  test('asks the routes of other roles first', async () => {
    expect((await ask('/topics/x')).body).toBe('mine')
  })

  test('says that the port is taken, and leaves nothing open', async () => {
    await expect(startGateway({ mesh, port: gateway.port, logger })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  })
})

describe('a new supergraph', () => {
  test('answers the next request, while one under way finishes on the old', async () => {
    const started = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const slow = SHOP.map((subgraph) =>
      localEndpoint(subgraph, async (service) => {
        if (service !== 'reviews') return
        started.resolve()
        await release.promise
      }),
    )
    const second = await startGateway({ mesh: { ...mesh, endpoints: slow }, port: 0, logger })
    const send = (query: string) =>
      fetch(`${second.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      }).then((response) => response.json())
    const underWay = send('{ user(id: "u2") { name reviews { id } } }')
    await started.promise
    const small = { name: 'small', sdl: 'type Query { answer: Int }', resolvers: { Query: { answer: () => 42 } } }
    const replaced = second.replaceSupergraph({
      supergraphSdl: composeMesh([small]),
      endpoints: [localEndpoint(small)],
    })
    expect(await send('{ answer }')).toEqual({ data: { answer: 42 } })
    release.resolve()
    expect(await underWay).toEqual({ data: { user: { name: 'Bob', reviews: [{ id: 'r3' }] } } })
    await replaced
    await second.close()
  })
})
