// graphql-transport-ws for remote gateways: operations run as in-process ones do, with the same answers, events and errors.
import { getOperationAST, GraphQLError, parse, type ExecutionArgs, type ExecutionResult } from 'graphql'
import type { SubscribePayload } from 'graphql-ws'
import { useServer } from 'graphql-ws/use/ws'
import type { WebSocketServer } from 'ws'
import { MeshgateError } from '../../platform/errors.ts'
import type { Principal } from '../../platform/governance/principal.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { ServedSubgraph } from './subgraph.ts'

/** What onSubscribe hands to execute and subscribe. */
interface Operation {
  readonly request: SubgraphRequest
  readonly responses: AsyncIterableIterator<SubgraphResponse> | null
}

const requestOf = (
  { query, variables, operationName, extensions }: SubscribePayload,
  principal: Principal,
): SubgraphRequest => ({
  query,
  principal,
  ...(variables === undefined || variables === null ? {} : { variables }),
  ...(operationName === undefined || operationName === null ? {} : { operationName }),
  ...(extensions === undefined || extensions === null ? {} : { extensions }),
})

/** Each operation says who asks: one socket is for all that a gateway asks for. */
async function identify(subgraph: ServedSubgraph, { extensions }: SubscribePayload): Promise<Principal | GraphQLError> {
  const { assertion } = (extensions?.['meshgate'] ?? {}) as { readonly assertion?: unknown }
  try {
    return await subgraph.verify(assertion)
  } catch (error) {
    if (!(error instanceof MeshgateError)) throw error
    return new GraphQLError(error.message, { extensions: { code: error.code } })
  }
}

async function prepare(
  subgraph: ServedSubgraph,
  payload: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const principal = await identify(subgraph, payload)
  if (principal instanceof GraphQLError) return [principal]
  const request = requestOf(payload, principal)
  const { schema } = subgraph
  let document: ExecutionArgs['document']
  try {
    document = parse(payload.query)
  } catch (error) {
    return [error instanceof GraphQLError ? error : new GraphQLError(String(error))]
  }
  const operation: Operation = { request, responses: null }
  const args = { schema, document, operationName: payload.operationName, contextValue: operation }
  if (getOperationAST(document, payload.operationName)?.operation !== 'subscription') return args
  const start = await subgraph.subscribe(request)
  if (start.kind === 'started') return { ...args, contextValue: { request, responses: start.responses } }
  return start.errors.map(({ message, extensions }) => new GraphQLError(message, { extensions: extensions ?? null }))
}

export function serveWebSocket(subgraph: ServedSubgraph, server: WebSocketServer): { dispose(): void | Promise<void> } {
  const operationOf = (args: ExecutionArgs): Operation => args.contextValue as Operation
  return useServer(
    {
      onSubscribe: (_context, _id, payload) => prepare(subgraph, payload),
      execute: (args) => subgraph.endpoint.execute(operationOf(args).request) as Promise<ExecutionResult>,
      subscribe: (args) => operationOf(args).responses as AsyncIterableIterator<ExecutionResult>,
      // Answers are formatted already, and go as they are: graphql-ws would ask their errors for toJSON.
      onNext: (...given) => given[4] as never,
    },
    server,
  )
}
