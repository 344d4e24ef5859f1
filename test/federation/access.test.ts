// @authenticated, @requiresScopes and @policy: what whoever asks may not see is never fetched, and the rest of the answer is what a merged schema
// gives whose closed fields are null.
import { buildSchema, parse } from 'graphql'
import { beforeEach, describe, expect, test } from 'vitest'
import { composeSupergraph, formatProblems } from '../../gateway/compose/compose-supergraph.ts'
import { createEngine } from '../../gateway/engine.ts'
import type { EngineResult } from '../../gateway/engine-contract.ts'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { askMerged, createMesh, localEndpoint, mergedSchema, type TestSubgraph } from './merged-mesh.ts'

const USERS: TestSubgraph = {
  name: 'users',
  sdl: `type Query {
      me: User
      nodes: [Node!]!
      accounts: [Account]
      secret: Int @federation__authenticated
      token: Token
      kind: Kind
      strict: Int! @federation__requiresScopes(scopes: [["strict"]])
      box: Box
    }
    interface Box { size: Int }
    type Safe implements Box @federation__authenticated { size: Int }
    type Mutation {
      open: Int
      close: Int @federation__authenticated
      must: Int! @federation__authenticated
    }
    type Subscription { ticks: Int @federation__authenticated  steps: Step }
    type Step { count: Int  by: String @federation__authenticated }
    interface Node { id: ID!  name: String }
    type User implements Node @key(fields: "id email") {
      id: ID!
      name: String
      email: String @federation__requiresScopes(scopes: [["mail", "read"], ["all"]])
      friends: [User!]
      tags: [String!]! @federation__policy(policies: [["tags"]])
    }
    type Post implements Node @key(fields: "id") { id: ID!  name: String @federation__requiresScopes(scopes: [["posts"]]) }
    type Account implements Node @federation__authenticated { id: ID!  name: String  balance: Int }
    scalar Token @federation__authenticated
    enum Kind @federation__policy(policies: [["kinds"], ["all"]]) { A B }`,
  resolvers: {
    Query: {
      me: () => ADA,
      nodes: () => [ADA, POST, ACCOUNT],
      accounts: () => [ACCOUNT],
      secret: () => 1,
      token: () => 't',
      kind: () => 'A',
      strict: () => 7,
      box: () => ({ size: 3 }),
    },
    Mutation: { open: () => done('open'), close: () => done('close'), must: () => done('must') },
    Subscription: {
      ticks: { subscribe: async function* () {} },
      steps: {
        subscribe: async function* () {
          yield { steps: { count: 1, by: 'ada' } }
        },
      },
    },
    Node: { __resolveType: ({ type }: { type: string }) => type },
    Box: { __resolveType: () => 'Safe' },
    User: { __resolveReference: () => ADA, friends: () => [ADA] },
  },
}

const REVIEWS: TestSubgraph = {
  name: 'reviews',
  sdl: `type Query { reviews: [Review!]! }
    type Review { id: ID!  author: User!  note: String @federation__authenticated }
    type User @key(fields: "id email") { id: ID!  email: String  score: Int }`,
  resolvers: {
    Query: { reviews: () => [{ id: 'r1', note: 'n' }] },
    Review: { author: () => ({ id: 'u1', email: 'ada@x' }) },
    User: { score: ({ email }: { email: string }) => email.length },
  },
}

const ADA = { type: 'User', id: 'u1', name: 'Ada', email: 'ada@x', tags: ['a'] }
const POST = { type: 'Post', id: 'p1', name: 'Post' }
const ACCOUNT = { type: 'Account', id: 'a1', name: 'Account', balance: 5 }

