// The same data behind one schema, executed by graphql-js: what the right answer to any of the bench's operations is.
import { buildSchema, graphqlSync, type GraphQLSchema } from 'graphql'
import {
  authorId,
  products,
  reviews,
  reviewsOfUser,
  shippingEstimate,
  users,
  type Product,
  type Review,
} from './mesh-data.ts'
import { entry } from './subgraph-resolvers.ts'

const schema: GraphQLSchema = buildSchema(`
  type Query {
    me: User
    user(id: ID!): User
    users: [User]
    topProducts(first: Int = 5): [Product]
    entries(first: Int!): [Entry!]!
  }
  type User { id: ID! name: String username: String birthday: Int reviews: [Review] }
  type Review { id: ID! body: String product: Product author: User }
  type Product {
    upc: String! name: String price: Int weight: Int inStock: Boolean shippingEstimate: Int reviews: [Review]
  }
  type Entry {
    id: ID! title: String! text: String pages: Int rating: Float tags: [String!]! place: Place product: Product
  }
  type Place { shelf: String row: Int }
`)

/** The response's body. */
export function mergedAnswer(query: string, variables: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify(graphqlSync({ schema, source: query, variableValues: variables, rootValue: root }))
}

const root = {
  me: () => userOf('1'),
  user: ({ id }: { id: string }) => userOf(id),
  users: () => users.map(({ id }) => userOf(id)),
  topProducts: ({ first }: { first: number | null }) => products.slice(0, first ?? 5).map(({ upc }) => productOf(upc)),
  entries: ({ first }: { first: number }) =>
    Array.from({ length: first }, (_, index) => {
      const { product, ...rest } = entry(index)
      return { ...rest, product: productOf((product as Product).upc) }
    }),
}

function userOf(wanted: string): object | undefined {
  const user = users.find(({ id }) => id === wanted)
  return user && { ...user, reviews: () => reviewsOfUser.map(reviewOf) }
}

function reviewOf(review: Review): object {
  return { ...review, product: () => productOf(review.upc), author: () => userOf(authorId) }
}

function productOf(wanted: string): object | undefined {
  const product = products.find(({ upc }) => upc === wanted)
  if (product === undefined) return undefined
  return {
    ...product,
    shippingEstimate: shippingEstimate(product),
    reviews: () => reviews.filter(({ upc }) => upc === wanted).map(reviewOf),
  }
}
