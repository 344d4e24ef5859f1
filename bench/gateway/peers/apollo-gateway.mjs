// Apollo Gateway in Apollo Server's standalone server, as its documentation starts it.
import { readFileSync } from 'node:fs'
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'

const { SUPERGRAPH = '', PORT = '', FORWARD_HEADER = '' } = process.env

class ForwardingDataSource extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.forwarded !== undefined) request.http?.headers.set(FORWARD_HEADER, context.forwarded)
  }
}

const silent = { debug() {}, info() {}, warn() {}, error: (message) => process.stderr.write(`${message}\n`) }
const gateway = new ApolloGateway({
  supergraphSdl: readFileSync(SUPERGRAPH, 'utf8'),
  logger: silent,
  ...(FORWARD_HEADER === '' ? {} : { buildService: ({ url }) => new ForwardingDataSource({ url }) }),
})
const server = new ApolloServer({ gateway, logger: silent })
await startStandaloneServer(server, {
  listen: { port: Number(PORT), host: '127.0.0.1' },
  context: async ({ req }) => (FORWARD_HEADER === '' ? {} : { forwarded: req.headers[FORWARD_HEADER] }),
})
