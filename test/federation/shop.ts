// A mesh that uses what Federation 2 offers, and the same data behind one merged schema. Some data is missing or fails on purpose.
import type { Resolvers, TestSubgraph } from './merged-mesh.ts'

interface User {
  id: string
  email: string
  name: string | null
  role: string
  managerId: string | null
  city: string | null
}
interface Product {
  upc: string
  sku: string
  brand: { id: string; country: string | null } | null
  name: string
  price: number | null
  weight: number
  grid: (number | null)[][] | null
}
interface Review {
  id: string
  body: string | null
  stars: number
  authorId: string
  upc: string | null
}

const USERS: readonly User[] = [
  { id: 'u1', email: 'ada@x', name: 'Ada', role: 'ADMIN', managerId: null, city: 'Graz' },
  { id: 'u2', email: 'bob@x', name: 'Bob', role: 'USER', managerId: 'u1', city: null },
  { id: 'u3', email: 'cyd@x', name: null, role: 'USER', managerId: 'u2', city: 'Bern' },
  { id: 'u4', email: 'dan@x', name: 'Dan', role: 'ADMIN', managerId: 'u4', city: 'Oslo' },
]
const PRODUCTS: readonly Product[] = [
  {
    upc: 'p1',
    sku: 's1',
    brand: { id: 'b1', country: 'AT' },
    name: 'Table',
    price: 100,
    weight: 20,
    grid: [[1, null], []],
  },
  { upc: 'p2', sku: 's2', brand: { id: 'b2', country: null }, name: 'Chair', price: 40, weight: 5, grid: null },
  { upc: 'p3', sku: 's3', brand: null, name: 'Couch', price: null, weight: 60, grid: [[3]] },
]
const REVIEWS: readonly Review[] = [
  { id: 'r1', body: 'good', stars: 5, authorId: 'u1', upc: 'p1' },
  { id: 'r2', body: null, stars: 1, authorId: 'u1', upc: 'p2' },
  { id: 'r3', body: 'fine', stars: 3, authorId: 'u2', upc: 'p1' },
  { id: 'r4', body: 'bad', stars: 2, authorId: 'u3', upc: null },
  { id: 'r5', body: 'odd', stars: 4, authorId: 'u4', upc: 'p3' },
]

const userById = (id: string | null) => USERS.find((user) => user.id === id) ?? null
const productBy = (upc: string | null) => PRODUCTS.find((product) => product.upc === upc) ?? null
const typed = <T extends object>(typename: string, value: T | null) =>
  value ? { __typename: typename, ...value } : null
const user = (id: string | null) => typed('User', userById(id))
const product = (upc: string | null) => typed('Product', productBy(upc))
const review = (id: string) => typed('Review', REVIEWS.find((candidate) => candidate.id === id) ?? null)
const allUsers = () => USERS.map(({ id }) => user(id))
const things = () => [user('u2'), product('p1'), review('r4'), product('p3'), user('u1')]

// Fields as functions of the whole object, the same in subgraph and merged schema.
const userFields = {
  name: (u: User, { upper }: { upper?: boolean }) => (upper === true ? (u.name?.toUpperCase() ?? null) : u.name),
  address: (u: User) => (u.city === null ? null : { city: u.city, lines: [u.city, null] }),
  manager: (u: User) => user(u.managerId),
  flaky: (u: User) => {
    if (u.id === 'u2') throw new Error('flaky')
    return 'ok'
  },
}
const userReviews = (u: { id: string }, { first }: { first?: number | null }) =>
  REVIEWS.filter((r) => r.authorId === u.id)
    .slice(0, first ?? 10)
    .map((r) => review(r.id))
const reviewFields = {
  author: (r: Review) => user(r.authorId),
  product: (r: Review) => product(r.upc),
  strict: (r: Review) => r.body,
}
const productReviews = (p: { upc: string }) => REVIEWS.filter((r) => r.upc === p.upc).map((r) => review(r.id))
const shipping = (p: { price?: number | null; weight?: number }, { mode }: { mode?: string }) =>
  p.price === null || p.price === undefined
    ? null
    : Math.round(p.price / 10 + (p.weight ?? 0)) + (mode === 'FAST' ? 7 : 0)
const label = (p: { brand?: { id: string; country?: string | null } | null }) =>
  p.brand ? `${p.brand.id}/${p.brand.country ?? '-'}` : 'unbranded'
const hits = (n: { id: string }) => n.id.charCodeAt(1)
const related = (p: { upc: string }) => PRODUCTS.filter((other) => other.upc !== p.upc).map(({ upc }) => product(upc))
const same = (a: string) => (object: Record<string, unknown>) => object[a]

