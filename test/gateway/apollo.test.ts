// MeshgateGateway in place of ApolloGateway: what clients of an Apollo Server get, with and without the options that write answers as they are.
import { HeaderMap } from '@apollo/server'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getIntrospectionQuery, parse, type IntrospectionQuery } from 'graphql'
import { describe, expect, test, vi } from 'vitest'
import { toLazyResult } from '../../gateway/apollo/apollo-result.ts'
import { disconnectSignal, MeshgateGateway } from '../../gateway/apollo/meshgate-gateway.ts'
import { stringifyResult } from '../../gateway/apollo/serialized-data.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { askMerged, composeMesh, localEndpoint, mergedSchema } from '../federation/merged-mesh.ts'
import { MERGED_RESOLVERS, MERGED_SDL, SHOP } from '../federation/shop.ts'
import { closeAfterTest, recordRequests, shopGateway, SHOP_SUPERGRAPH, startApollo } from './apollo-harness.ts'

const SHOP_MERGED = mergedSchema(MERGED_SDL, MERGED_RESOLVERS)
const NAME = '{ me { name } }'
const WIDE = `query Wide($first: Int = 3) {
  topProducts(first: $first) { upc name brand { id } reviews { stars author { name role reviews { id } } } inStock }
}`

/** A caller's own gateway, and the options that come from it. */
const forms = {
  'as the gateway': (meshgate: MeshgateGateway) => ({ gateway: meshgate }),
  'by its options': (meshgate: MeshgateGateway) => meshgate.apolloOptions(),
}

