// What subgraphs do wrong costs their own fields, and the client learns which and why.
import { describe, expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphRequest } from '../../platform/ports/subgraph-endpoint.ts'
import { createMesh, type Intercept } from './merged-mesh.ts'
import { SHOP } from './shop.ts'

const QUERY = '{ users { id reviews { stars } } }'

/** Answers of the reviews subgraph. */
function reviewsAnswer(answer: (request: SubgraphRequest) => unknown): Intercept {
  return (service, request) => (service === 'reviews' ? answer(request) : undefined)
}

describe('a subgraph that fails', () => {
  const failures: Record<string, [(request: SubgraphRequest) => unknown, string]> = {
    'cannot be reached': [
      () => Promise.reject(new MeshgateError('SUBGRAPH_UNAVAILABLE', 'secret host refused')),
      'SUBGRAPH_UNAVAILABLE',
    ],
    'takes too long': [() => Promise.reject(new MeshgateError('SUBGRAPH_TIMEOUT', 'secret')), 'SUBGRAPH_TIMEOUT'],
    'throws something else': [() => Promise.reject(new TypeError('secret')), 'SUBGRAPH_UNAVAILABLE'],
    'answers a string': [() => 'hello', 'SUBGRAPH_PROTOCOL'],
    'answers neither data nor errors': [() => ({ data: null }), 'SUBGRAPH_PROTOCOL'],
    'answers entities that are no list': [() => ({ data: { _entities: 1 } }), 'SUBGRAPH_PROTOCOL'],
    'answers fewer entities than asked': [() => ({ data: { _entities: [] } }), 'SUBGRAPH_PROTOCOL'],
  }
  for (const [title, [answer, code]] of Object.entries(failures)) {
    test(`costs its own fields, with one error and no internals: ${title}`, async () => {
      const mesh = createMesh(SHOP, { intercept: reviewsAnswer(answer) })
      const optional = await mesh.execute({ query: '{ topProducts { name reviews { stars } } }' })
      expect(optional.data).toEqual({
        topProducts: [
          { name: 'Table', reviews: null },
          { name: 'Chair', reviews: null },
        ],
      })
      expect(optional.errors).toEqual([
        {
          message: expect.stringContaining('"reviews"'),
          path: ['topProducts'],
          locations: [{ line: 1, column: 3 }],
          extensions: { code, service: 'reviews' },
        },
      ])
      expect(JSON.stringify(optional)).not.toContain('secret')
    })
  }

  test('has an error of its own for an entity it does not know, whatever else has failed', async () => {
    const mesh = createMesh(SHOP, {
      intercept: reviewsAnswer(() => ({ data: { _entities: [null, null, null, null] } })),
    })
    const result = await mesh.execute({ query: '{ users { flaky reviews { stars } } }' })
    const errors = result.errors?.map(({ path, extensions }) => [path?.join('.'), extensions?.['code']])
    expect([result.data, errors]).toEqual([
      null,
      [
        ['users.1.flaky', 'SUBGRAPH_ERROR'],
        ['users.0.reviews', 'RESPONSE_INVALID'],
      ],
    ])
  })

  test('cannot make the gateway work long by reporting many errors at many places', async () => {
    const count = 5_000
    const entities = Array.from({ length: count }, (_, index) => ({ __typename: 'User', id: `x${index}` }))
    const errors = Array.from({ length: 50_000 }, (_, index) => ({
      message: 'x',
      path: ['_entities', index % count, 'reviews'],
    }))
    const mesh = createMesh(SHOP, {
      intercept: (service) =>
        service === 'accounts'
          ? { data: { users: entities } }
          : { data: { _entities: entities.map(() => ({ reviews: [] })) }, errors },
    })
    const result = await mesh.execute({ query: '{ users { reviews { id } } }' })
    expect(result.errors?.length).toBe(limits.responseErrorsMax)
  })

  test('nulls up to where null is allowed, still with one error', async () => {
    const mesh = createMesh(SHOP, { intercept: reviewsAnswer(() => ({ data: { _entities: 'x' } })) })
    const result = await mesh.execute({ query: QUERY })
    expect([result.data, result.errors?.length]).toEqual([null, 1])
  })

  test('has its errors at every place where the entity stands', async () => {
    const error = {
      message: 'no reviews of Ada',
      path: ['_entities', 0, 'reviews', 3, 'stars'],
      extensions: { code: 'GONE' },
    }
    const mesh = createMesh(SHOP, {
      intercept: (service, request) =>
        service === 'catalogue' && request.query.includes('rank')
          ? {
              data: { _entities: [{ rank: null }, { rank: 5 }, { rank: 6 }] },
              errors: [{ ...error, path: ['_entities', 0, 'rank'] }],
            }
          : undefined,
    })
    const result = await mesh.execute({ query: '{ reviews { product { rank } } }' })
    expect(result.errors?.map(({ path, extensions }) => ({ path, extensions }))).toEqual(
      [
        {
          path: ['reviews', 0, 'product', 'rank'],
          extensions: { code: 'SUBGRAPH_ERROR', service: 'catalogue', subgraphCode: 'GONE' },
        },
        {
          path: ['reviews', 2, 'product', 'rank'],
          extensions: { code: 'SUBGRAPH_ERROR', service: 'catalogue', subgraphCode: 'GONE' },
        },
      ].slice(0, result.errors?.length),
    )
    expect(result.errors?.length).toBe(2)
  })

  test('shows the messages of unforeseen errors to the log, and to clients only where configured', async () => {
    const answer = reviewsAnswer(() => ({
      errors: [{ message: 'password is 123', extensions: { code: 'INTERNAL_SERVER_ERROR', stacktrace: ['at x'] } }],
    }))
    const log: string[] = []
    const onSubgraphFailure = (service: string, error: unknown): void => void log.push(`${service}: ${String(error)}`)
    const hidden = await createMesh(SHOP, { intercept: answer, onSubgraphFailure }).execute({
      query: '{ topProducts { reviews { id } } }',
    })
    expect(JSON.stringify(hidden)).not.toMatch(/password|stacktrace/)
    expect(log).toEqual([
      expect.stringMatching(
        /^reviews: MeshgateError: Subgraph "reviews" reported an error that clients do not see: .*password/,
      ),
    ])
    const shown = await createMesh(SHOP, { intercept: answer, exposeSubgraphErrors: true }).execute({
      query: '{ topProducts { reviews { id } } }',
    })
    expect(JSON.stringify(shown)).toMatch(/password/)
  })

  test('may not answer values that the public schema forbids', async () => {
    const mesh = createMesh(SHOP, {
      intercept: (service) =>
        service === 'accounts'
          ? { data: { me: { id: {}, name: 7, role: 'SECRET', address: [], email: 'x' } } }
          : undefined,
    })
    const result = await mesh.execute({ query: '{ me { name address { city } } }' })
    expect(result.data).toEqual({ me: { name: '7', address: null } })
    const secret = await mesh.execute({ query: '{ me { role } }' })
    expect([secret.data, secret.errors?.[0]?.path]).toEqual([{ me: null }, ['me', 'role']])
  })
})

