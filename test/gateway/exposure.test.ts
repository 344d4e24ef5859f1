// What a gateway in production shows of itself: no schema and no page, and it says what to set.
import { getIntrospectionQuery } from 'graphql'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { composeMesh, createMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'

const closed = createMesh(SHOP, { introspection: false })
const open = createMesh(SHOP)

const REFUSED = [
  getIntrospectionQuery(),
  '{ __schema { queryType { name } } }',
  '{ me { name } __type(name: "User") { name } }',
  '{ ...Hidden } fragment Hidden on Query { ... { a: __schema { types { name } } } }',
  `{ __schema { queryType { name } } } ${'#'.repeat(20_000)}`,
]

test.each(REFUSED)('introspection that is off is refused: %.40s', async (query) => {
  const { data, errors } = await closed.execute({ query })
  expect([data, errors?.map(({ extensions }) => extensions?.['code'])]).toEqual([
    undefined,
    expect.arrayContaining(['INTROSPECTION_DISABLED']),
  ])
  expect(errors?.[0]?.message).toContain('MESHGATE_INTROSPECTION=true')
  expect(errors?.[0]?.locations).toHaveLength(1)
  expect((await open.execute({ query })).errors).toBeUndefined()
})

test('__typename is answered with introspection off, at the root and below', async () => {
  const query = '{ __typename me { __typename name } } # __schema'
  expect(await closed.execute({ query })).toEqual({
    data: { __typename: 'Query', me: { __typename: 'User', name: 'Ada' } },
  })
})

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({
    mesh: { supergraphSdl: composeMesh(SHOP), endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)) },
    port: 0,
    logger: pino({ level: 'silent' }),
    introspection: false,
    page: false,
  })
})
afterAll(() => gateway.close())

test.each(['/', '/schema.graphql', '/console', '/main.js'])('%s is not there', async (path) => {
  const response = await fetch(`${gateway.url}${path}`, { headers: { accept: 'text/html' } })
  expect(response.status).toBe(404)
  expect(await response.text()).toContain('/graphql')
})

test('health is told all the same', async () => {
  expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200)
})
