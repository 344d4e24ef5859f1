// A plain HTTP server for a role that has no server of its own: route handlers, and the health of the process.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import type { RouteHandler } from '../ingest/http/topic-routes.ts'

export interface RoutesServer {
  readonly port: number
  /** Takes no more requests, and finishes those in hand. */
  close(): Promise<void>
}

export interface RoutesOptions {
  readonly routes: readonly RouteHandler[]
  readonly host: string
  readonly port: number
  readonly logger: Logger
}

export async function serveRoutes({ routes, host, port, logger }: RoutesOptions): Promise<RoutesServer> {
  const server = createServer((request, response) => {
    answer(routes, request, response).catch((error: unknown) => {
      logger.error({ err: error, url: request.url }, 'a request failed')
      if (!response.headersSent)
        sendJson(response, 500, { code: 'INTERNAL', message: 'A bug of Meshgate: see the log.' })
      else response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

async function answer(
  routes: readonly RouteHandler[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url?.split('?')[0]
  if (path === '/health/live' || path === '/health/ready') {
    sendJson(response, 200, path === '/health/live' ? { live: true } : { ready: true, reasons: [] })
    return
  }
  for (const route of routes) if (await route(request, response)) return
  sendJson(response, 404, { code: 'NOT_FOUND', message: `Nothing answers at ${path}. See GET /topics.` })
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
