// The mesh of the gateway that is attacked: the shop of the federation tests, and two subgraphs with subscriptions, one over Server-Sent
// Events and one over a WebSocket.
import type { GraphQLSchema } from 'graphql'
import { composeMesh, mergedSchema, type TestSubgraph } from '../../federation/merged-mesh.ts'
import { MERGED_RESOLVERS, MERGED_SDL, SHOP } from '../../federation/shop.ts'

export const EVENTS = 'events'
const FEEDS = 'feeds'

function subscribed(name: string, field: string): TestSubgraph {
  return {
    name,
    sdl: `
      type Subscription { ${field}(count: Int = 3): User }
      type User @key(fields: "id") { id: ID!  ${field}Seen: Int }
    `,
    resolvers: {
      Subscription: {
        [field]: {
          subscribe: async function* (_: unknown, { count }: { count: number | null }) {
            for (let index = 0; index < Math.min(count ?? 3, 10); index++) {
              yield { [field]: { __typename: 'User', id: `u${1 + (index % 4)}` } }
            }
          },
        },
      },
      User: { __resolveReference: (user: { id: string }) => user, [`${field}Seen`]: () => 1 },
    },
  }
}

export const FUZZ_MESH: readonly TestSubgraph[] = [...SHOP, subscribed(EVENTS, 'changed'), subscribed(FEEDS, 'fed')]

export function fuzzSupergraph(): string {
  return composeMesh(FUZZ_MESH)
}

/** What clients see. */
export function fuzzSchema(): GraphQLSchema {
  const further = `
    type Mutation { rename(id: ID!, name: String!): User  count: Int! }
    type Subscription { changed(count: Int = 3): User  fed(count: Int = 3): User }
    extend type User { changedSeen: Int  fedSeen: Int }
  `
  return mergedSchema(MERGED_SDL + further, MERGED_RESOLVERS)
}
