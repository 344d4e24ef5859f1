// The gateway's HTTP server: GraphQL, health, schema, the page, and routes of other roles. Owns its sockets.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Server as NetServer, type AddressInfo } from 'node:net'
import { randomUUID } from 'node:crypto'
import { MeshgateError } from '../../platform/errors.ts'
import { InHand } from '../../platform/in-hand.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { authenticateNobody, type Authenticate } from '../authenticate/identity.ts'
import type { Engine } from '../engine-contract.ts'
import type { GatewayObserver } from '../gateway-observer.ts'
import type { Sharing } from '../sharing.ts'
import { ClientLimits, type ClientLimitOptions } from './client-limits.ts'
import { createCompressor } from './content-coding.ts'
import { applyCors, checkCors, isOriginAllowed, varyOfCors, type CorsOptions } from './cors.ts'
import { createCsrfGuard, CSRF_HEADERS, type CsrfOptions } from './csrf.ts'
import { createHostGuard, type HostGuard } from './host-guard.ts'
import { createHeaderForwarder } from './forwarded-headers.ts'
import { createGraphqlHandler, type GraphqlHandler, type GraphqlHandlerOptions } from './graphql-handler.ts'
import { attachGraphqlSocket, type GraphqlSocket } from './graphql-socket.ts'
import type { RateLimiter } from './rate-limiter.ts'
import { createSharedQueries } from './shared-queries.ts'
import { createRefusalTeller, type TellRefusal } from './tell-refusal.ts'
import { createTextBuffers } from './text-buffers.ts'

export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
  /** Id of the one in service. */
  readonly supergraph?: string
}

/** True where it has answered, or will. */
export type Route = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

export interface GatewayServerOptions {
  readonly port: number
  readonly host: string
  readonly engine: () => Engine
  readonly ready: () => Readiness
  /** Asked in order before the gateway's own paths, except /graphql. */
  readonly routes: readonly Route[]
  /** Serves `/` and what it needs. */
  readonly page: Route
  /** Whether /schema.graphql is there. Default true. */
  readonly showsSchema?: boolean
  /** Default `limits.requestBodyBytesMax`. */
  readonly bodyBytesMax?: number
  /** Names by which it may be asked, beside localhost and addresses. Absent: any. */
  readonly allowedHosts?: readonly string[]
  /** Absent: pages of other origins are not answered. */
  readonly cors?: CorsOptions
  /** Default: requests that another site's page can make a browser send need one of the usual headers. */
  readonly csrf?: CsrfOptions | false
  /** Operations of one request. Default 0: no batches. */
  readonly batchMax?: number
  /** Client headers that subgraphs may see. Default: none. */
  readonly forwardHeaders?: readonly string[]
  /** Here only `requests` makes a difference. Default `fresh`. */
  readonly sharing?: Sharing
  /** Default true. */
  readonly compression?: boolean
  /** Between signs of life on streams. Default `limits.streamKeepAliveMs`. */
  readonly streamKeepAliveMs?: number
  /** Who asks. Default: nobody in particular. */
  readonly authenticate?: Authenticate
  /** Absent: whoever asks is answered. */
  readonly rateLimiter?: RateLimiter
  /** WebSockets and subscriptions. */
  readonly clientLimits?: ClientLimitOptions
  /** How many proxies append to X-Forwarded-For. Default 0: it is not read. */
  readonly trustedProxies?: number
  /** Told here of requests that share another's answer; the engine tells of all others. */
  readonly observer?: GatewayObserver
  /** Default: the system's. */
  readonly clock?: Clock
  readonly onError: (message: string, error: unknown) => void
}

export interface GatewayServer {
  readonly port: number
  readonly url: string
  /**
   * Stops accepting and lets requests in hand finish, at most `limits.closeGraceMs`: their connections end with them, WebSockets with 1001 after
   * their operations. Streams are ended by whoever closes the engine, and told why.
   */
  close(): Promise<void>
}

const GRAPHQL_PATH = '/graphql'
const STOPPING = 'The gateway is stopping.'

const SERVER_OPTIONS = {
  maxHeaderSize: limits.requestHeaderBytesMax,
  headersTimeout: limits.requestHeadersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  keepAliveTimeout: limits.connectionIdleMs,
  connectionsCheckingInterval: limits.connectionCheckMs,
}

/** Rejects with CONFIG_INVALID or PORT_IN_USE. */
export async function startGatewayServer(options: GatewayServerOptions): Promise<GatewayServer> {
  checkCors(options.cors)
  const { authenticate = authenticateNobody, clock = systemClock } = options
  const forwarded = createHeaderForwarder(options.forwardHeaders ?? [])
  const { trustedProxies = 0, observer } = options
  const clientLimits = new ClientLimits(options.clientLimits ?? {}, trustedProxies)
  const refused = createRefusalTeller(observer, trustedProxies)
  const handle = graphqlHandler(options, { authenticate, forwarded, clientLimits, refused })
  const hostGuard = createHostGuard(options.allowedHosts)
  const inHand = new InHand<ServerResponse>()
  let closing: Promise<void> | null = null
  let arrivals = 0
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    arrivals += 1
    const id = inHand.add(response)
    if (closing !== null) endConnectionAfter(response)
    answer(request, response, { handle, hostGuard, refused }, options)
      .catch((error: unknown) => {
        // The client went away in the middle of its body: nobody is there to answer.
        if (!(request.destroyed && !request.complete)) fail(response, error, options)
      })
      .finally(() => inHand.take(id))
  })
  const socket = attachGraphqlSocket(server, {
    path: GRAPHQL_PATH,
    engine: options.engine,
    authenticate,
    rateLimiter: options.rateLimiter ?? null,
    clientLimits,
    refused,
    onSockets: (open) => observer?.sockets?.(open),
    clock,
    forwarded,
    hostGuard,
    originAllowed: (request) => isOriginAllowed(request, options.cors),
    messageBytesMax: options.bodyBytesMax ?? limits.requestBodyBytesMax,
    onError: (error) => options.onError('A WebSocket failed', error),
  })
  await listen(server, options)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  const shown = ['0.0.0.0', '[::]'].includes(host) ? 'localhost' : host
  return {
    port,
    url: `http://${shown}:${port}`,
    close: () => {
      for (const [, response] of inHand.entries()) endConnectionAfter(response)
      return (closing ??= close(server, socket, () => arrivals))
    },
  }
}

