// What the routes have in common that steer ingest (replays, new tables, rejected records): a small JSON body in, JSON out, one status for
// each failure.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { MeshgateError, type FailureCode } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'

const STATUSES: Partial<Record<FailureCode, number>> = {
  CONFIG_INVALID: 400,
  INGEST_REQUEST_INVALID: 400,
  LOG_TOPIC_UNKNOWN: 404,
  REPLAY_RANGE_GONE: 409,
  REPLAY_RUNNING: 409,
  TABLES_REFUSED: 409,
  INGEST_REQUEST_TOO_LARGE: 413,
  INGEST_REQUEST_UNSUPPORTED: 415,
  REPLAY_INVALID: 422,
  LOG_UNAVAILABLE: 503,
  LOG_CLOSED: 503,
  STORE_UNAVAILABLE: 503,
  STORE_OVERLOADED: 503,
  STORE_CLOSED: 503,
  LOG_DISK_FULL: 507,
  STORE_DISK_FULL: 507,
}

/** The members of the body's object, none where it is no JSON object. A page of another site can send a body without asking first, but not as JSON. */
export async function controlBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new MeshgateError('INGEST_REQUEST_UNSUPPORTED', 'Send application/json.')
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Leaving the loop must not destroy the request: its socket still carries the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > limits.controlBodyBytesMax) {
      const message = `The body exceeds ${limits.controlBodyBytesMax} bytes. Send less.`
      throw new MeshgateError('INGEST_REQUEST_TOO_LARGE', message)
    }
    chunks.push(chunk)
  }
  const parsed = parseJson(Buffer.concat(chunks).toString())
  return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

export function sendControl(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}

export function refuseMethod(response: ServerResponse, allowed: string): void {
  response.setHeader('allow', allowed)
  sendControl(response, 405, { code: 'INGEST_REQUEST_UNSUPPORTED', message: `Use ${allowed}.` })
}

/** `unexpected`: what is said where the failure would tell of the inside. */
export function refuseControl(
  request: IncomingMessage,
  response: ServerResponse,
  { error, unexpected }: { readonly error: unknown; readonly unexpected: string },
): void {
  // Part of an answer is out: its end must not look like one.
  if (response.headersSent) return void response.destroy()
  const known = error instanceof MeshgateError ? error : null
  const status = (known === null ? undefined : STATUSES[known.code]) ?? 500
  // Nobody reads the rest of the body: the connection cannot be used again.
  if (!request.complete) response.setHeader('connection', 'close')
  if (known?.retryable === true) response.setHeader('retry-after', '1')
  const message = status === 500 ? unexpected : (known?.message ?? '')
  sendControl(response, status, { code: known?.code ?? 'INTERNAL', message })
}
