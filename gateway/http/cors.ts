// Cross-origin access: off unless configured, for GraphQL over HTTP and over WebSocket alike.
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface CorsOptions {
  /** Origins that may ask, as the browser writes them; `*` for all. */
  readonly origins: readonly string[]
}

const MAX_AGE_SECONDS = 600

/** True where it was a preflight, which is answered then. */
export function applyCors(request: IncomingMessage, response: ServerResponse, cors: CorsOptions | undefined): boolean {
  const { origin } = request.headers
  if (cors === undefined || origin === undefined) return false
  response.setHeader('vary', 'Origin')
  if (!listed(origin, cors)) return false
  response.setHeader('access-control-allow-origin', cors.origins.includes('*') ? '*' : origin)
  const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  if (!isPreflight) return false
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? 'content-type',
    'access-control-max-age': String(MAX_AGE_SECONDS),
  })
  response.end()
  return true
}

/** Browsers do not apply CORS to WebSockets: a page of another site could read with its visitor's reach. Not a browser: no Origin. */
export function isOriginAllowed(request: IncomingMessage, cors: CorsOptions | undefined): boolean {
  const { origin, host } = request.headers
  if (origin === undefined) return true
  if (host !== undefined && URL.parse(origin)?.host === host.toLowerCase()) return true
  return cors !== undefined && listed(origin, cors)
}

function listed(origin: string, cors: CorsOptions): boolean {
  return cors.origins.includes('*') || cors.origins.includes(origin)
}
