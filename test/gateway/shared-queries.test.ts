// Identical queries in flight share one answer where that is configured, and only what is equal in all that may change it.
import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import type { SubgraphRequest } from '../../platform/ports/subgraph-endpoint.ts'
import { createDocuments } from '../../gateway/documents/documents.ts'
import { readManifest } from '../../gateway/documents/trusted-documents.ts'
import type { Engine } from '../../gateway/engine-contract.ts'
import type { GatewayObserver } from '../../gateway/gateway-observer.ts'
import { createSharedAnswers } from '../../gateway/http/shared-answers.ts'
import { startGatewayServer, type GatewayServer } from '../../gateway/http/gateway-server.ts'
import { createMesh, type TestSubgraph } from '../federation/merged-mesh.ts'

const COUNTER: TestSubgraph = {
  name: 'counter',
  sdl: 'type Query { count(by: Float): Int } type Mutation { add: Int }',
  resolvers: { Query: { count: () => 0 }, Mutation: { add: () => 0 } },
}

/** Subgraph requests under way; the test answers them. */
interface Held {
  readonly asked: SubgraphRequest
  readonly answer: (count: number) => void
}

let held: Held[] = []
let aborted = 0
let engine: Engine
let server: GatewayServer
let principals: Principal[] = []
/** Requests that the gateway has begun to answer. */
let arrived = 0
/** What the observer was told, by kind. */
let told: string[] = []
const observer: GatewayObserver = { request: ({ kind }) => void told.push(kind) }

function createCounter(): Engine {
  const answer = (asked: SubgraphRequest): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const field = asked.query.includes('add') ? 'add' : 'count'
      const key = /(\w+) *: *(?:count|add)/.exec(asked.query)?.[1] ?? field
      held.push({ asked, answer: (count) => resolve({ data: { [key]: count } }) })
      asked.signal?.addEventListener('abort', () => {
        aborted++
        reject(asked.signal?.reason as Error)
      })
    })
  const endpoint = {
    name: 'counter',
    execute: (asked: SubgraphRequest) => answer(asked) as Promise<{ data: Record<string, unknown> }>,
    subscribe: async () => {
      throw new Error('no streams')
    },
    close: async () => undefined,
  }
  const trusted = readManifest('{ "first": "{ first: count }", "second": "{ second: count }" }')
  if (trusted.kind === 'invalid') throw new Error('refused')
  const documents = createDocuments({ mode: 'also', trusted: () => trusted.documents, persistedQueries: true })
  return createMesh([COUNTER], { endpoints: [endpoint], observer, documents })
}

beforeAll(async () => {
  engine = createCounter()
  server = await startGatewayServer({
    port: 0,
    host: '127.0.0.1',
    engine: () => engine,
    ready: () => ({ ready: true, reasons: [] }),
    routes: [],
    page: async () => false,
    forwardHeaders: ['authorization'],
    sharing: 'requests',
    observer,
    batchMax: 2,
    authenticate: () => {
      arrived++
      return { kind: 'known', principal: principals.shift() ?? ANONYMOUS, expiresAtMs: null }
    },
    onError: () => undefined,
  })
})
afterAll(() => server.close())
beforeEach(() => {
  held = []
  aborted = 0
  arrived = 0
  told = []
  principals = []
})

const url = (): string => `${server.url}/graphql`
const QUERY = { query: '{ count }' }
const PLAIN = { 'accept-encoding': 'identity' }
const send = (body: string, headers: Record<string, string> = {}): Promise<unknown> =>
  fetch(url(), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...PLAIN, ...headers },
    body,
  }).then((response) => response.json())
const ask = (body: unknown = QUERY, headers: Record<string, string> = {}): Promise<unknown> =>
  send(JSON.stringify(body), headers)

/** Answers the subgraph requests that these requests become, once all of them have come. */
async function settle(requests: readonly Promise<unknown>[], upstream: number): Promise<unknown[]> {
  await expect.poll(() => [arrived, held.length]).toEqual([requests.length, upstream])
  // Another request later, no more has become of them.
  await ask({ query: '{ __typename }' })
  expect(held.length).toBe(upstream)
  held.forEach(({ answer }, index) => answer(index + 1))
  return Promise.all(requests)
}

const one = { data: { count: 1 } }

