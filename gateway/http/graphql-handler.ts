// Answers /graphql over HTTP: reads the request, runs it on the engine of the moment, writes the result with the right status.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Principal } from '../../platform/governance/principal.ts'
import { isReady, type Engine, type EngineRequest, type EngineResult } from '../engine-contract.ts'
import { isProblem, readGraphqlRequest, type HttpProblem } from './graphql-request.ts'
import { negotiateMediaType, type ResponseMediaType } from './media-type.ts'

export interface GraphqlHandlerOptions {
  /** The engine that new requests run on. */
  readonly engine: () => Engine
  readonly principal: (request: IncomingMessage) => Principal
  readonly bodyBytesMax: number
}

export async function handleGraphql(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  options: GraphqlHandlerOptions,
): Promise<void> {
  const mediaType = negotiateMediaType(request.headers.accept)
  if (mediaType === null) {
    const message = 'Accept application/graphql-response+json or application/json.'
    return writeProblem(response, { status: 406, message }, 'application/json')
  }
  const parameters = await readGraphqlRequest(request, url, options.bodyBytesMax)
  if (isProblem(parameters)) return writeProblem(response, parameters, mediaType)
  const signal = disconnectSignal(response)
  const engineRequest: EngineRequest = { ...parameters, principal: options.principal(request), signal }
  const engine = options.engine()
  const operation = await engine.prepare(engineRequest)
  if (!isReady(operation)) return writeResult(response, operation, mediaType)
  const problem = refuseKind(operation.kind, request)
  if (problem !== null) return writeProblem(response, problem, mediaType)
  try {
    writeResult(response, await engine.run(operation, engineRequest), mediaType)
  } catch (error) {
    // The client has left: nobody is there to answer.
    if (!signal.aborted) throw error
  }
}

/** A GET that a page of another site can provoke must change nothing. */
function refuseKind(kind: string, request: IncomingMessage): HttpProblem | null {
  if (kind === 'mutation' && request.method === 'GET') {
    return { status: 405, message: 'A mutation is sent by POST.', headers: { allow: 'POST' } }
  }
  if (kind === 'subscription') {
    return { status: 400, message: 'A subscription is sent over the WebSocket (graphql-transport-ws) at this path.' }
  }
  return null
}

function disconnectSignal(response: ServerResponse): AbortSignal {
  const abort = new AbortController()
  if (response.destroyed) abort.abort(new Error('The client has left.'))
  response.once('close', () => {
    if (!response.writableFinished) abort.abort(new Error('The client has left.'))
  })
  return abort.signal
}

function writeResult(response: ServerResponse, result: EngineResult, mediaType: ResponseMediaType): void {
  const refused = result.data === undefined
  const internal = refused && (result.errors ?? []).some((error) => error.extensions?.['code'] === 'INTERNAL')
  // application/json: 200 whenever the answer is a well-formed GraphQL response, for clients that look no further.
  const status = internal ? 500 : refused && mediaType === 'application/graphql-response+json' ? 400 : 200
  write(response, status, result, mediaType)
}

function writeProblem(response: ServerResponse, problem: HttpProblem, mediaType: ResponseMediaType): void {
  for (const [name, value] of Object.entries(problem.headers ?? {})) response.setHeader(name, value)
  const result = { errors: [{ message: problem.message, extensions: { code: 'REQUEST_INVALID' } }] }
  write(response, problem.status, result, mediaType)
}

function write(response: ServerResponse, status: number, result: EngineResult, mediaType: ResponseMediaType): void {
  const body = Buffer.from(JSON.stringify(result))
  response.writeHead(status, {
    'content-type': `${mediaType}; charset=utf-8`,
    'content-length': body.length,
    'cache-control': 'no-store',
  })
  response.end(body)
}
