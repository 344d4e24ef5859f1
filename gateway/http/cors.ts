// Cross-origin access: off unless configured, for GraphQL over HTTP and over WebSocket alike.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { MeshgateError } from '../../platform/errors.ts'

export interface CorsOptions {
  /** Origins that may ask, as the browser writes them; `*` for all. */
  readonly origins: readonly string[]
  /** Whether pages may ask with the visitor's cookies. Default false; not with `*`. */
  readonly credentials?: boolean
  /** Response headers that pages may read beside the harmless ones and `retry-after`. Default: none. */
  readonly exposedHeaders?: readonly string[]
  /** How long a browser may remember the answer to a preflight. Default 600; browsers have limits of their own. */
  readonly maxAgeSeconds?: number
}

const MAX_AGE_SECONDS = 600
/** A client in a page is to wait as long as it is told to. */
const ALWAYS_EXPOSED = ['retry-after']

/** Throws CONFIG_INVALID where browsers would refuse what it says, or every page could act for its visitors. */
export function checkCors(cors: CorsOptions | undefined): void {
  if (cors === undefined) return
  if (cors.credentials === true && cors.origins.includes('*')) {
    const why = 'CORS with credentials for all origins would let every page act for its visitors. List the origins.'
    throw new MeshgateError('CONFIG_INVALID', why)
  }
  for (const origin of cors.origins) {
    if (origin === '*' || URL.parse(origin)?.origin === origin) continue
    const why = `The CORS origin "${origin}" is none that a browser sends. Write scheme, host and port, such as https://app.example.com, or *.`
    throw new MeshgateError('CONFIG_INVALID', why)
  }
}

/** True where it was a preflight, which is answered then. */
export function applyCors(request: IncomingMessage, response: ServerResponse, cors: CorsOptions | undefined): boolean {
  if (cors === undefined) return false
  const vary = varyOfCors(cors)
  if (vary.length > 0) response.setHeader('vary', vary)
  const { origin } = request.headers
  if (origin === undefined || !listed(origin, cors)) return false
  response.setHeader('access-control-allow-origin', cors.origins.includes('*') ? '*' : origin)
  if (cors.credentials === true) response.setHeader('access-control-allow-credentials', 'true')
  const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  if (isPreflight) answerPreflight(request, response, cors)
  else {
    const exposed = [...new Set([...ALWAYS_EXPOSED, ...(cors.exposedHeaders ?? [])])]
    response.setHeader('access-control-expose-headers', exposed.join(', '))
  }
  return isPreflight
}

function answerPreflight(request: IncomingMessage, response: ServerResponse, cors: CorsOptions): void {
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': request.headers['access-control-request-headers'] ?? 'content-type',
    'access-control-max-age': String(cors.maxAgeSeconds ?? MAX_AGE_SECONDS),
    vary: [...varyOfCors(cors), 'access-control-request-headers'].join(', '),
  })
  response.end()
}

/** Caches between must keep the answers to different origins apart, also those to none. */
export function varyOfCors(cors: CorsOptions | undefined): readonly string[] {
  return cors === undefined || cors.origins.includes('*') ? [] : ['origin']
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
