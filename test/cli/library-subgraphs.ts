// Two subgraphs over HTTP that nobody of ours has made, for the supergraph in apollo-composed.graphql: they say what they were sent.
import { buildSubgraphSchema } from '@apollo/subgraph'
import { execute, parse, subscribe, type GraphQLSchema } from 'graphql'
import { createHandler } from 'graphql-sse/lib/use/http'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Library {
  readonly booksUrl: string
  readonly loansUrl: string
  /** Headers of the newest request to `books`. */
  readonly headers: () => IncomingHttpHeaders
  readonly requests: () => number
  /** Answers of `books` wait for it. */
  hold(until: Promise<unknown>): void
  /** An event of `lent`. */
  lend(isbn: string): void
  readonly subscribed: Promise<void>
  close(): Promise<void>
}

const BOOKS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@inaccessible"])
  type Query { books: [Book!]!  asked: String }
  type Book @key(fields: "isbn") { isbn: ID!  title: String  shelf: String @inaccessible }
`
const LOANS = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@tag"])
  type Query { unused: Int }
  type Mutation { lend(isbn: ID!): Book }
  type Subscription { lent: Book }
  type Book @key(fields: "isbn") { isbn: ID!  state: State!  due: String @tag(name: "public") }
  enum State { IN OUT }
`

const BOOK_LIST = [
  { isbn: '1', title: 'One', shelf: 'A' },
  { isbn: '2', title: 'Two', shelf: 'B' },
]

export async function startLibrary(): Promise<Library> {
  let headers: IncomingHttpHeaders = {}
  let requests = 0
  let held: Promise<unknown> = Promise.resolve()
  const listeners = new Set<(isbn: string) => void>()
  const { promise: subscribed, resolve: onSubscribed } = Promise.withResolvers<void>()
  const bookOf = (isbn: string) => BOOK_LIST.find((book) => book.isbn === isbn) ?? null
  const books = buildSubgraphSchema([
    {
      typeDefs: parse(BOOKS),
      resolvers: {
        Query: {
          books: () => BOOK_LIST,
          asked: () => {
            throw new Error('internals of books')
          },
        },
        Book: { __resolveReference: ({ isbn }: { isbn: string }) => bookOf(isbn) },
      } as never,
    },
  ])
  const loans = buildSubgraphSchema([
    {
      typeDefs: parse(LOANS),
      resolvers: {
        Mutation: { lend: (_: unknown, { isbn }: { isbn: string }) => ({ isbn }) },
        Subscription: {
          lent: {
            subscribe: async function* () {
              const waiting: string[] = []
              let wake: () => void = () => undefined
              listeners.add((isbn) => {
                waiting.push(isbn)
                wake()
              })
              onSubscribed()
              for (;;) {
                if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
                yield { lent: { isbn: waiting.shift() ?? '' } }
              }
            },
          },
        },
        Book: {
          __resolveReference: ({ isbn }: { isbn: string }) => ({ isbn }),
          state: ({ isbn }: { isbn: string }) => (isbn === '1' ? 'IN' : 'OUT'),
          due: ({ isbn }: { isbn: string }) => (isbn === '1' ? null : 'soon'),
        },
      } as never,
    },
  ])
  const servers = [
    serveQueries(books, async (received) => {
      headers = received
      requests += 1
      await held
    }),
    serveEvents(loans),
  ]
  const [booksUrl = '', loansUrl = ''] = await Promise.all(servers.map(listen))
  return {
    booksUrl,
    loansUrl,
    subscribed,
    headers: () => headers,
    requests: () => requests,
    hold: (until) => void (held = until),
    lend: (isbn) => listeners.forEach((listener) => listener(isbn)),
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

function serveQueries(schema: GraphQLSchema, seen: (headers: IncomingHttpHeaders) => Promise<void>): Server {
  return createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as { query: string; variables?: object }
      // The question of whoever watches whether it is there.
      if (!/^\{ ?__typename ?\}$/.test(query)) await seen(request.headers)
      const result = await execute({ schema, document: parse(query), variableValues: { ...variables } })
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
    }
    answer().catch((error: unknown) => response.destroy(error as Error))
  })
}

/** Queries, and subscriptions as Server-Sent Events. */
function serveEvents(schema: GraphQLSchema): Server {
  const events = createHandler({ schema, execute, subscribe })
  const queries = serveQueries(schema, () => Promise.resolve())
  return createServer((request, response) => {
    if (request.headers.accept?.includes('text/event-stream') === true) void events(request, response)
    else queries.emit('request', request, response)
  })
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
}
