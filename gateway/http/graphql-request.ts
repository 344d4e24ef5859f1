// Reads a GraphQL request out of HTTP (GraphQL over HTTP, draft of 2025): what it asks, and what is answered where it does not ask properly.
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { isObject } from '../execute/plain-object.ts'
import type { EngineRequest } from '../engine-contract.ts'
import type { HttpProblem } from './http-problem.ts'

export type RequestParameters = Pick<
  EngineRequest,
  'query' | 'documentId' | 'operationName' | 'variables' | 'extensions'
>

/** What is wrong with the method or what the body is said to be; null where it can be read. */
export function checkTransport({ method, headers }: IncomingMessage): HttpProblem | null {
  if (method === 'GET') return null
  if (method !== 'POST') {
    return { status: 405, message: 'GraphQL is asked by POST or GET.', headers: ['allow', 'GET, POST'] }
  }
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    return { status: 415, message: 'Send the request uncompressed.', headers: ['accept-encoding', 'identity'] }
  }
  const type = headers['content-type'] ?? ''
  return type === 'application/json' ? null : checkContentType(type)
}

/** Only a media type that a web page cannot send without a preflight: this is what keeps other sites' forms out. */
function checkContentType(type: string): HttpProblem | null {
  const [mediaType, ...parameters] = type.split(';').map((part) => part.trim())
  if (mediaType?.toLowerCase() !== 'application/json') {
    return { status: 415, message: 'Send the request as content-type application/json.' }
  }
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter))
  if (charset === undefined || /^charset="?utf-?8"?$/i.test(charset)) return null
  return { status: 415, message: 'Send the request in UTF-8.' }
}

/** An array is a batch. */
export function readPosted(bytes: Buffer): RequestParameters | readonly unknown[] | HttpProblem {
  if (!isUtf8(bytes)) return { status: 400, message: 'The body is no UTF-8.' }
  const body = parseJson(bytes.toString('utf8'))
  if (body === undefined) return { status: 400, message: 'The body is no JSON.' }
  if (Array.isArray(body)) return body as unknown[]
  return readParameters(body)
}

/** `search` is what follows the question mark. */
export function readSearch(search: string): RequestParameters | HttpProblem {
  const parameters = new URLSearchParams(search)
  const body: Record<string, unknown> = {}
  for (const name of ['query', 'documentId', 'operationName'])
    if (parameters.has(name)) body[name] = parameters.get(name)
  for (const name of ['variables', 'extensions']) {
    const text = parameters.get(name)
    if (text === null || text === '') continue
    const value = parseJson(text)
    if (value === undefined) return { status: 400, message: `The parameter "${name}" is no JSON.` }
    body[name] = value
  }
  return readParameters(body)
}

/** One request: of a body, of a batch, or a WebSocket's subscribe payload. */
export function readParameters(body: unknown): RequestParameters | HttpProblem {
  if (!isObject(body)) return { status: 400, message: 'The body is no JSON object with a "query".' }
  const { query = '', documentId, operationName, variables, extensions } = body
  if (documentId !== undefined && documentId !== null && typeof documentId !== 'string') {
    return { status: 400, message: '"documentId" must be a string.' }
  }
  const isNamed = typeof documentId === 'string' || (isObject(extensions) && isObject(extensions['persistedQuery']))
  if (typeof query !== 'string' || (query === '' && !isNamed)) {
    return { status: 400, message: 'The request has no "query".' }
  }
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
    ...(typeof documentId === 'string' ? { documentId } : {}),
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
