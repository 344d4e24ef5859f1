// Answers /graphql over WebSocket (graphql-transport-ws): queries and mutations once, subscriptions as streams.
import { GraphQLError, type ExecutionArgs, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { atTime } from '../authenticate/at-time.ts'
import { NOBODY, type Authenticate, type ConnectionParameters, type Identity } from '../authenticate/identity.ts'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { BAD_REQUEST, closeReason, isOfServers } from '../../platform/socket-closing.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult, type ReadyOperation } from '../engine-contract.ts'
import { originOf } from '../observe/request-origin.ts'
import type { ClientLimits, SocketPlace } from './client-limits.ts'
import type { HeaderForwarder } from './forwarded-headers.ts'
import { readParameters } from './graphql-request.ts'
import { isProblem, type HttpProblem } from './http-problem.ts'
import { payingBy } from './paying.ts'
import type { RateLimiter, RateProblem } from './rate-limiter.ts'
import type { TellRefusal } from './tell-refusal.ts'
import { createSocketOperations, type SocketOperations } from './socket-operations.ts'
import { pipedStream, SocketWriter } from './socket-stream.ts'

export interface GraphqlSocketOptions {
  readonly path: string
  readonly engine: () => Engine
  /** Asked once per socket, with what its client puts into connection_init. */
  readonly authenticate: Authenticate
  /** Null: whoever asks is answered. */
  readonly rateLimiter: RateLimiter | null
  readonly clientLimits: ClientLimits
  /** Told of what is refused here, before the engine knows of it. */
  readonly refused: TellRefusal
  /** Told how many sockets are open whenever that changes. */
  readonly onSockets: (open: number) => void
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
  readonly place: SocketPlace
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
    if (path !== options.path) return refuseUpgrade(connection, { status: 404 })
    const place = options.originAllowed(request) ? options.clientLimits.openSocket(request) : FOREIGN
    if (!('become' in place)) {
      options.refused({ via: 'websocket', request, problem: place })
      return refuseUpgrade(connection, place)
    }
    const told = (): void => options.onSockets(options.clientLimits.sockets)
    told()
    connection.once('close', () => {
      place.release()
      told()
    })
    sockets.handleUpgrade(request, connection, head, (socket) => {
      served.set(socket, serve({ socket, connection, request, place }, protocol, options))
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

/** As graphql-ws has it. */
const FORBIDDEN = 4403
const TRY_AGAIN_LATER = 1013

const FOREIGN: HttpProblem = { status: 403, message: 'Pages of this origin may not ask.' }

function refuseUpgrade(connection: Duplex, { status, headers = [] }: Pick<HttpProblem, 'status' | 'headers'>): void {
  // From here on node:http does not look after the connection: a reset would end the process, a peer that stays would keep it open.
  connection.on('error', () => undefined)
  connection.once('finish', () => connection.destroy())
  const said = headers.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`
  connection.end(`${line}\r\n${said}connection: close\r\ncontent-length: 0\r\n\r\n`)
}

/** False: the socket is closed. */
async function admit(
  extra: Extra,
  parameters: ConnectionParameters | undefined,
  { authenticate, refused }: GraphqlSocketOptions,
): Promise<boolean> {
  const { request } = extra
  const found = authenticate(request, parameters)
  const identity = found instanceof Promise ? await found : found
  if (identity.kind === 'refused') {
    refused({ via: 'websocket', request, problem: identity })
    // graphql-ws clients come back after both, with what their connectionParams then give.
    extra.close(identity.status === 401 ? FORBIDDEN : TRY_AGAIN_LATER, identity.message)
    return false
  }
  const crowded = extra.place.become(identity.principal)
  if (crowded !== null) {
    refused({ via: 'websocket', request, problem: crowded, principal: identity.principal })
    extra.close(TRY_AGAIN_LATER, crowded.message)
    return false
  }
  extra.identity = identity
  if (identity.expiresAtMs !== null) extra.expireAt(identity.expiresAtMs)
  return true
}

function createProtocol(options: GraphqlSocketOptions): ReturnType<typeof makeServer<undefined, Extra>> {
  const { engine, rateLimiter, clientLimits, refused } = options
  return makeServer<undefined, Extra>({
    connectionInitWaitTimeout: limits.socketInitTimeoutMs,
    onConnect: ({ extra, connectionParams }) => admit(extra, connectionParams, options),
    onSubscribe: async (context, id, payload): Promise<ExecutionArgs | readonly GraphQLError[]> => {
      const signal = context.extra.operations().begin(id)
      const { headers, request: handshake } = context.extra
      const { principal, expiresAtMs } = context.extra.identity
      const refuse = (why: HttpProblem | RateProblem): readonly GraphQLError[] => {
        refused({ via: 'websocket', request: handshake, problem: why, principal })
        return [problemError(why)]
      }
      const most = clientLimits.subscriptionsPerSocket
      if (most > 0 && Object.keys(context.subscriptions).length > most) return refuse(clientLimits.tooManyOfSocket())
      const current = engine()
      const parameters = readParameters(withDocumentId(payload))
      if (isProblem(parameters)) return refuse(parameters)
      const forwarded = headers === undefined ? {} : { headers }
      const tooMany = rateLimiter?.take(handshake, principal, 1) ?? null
      if (tooMany !== null) return refuse(tooMany)
      const expiring = expiresAtMs === null ? {} : { expiresAtMs }
      const origin = originOf(handshake.headers, parameters.extensions)
      const from = origin === undefined ? {} : { origin }
      const known = { ...parameters, ...payingBy(rateLimiter, handshake, principal), principal, signal }
      const request: EngineRequest = { ...known, ...from, ...expiring, ...forwarded }
      const operation = await current.prepare(request)
      if (!isReady(operation)) return toGraphqlErrors(operation.errors ?? [])
      const open = operation.kind === 'subscription' ? clientLimits.openSubscription(handshake, principal) : null
      if (open !== null && typeof open !== 'function') return refuse(open)
      if (open !== null) context.extra.operations().whenEnded(id, open)
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

function problemError({ message, code = 'REQUEST_INVALID', ...more }: HttpProblem | RateProblem): GraphQLError {
  const later = 'retryAfterMs' in more ? { retryAfterMs: more.retryAfterMs } : {}
  return new GraphQLError(message, { extensions: { code, ...later } })
}

interface Opened {
  readonly socket: WebSocket
  readonly connection: Duplex
  readonly request: IncomingMessage
  readonly place: SocketPlace
}

function serve(
  { socket, connection, request, place }: Opened,
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
          if (isOfServers(error)) return socket.close(BAD_REQUEST.code, BAD_REQUEST.reason)
          onError(error)
          socket.close(1011, 'Internal error')
        })
      },
    },
    {
      request,
      place,
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
