// What a request may ask at most: each limit is told with its name, what was met, what is allowed, and where.
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { composeMesh, createMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'

const ECHO: TestSubgraph = {
  name: 'echo',
  sdl: `
    scalar Any
    input Filter { ids: [ID!] and: [Filter!] }
    type Query { size(ids: [ID!], any: Any, filter: Filter): Int! self: Query! name: String }`,
  resolvers: {
    Query: {
      size: (_: unknown, { ids = [] }: { ids?: readonly string[] }) => ids.length,
      self: () => ({}),
      name: () => 'echo',
    },
  },
}

const mesh = createMesh([ECHO], {
  limits: {
    documentFragmentsMax: 2,
    documentDirectivesMax: 6,
    documentDirectivesPerPlaceMax: 2,
    documentListSizeMax: 3,
  },
})

const repeated = (text: string, count: number): string => Array.from({ length: count }, () => text).join(' ')
const fragments = (count: number): string =>
  `{ ${Array.from({ length: count }, (_, index) => `...F${index}`).join(' ')} } ${Array.from({ length: count }, (_, index) => `fragment F${index} on Query { name }`).join(' ')}`

interface Refusal {
  readonly query: string
  readonly variables?: Record<string, unknown>
  readonly limit: string
  readonly met: number
  readonly allowed: number
  readonly column: number
}

const refusals: Record<string, Refusal> = {
  'fragment definitions': { query: fragments(3), limit: 'documentFragmentsMax', met: 3, allowed: 2, column: 83 },
  'directives at one field': {
    query: `{ name ${repeated('@include(if: true)', 3)} }`,
    limit: 'documentDirectivesPerPlaceMax',
    met: 3,
    allowed: 2,
    column: 46,
  },
  'directives at a definition': {
    query: `query ${repeated('@skip(if: true)', 3)} { name }`,
    limit: 'documentDirectivesPerPlaceMax',
    met: 3,
    allowed: 2,
    column: 39,
  },
  'directives in all': {
    query: `{ ${Array.from({ length: 7 }, (_, index) => `a${index}: name @include(if: true)`).join(' ')} }`,
    limit: 'documentDirectivesMax',
    met: 7,
    allowed: 6,
    column: 1,
  },
  'a list in an argument': {
    query: '{ size(ids: [1, 2, 3, 4]) }',
    limit: 'documentListSizeMax',
    met: 4,
    allowed: 3,
    column: 13,
  },
  'a list inside an input object': {
    query: '{ size(filter: { and: [{ ids: [1, 2, 3, 4] }] }) }',
    limit: 'documentListSizeMax',
    met: 4,
    allowed: 3,
    column: 31,
  },
  'a list as the default of a variable': {
    query: 'query ($ids: [ID!] = [1, 2, 3, 4]) { size(ids: $ids) }',
    limit: 'documentListSizeMax',
    met: 4,
    allowed: 3,
    column: 22,
  },
  'a list in a variable': {
    query: 'query ($ids: [ID!]) { size(ids: $ids) }',
    variables: { ids: [1, 2, 3, 4] },
    limit: 'documentListSizeMax',
    met: 4,
    allowed: 3,
    column: 8,
  },
  'a list inside a variable': {
    query: 'query ($filter: Filter) { size(filter: $filter) }',
    variables: { filter: { and: [{ ids: [1, 2, 3, 4] }] } },
    limit: 'documentListSizeMax',
    met: 4,
    allowed: 3,
    column: 8,
  },
  'a custom scalar nested without end': {
    query: 'query ($any: Any) { size(any: $any) }',
    variables: { any: JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown },
    limit: 'variableDepthMax',
    met: 101,
    allowed: 100,
    column: 8,
  },
}

test.each(Object.entries(refusals))('refuses too much of %s', async (_title, refusal) => {
  const { query, variables = {}, limit, met, allowed, column } = refusal
  const { data, errors } = await mesh.execute({ query, variables })
  const [error] = errors ?? []
  expect([data, error?.extensions?.['code']]).toEqual([undefined, 'DOCUMENT_TOO_LARGE'])
  expect(error?.message).toContain(`exceeds ${limit}: ${met} where ${allowed} are allowed`)
  expect(error?.locations?.[0]?.line).toBe(1)
  expect(error?.locations?.[0]?.column).toBe(column)
})

test('as much as is allowed is answered', async () => {
  const query = `query ($ids: [ID!]) { ...A ...B } fragment A on Query { size(ids: $ids) @skip(if: false) @include(if: true) } fragment B on Query { two: size(ids: [1, 2, 3]) }`
  expect(await mesh.execute({ query, variables: { ids: [1, 2, 3] } })).toEqual({ data: { size: 3, two: 3 } })
})

test('a large document has the same limits where another thread reads it', async () => {
  const query = `{ name size(ids: [1, 2, 3, 4]) } ${'#'.repeat(20_000)}`
  const { errors } = await mesh.execute({ query })
  expect(errors?.[0]).toMatchObject({
    extensions: { code: 'DOCUMENT_TOO_LARGE' },
    locations: [{ line: 1, column: 18 }],
  })
})

describe('a request', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await startGateway({
      mesh: { supergraphSdl: composeMesh([ECHO]), endpoints: [localEndpoint(ECHO)] },
      port: 0,
      logger: pino({ level: 'silent' }),
      bodyBytesMax: 2_000,
    })
  })
  afterAll(() => gateway.close())

  test('by POST has its variables within the bound of the body', async () => {
    const body = JSON.stringify({ query: '{ name }', variables: { text: 'x'.repeat(2_000) } })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })
    expect([response.status, await response.text()]).toEqual([413, expect.stringContaining('2000 bytes')])
  })

  test('by GET has its query string within the bound of the headers', async () => {
    const query = `query=${encodeURIComponent('{ name }')}&variables={"text":"${'x'.repeat(20_000)}"}`
    const headers = { 'apollo-require-preflight': '1' }
    const response = await fetch(`${gateway.url}/graphql?${query}`, { headers })
    expect(response.status).toBe(431)
  })

  test('over a WebSocket has the same bound for a message', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/graphql`, 'graphql-transport-ws')
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.once('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: 'x'.repeat(2_000) })))
    expect(await closed).toBe(1009)
  })
})
