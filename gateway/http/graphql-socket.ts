// Answers /graphql over WebSocket (graphql-transport-ws): queries and mutations once, subscriptions as streams.
import { GraphQLError, type ExecutionArgs, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from '../engine-contract.ts'
import { isProblem, toParameters } from './graphql-request.ts'

export interface GraphqlSocketOptions {
  readonly path: string
  readonly engine: () => Engine
  readonly principal: (request: IncomingMessage) => Principal
  readonly originAllowed: (request: IncomingMessage) => boolean
  readonly messageBytesMax: number
  readonly onError: (error: unknown) => void
}

export interface GraphqlSocket {
  /** Closes every socket with 1001 and waits, at most `graceMs`, until they are gone. */
  close(graceMs: number): Promise<void>
}

interface Extra {
  readonly socket: WebSocket
  readonly request: IncomingMessage
}

/** What runs, handed from graphql-ws's onSubscribe to its execute and subscribe. */
interface Running {
  readonly engine: Engine
  readonly operation: ReadyOperation
  readonly request: EngineRequest
}

const KEEP_ALIVE_MS = 12_000

export function attachGraphqlSocket(server: Server, options: GraphqlSocketOptions): GraphqlSocket {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: options.messageBytesMax,
    perMessageDeflate: false,
  })
  const protocol = createProtocol(options)
  const upgrade = (request: IncomingMessage, connection: Duplex, head: Buffer): void => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (path !== options.path) return refuseUpgrade(connection, '404 Not Found')
    if (!options.originAllowed(request)) return refuseUpgrade(connection, '403 Forbidden')
    sockets.handleUpgrade(request, connection, head, (socket) => serve(socket, request, protocol, options))
  }
  server.on('upgrade', upgrade)
  return {
    close: async (graceMs) => {
      server.off('upgrade', upgrade)
      const clients = [...sockets.clients]
      const closed = Promise.all(clients.map((client) => new Promise((resolve) => client.once('close', resolve))))
      for (const client of clients) client.close(1001, 'Going away')
      const timer = setTimeout(() => {
        for (const client of clients) client.terminate()
      }, graceMs)
      await closed
      clearTimeout(timer)
      sockets.close()
    },
  }
}

function refuseUpgrade(connection: Duplex, status: string): void {
  connection.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function createProtocol({ engine, principal }: GraphqlSocketOptions): ReturnType<typeof makeServer<undefined, Extra>> {
  return makeServer<undefined, Extra>({
    onSubscribe: async (context, _id, payload): Promise<ExecutionArgs | readonly GraphQLError[]> => {
      if (Object.keys(context.subscriptions).length > limits.socketSubscriptionsMax) {
        return [problem(`A socket may have ${limits.socketSubscriptionsMax} operations at once.`)]
      }
      const current = engine()
      const parameters = toParameters(payload as SubscribePayload & Record<string, unknown>)
      if (isProblem(parameters)) return [problem(parameters.message)]
      const request: EngineRequest = { ...parameters, principal: principal(context.extra.request) }
      const operation = await current.prepare(request)
      if (!isReady(operation)) return toGraphqlErrors(operation.errors ?? [])
      const running: Running = { engine: current, operation, request }
      const { document } = operation.prepared.selected
      return {
        schema: current.publicSchema,
        document,
        operationName: parameters.operationName ?? null,
        contextValue: running,
      }
    },
    execute: async ({ contextValue }) => {
      const { engine: current, operation, request } = contextValue as Running
      return asResult(await current.run(operation, request))
    },
    subscribe: async ({ contextValue }) => {
      const { engine: current, operation, request } = contextValue as Running
      const stream = await current.runSubscription(operation, request)
      return (Symbol.asyncIterator in stream ? stream : asResult(stream)) as AsyncIterableIterator<ExecutionResult>
    },
    // Results are formatted already: graphql-ws would ask their errors for toJSON.
    onNext: (...given) => given[4] as never,
    onError: (_context, _id, _payload, errors) => errors.map((error) => error.toJSON()),
  })
}

function asResult(result: EngineResult): ExecutionResult {
  return result as unknown as ExecutionResult
}

function toGraphqlErrors(errors: readonly GraphQLFormattedError[]): GraphQLError[] {
  return errors.map((error) => {
    const rebuilt = new GraphQLError(error.message, { extensions: error.extensions ?? null })
    Object.defineProperty(rebuilt, 'toJSON', { value: () => error })
    return rebuilt
  })
}

function problem(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'REQUEST_INVALID' } })
}

function serve(
  socket: WebSocket,
  request: IncomingMessage,
  protocol: ReturnType<typeof createProtocol>,
  { onError }: GraphqlSocketOptions,
): void {
  let alive = true
  const ping = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, KEEP_ALIVE_MS)
  socket.on('pong', () => (alive = true))
  socket.on('error', onError)
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      // Resolves when the operating system has taken it: a slow client slows its own streams.
      send: (data) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve()
          socket.send(data, (error) => (error ? reject(error) : resolve()))
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) => {
        socket.on('message', (data) => {
          handle(Buffer.isBuffer(data) ? data.toString('utf8') : '').catch((error: unknown) => {
            onError(error)
            socket.close(1011, 'Internal error')
          })
        })
      },
    },
    { socket, request },
  )
  socket.once('close', (code, reason) => {
    clearInterval(ping)
    closed(code, String(reason)).catch(onError)
  })
}
