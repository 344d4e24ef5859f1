// The response's text, written by generated code or made with care, and what goes over the wire to subgraphs.
import { describe, expect, test } from 'vitest'
import type { Engine, EngineRequest } from '../../gateway/engine-contract.ts'
import { isReady } from '../../gateway/engine-contract.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphEndpoint, WireRequest } from '../../platform/ports/subgraph-endpoint.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { createMesh, localEndpoint, type Intercept, type TestSubgraph } from './merged-mesh.ts'
import { SHOP } from './shop.ts'

/** Answers over the wire, as subgraphs over HTTP do. */
function wireEndpoint(subgraph: TestSubgraph, options: WireOptions = {}): SubgraphEndpoint {
  const local = localEndpoint(subgraph, options.intercept)
  return {
    ...local,
    execute: () => Promise.reject(new Error('asked in-process')),
    exchange: async (request) => {
      options.sent?.push({ service: subgraph.name, request })
      const { query, variables } = JSON.parse(request.body) as { query: string; variables: Record<string, unknown> }
      const answer = await local.execute({ query, variables, principal: ANONYMOUS })
      return { bytes: Buffer.from(JSON.stringify(answer)), isWhole: options.isWhole === true }
    },
  }
}

interface WireOptions {
  readonly intercept?: Intercept
  readonly isWhole?: boolean
  readonly sent?: { readonly service: string; readonly request: WireRequest }[]
}

function wireMesh(subgraphs: readonly TestSubgraph[], options: WireOptions = {}): Engine {
  return createMesh(subgraphs, { endpoints: subgraphs.map((subgraph) => wireEndpoint(subgraph, options)) })
}

/** Several times: code is generated once an operation comes back. */
async function bodies(mesh: Engine, request: EngineRequest, times: number): Promise<string[]> {
  const operation = await mesh.prepare(request)
  if (!isReady(operation)) throw new Error(JSON.stringify(operation))
  const all: string[] = []
  for (let each = 0; each < times; each++) all.push((await mesh.runSerialized(operation, request)).body.toString())
  return all
}

const ODD: TestSubgraph = {
  name: 'odd',
  sdl: `scalar Any2
    enum Size { SMALL LARGE }
    type Query { odd: Odd!  odds: [[Odd]!]  texts: [String]!  numbers: [Float!]!  size: Size  any: Any2  none: [Odd!] }
    type Odd @key(fields: "id") { id: ID!  text: String  on: Boolean!  whole: Int }`,
  resolvers: {
    Query: {
      odd: () => ({ id: 7, text: 'a "quoted" \\ line\n\u0001 \ud800 \u2028 é 漢 🚀', on: true, whole: -2147483648 }),
      odds: () => [[{ id: 'x', on: false }, null], []],
      texts: () => ['plain', null, '"', 'long and clean '.repeat(9), 'long with "quotes" '.repeat(9)],
      numbers: () => [1, -0, 1.5e300, 0.1],
      size: () => 'LARGE',
      any: () => ({ deep: [null, { '"': '\n' }] }),
      none: () => null,
    },
  },
}

