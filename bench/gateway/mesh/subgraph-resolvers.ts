// What each of the bench's subgraphs answers, over graphql-js. Only bodies that were never seen come this far (subgraph-server.ts).
import { buildSubgraphSchema, type GraphQLResolverMap } from '@apollo/subgraph'
import { parse, type GraphQLSchema } from 'graphql'
import {
  authorId,
  products,
  reviews,
  reviewsOfUser,
  shippingEstimate,
  textOf,
  users,
  type Product,
  type Review,
  type User,
} from './mesh-data.ts'
import { archiveSdl, subgraphSdl } from './subgraph-sdl.ts'

type Resolvers = GraphQLResolverMap<unknown>

interface ProductReference {
  readonly upc: string
}

const RESOLVERS: Readonly<Record<string, Resolvers>> = {
  accounts: {
    Query: {
      me: () => users[0],
      user: (_: unknown, { id }: { id: string }) => findUser(id),
      users: () => users,
    },
    User: { __resolveReference: ({ id }: User) => findUser(id) },
  },
  inventory: {
    Product: {
      // Price and weight are what the gateway sent: a gateway that forgets them shows.
      __resolveReference: (reference: ProductReference) => ({
        ...findProduct(reference.upc),
        ...unpriced,
        ...reference,
      }),
      shippingEstimate: ({ price, weight }: Partial<Product>) =>
        typeof price === 'number' && typeof weight === 'number' ? shippingEstimate({ price, weight }) : null,
    },
  },
  products: {
    Query: {
      topProducts: (_: unknown, { first }: { first: number | null }) => products.slice(0, first ?? 5),
    },
    Product: { __resolveReference: ({ upc }: ProductReference) => findProduct(upc) },
  },
  reviews: {
    Review: {
      __resolveReference: ({ id }: Review) => reviews.find((review) => review.id === id),
      product: ({ upc }: Review) => ({ upc }),
      author: () => findUser(authorId),
    },
    Product: {
      __resolveReference: ({ upc }: ProductReference) => ({ upc }),
      reviews: ({ upc }: ProductReference) => reviews.filter((review) => review.upc === upc),
    },
    User: {
      __resolveReference: ({ id }: User) => ({ id }),
      reviews: () => reviewsOfUser,
    },
  },
  archive: {
    Query: {
      entries: (_: unknown, { first }: { first: number }) =>
        Array.from({ length: first }, (_entry, index) => entry(index)),
    },
  },
}

const unpriced = { price: undefined, weight: undefined }

export function subgraphSchema(name: string): GraphQLSchema {
  const typeDefs = parse((name === 'archive' ? archiveSdl : subgraphSdl[name]) ?? '')
  return buildSubgraphSchema([{ typeDefs, resolvers: RESOLVERS[name] ?? {} }])
}

function findUser(wanted: string): User | undefined {
  return users.find(({ id }) => id === wanted)
}

function findProduct(wanted: string): Product | undefined {
  return products.find(({ upc }) => upc === wanted)
}

/** About 400 bytes of JSON. */
export function entry(index: number): Readonly<Record<string, unknown>> {
  return {
    id: `entry-${index}`,
    title: `Entry ${index} of the "archive"`,
    text: textOf(180 + (index % 40), index),
    pages: index % 900,
    rating: (index % 50) / 10 + 0.25,
    tags: [`shelf-${index % 7}`, `year-${1950 + (index % 70)}`, 'catalogued'],
    place: { shelf: `S${index % 31}`, row: index % 12 },
    product: { upc: String((index % products.length) + 1) },
  }
}
