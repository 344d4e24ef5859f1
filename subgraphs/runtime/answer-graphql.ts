// One HTTP request to a subgraph: the body, bounded, to Apollo Server, and its answer back.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parse, validate } from 'graphql'
import { HeaderMap, type HTTPGraphQLRequest } from '@apollo/server'
import { MeshgateError } from '../../platform/errors.ts'
import { ASSERTION_HEADER } from '../../platform/governance/assertion.ts'
import { limits } from '../../platform/limits.ts'
import type { ServedSubgraph } from './subgraph.ts'

/** Null: larger than the limit. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > limits.subgraphBodyBytesMax) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function refuse(response: ServerResponse, status: number, message: string, code: string): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] })
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' }).end(body)
}

function headersOf(request: IncomingMessage): HeaderMap {
  const headers = new HeaderMap()
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value)
  }
  return headers
}

/**
 * Validation recurses over fragments, and Apollo Server takes its stack's end for a failure of the server. Only of fragments: nobody else's
 * documents are read twice.
 */
function exhaustsStack({ schema }: ServedSubgraph, query: unknown): boolean {
  if (typeof query !== 'string' || !query.includes('fragment')) return false
  try {
    validate(schema, parse(query))
    return false
  } catch (error) {
    return error instanceof RangeError
  }
}

function queryIn(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'query' in body ? body.query : undefined
}

async function answer(subgraph: ServedSubgraph, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { principal } = await subgraph.verify(request.headers[ASSERTION_HEADER])
  const text = await bodyOf(request)
  if (text === null) {
    refuse(response, 413, `A request has at most ${limits.subgraphBodyBytesMax} bytes`, 'REQUEST_TOO_LARGE')
    return
  }
  let body: unknown
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    refuse(response, 400, 'The body is no JSON', 'BAD_REQUEST')
    return
  }
  const [, search = ''] = /\?(.*)$/.exec(request.url ?? '') ?? []
  if (exhaustsStack(subgraph, queryIn(body) ?? new URLSearchParams(search).get('query'))) {
    refuse(response, 400, 'The document nests too deeply, or its fragments do.', 'DOCUMENT_TOO_LARGE')
    return
  }
  const httpGraphQLRequest: HTTPGraphQLRequest = {
    method: (request.method ?? 'GET').toUpperCase(),
    headers: headersOf(request),
    search: search === '' ? '' : `?${search}`,
    body,
  }
  const result = await subgraph.apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest,
    context: async () => subgraph.createContext(principal),
  })
  response.writeHead(result.status ?? 200, Object.fromEntries(result.headers))
  if (result.body.kind === 'complete') {
    response.end(result.body.string)
    return
  }
  for await (const chunk of result.body.asyncIterator) response.write(chunk)
  response.end()
}

/** Never rejects. */
export async function answerGraphQL(
  subgraph: ServedSubgraph,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(subgraph, request, response)
  } catch (error) {
    // The client went away in the middle of its body, or Apollo Server is stopping.
    if (response.headersSent || request.destroyed) response.destroy()
    else if (error instanceof MeshgateError && error.code === 'UNAUTHENTICATED') {
      refuse(response, 401, error.message, error.code)
    } else refuse(response, 503, error instanceof Error ? error.message : String(error), 'SUBGRAPH_UNAVAILABLE')
  }
}
