// graphql-transport-ws for remote gateways: operations run as in-process ones do, with the same answers, events and errors. A stream ends with the
// assertion that it was opened with, unless the gateway renews that: by a ping whose payload has another, for all streams of the principal there.
import { getOperationAST, GraphQLError, parse, type ExecutionArgs, type ExecutionResult } from 'graphql'
import { makeServer, type Context, type SubscribePayload } from 'graphql-ws'
import type { WebSocket, WebSocketServer } from 'ws'
import { MeshgateError } from '../../platform/errors.ts'
import type { Asserted } from '../../platform/governance/assertion-verifier.ts'
import type { Principal } from '../../platform/governance/principal.ts'
import type { SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { AssertionLeases } from './assertion-leases.ts'
import { hostSocket } from './host-socket.ts'
import { noticingEnd } from './noticing-end.ts'
import type { SubscriptionStart } from './run-subscription.ts'
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

function assertionIn(said: Readonly<Record<string, unknown>> | null | undefined): unknown {
  return ((said?.['meshgate'] ?? {}) as { readonly assertion?: unknown }).assertion
}

/** Each operation says who asks: one socket is for all that a gateway asks for. */
async function identify(subgraph: ServedSubgraph, { extensions }: SubscribePayload): Promise<Asserted | GraphQLError> {
  try {
    return await subgraph.verify(assertionIn(extensions))
  } catch (error) {
    if (!(error instanceof MeshgateError)) throw error
    return new GraphQLError(error.message, { extensions: { code: error.code } })
  }
}

async function prepare(
  subgraph: ServedSubgraph,
  payload: SubscribePayload,
  leases: AssertionLeases,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const asserted = await identify(subgraph, payload)
  if (asserted instanceof GraphQLError) return [asserted]
  const request = requestOf(payload, asserted.principal)
  const { schema } = subgraph
  let document: ExecutionArgs['document']
  try {
    document = parse(payload.query)
  } catch (error) {
    // Only a stack that has ended is no GraphQLError.
    return [error instanceof GraphQLError ? error : new GraphQLError('The document nests too deeply.')]
  }
  const operation: Operation = { request, responses: null }
  const args = { schema, document, operationName: payload.operationName, contextValue: operation }
  if (getOperationAST(document, payload.operationName)?.operation !== 'subscription') return args
  const start = await begin(subgraph, request)
  if (start.kind === 'started') {
    const release = leases.hold(asserted, () => start.fail(notRenewed()))
    return { ...args, contextValue: { request, responses: noticingEnd(start.responses, release) } }
  }
  return start.errors.map(({ message, extensions }) => new GraphQLError(message, { extensions: extensions ?? null }))
}

/** A subgraph that is closing says so to who comes meanwhile: they come again elsewhere, or later. */
async function begin(subgraph: ServedSubgraph, request: SubgraphRequest): Promise<SubscriptionStart> {
  try {
    return await subgraph.subscribe(request)
  } catch (error) {
    if (!(error instanceof MeshgateError) || error.code !== 'SUBGRAPH_UNAVAILABLE') throw error
    return { kind: 'refused', errors: [{ message: error.message, extensions: { code: error.code } }] }
  }
}

function notRenewed(): MeshgateError {
  const message = 'The gateway has not said again in time who asks. Subscribe again with the cursor.'
  return new MeshgateError('ASSERTION_EXPIRED', message)
}

export function serveWebSocket(subgraph: ServedSubgraph, server: WebSocketServer): { dispose(): Promise<void> } {
  const operationOf = (args: ExecutionArgs): Operation => args.contextValue as Operation
  const leases = new WeakMap<Context<undefined, undefined>, AssertionLeases>()
  const leasesOf = (context: Context<undefined, undefined>): AssertionLeases => {
    const known = leases.get(context) ?? new AssertionLeases(subgraph.clock)
    leases.set(context, known)
    return known
  }
  const protocol = makeServer<undefined, undefined>({
    onSubscribe: (context, _id, payload) => prepare(subgraph, payload, leasesOf(context)),
    onPing: async (context, payload) => {
      const assertion = assertionIn(payload)
      if (assertion === undefined) return
      // One that is not to be believed renews nothing: what it was for ends at its time.
      await subgraph.verify(assertion).then(
        (asserted) => leasesOf(context).renew(asserted),
        () => undefined,
      )
    },
    execute: (args) => subgraph.endpoint.execute(operationOf(args).request) as Promise<ExecutionResult>,
    subscribe: (args) => operationOf(args).responses as AsyncIterableIterator<ExecutionResult>,
    // Answers are formatted already, and go as they are: graphql-ws would ask their errors for toJSON.
    onNext: (...given) => given[4] as never,
  })
  server.on('connection', (socket: WebSocket) => hostSocket(protocol, socket, subgraph.onFailure))
  return {
    async dispose() {
      for (const client of server.clients) client.close(1001, 'Going away')
      server.removeAllListeners()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