describe.each(Object.entries(forms))('an Apollo Server with Meshgate %s', (_, form) => {
  test('answers as the merged schema does', async () => {
    const { post, get } = await startApollo(form(shopGateway()))
    const merged = await askMerged(SHOP_MERGED, WIDE)
    expect(await post({ query: WIDE })).toMatchObject({ status: 200, body: merged })
    const named = { query: `${WIDE} query Other { me { name } }`, operationName: 'Other' }
    expect((await post(named)).body).toEqual({ data: { me: { name: 'Ada' } } })
    const search = { query: WIDE, variables: '{"first":1}' }
    const byGet = await get(search, { headers: { 'apollo-require-preflight': 'yes' } })
    expect(byGet.body).toEqual(await askMerged(SHOP_MERGED, WIDE, { first: 1 }))
  })

  test('keeps keys that objects have a meaning for', async () => {
    const { post } = await startApollo(form(shopGateway()))
    const { text } = await post({
      query: '{ __proto__: me { constructor: name toString: id } hasOwnProperty: me { id } }',
    })
    expect(text.trim()).toBe(
      '{"data":{"__proto__":{"constructor":"Ada","toString":"u1"},"hasOwnProperty":{"id":"u1"}}}',
    )
  })

  test('answers introspection, and refuses it where Apollo Server is told to', async () => {
    const open = await startApollo({ ...form(shopGateway()), introspection: true })
    const { body } = await open.post({ query: getIntrospectionQuery() })
    const { types } = (body as { data: IntrospectionQuery }).data.__schema
    expect(types.map(({ name }) => name)).toContain('Product')
    const closed = await startApollo({ ...form(shopGateway()), introspection: false })
    expect(await closed.post({ query: '{ __schema { types { name } } }' })).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
    })
  })

  test('bounds what operations cost, and tells it', async () => {
    const { post } = await startApollo(form(shopGateway({ cost: { max: 1, tell: true } })))
    for (let time = 0; time < 3; time++) {
      const cost = { estimated: 1, max: 1, remaining: 0 }
      expect((await post({ query: NAME })).body).toEqual({ data: { me: { name: 'Ada' } }, extensions: { cost } })
    }
    expect((await post({ query: '{ a: me { id } b: me { id } }' })).body).toMatchObject({
      errors: [{ extensions: { code: 'COST_EXCEEDED', cost: { estimated: 2, max: 1, path: 'a' } } }],
    })
  })

  test('runs mutations in order, and only by POST', async () => {
    let count = 0
    const next = async (): Promise<number> => {
      const found = count
      await new Promise((resolve) => setImmediate(resolve))
      count = found + 1
      return count
    }
    const sdl = 'type Query { a: Int } type Mutation { next: Int! }'
    const counter = { name: 'counter', sdl, resolvers: { Mutation: { next } } }
    const meshgate = new MeshgateGateway({ supergraphSdl: composeMesh([counter]), endpoints: [localEndpoint(counter)] })
    const { post, get } = await startApollo(form(meshgate))
    expect((await post({ query: 'mutation { a: next b: next c: next }' })).body).toEqual({ data: { a: 1, b: 2, c: 3 } })
    const preflight = { headers: { 'apollo-require-preflight': 'yes' } }
    expect([(await get({ query: 'mutation { next }' }, preflight)).status, count]).toEqual([405, 3])
  })

  const refusals: Record<string, [Record<string, unknown>, number, Record<string, unknown>]> = {
    'a document that is none': [{ query: '{' }, 400, { code: 'GRAPHQL_PARSE_FAILED' }],
    'a field that is not there': [{ query: '{ nothing }' }, 400, { code: 'GRAPHQL_VALIDATION_FAILED' }],
    'variables that do not fit': [
      { query: 'query ($id: ID!) { user(id: $id) { name } }', variables: { id: {} } },
      400,
      { code: 'BAD_USER_INPUT' },
    ],
    'several operations without a name': [
      { query: 'query A { me { id } } query B { me { id } }' },
      400,
      { code: 'OPERATION_RESOLUTION_FAILURE' },
    ],
    'an operation that is not there': [
      { query: 'query A { me { id } }', operationName: 'B' },
      400,
      { code: 'OPERATION_RESOLUTION_FAILURE' },
    ],
  }
  for (const [title, [body, status, extensions]] of Object.entries(refusals)) {
    test(`refuses with Apollo Server's own codes: ${title}`, async () => {
      const { post } = await startApollo(form(shopGateway()))
      const answer = await post(body)
      expect([answer.status, answer.body]).toEqual([
        status,
        { errors: [expect.objectContaining({ message: expect.any(String), extensions })] },
      ])
    })
  }

  test('tells what failed in a subgraph, where, and whose it is, and keeps the rest', async () => {
    const down = shopGateway({}, (service) =>
      service === 'reviews' ? Promise.reject(new MeshgateError('SUBGRAPH_UNAVAILABLE', 'secret')) : undefined,
    )
    const { post } = await startApollo(form(down))
    expect(await post({ query: '{ me { name } topProducts { name reviews { stars } } }' })).toMatchObject({
      status: 200,
      body: {
        data: {
          me: { name: 'Ada' },
          topProducts: [
            { name: 'Table', reviews: null },
            { name: 'Chair', reviews: null },
          ],
        },
        errors: [
          {
            path: ['topProducts'],
            locations: [{ line: 1, column: 15 }],
            extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'reviews' },
          },
        ],
      },
    })
  })

  test('formats errors as the server is told to', async () => {
    const down = shopGateway({}, () => Promise.reject(new MeshgateError('SUBGRAPH_TIMEOUT', 'secret')))
    const { post } = await startApollo({
      ...form(down),
      formatError: (formatted, error) => ({
        message: `formatted: ${String(formatted.extensions?.['code'])} ${(error as Error).name}`,
      }),
    })
    expect((await post({ query: NAME })).body).toEqual({
      data: { me: null },
      errors: [{ message: 'formatted: SUBGRAPH_TIMEOUT GraphQLError' }],
    })
  })

  test('takes persisted queries', async () => {
    const { post } = await startApollo(form(shopGateway()))
    const sha256Hash = createHash('sha256').update(WIDE).digest('hex')
    const extensions = { persistedQuery: { version: 1, sha256Hash } }
    expect((await post({ extensions })).body).toMatchObject({
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    })
    const merged = await askMerged(SHOP_MERGED, WIDE)
    expect((await post({ query: WIDE, extensions })).body).toEqual(merged)
    expect((await post({ extensions })).body).toEqual(merged)
  })

  test('takes batches where Apollo Server does', async () => {
    const { post } = await startApollo({ ...form(shopGateway()), allowBatchedHttpRequests: true })
    expect((await post([{ query: NAME }, { query: '{ nothing }' }, { query: WIDE }])).body).toEqual([
      { data: { me: { name: 'Ada' } } },
      { errors: [expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })] },
      await askMerged(SHOP_MERGED, WIDE),
    ])
  })

  test("keeps Apollo Server's CSRF prevention", async () => {
    const { get } = await startApollo(form(shopGateway()))
    expect((await get({ query: NAME })).status).toBe(400)
    expect((await get({ query: NAME }, { headers: { 'apollo-require-preflight': 'x' } })).status).toBe(200)
  })

  test('forwards what the context gives, and nothing else', async () => {
    interface Context {
      readonly authorization: string
    }
    const { seen, intercept } = recordRequests()
    const meshgate = shopGateway<Context>(
      {
        request: ({ authorization }) => ({
          headers: { authorization },
          principal: { subject: authorization.slice(1), roles: [], scopes: [], purposes: [], claims: {} },
        }),
      },
      intercept,
    )
    const { post } = await startApollo<Context>(form(meshgate as never), ({ req }) =>
      Promise.resolve({ authorization: req.headers.authorization ?? '' }),
    )
    await post({ query: NAME }, { headers: { authorization: '=ada', cookie: 'a=b' } })
    expect(seen).toEqual([{ subgraph: 'accounts', headers: { authorization: '=ada' }, subject: 'ada' }])
  })

  test('answers executeOperation with text and with a document', async () => {
    const { server } = await startApollo(form(shopGateway()))
    const merged = await askMerged(SHOP_MERGED, WIDE)
    for (const query of [WIDE, parse(WIDE)]) {
      const { body } = await server.executeOperation({ query })
      if (body.kind !== 'single') throw new Error('one answer')
      expect(JSON.parse(JSON.stringify(body.singleResult.data))).toEqual(merged.data)
    }
  })

  test('refuses a subscription over HTTP and says where it goes', async () => {
    const sdl = 'type Query { a: Int } type Subscription { b: Int }'
    const feed = { name: 'feed', sdl, resolvers: {} }
    const meshgate = new MeshgateGateway({ supergraphSdl: composeMesh([feed]), endpoints: [localEndpoint(feed)] })
    const { post } = await startApollo(form(meshgate))
    expect(await post({ query: 'subscription { b }' })).toMatchObject({
      status: 400,
      body: { errors: [{ message: expect.stringContaining('WebSocket'), extensions: { code: 'BAD_REQUEST' } }] },
    })
  })

  test('ends what runs for a client that has left', async () => {
    interface Context {
      readonly signal: AbortSignal
    }
    const asked = Promise.withResolvers<void>()
    const left = Promise.withResolvers<unknown>()
    const meshgate = shopGateway<Context>({ request: ({ signal }) => ({ signal }) }, async (_service, { signal }) => {
      asked.resolve()
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
      left.resolve(signal?.reason)
      signal?.throwIfAborted()
    })
    const { url } = await startApollo<Context>(form(meshgate as never), ({ res }) =>
      Promise.resolve({ signal: disconnectSignal(res) }),
    )
    const client = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' } })
    client.on('error', () => undefined)
    client.end(JSON.stringify({ query: NAME }))
    await asked.promise
    client.destroy()
    expect(await left.promise).toEqual(new Error('The client has left.'))
  })

  test('goes over to a new supergraph between two requests', async () => {
    const meshgate = shopGateway()
    const { post } = await startApollo(form(meshgate))
    expect((await post({ query: '{ added }' })).status).toBe(400)
    const added = { name: 'added', sdl: 'type Query { added: String }', resolvers: { Query: { added: () => 'new' } } }
    await meshgate.replaceSupergraph({ supergraphSdl: composeMesh([added]), endpoints: [localEndpoint(added)] })
    expect((await post({ query: '{ added }' })).body).toEqual({ data: { added: 'new' } })
    expect((await post({ query: NAME })).status).toBe(400)
    await expect(meshgate.replaceSupergraph({ supergraphSdl: 'type Query {' })).rejects.toMatchObject({
      code: 'COMPOSITION_FAILED',
    })
    const invalid = composeMesh([added]).replaceAll('added:', '__added:')
    const replaced = meshgate.replaceSupergraph({ supergraphSdl: invalid, endpoints: [localEndpoint(added)] })
    await expect(replaced).rejects.toThrow('no valid schema')
    expect((await post({ query: '{ added }' })).body).toEqual({ data: { added: 'new' } })
  })

  test('lets a request that runs finish on the supergraph that it began with', async () => {
    const { promise: go, resolve } = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<void>()
    const meshgate = shopGateway({}, () => {
      begun.resolve()
      return go
    })
    const { post } = await startApollo(form(meshgate))
    const answer = post({ query: NAME })
    await begun.promise
    const replaced = meshgate.replaceSupergraph({
      supergraphSdl: SHOP_SUPERGRAPH,
      endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)),
    })
    resolve(undefined)
    expect((await answer).body).toEqual({ data: { me: { name: 'Ada' } } })
    await replaced
  })

  test('reads the supergraph from a file, and says at the start what is wrong with it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'meshgate-apollo-'))
    closeAfterTest(() => rm(directory, { recursive: true }))
    const supergraphFile = join(directory, 'supergraph.graphql')
    const endpoints = SHOP.map((subgraph) => localEndpoint(subgraph))
    const start = () => startApollo(form(new MeshgateGateway({ supergraphFile, endpoints })))
    await expect(start()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await writeFile(supergraphFile, 'type Query {')
    await expect(start()).rejects.toMatchObject({ code: 'COMPOSITION_FAILED' })
    await writeFile(supergraphFile, SHOP_SUPERGRAPH)
    expect((await (await start()).post({ query: NAME })).body).toEqual({ data: { me: { name: 'Ada' } } })
  })
})

