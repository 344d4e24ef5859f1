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

const NEARLY = {
  'of a field': '{ mee { name } }',
  'of a field below': '{ me { nam } }',
  'of an argument': '{ me { name(uper: true) } }',
  'of a type': '{ me { ... on Usr { name } } }',
  'in a text that is parsed elsewhere': `{ mee { name } } ${'#'.repeat(20_000)}`,
  'among so many that they are compared elsewhere': `{ me { nam ${'id '.repeat(200)} } }`,
}
type Mesh = Pick<typeof open, 'execute'>
const messages = async (mesh: Mesh, request: Parameters<Mesh['execute']>[0]) =>
  ((await mesh.execute(request)).errors ?? []).map(({ message }) => message)

test.each(Object.entries(NEARLY))('whose schema is not read is not told what name was meant: %s', async (_, query) => {
  const [told] = await messages(open, { query })
  expect(told).toContain(' Did you mean ')
  expect(await messages(closed, { query })).toEqual([told?.replace(/ Did you mean .*$/, '')])
})

test('nor what was meant in a variable', async () => {
  const sdl = 'type Query { near(at: Place): Int } input Place { city: String, kind: Kind } enum Kind { CAPITAL }'
  const places = [{ name: 'places', sdl, resolvers: {} }]
  const request = {
    query: 'query ($at: Place) { near(at: $at) }',
    variables: { at: { citi: 'x', kind: 'CAPITALS' } },
  }
  const [both, neither] = [createMesh(places), createMesh(places, { introspection: false })]
  const told = await messages(both, request)
  expect(told.map((message) => message.includes(' Did you mean '))).toEqual([true, true])
  expect(await messages(neither, request)).toEqual(told.map((message) => message.replace(/ Did you mean .*$/, '')))
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
