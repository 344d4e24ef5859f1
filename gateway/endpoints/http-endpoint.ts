// A subgraph over HTTP/1.1 keep-alive, its subscriptions over one shared WebSocket (graphql-transport-ws). Owns pool and socket.
import { Pool } from 'undici'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphEndpoint, SubgraphRequest, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { isObject } from '../execute/plain-object.ts'
import { SocketSubscriber } from './socket-subscriber.ts'

export interface HttpEndpointOptions {
  readonly name: string
  readonly url: string
  /** Where subscriptions go; default: the same URL with ws for http. */
  readonly subscriptionUrl?: string
  readonly timeoutMs?: number
  readonly connectionsMax?: number
}

/** CONFIG_INVALID where the URL is none. */
export class HttpEndpoint implements SubgraphEndpoint {
  readonly name: string
  readonly #pool: Pool
  readonly #path: string
  readonly #timeoutMs: number
  readonly #subscriber: SocketSubscriber

  constructor(options: HttpEndpointOptions) {
    const url = URL.parse(options.url)
    if (url === null || !['http:', 'https:'].includes(url.protocol)) {
      const message = `Subgraph "${options.name}" has the URL "${options.url}", which is no HTTP URL. Write it like http://host:4001/graphql.`
      throw new MeshgateError('CONFIG_INVALID', message)
    }
    this.name = options.name
    this.#timeoutMs = options.timeoutMs ?? limits.subgraphTimeoutMs
    this.#path = url.pathname + url.search
    this.#pool = new Pool(url.origin, {
      connections: options.connectionsMax ?? limits.subgraphConnectionsMax,
      connect: { timeout: this.#timeoutMs },
      headersTimeout: this.#timeoutMs,
      bodyTimeout: this.#timeoutMs,
      maxResponseSize: limits.subgraphResponseBytesMax,
    })
    const socketUrl = options.subscriptionUrl ?? url.href.replace(/^http/, 'ws')
    this.#subscriber = new SocketSubscriber(options.name, socketUrl)
  }

  async execute(request: SubgraphRequest): Promise<SubgraphResponse> {
    try {
      return await this.#send(request)
    } catch (error) {
      request.signal?.throwIfAborted()
      // A query may be repeated; a mutation may have happened although its answer was lost.
      if (!isConnectionFailure(error) || isMutation(request.query)) throw toFailure(error, this.name)
    }
    try {
      return await this.#send(request)
    } catch (error) {
      request.signal?.throwIfAborted()
      throw toFailure(error, this.name)
    }
  }

  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<SubgraphResponse>> {
    return this.#subscriber.subscribe(request)
  }

  async close(): Promise<void> {
    await Promise.all([this.#subscriber.close(), this.#pool.destroy()])
  }

  async #send(request: SubgraphRequest): Promise<SubgraphResponse> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
    const { query, variables, operationName, extensions } = request
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      headers: {
        ...request.headers,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
      },
      body: JSON.stringify({ query, variables, operationName, extensions }),
      signal,
    })
    const text = await body.text()
    return readAnswer(text, statusCode, String(headers['content-type'] ?? ''), this.name)
  }
}

/** Other statuses than 2xx count as answers only in the media type that means them as such. */
function readAnswer(text: string, status: number, contentType: string, name: string): SubgraphResponse {
  const succeeded = status >= 200 && status < 300
  const meant = contentType.startsWith('application/graphql-response+json')
  const parsed = parseJson(text)
  const isResponse = isObject(parsed) && ('data' in parsed || Array.isArray(parsed['errors']))
  if (isResponse && (succeeded || meant || (status >= 400 && status < 500))) return parsed
  if (!succeeded) {
    throw new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${name}" answered with HTTP status ${status}.`)
  }
  throw new MeshgateError(
    'SUBGRAPH_PROTOCOL',
    `Subgraph "${name}" answered with something that is no GraphQL response.`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const CONNECTION_FAILURES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED'])

function isConnectionFailure(error: unknown): boolean {
  return CONNECTION_FAILURES.has(errorCode(error))
}

function errorCode(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

function isMutation(query: string): boolean {
  return query.trimStart().startsWith('mutation')
}

function toFailure(error: unknown, name: string): MeshgateError {
  if (error instanceof MeshgateError) return error
  const timedOut = error instanceof Error && (error.name === 'TimeoutError' || /TIMEOUT/.test(errorCode(error)))
  return timedOut
    ? new MeshgateError('SUBGRAPH_TIMEOUT', `Subgraph "${name}" did not answer in time.`, error)
    : new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${name}" cannot be reached.`, error)
}