describe('queries in flight', () => {
  test('that are equal to the byte are answered by one', async () => {
    expect(await settle([ask(), ask(), ask()], 1)).toEqual([one, one, one])
  })

  test('that name one document are answered by one, and others each by its own', async () => {
    const requests = ['first', 'second', 'first'].map((documentId) => ask({ documentId }))
    const answers = await settle([...requests, send('{"documentId": "second"}')], 2)
    expect(answers.map((answer) => Object.keys((answer as { data: object }).data))).toEqual([
      ['first'],
      ['second'],
      ['first'],
      ['second'],
    ])
  })

  test('that ask the same in other bytes, or by GET, are answered by one', async () => {
    const headers = { 'apollo-require-preflight': '1', ...PLAIN }
    const requests = [
      ask(),
      send(' {\n "operationName": null, "query": "{ count }" }'),
      fetch(`${url()}?query=${encodeURIComponent(QUERY.query)}`, { headers }).then((response) => response.json()),
    ]
    expect(await settle(requests, 1)).toEqual([one, one, one])
  })

  const different: Record<string, [unknown, Record<string, string>]> = {
    'another query': [{ query: '{ count count }' }, {}],
    'other variables': [{ ...QUERY, variables: { by: 1 } }, {}],
    'another forwarded header': [QUERY, { authorization: 'Bearer b' }],
    'another media type': [QUERY, { accept: 'application/graphql-response+json' }],
    'another coding': [QUERY, { 'accept-encoding': 'zstd' }],
    extensions: [{ ...QUERY, extensions: { a: 1 } }, {}],
  }
  for (const [title, [body, headers]] of Object.entries(different)) {
    test(`are not shared with ${title}`, async () => {
      const results = await settle(
        [ask(QUERY, { 'accept-encoding': 'identity' }), ask(body, { 'accept-encoding': 'identity', ...headers })],
        2,
      )
      expect(results.map((result) => (result as typeof one).data.count).toSorted((a, b) => a - b)).toEqual([1, 2])
    })
  }

  test('are not shared between principals', async () => {
    principals = ['a', 'b'].map((subject) => ({ ...ANONYMOUS, subject }))
    await settle([ask(), ask()], 2)
    expect(held.map(({ asked }) => asked.principal.subject).toSorted()).toEqual(['a', 'b'])
  })

  test('are not shared where JSON could not tell their numbers apart', async () => {
    const query = 'query ($by: Float) { count(by: $by) }'
    const zero = (by: string) => `{"query":${JSON.stringify(query)},"variables":{"by":${by}}}`
    await settle([send(zero('0')), send(zero('-0'))], 2)
  })

  test('are not compared where they are large', async () => {
    const large = { query: `{ count } # ${'x'.repeat(limits.sharedQueryBytesMax)}` }
    await settle([ask(large), ask(large)], 2)
  })

  test('are bounded: what comes beyond is asked alone', async () => {
    const answers = createSharedAnswers<string>()
    const end = Promise.withResolvers<string>()
    const seats = Array.from({ length: limits.sharedQueriesMax }, (_, key) =>
      answers.join(engine, String(key), () => end.promise),
    )
    const another = (key: string) => answers.join(engine, key, async () => 'alone')
    expect([seats.includes(null), another('more'), another('0') === null]).toEqual([false, null, false])
    end.resolve('together')
    expect(await another('0')?.answer).toBe('together')
    expect(await another('more')?.answer).toBe('alone')
  })

  test('are not shared over a new supergraph', async () => {
    const old = engine
    const first = ask()
    await expect.poll(() => held.length).toBe(1)
    engine = createCounter()
    const second = ask()
    await expect.poll(() => held.length).toBe(2)
    held.forEach(({ answer }, index) => answer(index + 1))
    expect(await Promise.all([first, second])).toEqual([one, { data: { count: 2 } }])
    await old.close('replaced')
  })

  test('are asked anew once they are answered', async () => {
    expect(await settle([ask()], 1)).toEqual([one])
    held = []
    arrived = 0
    expect(await settle([ask()], 1)).toEqual([one])
  })
})

test('mutations and batches are never shared', async () => {
  const mutation = { query: 'mutation { add }' }
  const results = await settle([ask(mutation), ask(mutation), ask([QUERY]), ask([QUERY])], 4)
  const flat = results.flat().map((result) => Object.values((result as { data: object }).data)[0] as number)
  expect(flat.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4])
})

test('an observer is told of each request, whoever has asked for it', async () => {
  await settle([ask(), ask(), ask({ ...QUERY, extensions: null })], 1)
  await ask({ query: '{ nothing }' })
  // With the one that `settle` sends itself.
  expect(told).toEqual(['query', 'query', 'query', 'query', 'refused'])
})

test('what is refused is refused for all', async () => {
  const results = await Promise.all([ask({ query: '{ nothing }' }), ask({ query: '{ nothing }' })])
  expect(results.map((result) => (result as { errors: unknown[] }).errors.length)).toEqual([1, 1])
})

/** A client that can leave. */
function leaver(): { leave: () => void; left: Promise<void> } {
  const sent = request(url(), { method: 'POST', headers: { 'content-type': 'application/json', ...PLAIN } })
  const left = new Promise<void>((resolve) => sent.on('close', resolve))
  sent.on('error', () => undefined)
  sent.end(JSON.stringify(QUERY))
  return { leave: () => sent.destroy(), left }
}

test('one client that leaves does not take the answer from the others, not even the first', async () => {
  const first = leaver()
  await expect.poll(() => held.length).toBe(1)
  const second = ask()
  await expect.poll(() => arrived).toBe(2)
  first.leave()
  await first.left
  await ask({ query: '{ __typename }' })
  expect([aborted, held.length]).toEqual([0, 1])
  held[0]?.answer(1)
  expect(await second).toEqual(one)
})

test('the last who leaves ends the work', async () => {
  const clients = [leaver(), leaver()]
  await expect.poll(() => [arrived, held.length]).toEqual([2, 1])
  clients[0]?.leave()
  clients[1]?.leave()
  await expect.poll(() => aborted).toBe(1)
  // A request that comes now is nobody's to join.
  const next = ask()
  await expect.poll(() => held.length).toBe(2)
  held[1]?.answer(2)
  expect(await next).toEqual({ data: { count: 2 } })
})
