// Keeps pages of other sites from using a visitor's browser to ask: a browser sends some requests across sites without asking first (a
// preflight), and only those need to be refused. The rules are those of Apollo Server, so that its clients work, and two marks beside them
// that no page can forge: Sec-Fetch-Site, and an Origin that CORS lists by name.
import type { IncomingMessage } from 'node:http'
import { MeshgateError } from '../../platform/errors.ts'
import type { CorsOptions } from './cors.ts'

export interface CsrfOptions {
  /** Any of them, not empty, shows that the request was preflighted or is no browser's. Default: Apollo's two. */
  readonly headers: readonly string[]
}

export const CSRF_HEADERS: readonly string[] = ['x-apollo-operation-name', 'apollo-require-preflight']

/** What a form, an image or a script can send across sites (Fetch: CORS-safelisted request-header). */
const SIMPLE_CONTENT_TYPES = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])

/** Headers that every page may set would protect from nothing. */
const SIMPLE_HEADERS = new Set(['accept', 'accept-language', 'content-language', 'content-type', 'range'])
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

export interface CsrfGuard {
  /** True where no page of another site can have sent it unasked. */
  allows(request: IncomingMessage): boolean
  /** What the client is told otherwise. */
  readonly advice: string
}

/** Rejects with CONFIG_INVALID where a header would not protect. */
export function createCsrfGuard(options: CsrfOptions | false, cors: CorsOptions | undefined): CsrfGuard | null {
  if (options === false) return null
  const headers = options.headers.map((name) => name.toLowerCase())
  const useless = headers.find((name) => !HEADER_NAME.test(name) || SIMPLE_HEADERS.has(name))
  if (useless !== undefined) {
    const why = `The CSRF header "${useless}" is no header that makes a browser ask first. Name another, such as x-my-app.`
    throw new MeshgateError('CONFIG_INVALID', why)
  }
  const advice = `This request could come from a page of another site. Send it with content-type application/json${headers.length === 0 ? '' : `, or with a header ${headers.join(' or ')}`}.`
  return { advice, allows: (request) => isNotSimple(request) || isOwnSite(request, cors) || hasAny(request, headers) }
}

function isNotSimple({ headers }: IncomingMessage): boolean {
  const type = headers['content-type']
  if (type === undefined) return false
  if (type === 'application/json') return true
  const [mediaType = ''] = type.split(';', 1)
  const name = mediaType.trim().toLowerCase()
  // What browsers cannot read as a media type they send without a preflight.
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(name) && !SIMPLE_CONTENT_TYPES.has(name)
}

/** Browsers set these two themselves; an EventSource, which cannot have headers of its own, is told from a foreign one by them. */
function isOwnSite({ headers }: IncomingMessage, cors: CorsOptions | undefined): boolean {
  if (headers['sec-fetch-site'] === 'same-origin' || headers['sec-fetch-site'] === 'none') return true
  return headers.origin !== undefined && cors !== undefined && cors.origins.includes(headers.origin)
}

function hasAny({ headers }: IncomingMessage, names: readonly string[]): boolean {
  for (const name of names) {
    const value = headers[name]
    if (value !== undefined && value !== '') return true
  }
  return false
}