export const SHOP: readonly TestSubgraph[] = [
  {
    name: 'accounts',
    sdl: `
      type Query { me: User  user(id: ID!): User  users: [User!]!  nodes: [Node!]!  node(id: ID!): Node }
      type Mutation { rename(id: ID!, name: String!): User  count: Int! }
      interface Node @key(fields: "id") { id: ID! }
      enum Role { ADMIN USER SECRET @inaccessible }
      type Address @shareable { city: String  lines: [String] }
      type User implements Node @key(fields: "id") @key(fields: "email") {
        id: ID!  email: String!  name(upper: Boolean = false): String  role: Role!  address: Address  manager: User
        flaky: String  hidden: String @inaccessible
      }
      type Device implements Node @key(fields: "id") { id: ID!  model: String }
    `,
    resolvers: {
      Query: {
        me: () => user('u1'),
        user: (_: unknown, { id }: { id: string }) => user(id),
        users: allUsers,
        nodes: () => [user('u1'), { __typename: 'Device', id: 'd1', model: 'M' }, user('u3')],
        node: (_: unknown, { id }: { id: string }) => user(id) ?? { __typename: 'Device', id: 'd1', model: 'M' },
      },
      Node: { __resolveType: same('__typename') },
      User: {
        __resolveReference: (r: { id?: string; email?: string }) =>
          user(r.id ?? USERS.find((u) => u.email === r.email)?.id ?? null),
        ...userFields,
      },
      Device: { __resolveReference: ({ id }: { id: string }) => ({ __typename: 'Device', id, model: 'M' }) },
    },
  },
  {
    name: 'reviews',
    sdl: `
      type Query { reviews: [Review!]!  things: [Thing]! }
      union Thing = User | Product | Review
      type User @key(fields: "id") { id: ID!  reviews(first: Int): [Review!]! }
      type Product @key(fields: "upc") { upc: ID!  reviews: [Review!] }
      type Review @key(fields: "id") { id: ID!  body: String  stars: Int!  author: User!  product: Product  strict: String! }
    `,
    resolvers: {
      Query: { reviews: () => REVIEWS.map((r) => review(r.id)), things },
      Thing: { __resolveType: same('__typename') },
      User: { __resolveReference: ({ id }: { id: string }) => user(id), reviews: userReviews },
      Product: { __resolveReference: ({ upc }: { upc: string }) => product(upc), reviews: productReviews },
      Review: { __resolveReference: ({ id }: { id: string }) => review(id), ...reviewFields },
    },
  },
  {
    name: 'products',
    sdl: `
      type Query { topProducts(first: Int = 2): [Product!]!  product(upc: ID!): Product }
      type Brand @shareable { id: ID!  country: String }
      type Product @key(fields: "upc") @key(fields: "sku brand { id }") {
        upc: ID!  sku: String!  brand: Brand  name: String!  price: Int  weight: Int!  grid: [[Int]!]
      }
    `,
    resolvers: {
      Query: {
        topProducts: (_: unknown, { first }: { first: number }) =>
          PRODUCTS.slice(0, first).map(({ upc }) => product(upc)),
        product: (_: unknown, { upc }: { upc: string }) => product(upc),
      },
      Product: {
        __resolveReference: (r: { upc?: string; sku?: string }) =>
          product(r.upc ?? PRODUCTS.find((p) => p.sku === r.sku)?.upc ?? null),
      },
    },
  },
  {
    name: 'inventory',
    sdl: `
      type Brand @shareable { id: ID!  country: String }
      type Product @key(fields: "upc") {
        upc: ID!  price: Int @external  weight: Int! @external  brand: Brand @external
        inStock: Boolean!  shipping(mode: String): Int @requires(fields: "price weight")
        label: String @requires(fields: "brand { id country }")
      }
    `,
    resolvers: {
      Product: {
        __resolveReference: (r: { upc: string }) => r,
        inStock: (p: { upc: string }) => p.upc !== 'p2',
        shipping,
        label,
      },
    },
  },
  {
    name: 'catalogue',
    sdl: `type Product @key(fields: "upc") { upc: ID!  related: [Product!]!  rank: Int }`,
    resolvers: {
      Product: { __resolveReference: ({ upc }: { upc: string }) => product(upc), related, rank: same('weight') },
    },
  },
  {
    name: 'metrics',
    sdl: `type Node @key(fields: "id") @interfaceObject { id: ID!  hits: Int!  tags: [String!] }`,
    resolvers: {
      Node: {
        __resolveReference: (r: { id: string }) => r,
        hits,
        tags: (n: { id: string }) => (n.id === 'u3' ? null : [n.id]),
      },
    },
  },
]

export const MERGED_SDL = `
  type Query {
    me: User  user(id: ID!): User  users: [User!]!  nodes: [Node!]!  node(id: ID!): Node
    reviews: [Review!]!  things: [Thing]!  topProducts(first: Int = 2): [Product!]!  product(upc: ID!): Product
  }
  interface Node { id: ID!  hits: Int!  tags: [String!] }
  enum Role { ADMIN USER }
  union Thing = User | Product | Review
  type Address { city: String  lines: [String] }
  type Brand { id: ID!  country: String }
  type User implements Node {
    id: ID!  email: String!  name(upper: Boolean = false): String  role: Role!  address: Address  manager: User  flaky: String
    hits: Int!  tags: [String!]  reviews(first: Int): [Review!]!
  }
  type Device implements Node { id: ID!  model: String  hits: Int!  tags: [String!] }
  type Review { id: ID!  body: String  stars: Int!  author: User!  product: Product  strict: String! }
  type Product {
    upc: ID!  sku: String!  brand: Brand  name: String!  price: Int  weight: Int!  grid: [[Int]!]  reviews: [Review!]
    inStock: Boolean!  shipping(mode: String): Int  label: String  related: [Product!]!  rank: Int
  }
`

const [accounts, , products] = SHOP
const nodeFields = { hits, tags: (n: { id: string }) => (n.id === 'u3' ? null : [n.id]) }
export const MERGED_RESOLVERS: Resolvers = {
  Query: {
    ...accounts?.resolvers['Query'],
    ...products?.resolvers['Query'],
    reviews: () => REVIEWS.map((r) => review(r.id)),
    things,
  },
  Node: { __resolveType: same('__typename') },
  Thing: { __resolveType: same('__typename') },
  User: { ...userFields, reviews: userReviews, ...nodeFields },
  Device: nodeFields,
  Review: reviewFields,
  Product: {
    reviews: productReviews,
    inStock: (p: { upc: string }) => p.upc !== 'p2',
    shipping,
    label,
    related,
    rank: same('weight'),
  },
}