describe('a subgraph that answers with another type than the field can have', () => {
  test('has its value refused', async () => {
    const mesh = createMesh(SHOP, {
      intercept: (service) =>
        service === 'accounts' ? { data: { nodes: [{ __typename: 'Address', id: 'a' }] } } : undefined,
    })
    const result = await mesh.execute({ query: '{ nodes { __typename id } }' })
    expect([result.data, result.errors?.[0]?.extensions?.['code']]).toEqual([null, 'RESPONSE_INVALID'])
  })
})

describe('requests to subgraphs', () => {
  test('ask for each distinct entity once', async () => {
    const asked: unknown[] = []
    const mesh = createMesh(SHOP, {
      intercept: (service, request) => {
        if (service === 'products') asked.push(request.variables?.['representations'])
        return undefined
      },
    })
    await mesh.execute({ query: '{ reviews { product { name } } }' })
    expect(asked).toEqual([
      [
        { __typename: 'Product', upc: 'p1' },
        { __typename: 'Product', upc: 'p2' },
        { __typename: 'Product', upc: 'p3' },
      ],
    ])
  })

  test('end when the client leaves', async () => {
    const client = new AbortController()
    const mesh = createMesh(SHOP, { intercept: reviewsAnswer(() => client.abort(new Error('left'))) })
    await expect(mesh.execute({ query: '{ reviews { product { name } } }', signal: client.signal })).rejects.toThrow(
      'left',
    )
  })

  test('run mutations one after the other, each with what is below it, and stop where one that must not is null', async () => {
    const log: string[] = []
    const stock = {
      name: 'stock',
      sdl: 'type Query { stock: Int }  type Mutation { take(n: Int!): Taken  fail: Int!  count2: Int! }  type Taken { n: Int! }',
      resolvers: {
        Mutation: {
          take: (_: unknown, { n }: { n: number }) => (log.push(`take ${n}`), { n }),
          fail: () => null,
          count2: () => log.push('count2'),
        },
      },
    }
    const shop = SHOP.map((subgraph) =>
      subgraph.name !== 'accounts'
        ? subgraph
        : {
            ...subgraph,
            resolvers: {
              ...subgraph.resolvers,
              Mutation: {
                count: () => log.push('count'),
                rename: (_: unknown, { id }: { id: string }) => (log.push('rename'), { __typename: 'User', id }),
              },
            },
          },
    )
    const mesh = createMesh([...shop, stock], {
      intercept: (service) => void (service === 'reviews' && log.push('reviews')),
    })
    await mesh.execute({
      query:
        'mutation { a: take(n: 1) { n } rename(id: "u1", name: "x") { reviews { id } } b: take(n: 2) { n } count }',
    })
    expect(log).toEqual(['take 1', 'rename', 'reviews', 'take 2', 'count'])
    log.length = 0
    const failed = await mesh.execute({ query: 'mutation { a: take(n: 1) { n } fail count2 }' })
    expect([failed.data, log]).toEqual([null, ['take 1']])
  })
})
