// Plugins of Apollo Server, its own and a user's, over Meshgate: they see what they would see over another gateway, and what they change is
// in the answer.
import type { ApolloServerPlugin, BaseContext, GraphQLRequestListener } from '@apollo/server'
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl'
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace'
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default'
import { ApolloServerPluginSchemaReporting } from '@apollo/server/plugin/schemaReporting'
import { ApolloServerPluginUsageReporting } from '@apollo/server/plugin/usageReporting'
import { startStandaloneServer } from '@apollo/server/standalone'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { MeshgateError } from '../../platform/errors.ts'
import { stringifyResult } from '../../gateway/apollo/serialized-data.ts'
import { closeAfterTest, shopGateway, startApollo, type Running } from './apollo-harness.ts'

const NAME = '{ me { name } }'
const ADA = { me: { name: 'Ada' } }

function onRequest(listener: GraphQLRequestListener<BaseContext>): ApolloServerPlugin {
  return { requestDidStart: () => Promise.resolve(listener) }
}

/** The data of the one answer as a plugin finds it. */
type Change = (result: { data?: Record<string, unknown> | null; extensions?: Record<string, unknown> }) => void

function changing(change: Change): ApolloServerPlugin {
  return onRequest({
    willSendResponse: async ({ response: { body } }) => {
      if (body.kind === 'single') change(body.singleResult)
    },
  })
}

function withPlugins(...plugins: ApolloServerPlugin[]): Promise<Running> {
  return startApollo(shopGateway().apolloOptions({ plugins }))
}

describe('what a plugin changes is in the answer', () => {
  const changes: Record<string, [Change, unknown]> = {
    'nothing, by looking': [({ data }) => void Object.keys(data ?? {}), { data: ADA }],
    'a field': [({ data }) => void Object.assign(data ?? {}, { me: null }), { data: { me: null } }],
    'a field deep inside': [
      ({ data }) => void Object.assign(data?.['me'] ?? {}, { name: 'Bob' }),
      { data: { me: { name: 'Bob' } } },
    ],
    'a field that it adds': [
      ({ data }) => void Object.defineProperty(data ?? {}, 'more', { value: 1, enumerable: true }),
      { data: { ...ADA, more: 1 } },
    ],
    'a field that it takes away': [({ data }) => void Reflect.deleteProperty(data ?? {}, 'me'), { data: {} }],
    'all of the data': [(result) => void (result.data = { other: 1 }), { data: { other: 1 } }],
    'no data at all': [(result) => void (result.data = null), { data: null }],
    extensions: [(result) => void (result.extensions = { cost: 3 }), { data: ADA, extensions: { cost: 3 } }],
    'a copy of the data': [
      (result) => void (result.data = JSON.parse(JSON.stringify(result.data)) as Record<string, unknown>),
      { data: ADA },
    ],
  }
  for (const [title, [change, expected]] of Object.entries(changes)) {
    test(title, async () => {
      const { post } = await withPlugins(changing(change))
      expect((await post({ query: NAME })).body).toEqual(expected)
    })
  }

  test('also beside errors', async () => {
    const down = shopGateway({}, (service) =>
      service === 'reviews' ? Promise.reject(new MeshgateError('SUBGRAPH_TIMEOUT', 'secret')) : undefined,
    )
    const plugins = [changing((result) => void (result.extensions = { cost: 3 }))]
    const { post } = await startApollo(down.apolloOptions({ plugins }))
    const { text } = await post({ query: '{ topProducts(first: 1) { name reviews { stars } } }' })
    expect(text).toMatch(
      /^\{"errors":\[\{.*"code":"SUBGRAPH_TIMEOUT".*\}\],"data":\{"topProducts":\[\{"name":"Table","reviews":null\}\]\},"extensions":\{"cost":3\}\}$/,
    )
  })
})

test('a plugin that prints the data sees what it holds', async () => {
  let printed = ''
  const { post } = await withPlugins(changing(({ data }) => void (printed = inspect(data))))
  expect([(await post({ query: NAME })).body, printed]).toEqual([{ data: ADA }, "{ me: { name: 'Ada' } }"])
})

test('answers in place of the gateway are written as they are', async () => {
  const { post } = await withPlugins(
    onRequest({
      responseForOperation: async () => ({
        http: { headers: new Map() as never },
        body: { kind: 'single', singleResult: { data: { cached: true } } },
      }),
    }),
  )
  expect((await post({ query: NAME })).body).toEqual({ data: { cached: true } })
})

test('hooks are called with what they expect, errors with place and code', async () => {
  const calls: unknown[] = []
  const tell = (name: string) => async () => void calls.push(name)
  const down = shopGateway({}, () => Promise.reject(new MeshgateError('SUBGRAPH_UNAVAILABLE', 'secret')))
  const listener: GraphQLRequestListener<BaseContext> = {
    didResolveSource: tell('didResolveSource'),
    parsingDidStart: tell('parsingDidStart'),
    validationDidStart: tell('validationDidStart'),
    didResolveOperation: tell('didResolveOperation'),
    executionDidStart: async () => ({ executionDidEnd: tell('executionDidEnd') }),
    didEncounterErrors: async ({ errors }) =>
      void calls.push(errors.map(({ path, locations, extensions }) => ({ path, locations, code: extensions['code'] }))),
    willSendResponse: tell('willSendResponse'),
  }
  const { post } = await startApollo(down.apolloOptions({ plugins: [onRequest(listener)] }))
  await post({ query: NAME })
  expect(calls).toEqual([
    'didResolveSource',
    'parsingDidStart',
    'validationDidStart',
    'didResolveOperation',
    [{ path: ['me'], locations: [{ line: 1, column: 3 }], code: 'SUBGRAPH_UNAVAILABLE' }],
    'executionDidEnd',
    'willSendResponse',
  ])
})