let ran: string[] = []
let asked: string[] = []
const done = (name: string): number => ran.push(name)
const mesh = createMesh([USERS, REVIEWS], {
  intercept: (_service, { query }) => void asked.push(query),
})
beforeEach(() => {
  ran = []
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

describe('a thousand random operations of random principals', () => {
  const merged = `type Query { me: User  nodes: [Node!]!  accounts: [Account]  secret: Int  token: String  kind: Kind  reviews: [Review!]! }
    interface Node { id: ID!  name: String }
    type User implements Node { id: ID!  name: String  email: String  friends: [User!]  tags: [String!]!  score: Int }
    type Post implements Node { id: ID!  name: String }
    type Account implements Node { id: ID!  name: String  balance: Int }
    type Review { id: ID!  author: User!  note: String }
    enum Kind { A B }`

  /** What each principal may not see, by type and field; written down by hand, not read out of the supergraph. */
  const closedFor = (who: Principal): Set<string> => {
    const closed = new Set<string>()
    const close = (mayNot: boolean, ...fields: string[]) => fields.forEach((field) => mayNot && closed.add(field))
    close(who === ANONYMOUS, 'Query.secret', 'Query.token', 'Query.accounts', 'Review.note')
    close(who === ANONYMOUS, 'Account.id', 'Account.name', 'Account.balance')
    const scopes = new Set(who.scopes)
    close(!scopes.has('all') && !(scopes.has('mail') && scopes.has('read')), 'User.email')
    close(!scopes.has('posts'), 'Post.name')
    const policies = new Set(who.policies)
    close(!policies.has('tags'), 'User.tags')
    close(!policies.has('kinds') && !policies.has('all'), 'Query.kind')
    return closed
  }

  const mergedFor = (who: Principal) => {
    const closed = closedFor(who)
    const resolve = (place: string, value: (source: never) => unknown) => (source: never) => {
      if (closed.has(place)) throw new Error('closed')
      return value(source)
    }
    const resolvers: Record<string, Record<string, unknown>> = {
      Node: { __resolveType: ({ type }: { type: string }) => type },
    }
    const values: Record<string, Record<string, (source: never) => unknown>> = {
      Query: {
        me: () => ADA,
        nodes: () => [ADA, POST, ACCOUNT],
        accounts: () => [ACCOUNT],
        secret: () => 1,
        token: () => 't',
        kind: () => 'A',
        reviews: () => [{ id: 'r1', note: 'n' }],
      },
      User: { friends: () => [ADA], score: () => 5 },
      Review: { author: () => ADA },
    }
    for (const type of Object.values(buildSchema(merged).getTypeMap())) {
      if (type.name.startsWith('__') || !('getFields' in type)) continue
      for (const field of Object.keys(type.getFields())) {
        const value = values[type.name]?.[field] ?? ((source: Record<string, unknown>) => source[field])
        ;(resolvers[type.name] ??= {})[field] = resolve(`${type.name}.${field}`, value)
      }
    }
    return { schema: mergedSchema(merged, resolvers), closed }
  }

  const FIELDS: Record<string, Record<string, string | null>> = {
    Query: { me: 'User', nodes: 'Node', accounts: 'Account', secret: null, token: null, kind: null, reviews: 'Review' },
    User: { id: null, name: null, email: null, friends: 'User', tags: null, score: null },
    Node: { id: null, name: null, '... on User': 'User', '... on Post': 'Post', '... on Account': 'Account' },
    Post: { id: null, name: null },
    Account: { id: null, name: null, balance: null },
    Review: { id: null, author: 'User', note: null },
  }

  function random(seed: number): () => number {
    let state = seed
    return () => {
      state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
      return state / 4_294_967_296
    }
  }

  function selection(type: string, next: () => number, depth: number): string {
    const fields = Object.entries(FIELDS[type] ?? {}).filter(([, below]) => below === null || depth > 0)
    const chosen = fields.filter(() => next() < 0.45)
    const some = chosen.length === 0 ? fields.slice(0, 1) : chosen
    return `{ ${some.map(([name, below]) => (below === null ? name : `${name} ${selection(below, next, depth - 1)}`)).join(' ')} }`
  }

  test('have the data of the merged schema, with an error for each closed field', async () => {
    const next = random(20_261_122)
    const known = new Map<string, ReturnType<typeof mergedFor>>()
    const pick = (names: readonly string[]) => names.filter(() => next() < 0.4)
    for (let round = 0; round < 1_000; round++) {
      const who =
        next() < 0.3
          ? ANONYMOUS
          : ann({ scopes: pick(['all', 'mail', 'read', 'posts']), policies: pick(['tags', 'kinds', 'all']) })
      const query = selection('Query', next, 3)
      const { schema, closed } = known.get(JSON.stringify(who)) ?? mergedFor(who)
      known.set(JSON.stringify(who), { schema, closed })
      const [result, expected] = [await ask(query, who), await askMerged(schema, query)]
      const roots = parse(query).definitions.flatMap((each) =>
        'selectionSet' in each ? each.selectionSet.selections : [],
      )
      const nothing = roots.every((root) => root.kind === 'Field' && closed.has(`Query.${root.name.value}`))
      expect({ query, who, data: result.data }).toEqual({ query, who, data: nothing ? null : expected.data })
      expect((result.errors ?? []).every(({ extensions }) => extensions?.['code'] === CLOSED.code)).toBe(true)
      const told = new Set((result.errors ?? []).map(({ path }) => (path ?? []).filter((key) => key !== '@').join('.')))
      const due = (expected.errors ?? []).map(({ path }) =>
        (path ?? []).filter((key) => typeof key === 'string').join('.'),
      )
      for (const path of due) expect([...told]).toContain(path)
    }
  })
})
