// @authenticated, @requiresScopes and @policy: what whoever asks may not see is never fetched, and null where it would stand.
import { beforeEach, describe, expect, test } from 'vitest'
import { composeSupergraph, formatProblems } from '../../gateway/compose/compose-supergraph.ts'
import { createEngine } from '../../gateway/engine.ts'
import type { EngineResult } from '../../gateway/engine-contract.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import { ran, REVIEWS, USERS } from './access-mesh.ts'
import { createMesh, localEndpoint } from './merged-mesh.ts'

let asked: string[] = []
const mesh = createMesh([USERS, REVIEWS], {
  intercept: (_service, { query }) => void asked.push(query),
})
beforeEach(() => {
  ran.length = 0
  asked = []
})

const ann = (more: Partial<Principal> = {}): Principal => ({ ...ANONYMOUS, subject: 'ann', ...more })
const CLOSED = { code: 'UNAUTHORIZED_FIELD_OR_TYPE' }

async function ask(query: string, principal: Principal = ANONYMOUS): Promise<EngineResult> {
  return mesh.execute({ query, principal })
}

const paths = ({ errors = [] }: EngineResult): unknown[] => errors.map(({ path }) => path?.join('.'))

describe('what may not be seen', () => {
  test('is null with an error at its place in the document, and is never fetched', async () => {
    const result = await ask('{ me { name\n email } secret }')
    expect(result).toEqual({
      data: { me: { name: 'Ada', email: null }, secret: null },
      errors: [
        {
          message: expect.any(String) as string,
          path: ['me', 'email'],
          locations: [{ line: 2, column: 2 }],
          extensions: CLOSED,
        },
        {
          message: expect.any(String) as string,
          path: ['secret'],
          locations: [{ line: 2, column: 10 }],
          extensions: CLOSED,
        },
      ],
    })
    expect(asked.join()).not.toMatch(/email|secret/)
  })

  test('is told once per field, with @ for the indexes of lists, as text and as an object', async () => {
    const query = '{ reviews { id note author { friends { email } } } }'
    const data = { reviews: [{ id: 'r1', note: null, author: { friends: [{ email: null }] } }] }
    for (const _ of [1, 2, 3]) {
      const request = { query, principal: ANONYMOUS }
      const operation = await mesh.prepare(request)
      if (!('prepared' in operation)) throw new Error('refused')
      const { body } = await mesh.runSerialized(operation, request)
      const read = JSON.parse(String(body)) as EngineResult
      expect(read.data).toEqual(data)
      expect(paths(read)).toEqual(['reviews.@.note', 'reviews.@.author.friends.@.email'])
    }
  })

  test('takes its object along where its type allows no null, up to all of the data, of which nothing is then asked', async () => {
    expect((await ask('{ me { name tags } }')).data).toEqual({ me: null })
    asked = []
    const result = await ask('{ me { name } strict }')
    expect([result.data, paths(result)]).toEqual([null, ['strict']])
    expect(asked).toEqual([])
  })

  test('leaves no data where nothing else is asked', async () => {
    expect(await ask('{ secret }')).toMatchObject({ data: null, errors: [{ path: ['secret'], extensions: CLOSED }] })
    expect((await ask('{ secret __typename }')).data).toEqual({ secret: null, __typename: 'Query' })
    expect(asked).toEqual([])
  })

  test('is read where a key needs it, and not returned', async () => {
    const result = await ask('{ me { score email } }')
    expect([result.data, paths(result)]).toEqual([{ me: { score: 5, email: null } }, ['me.email']])
    expect(asked.join()).toContain('email')
  })

  test('of an object, scalar or enum type is every field with a value of it', async () => {
    expect((await ask('{ accounts { id } token kind me { id } }')).data).toEqual({
      accounts: null,
      token: null,
      kind: null,
      me: { id: 'u1' },
    })
  })

  test('through an interface is decided for each type that implements it', async () => {
    const query = '{ nodes { __typename ... on Post { id } ... on User { id } name } }'
    const result = await ask(query)
    expect(result.data).toEqual({
      nodes: [
        { __typename: 'User', id: 'u1', name: 'Ada' },
        { __typename: 'Post', id: 'p1', name: null },
        { __typename: 'Account', name: null },
      ],
    })
    expect(paths(result)).toEqual(['nodes.@.name'])
    const all = await ask(query, ann({ scopes: ['posts'] }))
    expect([paths(all), (all.data?.['nodes'] as unknown[] | undefined)?.[2]]).toEqual([
      [],
      { __typename: 'Account', name: 'Account' },
    ])
  })
})

test('no more closed fields are told than a limit says, and each at its place in the document that asks', async () => {
  const many = Array.from({ length: limits.deniedFieldsToldMax + 9 }, (_, index) => `a${index}: email`).join(' ')
  const crowded = await ask(`{ me { id ${many} } }`)
  expect(crowded.errors).toHaveLength(limits.deniedFieldsToldMax)
  expect(Object.values(crowded.data?.['me'] ?? {}).filter((value) => value !== null)).toEqual(['u1'])
  const lineOf = async (query: string) => (await ask(query)).errors?.[0]?.locations?.[0]?.line
  expect(await lineOf('{ me { id email } }')).toBe(1)
  expect(await lineOf('{ me {\n id\n email } }')).toBe(3)
  expect(await lineOf('{ me { id email } }')).toBe(1)
})

test('a field all of whose objects are closed is closed itself', async () => {
  const result = await ask('{ box { size } me { id } }')
  expect([result.data, paths(result)]).toEqual([{ box: null, me: { id: 'u1' } }, ['box']])
  expect(asked.join()).not.toContain('box')
  expect((await ask('{ box { size } }', ann())).data).toEqual({ box: { size: 3 } })
})

