// Answers /graphql over WebSocket (graphql-transport-ws): queries and mutations once, subscriptions as streams.
import { GraphQLError, type ExecutionArgs, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { atTime } from '../authenticate/at-time.ts'
import { NOBODY, type Authenticate, type Identity } from '../authenticate/identity.ts'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from '../engine-contract.ts'
import { originOf } from '../observe/request-origin.ts'
import type { HeaderForwarder } from './forwarded-headers.ts'
import { readParameters } from './graphql-request.ts'
import { isProblem } from './http-problem.ts'
import type { RateLimiter, RateProblem } from './rate-limiter.ts'
import { createSocketOperations, type SocketOperations } from './socket-operations.ts'
import { pipedStream, SocketWriter } from './socket-stream.ts'

export interface GraphqlSocketOptions {
  readonly path: string
  readonly engine: () => Engine
  /** Asked once per socket, with what its client puts into connection_init. */
  readonly authenticate: Authenticate
  /** Null: whoever asks is answered. */
  readonly rateLimiter: RateLimiter | null
  readonly clock: Clock
  /** Of the handshake's headers: what a client puts into connection_init are no headers, and are not forwarded. */
  readonly forwarded?: HeaderForwarder
  readonly originAllowed: (request: IncomingMessage) => boolean
  readonly messageBytesMax: number
  readonly onError: (error: unknown) => void
}

export interface GraphqlSocket {
  /**
   * Takes no more sockets and operations, and closes every socket with 1001 when its operations have ended; what is left after `graceMs` is cut
   * off. An operation that comes too late gets no answer: clients send it again on their next socket.
   */
  close(reason: string, graceMs: number): Promise<void>
}

interface Extra {
  readonly request: IncomingMessage
  readonly close: (code: number, reason: string) => void
  /** Nobody until connection_init has said who it is. */
  identity: Identity
  /** Told when the socket's credentials expire. */
  readonly expireAt: (timeMs: number) => void
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly operations: () => SocketOperations
  readonly writer: SocketWriter
}

interface Served {
  /** Takes no more operations. Resolves when those under way have ended, or the client has left. */
  readonly finish: () => Promise<void>
}

/** What runs, handed from graphql-ws's onSubscribe to its execute and subscribe. */
interface Running {
  readonly id: string
  readonly extra: Extra
  readonly engine: Engine
  readonly operation: ReadyOperation
  readonly request: EngineRequest
}

export function attachGraphqlSocket(server: Server, options: GraphqlSocketOptions): GraphqlSocket {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: options.messageBytesMax,
    perMessageDeflate: false,
  })
  const protocol = createProtocol(options)
  const served = new Map<WebSocket, Served>()
  const upgrade = (request: IncomingMessage, connection: Duplex, head: Buffer): void => {
    const path = URL.parse(request.url ?? '/', 'http://localhost')?.pathname
    if (path !== options.path) return refuseUpgrade(connection, '404 Not Found')
    if (!options.originAllowed(request)) return refuseUpgrade(connection, '403 Forbidden')
    sockets.handleUpgrade(request, connection, head, (socket) => {
      served.set(socket, serve({ socket, connection, request }, protocol, options))
      socket.once('close', () => served.delete(socket))
    })
  }
  server.on('upgrade', upgrade)
  return {
    close: async (reason, graceMs) => {
      server.off('upgrade', upgrade)
      const timer = setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, graceMs)
      await Promise.all(
        [...served].map(async ([client, { finish }]) => {
          const closed = new Promise((resolve) => client.once('close', resolve))
          await Promise.race([finish(), closed])
          client.close(1001, reason)
          await closed
        }),
      )
      clearTimeout(timer)
      sockets.close()
    },
  }
}

/** As graphql-ws has them. */
const FORBIDDEN = 4403
const BAD_REQUEST = 4400

/** graphql-ws takes a message that only servers send (`next`, `error`, `connection_ack`) for a failure of ours. */
function isOfServers(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type ')
}

/** A close frame has room for 123 bytes; graphql-ws puts a client's own id into it. */
function closeReason(text: string): string {
  return Buffer.from(text).subarray(0, 120).toString('utf8').replaceAll('\uFFFD', '')
}