describe('the text of a response', () => {
  const operations: Record<string, string> = {
    'strings that have to be escaped': '{ odd { id text on whole } texts }',
    'lists of lists, nulls, numbers, enums, custom scalars':
      '{ odds { id text on whole __typename } numbers size any none { id } a: __typename }',
    'aliases on the prototype': '{ __proto__: odd { constructor: text hasOwnProperty: id } toString: texts }',
    introspection: '{ __type(name: "Odd") { name fields { name } } size }',
  }
  for (const [title, query] of Object.entries(operations)) {
    test(`is the same, generated or made with care: ${title}`, async () => {
      const [careful, ...generated] = await bodies(wireMesh([ODD]), { query }, 3)
      expect(generated).toEqual([careful, careful])
      expect(JSON.parse(careful ?? '')).toEqual(JSON.parse(JSON.stringify(await createMesh([ODD]).execute({ query }))))
    })
  }

  test('is the same where entities stand at many places', async () => {
    const query =
      '{ users { id name reviews { id product { upc name shipping label } } } reviews { author { name hits } } things { __typename ... on User { name hits } ... on Product { title: name } } nodes { id ... on User { tags } } }'
    const [careful, ...generated] = await bodies(wireMesh(SHOP), { query }, 3)
    expect(careful).toBe(JSON.stringify(await createMesh(SHOP).execute({ query })))
    expect(generated).toEqual([careful, careful])
  })

  test('is made with care as soon as anything is amiss', async () => {
    let age: unknown = 1
    const mesh = wireMesh(SHOP, {
      intercept: (service) => (service === 'accounts' ? { data: { me: { id: 'u1', name: age } } } : undefined),
    })
    const query = '{ me { id name } }'
    await bodies(mesh, { query }, 3)
    const answers: string[] = []
    for (age of ['Ada', 7, {}, ['x']]) answers.push(...(await bodies(mesh, { query }, 1)))
    expect(answers.map((body) => JSON.parse(body) as unknown)).toEqual([
      { data: { me: { id: 'u1', name: 'Ada' } } },
      { data: { me: { id: 'u1', name: '7' } } },
      { errors: [expect.objectContaining({ path: ['me', 'name'] })], data: { me: { id: 'u1', name: null } } },
      { errors: [expect.objectContaining({ path: ['me', 'name'] })], data: { me: { id: 'u1', name: null } } },
    ])
  })

  test('is the very bytes of our own subgraph where it answers the operation alone, and only as a text', async () => {
    const intercept: Intercept = () => ({ data: { texts: ['whatever it says'] } })
    const mesh = wireMesh([ODD], { intercept, isWhole: true })
    expect(await bodies(mesh, { query: '{ texts }' }, 1)).toEqual(['{"data":{"texts":["whatever it says"]}}'])
    expect(await mesh.execute({ query: '{ texts }' })).toEqual({ data: { texts: ['whatever it says'] } })
    const more = '{ texts __type(name: "Odd") { name } }'
    expect(await bodies(mesh, { query: more }, 1)).toEqual([
      '{"data":{"texts":["whatever it says"],"__type":{"name":"Odd"}}}',
    ])
  })
})

describe('requests over the wire', () => {
  test('carry each distinct representation once, and only the variables that the client gave', async () => {
    const sent: NonNullable<WireOptions['sent']> = []
    const mesh = wireMesh(SHOP, { sent })
    const query =
      'query ($id: ID!, $first: Int, $upper: Boolean) { user(id: $id) { name(upper: $upper) reviews(first: $first) { product { name } } } }'
    await bodies(mesh, { query, variables: { id: 'u1', upper: null } }, 1)
    const variables = sent.map(({ service, request }) => [
      service,
      (JSON.parse(request.body) as { variables: Record<string, unknown> }).variables,
    ])
    expect(Object.fromEntries(variables)).toEqual({
      accounts: { id: 'u1', upper: null },
      reviews: { [variableOf(sent, 'reviews')]: [{ __typename: 'User', id: 'u1' }] },
      products: {
        [variableOf(sent, 'products')]: [
          { __typename: 'Product', upc: 'p1' },
          { __typename: 'Product', upc: 'p2' },
        ],
      },
    })
  })

  test('are split where there are too many representations, with errors at the right places', async () => {
    const count = limits.representationsPerFetchMax + 2
    const sizes: number[] = []
    const mesh = wireMesh(SHOP, {
      intercept: (service, request) => {
        if (service === 'accounts') {
          return {
            data: { users: Array.from({ length: count }, (_, index) => ({ __typename: 'User', id: `x${index}` })) },
          }
        }
        const asked = Object.values(request.variables ?? {})[0] as unknown[]
        sizes.push(asked.length)
        const entities = asked.map(() => ({ reviews: [] as unknown[] | null }))
        if (asked.length > 2) return { data: { _entities: entities } }
        const path = ['_entities', 1, 'reviews']
        return { data: { _entities: [{ reviews: [] }, null] }, errors: [{ message: 'lost', path }] }
      },
    })
    const { data, errors } = await mesh.execute({ query: '{ users { id reviews { id } } }' })
    expect(sizes.toSorted((a, b) => a - b)).toEqual([2, limits.representationsPerFetchMax])
    expect([data, errors?.map(({ path }) => path)]).toEqual([null, [['users', count - 1, 'reviews']]])
  })
})

function variableOf(sent: NonNullable<WireOptions['sent']>, service: string): string {
  const found = sent.find((each) => each.service === service)
  const { variables } = JSON.parse(found?.request.body ?? '{}') as { variables: Record<string, unknown> }
  return Object.keys(variables)[0] ?? ''
}
