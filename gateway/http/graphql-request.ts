// Reads a GraphQL request out of HTTP (GraphQL over HTTP, draft of 2025): what it asks, and what is answered where it does not ask properly.
import type { IncomingMessage } from 'node:http'
import { isObject } from '../execute/plain-object.ts'
import type { EngineRequest } from '../engine-contract.ts'

export interface HttpProblem {
  readonly status: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

export type RequestParameters = Pick<EngineRequest, 'query' | 'operationName' | 'variables' | 'extensions'>

export function isProblem(value: object): value is HttpProblem {
  return 'status' in value
}

export async function readGraphqlRequest(
  request: IncomingMessage,
  url: URL,
  bodyBytesMax: number,
): Promise<RequestParameters | HttpProblem> {
  if (request.method === 'GET') return readQuery(url.searchParams)
  if (request.method !== 'POST') {
    return { status: 405, message: 'GraphQL is asked by POST or GET.', headers: { allow: 'GET, POST' } }
  }
  const [mediaType, ...parameters] = (request.headers['content-type'] ?? '').split(';').map((part) => part.trim())
  // Only media types that a web page cannot send without a preflight: this is what keeps other sites' forms out.
  if (mediaType?.toLowerCase() !== 'application/json') {
    return { status: 415, message: 'Send the request as content-type application/json.' }
  }
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter))
  if (charset !== undefined && !/^charset="?utf-?8"?$/i.test(charset)) {
    return { status: 415, message: 'Send the request in UTF-8.' }
  }
  const body = await readBody(request, bodyBytesMax)
  return typeof body === 'string' ? readJson(body) : body
}

async function readBody(request: IncomingMessage, bytesMax: number): Promise<string | HttpProblem> {
  const tooLarge = {
    status: 413,
    message: `The body is larger than ${bytesMax} bytes.`,
    headers: { connection: 'close' },
  }
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) return tooLarge
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) return tooLarge
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readJson(text: string): RequestParameters | HttpProblem {
  const body = parseJson(text)
  if (Array.isArray(body)) {
    return { status: 400, message: 'Batches are not supported. Send one request per operation.' }
  }
  if (!isObject(body)) return { status: 400, message: 'The body is no JSON object with a "query".' }
  return toParameters(body)
}

function readQuery(search: URLSearchParams): RequestParameters | HttpProblem {
  const body: Record<string, unknown> = {}
  for (const name of ['query', 'operationName']) if (search.has(name)) body[name] = search.get(name)
  for (const name of ['variables', 'extensions']) {
    const text = search.get(name)
    if (text === null || text === '') continue
    const value = parseJson(text)
    if (value === undefined) return { status: 400, message: `The parameter "${name}" is no JSON.` }
    body[name] = value
  }
  return toParameters(body)
}

/** Also for the WebSocket's subscribe payload. */
export function toParameters(body: Readonly<Record<string, unknown>>): RequestParameters | HttpProblem {
  const { query, operationName, variables, extensions } = body
  if (typeof query !== 'string' || query === '') return { status: 400, message: 'The request has no "query".' }
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    return { status: 400, message: '"operationName" must be a string.' }
  }
  if (variables !== undefined && variables !== null && !isObject(variables)) {
    return { status: 400, message: '"variables" must be an object.' }
  }
  if (extensions !== undefined && extensions !== null && !isObject(extensions)) {
    return { status: 400, message: '"extensions" must be an object.' }
  }
  return {
    query,
    ...(typeof operationName === 'string' && operationName !== '' ? { operationName } : {}),
    ...(isObject(variables) ? { variables } : {}),
    ...(isObject(extensions) ? { extensions } : {}),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