function refuseUpgrade(connection: Duplex, status: string): void {
  // From here on node:http does not look after the connection: a reset would end the process, a peer that stays would keep it open.
  connection.on('error', () => undefined)
  connection.once('finish', () => connection.destroy())
  connection.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function createProtocol({
  engine,
  authenticate,
  rateLimiter,
}: GraphqlSocketOptions): ReturnType<typeof makeServer<undefined, Extra>> {
  return makeServer<undefined, Extra>({
    connectionInitWaitTimeout: limits.socketInitTimeoutMs,
    onConnect: async ({ extra, connectionParams }) => {
      const found = authenticate(extra.request, connectionParams)
      const identity = found instanceof Promise ? await found : found
      if (identity.kind === 'refused') {
        // 1013: try again later. graphql-ws clients come back after 4403, with what their connectionParams then give.
        extra.close(identity.status === 503 ? 1013 : FORBIDDEN, identity.message)
        return false
      }
      extra.identity = identity
      if (identity.expiresAtMs !== null) extra.expireAt(identity.expiresAtMs)
      return true
    },
    onSubscribe: async (context, id, payload): Promise<ExecutionArgs | readonly GraphQLError[]> => {
      const signal = context.extra.operations().begin(id)
      if (Object.keys(context.subscriptions).length > limits.socketSubscriptionsMax) {
        return [problem(`A socket may have ${limits.socketSubscriptionsMax} operations at once.`)]
      }
      const current = engine()
      const parameters = readParameters(withDocumentId(payload))
      if (isProblem(parameters)) return [problem(parameters.message)]
      const { headers, identity } = context.extra
      const forwarded = headers === undefined ? {} : { headers }
      const { principal, expiresAtMs } = identity
      const tooMany = rateLimiter?.take(context.extra.request, principal, 1) ?? null
      if (tooMany !== null) return [rateError(tooMany)]
      const expiring = expiresAtMs === null ? {} : { expiresAtMs }
      const origin = originOf(context.extra.request.headers, parameters.extensions)
      const from = origin === undefined ? {} : { origin }
      const spend = rateLimiter?.spend ?? null
      const paying = spend === null ? {} : { spend: (cost: number) => spend(context.extra.request, principal, cost) }
      const known = { ...parameters, principal, signal }
      const request: EngineRequest = { ...known, ...from, ...expiring, ...paying, ...forwarded }
      const operation = await current.prepare(request)
      if (!isReady(operation)) return toGraphqlErrors(operation.errors ?? [])
      const running: Running = { id, extra: context.extra, engine: current, operation, request }
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
      try {
        return asResult(await current.run(operation, request))
      } catch (error) {
        // Nobody waits for an answer any more: graphql-ws sends none.
        if (request.signal?.aborted === true) return {}
        throw error
      }
    },
    subscribe: async ({ contextValue }) => {
      const { id, extra, engine: current, operation, request } = contextValue as Running
      const stream = await current.runSubscription(operation, request)
      return Symbol.asyncIterator in stream ? pipedStream(stream, extra.writer.sink(id)) : asResult(stream)
    },
    // Results are formatted already: graphql-ws would ask their errors for toJSON.
    onNext: (...given) => given[4] as never,
    onError: (_context, _id, _payload, errors) => errors.map((error) => error.toJSON()),
  })
}

/** Types of common clients have no place for it but the extensions. */
function withDocumentId(payload: SubscribePayload): unknown {
  const documentId = payload.extensions?.['documentId']
  return typeof documentId === 'string' ? { documentId, ...payload } : payload
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

function rateError({ message, code, retryAfterMs }: RateProblem): GraphQLError {
  return new GraphQLError(message, { extensions: { code, retryAfterMs } })
}

function problem(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'REQUEST_INVALID' } })
}

interface Opened {
  readonly socket: WebSocket
  readonly connection: Duplex
  readonly request: IncomingMessage
}

function serve(
  { socket, connection, request }: Opened,
  protocol: ReturnType<typeof createProtocol>,
  { forwarded, clock, onError }: GraphqlSocketOptions,
): Served {
  let alive = true
  const ping = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, limits.socketKeepAliveMs)
  socket.on('pong', () => (alive = true))
  // What the peer or the network did wrong: ws closes the socket with the right code, and it is no failure of ours.
  socket.on('error', () => undefined)
  let operations: SocketOperations | null = null
  let takeBack = (): void => undefined
  /** What is under way ends first: streams with their cursors. */
  const expire = async (): Promise<void> => {
    await operations?.finish()
    socket.close(FORBIDDEN, 'The token has expired: come back with a new one.')
  }
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) => send(socket, data),
      close: (code, reason) => socket.close(code, closeReason(reason ?? '')),
      onMessage: (handle) => {
        operations = createSocketOperations(handle, (error) => {
          if (isOfServers(error)) return socket.close(BAD_REQUEST, 'Invalid message received')
          onError(error)
          socket.close(1011, 'Internal error')
        })
      },
    },
    {
      request,
      close: (code, reason) => socket.close(code, closeReason(reason)),
      identity: NOBODY,
      expireAt: (timeMs) => {
        takeBack = atTime(clock, timeMs, () => void expire())
      },
      headers: forwarded?.(request),
      writer: new SocketWriter(socket, connection),
      operations: () => {
        invariant(operations, 'a socket that was given a subscription receives messages')
        return operations
      },
    },
  )
  socket.on('message', (data) => {
    operations?.receive(Buffer.isBuffer(data) ? data.toString('utf8') : '')
    // Whoever asks without reading the answers is not listened to until they are gone.
    if (socket.bufferedAmount > limits.socketBufferedBytesMax) socket.pause()
  })
  socket.once('close', (code, reason) => {
    clearInterval(ping)
    takeBack()
    operations?.close()
    closed(code, String(reason)).catch(onError)
  })
  return { finish: async () => operations?.finish() }
}

/** Resolves when the operating system has taken it: a slow client slows its own streams. */
function send(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    socket.send(data, (error) => {
      // The client is gone: the close event ends what runs for it.
      if (error) socket.terminate()
      else if (socket.isPaused && socket.bufferedAmount <= limits.socketBufferedBytesMax) socket.resume()
      resolve()
    })
  })
}