describe('who may see', () => {
  test('is whoever has all scopes of one list, or all policies of one', async () => {
    const query = '{ me { email } kind }'
    const seen = async (principal: Principal) => (await ask(query, principal)).data
    expect(await seen(ann({ scopes: ['mail'] }))).toEqual({ me: { email: null }, kind: null })
    expect(await seen(ann({ scopes: ['read', 'mail', 'x'] }))).toEqual({ me: { email: 'ada@x' }, kind: null })
    expect(await seen(ann({ scopes: ['all'], policies: ['kinds'] }))).toEqual({ me: { email: 'ada@x' }, kind: 'A' })
    expect(await seen(ANONYMOUS)).toEqual({ me: { email: null }, kind: null })
  })

  test('is asked of each principal: plans are shared by those who may see the same', async () => {
    const query = '{ secret me { email } }'
    const together = await Promise.all(
      [ANONYMOUS, ann(), ann({ scopes: ['all'] }), ANONYMOUS].map((who) => ask(query, who)),
    )
    expect(together.map(({ data }) => data)).toEqual([
      { secret: null, me: { email: null } },
      { secret: 1, me: { email: null } },
      { secret: 1, me: { email: 'ada@x' } },
      { secret: null, me: { email: null } },
    ])
    const keyOf = async (principal: Principal): Promise<string> => {
      const operation = await mesh.prepare({ query, principal })
      return 'prepared' in operation ? operation.prepared.key : ''
    }
    expect(await keyOf(ann({ subject: 'ben' }))).toBe(await keyOf(ann({ subject: 'ann' })))
    expect(await keyOf(ann())).not.toBe(await keyOf(ann({ scopes: ['all'] })))
  })
})

test('large operations, which are planned in a thread of their own, are no way around', async () => {
  const many = Array.from({ length: 90 }, (_, index) => `a${index}: me { id email friends { id } }`).join(' ')
  const [nobody, all] = await Promise.all([ask(`{ ${many} }`), ask(`{ ${many} }`, ann({ scopes: ['all'] }))])
  expect([nobody.data?.['a89'], all.data?.['a89']]).toEqual([
    { id: 'u1', email: null, friends: [{ id: 'u1' }] },
    { id: 'u1', email: 'ada@x', friends: [{ id: 'u1' }] },
  ])
  expect([nobody.errors?.length, all.errors]).toEqual([90, undefined])
})

describe('mutations and subscriptions', () => {
  test('a closed field does not run; where its null takes all data nothing runs', async () => {
    expect((await ask('mutation { open close }')).data).toEqual({ open: 1, close: null })
    expect(ran).toEqual(['open'])
    const result = await ask('mutation { open must }')
    expect([result.data, paths(result), ran]).toEqual([null, ['must'], ['open']])
  })

  test('a closed stream is refused before it is opened, and fields of events are null', async () => {
    expect(await mesh.subscribe({ query: 'subscription { ticks }' })).toMatchObject({
      errors: [{ path: ['ticks'], extensions: CLOSED }],
    })
    expect(asked).toEqual([])
    const stream = await mesh.subscribe({ query: 'subscription { steps { count by } }' })
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
    const { value } = (await stream.next()) as { value: EngineResult }
    expect([value.data, paths(value)]).toEqual([{ steps: { count: 1, by: null } }, ['steps.by']])
    await stream.return?.()
  })
})

describe('supergraphs', () => {
  const compose = (sdl: string): string => {
    const composition = composeSupergraph([{ name: 'a', sdl }])
    if (composition.kind === 'failed') throw new Error(formatProblems(composition.problems))
    return composition.supergraphSdl
  }

  test('may have the directives under other names, which clients do not see', async () => {
    const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@authenticated", as: "@closed" }, { name: "@policy", as: "@rule" }])`
    const supergraphSdl = compose(`${link} type Query { a: Int @closed  b: Int @rule(policies: [["p"]])  c: Int }`)
    const sdl = 'type Query { a: Int  b: Int  c: Int }'
    const engine = createEngine({
      supergraphSdl,
      endpoints: [localEndpoint({ name: 'a', sdl, resolvers: { Query: { a: () => 1, b: () => 2, c: () => 3 } } })],
    })
    expect((await engine.execute({ query: '{ a b c }' })).data).toEqual({ a: null, b: null, c: 3 })
    expect(engine.publicSdl).not.toMatch(/closed|rule|authenticated|policy/)
  })

  test('of older compositions may protect an interface: what it says more than its types holds for them', async () => {
    const plain =
      compose(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@authenticated"])
      type Query { n: N  t: T  u: U @authenticated }
      interface N { id: Int  x: Int }
      type T implements N { id: Int  x: Int }
      type U implements N { id: Int  x: Int }`)
    const engine = createEngine({
      supergraphSdl: plain.replace(/(interface N[^{]*\{[^}]*?x: Int)/, '$1 @authenticated'),
      endpoints: [
        localEndpoint({
          name: 'a',
          sdl: 'type Query { n: N  t: T  u: U } interface N { id: Int  x: Int } type T implements N { id: Int  x: Int } type U implements N { id: Int  x: Int }',
          resolvers: {
            Query: { n: () => ({ id: 1, x: 2 }), t: () => ({ id: 1, x: 2 }) },
            N: { __resolveType: () => 'T' },
          },
        }),
      ],
    })
    const { data } = await engine.execute({ query: '{ n { id x ... on T { y: x } } t { x } }' })
    expect(data).toEqual({ n: { id: 1, x: null, y: null }, t: { x: null } })
  })
})
