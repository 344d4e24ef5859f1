// Apollo Server in its standalone server with MeshgateGateway in place of ApolloGateway, as the peer apollo-gateway.mjs starts that.
import { ApolloServer, type BaseContext } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { pino } from 'pino'
import { MeshgateGateway } from '../../../gateway/apollo/meshgate-gateway.ts'

const { SUPERGRAPH = '', PORT = '', FORWARD_HEADER = '' } = process.env

interface Context extends BaseContext {
  readonly forwarded?: string | undefined
}

const meshgate = new MeshgateGateway<Context>({
  supergraphFile: SUPERGRAPH,
  logger: pino({ level: 'error' }),
  sharing: 'none',
  ...(FORWARD_HEADER === ''
    ? {}
    : { request: ({ forwarded }) => (forwarded === undefined ? {} : { headers: { [FORWARD_HEADER]: forwarded } }) }),
})
const server = new ApolloServer<Context>({ ...meshgate.apolloOptions<Context>() })
await startStandaloneServer(server, {
  listen: { port: Number(PORT), host: '127.0.0.1' },
  context: async ({ req }) => {
    const forwarded = FORWARD_HEADER === '' ? undefined : req.headers[FORWARD_HEADER]
    return typeof forwarded === 'string' ? { forwarded } : {}
  },
})
