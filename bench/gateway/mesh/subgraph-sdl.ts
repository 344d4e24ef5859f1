// The bench's subgraphs as SDL: the four of the public benchmarks, and an archive whose answers are megabytes.

const federation = (imports: string): string =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: [${imports}])\n`

const accounts = `${federation('"@key", "@shareable"')}
type Query {
  me: User
  user(id: ID!): User
  users: [User]
}

type User @key(fields: "id") {
  id: ID!
  name: String
  username: String @shareable
  birthday: Int
}
`

const inventory = `${federation('"@key", "@external", "@requires"')}
type Product @key(fields: "upc") {
  upc: String!
  weight: Int @external
  price: Int @external
  inStock: Boolean
  shippingEstimate: Int @requires(fields: "price weight")
}
`

const products = `${federation('"@key"')}
type Query {
  topProducts(first: Int = 5): [Product]
}

type Product @key(fields: "upc") {
  upc: String!
  name: String
  price: Int
  weight: Int
}
`

const reviews = `${federation('"@key", "@external", "@provides"')}
type Review @key(fields: "id") {
  id: ID!
  body: String
  product: Product
  author: User @provides(fields: "username")
}

type Product @key(fields: "upc") {
  upc: String!
  reviews: [Review]
}

type User @key(fields: "id") {
  id: ID!
  username: String @external
  reviews: [Review]
}
`

const archive = `${federation('"@key"')}
type Query {
  entries(first: Int!): [Entry!]!
}

type Entry {
  id: ID!
  title: String!
  text: String
  pages: Int
  rating: Float
  tags: [String!]!
  place: Place
  product: Product
}

type Place {
  shelf: String
  row: Int
}

type Product @key(fields: "upc", resolvable: false) {
  upc: String!
}
`

export const subgraphSdl: Readonly<Record<string, string>> = { accounts, inventory, products, reviews }

export const archiveSdl = archive
