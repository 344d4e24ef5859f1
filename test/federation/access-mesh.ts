// Two subgraphs whose fields and types are closed in every way that Federation has: what runs of the first is noted.
import type { TestSubgraph } from './merged-mesh.ts'

/** Mutations that have run. */
export const ran: string[] = []
const done = (name: string): number => ran.push(name)

export const USERS: TestSubgraph = {
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

export const REVIEWS: TestSubgraph = {
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

export const ADA = { type: 'User', id: 'u1', name: 'Ada', email: 'ada@x', tags: ['a'] }
export const POST = { type: 'Post', id: 'p1', name: 'Post' }
export const ACCOUNT = { type: 'Account', id: 'a1', name: 'Account', balance: 5 }