test('a document that a plugin has put in place of the client’s is what runs', async () => {
  const { post } = await withPlugins(
    onRequest({
      didResolveOperation: async (context) => {
        const { parse } = await import('graphql')
        const document = parse('{ me { id } }')
        Object.assign(context, { document, operation: document.definitions[0] })
      },
    }),
  )
  expect((await post({ query: NAME })).body).toEqual({ data: { me: { id: 'u1' } } })
})

describe('a plugin of Apollo Server', () => {
  test('cache control: an answer is not to be kept, unless a plugin says for how long', async () => {
    const silent = await withPlugins(ApolloServerPluginCacheControl())
    expect((await silent.post({ query: NAME })).headers.get('cache-control')).toBe('no-store')
    const told = await withPlugins(
      ApolloServerPluginCacheControl(),
      onRequest({
        didResolveOperation: async ({ overallCachePolicy }) => overallCachePolicy.restrict({ maxAge: 60 }),
      }),
    )
    const { headers, body } = await told.post({ query: NAME })
    expect([headers.get('cache-control'), body]).toEqual(['max-age=60, public', { data: ADA }])
  })

  test('inline trace: its extension is in the answer', async () => {
    const { post } = await withPlugins(ApolloServerPluginInlineTrace())
    const answer = await post({ query: NAME }, { headers: { 'apollo-federation-include-trace': 'ftv1' } })
    expect(answer.body).toEqual({ data: ADA, extensions: { ftv1: expect.any(String) } })
  })

  test('usage reporting: operations are reported with their errors', async () => {
    const reports = createServer()
    await new Promise<void>((resolve) => reports.listen(0, '127.0.0.1', resolve))
    closeAfterTest(() => new Promise((resolve) => reports.close(resolve)))
    const { port } = reports.address() as AddressInfo
    const plugin = ApolloServerPluginUsageReporting({
      endpointUrl: `http://127.0.0.1:${port}`,
      sendReportsImmediately: true,
      fieldLevelInstrumentation: 1,
    })
    const { post } = await startApollo({
      ...shopGateway().apolloOptions({ plugins: [plugin] }),
      apollo: { key: 'service:shop:x', graphRef: 'shop@current' },
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    })
    const reported = once(reports, 'request').then(async ([request, response]) => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      ;(response as { end: () => void }).end()
      return gunzipSync(Buffer.concat(chunks)).toString('latin1')
    })
    expect((await post({ query: 'query Who { me { name } }' })).body).toEqual({ data: ADA })
    expect(await reported).toContain('# Who\nquery Who{me{name}}')
  })

  test('schema reporting: the supergraph is reported', async () => {
    const reports = createServer()
    await new Promise<void>((resolve) => reports.listen(0, '127.0.0.1', resolve))
    closeAfterTest(() => new Promise((resolve) => reports.close(resolve)))
    const { port } = reports.address() as AddressInfo
    const plugin = ApolloServerPluginSchemaReporting({ endpointUrl: `http://127.0.0.1:${port}`, initialDelayMaxMs: 0 })
    const reported = once(reports, 'request').then(async ([request, response]) => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const end = response as { end: (text: string) => void }
      end.end(
        JSON.stringify({
          data: { reportSchema: { __typename: 'ReportSchemaResponse', inSeconds: 900, withCoreSchema: false } },
        }),
      )
      return JSON.parse(Buffer.concat(chunks).toString()) as {
        variables: { report: { graphRef: string; coreSchemaHash: string } }
      }
    })
    await startApollo({
      ...shopGateway().apolloOptions({ plugins: [plugin] }),
      apollo: { key: 'service:shop:x', graphRef: 'shop@current' },
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    })
    expect((await reported).variables.report).toMatchObject({
      graphRef: 'shop@current',
      coreSchemaHash: expect.stringMatching(/^[\da-f]{64}$/),
    })
  })

  test('landing page: a browser gets it, a client its answer', async () => {
    const server = new ApolloServer({
      ...shopGateway().apolloOptions({ plugins: [ApolloServerPluginLandingPageLocalDefault()] }),
      stopOnTerminationSignals: false,
    })
    const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
    closeAfterTest(() => server.stop())
    const page = await fetch(url, { headers: { accept: 'text/html' } })
    expect([page.headers.get('content-type'), await page.text()]).toEqual([
      'text/html',
      expect.stringContaining('<html'),
    ])
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: NAME }) })
    expect(await answer.json()).toEqual({ data: ADA })
  })
})

test('what is no answer of ours is written like Apollo Server would', () => {
  expect(stringifyResult({ data: { a: 1 }, errors: [{ message: 'x' }] })).toBe(
    '{"data":{"a":1},"errors":[{"message":"x"}]}',
  )
  expect(stringifyResult({ errors: [{ message: 'x' }] })).toBe('{"errors":[{"message":"x"}]}')
})

function ignore(): void {}
