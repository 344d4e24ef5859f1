// The HTTP server of a role. It listens before the role can work, so that whoever watches the process sees at once that it lives and why it
// is not ready; the role mounts what it serves when it has started. Owns its sockets.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import type { RouteHandler } from '../ingest/http/topic-routes.ts'
import { limits } from '../platform/limits.ts'
import type { Metrics } from '../platform/telemetry/metrics.ts'
import { describeFailure } from './describe-failure.ts'
import type { RoleHealth } from './role-health.ts'

/** Takes the socket over, or leaves it alone and says false. */
type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

export interface Mounted {
  /** Asked in order. */
  readonly routes: readonly RouteHandler[]
  /** Where the role takes WebSockets, asked in order. */
  readonly upgrades?: readonly UpgradeHandler[]
}

export interface RoleServer {
  readonly port: number
  /** Until then everything but health and metrics is answered with 503. */
  mount(mounted: Mounted): void
  /** Takes no more requests, and finishes those in hand (at most `limits.closeGraceMs`). */
  close(): Promise<void>
}

export interface RoleServerOptions {
  readonly host: string
  readonly port: number
  readonly logger: Logger
  readonly health: RoleHealth
  readonly metrics: Metrics
}

const SERVER_OPTIONS = {
  maxHeaderSize: limits.requestHeaderBytesMax,
  headersTimeout: limits.requestHeadersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  keepAliveTimeout: limits.connectionIdleMs,
  connectionsCheckingInterval: limits.connectionCheckMs,
}

export async function startRoleServer(options: RoleServerOptions): Promise<RoleServer> {
  const { host, port, logger, health, metrics } = options
  const processRoutes = [healthRoute(health), metricsRoute(metrics)]
  let mounted: Mounted | null = null
  let closing: Promise<void> | null = null
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    // A connection that is kept alive would hold a server that closes.
    response.once('close', () => {
      if (closing !== null) server.closeIdleConnections()
    })
    const answered =
      mounted === null
        ? answerEarly(processRoutes, request, response, health)
        : answer([...processRoutes, ...mounted.routes], request, response)
    answered.catch((error: unknown) => {
      logger.error({ err: error, url: request.url }, 'a request failed')
      if (!response.headersSent)
        sendJson(response, 500, { code: 'INTERNAL', message: 'A bug of Meshgate: see the log.' })
      else response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => {
    const upgrades = mounted?.upgrades ?? []
    const taken = upgrades.some((upgrade) => upgrade(request, socket, head))
    if (!taken) refuseUpgrade(socket, mounted === null ? '503 Service Unavailable' : '404 Not Found')
  })
  await listen(server, port, host)
  return {
    port: (server.address() as AddressInfo).port,
    mount: (role) => {
      mounted = role
    },
    close: () => (closing ??= close(server)),
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const impatient = setTimeout(() => server.closeAllConnections(), limits.closeGraceMs)
  await closed
  clearTimeout(impatient)
}

async function answer(
  routes: readonly RouteHandler[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const route of routes) if (await route(request, response)) return
  sendJson(response, 404, { code: 'NOT_FOUND', message: `Nothing answers at ${pathOf(request)}.` })
}

/** In a form that clients of topics and gateways both understand. */
async function answerEarly(
  routes: readonly RouteHandler[],
  request: IncomingMessage,
  response: ServerResponse,
  health: RoleHealth,
): Promise<void> {
  for (const route of routes) if (await route(request, response)) return
  const code = 'ROLE_NOT_READY'
  const message = `This process is not ready: ${health.state().reasons.join('; ')}. Try again.`
  response.setHeader('retry-after', '1')
  sendJson(response, 503, { code, message, errors: [{ message, extensions: { code } }] })
}

/** Node has let go of the socket: a client that is gone already would end the process, one that stays would keep it open. */
function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`, () => socket.destroy())
}

function healthRoute(health: RoleHealth): RouteHandler {
  return async (request, response) => {
    const path = pathOf(request)
    if (path === '/health/live') sendJson(response, 200, { live: true })
    else if (path === '/health/ready') {
      const state = health.state()
      sendJson(response, state.ready ? 200 : 503, state)
    } else return false
    return true
  }
}

export function metricsRoute(metrics: Pick<Metrics, 'contentType' | 'text'>): RouteHandler {
  return async (request, response) => {
    if (pathOf(request) !== '/metrics') return false
    const text = await metrics.text().catch((error: unknown) => describeFailure(error))
    if (typeof text === 'string') response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
    else sendJson(response, 503, { code: 'ROLE_NOT_READY', message: text.line })
    return true
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?', 1)[0] ?? '/'
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