function graphqlHandler(
  options: GatewayServerOptions,
  shared: Pick<GraphqlHandlerOptions, 'authenticate' | 'forwarded' | 'clientLimits' | 'refused'>,
): GraphqlHandler {
  const { engine, cors, csrf = { headers: CSRF_HEADERS }, batchMax = 0, onError } = options
  const compressor = options.compression === false ? null : createCompressor()
  const { clock = systemClock, observer } = options
  const told = observer === undefined ? {} : { observer }
  return createGraphqlHandler({
    engine,
    ...shared,
    rateLimiter: options.rateLimiter ?? null,
    bodyBytesMax: options.bodyBytesMax ?? limits.requestBodyBytesMax,
    csrf: createCsrfGuard(csrf, cors),
    batchMax,
    compressor,
    buffers: createTextBuffers(),
    sharedQueries: options.sharing === 'requests' ? createSharedQueries({ compressor, clock, ...told }) : null,
    vary: ['accept', ...(compressor === null ? [] : ['accept-encoding']), ...varyOfCors(cors)].join(', '),
    streamKeepAliveMs: options.streamKeepAliveMs ?? limits.streamKeepAliveMs,
    onError,
  })
}

async function listen(server: Server, { port, host }: GatewayServerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') return reject(error)
      const why = error.code === 'EADDRINUSE' ? 'is in use by another process' : 'may not be opened by this user'
      const code = error.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'CONFIG_INVALID'
      reject(
        new MeshgateError(code, `Port ${port} on ${host} ${why}. Name another: --port, or the setting PORT.`, error),
      )
    })
    server.listen({ port, host, backlog: limits.connectionsWaitingMax }, resolve)
  })
}

/** A client that is not told would send its next request on a connection that is about to be closed. */
function endConnectionAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}

/** `arrivals`: requests so far. */
async function close(server: Server, socket: GraphqlSocket, arrivals: () => number): Promise<void> {
  // Not `server.close` yet: it ends connections that are idle at the moment, under load those whose next request is on its way. While requests
  // come, their connections end with their responses.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))
  let seen = arrivals()
  const sweep = setInterval(() => {
    // A stream has told its client to keep the connection, and becomes idle when it has ended: nobody tells of that.
    if (arrivals() === seen) server.closeIdleConnections()
    seen = arrivals()
  }, limits.closeSweepMs)
  const timer = setTimeout(() => server.closeAllConnections(), limits.closeGraceMs)
  await Promise.all([closed, socket.close(STOPPING, limits.closeGraceMs)])
  clearInterval(sweep)
  clearTimeout(timer)
  // It stops looking after connections.
  server.close()
}

interface Answering {
  readonly handle: GraphqlHandler
  readonly hostGuard: HostGuard
  readonly refused: TellRefusal
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { handle, hostGuard, refused }: Answering,
  options: GatewayServerOptions,
): Promise<void> {
  const problem = hostGuard(request)
  if (problem !== null) {
    refused({ via: 'http', request, problem })
    return writeJson(response, problem.status, {
      errors: [{ message: problem.message, extensions: { code: 'REQUEST_INVALID' } }],
    })
  }
  if (applyCors(request, response, options.cors)) return
  const target = request.url ?? '/'
  // Nearly every request, and by POST without a query string: it is not worth a URL object.
  if (target === GRAPHQL_PATH) return handle(request, response, '')
  const url = URL.parse(target, 'http://localhost')
  if (url === null) return writeText(response, 400, 'text/plain', 'The URL cannot be read.\n')
  if (url.pathname === GRAPHQL_PATH) return handle(request, response, url.search.slice(1))
  for (const route of options.routes) if (await route(request, response)) return
  switch (url.pathname) {
    case '/health/live':
      return writeJson(response, 200, { live: true })
    case '/health/ready': {
      const readiness = options.ready()
      return writeJson(response, readiness.ready ? 200 : 503, readiness)
    }
    case '/schema.graphql':
      if (options.showsSchema === false) break
      response.setHeader('content-disposition', 'attachment; filename="schema.graphql"')
      return writeText(response, 200, 'application/graphql', `${options.engine().publicSdl}\n`)
  }
  if (await options.page(request, response)) return
  writeText(response, 404, 'text/plain', 'Nothing is here. GraphQL is at /graphql.\n')
}

function fail(response: ServerResponse, error: unknown, options: GatewayServerOptions): void {
  const id = randomUUID()
  options.onError(`A request failed (${id})`, error)
  if (response.headersSent) return void response.destroy()
  const message = `The gateway failed. Its log has the cause under ${id}.`
  writeJson(response, 500, { errors: [{ message, extensions: { code: 'INTERNAL', id } }] })
}

function writeJson(response: ServerResponse, status: number, body: unknown): void {
  writeText(response, status, 'application/json', JSON.stringify(body))
}

function writeText(response: ServerResponse, status: number, type: string, text: string): void {
  const body = Buffer.from(text)
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': body.length,
    'cache-control': 'no-store',
  })
  response.end(body)
}