test('one gateway serves two Apollo Servers, until the last has stopped', async () => {
  const meshgate = shopGateway()
  const first = await startApollo({ gateway: meshgate })
  const second = await startApollo(meshgate.apolloOptions())
  expect((await first.post({ query: NAME })).text).toBe('{"data":{"me":{"name":"Ada"}}}\n')
  await first.server.stop()
  expect((await second.post({ query: NAME })).text).toBe('{"data":{"me":{"name":"Ada"}}}')
})

test('an answer that nobody looked at is neither parsed nor serialized on its way', async () => {
  const { url, post } = await startApollo(shopGateway().apolloOptions())
  const { text } = await post({ query: WIDE })
  const parsed = vi.spyOn(JSON, 'parse')
  const stringified = vi.spyOn(JSON, 'stringify')
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: WIDE }) })
  const again = await response.text()
  const timesParsed = parsed.mock.calls.filter(([given]) => given === text).length
  const timesSerialized = stringified.mock.results.filter(({ value }) => value === text).length
  vi.restoreAllMocks()
  expect([again, timesParsed, timesSerialized]).toEqual([text, 0, 0])
})

test('executeOperation gives an object that behaves as one', async () => {
  const { server } = await startApollo(shopGateway().apolloOptions())
  const http = { headers: new HeaderMap(), method: 'POST', search: '', body: {} }
  const { body } = await server.executeOperation({ query: NAME, http })
  if (body.kind !== 'single') throw new Error('one answer')
  const { data } = body.singleResult
  expect(data).toEqual({ me: { name: 'Ada' } })
  expect(Object.keys(data ?? {})).toEqual(['me'])
})

test('an answer with extensions behind its data is told apart from it', () => {
  const result = toLazyResult({ body: '{"data":{"a":1},"extensions":{"x":2}}', extensions: { x: 2 }, refused: false })
  expect({ data: { ...result.data }, extensions: result.extensions }).toEqual({ data: { a: 1 }, extensions: { x: 2 } })
})

test('bytes of a subgraph that are the answer become its text', () => {
  const answer = '{"data":{"name":"Zoë \\u2028 €"}}'
  const { data } = toLazyResult({ body: Buffer.from(`xx${answer}`).subarray(2), refused: false })
  expect(stringifyResult({ data: data ?? null })).toBe(answer)
  expect(data).toEqual({ name: 'Zoë \u2028 €' })
})
