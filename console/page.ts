// The web page at `/`: Altair, served whole from its package, set to the address it is opened on. Asks nothing of other hosts. The package
// is loaded when the page is first asked for: many a gateway is never opened in a browser.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, normalize, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type * as altairStatic from 'altair-static'

export interface ExampleQuery {
  readonly name: string
  /** `PAGE_HOST` in it becomes the host and port that the page is opened on. */
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
}

export interface PageOptions {
  readonly title: string
  /** One tab each; the first is the one that is open. Asked for once, with the page. */
  readonly exampleQueries: () => readonly ExampleQuery[]
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}
/** Altair's file names carry no hash throughout, so a day and no more. */
const ASSET_CACHE = 'public, max-age=86400'
/**
 * The browser itself keeps the page from asking other hosts, whatever a script in it would like. The page's own host is named for
 * WebSockets, because 'self' does not cover them in every browser.
 */
function contentPolicy(host: string | undefined): string {
  const sockets = host !== undefined && /^[\w.:[\]-]+$/.test(host) ? `ws://${host} wss://${host} ` : ''
  return [
    "default-src 'self' data: blob:",
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src 'self' 'unsafe-inline'",
    `connect-src 'self' ${sockets}data: blob:`,
    "frame-src 'self' blob:",
    "frame-ancestors 'self'",
  ].join('; ')
}

type Altair = Pick<typeof altairStatic, 'getDistDirectory' | 'isSandboxFrame' | 'renderAltair' | 'SANDBOX_FRAME_CSP'>

/** True where the request was the page's. */
export function createPage(
  options: PageOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  let html: string | null = null
  return async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false
    const path = URL.parse(request.url ?? '/', 'http://localhost')?.pathname ?? '/'
    const altair = await import('altair-static')
    if (path === '/') {
      html ??= renderPage(altair, options)
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': contentPolicy(request.headers.host),
        'cache-control': 'no-store',
      })
      response.end(request.method === 'HEAD' ? undefined : html)
      return true
    }
    return sendAsset(path, altair, request, response)
  }
}

async function sendAsset(
  path: string,
  { getDistDirectory, isSandboxFrame, SANDBOX_FRAME_CSP }: Altair,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const directory = getDistDirectory()
  const file = normalize(join(directory, decodePath(path)))
  const mediaType = MEDIA_TYPES[extname(file)]
  if (mediaType === undefined || !file.startsWith(directory + sep)) return false
  const found = await stat(file).catch(() => null)
  if (found === null || !found.isFile()) return false
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': found.size,
    'cache-control': ASSET_CACHE,
    ...(isSandboxFrame(file) ? { 'content-security-policy': SANDBOX_FRAME_CSP } : {}),
  })
  if (request.method === 'HEAD') response.end()
  // A browser that leaves in between is no failure of ours.
  else await pipeline(createReadStream(file), response).catch(() => undefined)
  return true
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}

function renderPage({ renderAltair }: Altair, { title, exampleQueries }: PageOptions): string {
  // Altair opens the last of its windows.
  const windows = exampleQueries()
    .toReversed()
    .map(({ name, query, variables }) => ({
      initialName: name,
      initialQuery: query,
      initialVariables: JSON.stringify(variables ?? {}, null, 2),
      ...ADDRESSES,
    }))
  const page = renderAltair({
    baseURL: '/',
    ...ADDRESSES,
    instanceStorageNamespace: 'meshgate_',
    initialSettings: SETTINGS,
    disableAccount: true,
    ...(windows.length > 0 ? { initialWindows: windows } : {}),
  })
  const start = page.lastIndexOf('AltairGraphQL.init(')
  const end = page.lastIndexOf('</script>')
  const settings = page
    .slice(start, end)
    // Altair asks absolute addresses only, which the browser knows and the server does not.
    .replaceAll(`endpointURL: \`${GRAPHQL_PATH}\``, `endpointURL: location.origin + '${GRAPHQL_PATH}'`)
    .replaceAll(
      `subscriptionsEndpoint: \`${GRAPHQL_PATH}\``,
      `subscriptionsEndpoint: location.origin.replace(/^http/, 'ws') + '${GRAPHQL_PATH}'`,
    )
    .replaceAll('PAGE_HOST', () => '${location.host}')
    // A query that holds the end of the script must not end it.
    .replaceAll('</', '<\\/')
  const head = page.slice(0, start).replace(/<title>[^<]*<\/title>/, () => `<title>${escapeHtml(title)}</title>`)
  return head + settings + page.slice(end)
}

const GRAPHQL_PATH = '/graphql'

const ADDRESSES = {
  endpointURL: GRAPHQL_PATH,
  subscriptionsEndpoint: GRAPHQL_PATH,
  initialSubscriptionRequestHandlerId: 'graphql-ws',
} as const

const SETTINGS = {
  theme: 'system',
  language: 'en-US',
  addQueryDepthLimit: 3,
  tabSize: 2,
  'alert.disableUpdateNotification': true,
  'banners.disable': true,
  disablePushNotification: true,
  'schema.reloadOnStart': true,
  enableTablistScrollbar: true,
  'theme.fontsize': 20,
} as const

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
