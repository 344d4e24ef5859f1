// What principals may see of random operations, against a merged schema whose closed fields are null.
import { buildSchema, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { ANONYMOUS, type Principal } from '../../platform/governance/principal.ts'
import { ACCOUNT, ADA, POST, REVIEWS, USERS } from './access-mesh.ts'
import { askMerged, createMesh, mergedSchema } from './merged-mesh.ts'

const mesh = createMesh([USERS, REVIEWS])
const ann = (more: Partial<Principal>): Principal => ({ ...ANONYMOUS, subject: 'ann', ...more })

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
      const [result, expected] = [await mesh.execute({ query, principal: who }), await askMerged(schema, query)]
      const roots = parse(query).definitions.flatMap((each) =>
        'selectionSet' in each ? each.selectionSet.selections : [],
      )
      const nothing = roots.every((root) => root.kind === 'Field' && closed.has(`Query.${root.name.value}`))
      expect({ query, who, data: result.data }).toEqual({ query, who, data: nothing ? null : expected.data })
      expect(
        (result.errors ?? []).every(({ extensions }) => extensions?.['code'] === 'UNAUTHORIZED_FIELD_OR_TYPE'),
      ).toBe(true)
      const told = new Set((result.errors ?? []).map(({ path }) => (path ?? []).filter((key) => key !== '@').join('.')))
      const due = (expected.errors ?? []).map(({ path }) =>
        (path ?? []).filter((key) => typeof key === 'string').join('.'),
      )
      for (const path of due) expect([...told]).toContain(path)
    }
  })
})
