// Replays over HTTP: `POST /ingest/replays` with {product, from, dryRun?, requestedBy?, id?} asks for one, and answers once it is a durable fact;
// with {product, abandon: true} gives up the one that runs.
// How far they are is part of `GET /ingest`.
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Product } from '../../schema/model.ts'
import { MeshgateError, type FailureCode } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { RouteHandler } from '../http/topic-routes.ts'
import { parseReplayFrom } from './replay-from.ts'
import type { ReplayRange } from './replay-facts.ts'
import type { Replayer } from './replayer.ts'
import { cancelReplay, dryRun, requestReplay } from './request-replay.ts'

/** What `POST /ingest/replays` answers. */
export interface ReplayAnswer {
  /** Null after a dry run, and where there is nothing to read again. */
  readonly id: string | null
  readonly ranges: readonly ReplayRange[]
}

const PATH = '/ingest/replays'

const STATUSES: Partial<Record<FailureCode, number>> = {
  REPLAY_INVALID: 422,
  REPLAY_RANGE_GONE: 409,
  REPLAY_RUNNING: 409,
  LOG_UNAVAILABLE: 503,
  LOG_CLOSED: 503,
  LOG_DISK_FULL: 507,
}

interface Face {
  readonly products: readonly Product[]
  readonly log: EventLog
  readonly clock: Clock
}

export function createReplayRoutes(face: Face, replayer: Replayer): RouteHandler {
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (path !== PATH) return false
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST')
      send(response, 405, { code: 'REPLAY_INVALID', message: 'Use POST.' })
      return true
    }
    try {
      // A page of another site can send a form, and no JSON.
      if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
        send(response, 415, { code: 'INGEST_REQUEST_UNSUPPORTED', message: 'Send application/json.' })
        return true
      }
      const answer = await ask(face, await readJson(request))
      replayer.look()
      send(response, answer.id === null ? 200 : 202, answer)
    } catch (error) {
      refuse(response, error)
    }
    return true
  }
}

async function ask(face: Face, body: unknown): Promise<ReplayAnswer> {
  const { id, product: name, from, dryRun: isDry, requestedBy, abandon } = fieldsOf(body)
  const product = face.products.find(({ domain, name: own }) => `${domain}/${own}` === name)
  if (product === undefined) {
    const known = face.products.map(({ domain, name: own }) => `${domain}/${own}`).join(', ')
    throw new MeshgateError('REPLAY_INVALID', `This process does not ingest "${name}". It ingests: ${known}.`)
  }
  if (abandon) return { id: (await cancelReplay(face, product)).id, ranges: [] }
  const asked = { id, product, from: parseReplayFrom(from), requestedBy }
  if (isDry) return { id: null, ranges: await dryRun(face, asked) }
  const requested = await requestReplay(face, asked)
  return { id: requested?.id ?? null, ranges: requested?.ranges ?? [] }
}

interface Fields {
  readonly id: string
  readonly product: string
  readonly from: string
  readonly dryRun: boolean
  readonly abandon: boolean
  readonly requestedBy: string | null
}

function fieldsOf(body: unknown): Fields {
  const fields = (body ?? {}) as Record<string, unknown>
  const { product, from = 'earliest', dryRun: isDry = false, requestedBy = null, id = randomUUID() } = fields
  const { abandon = false } = fields
  const wrong =
    typeof id !== 'string' ||
    typeof product !== 'string' ||
    typeof from !== 'string' ||
    typeof isDry !== 'boolean' ||
    typeof abandon !== 'boolean' ||
    (requestedBy !== null && typeof requestedBy !== 'string')
  if (!wrong) return { id, product, from, dryRun: isDry, requestedBy, abandon }
  const shape = '{"product": "domain/name", "from": "earliest", "dryRun": false, "requestedBy": null}'
  throw new MeshgateError('REPLAY_INVALID', `The body is no request for a replay. Send JSON as ${shape}.`)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > limits.replayRequestBytesMax) {
      throw new MeshgateError('REPLAY_INVALID', `The body exceeds ${limits.replayRequestBytesMax} bytes. Send less.`)
    }
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown
  } catch {
    return null
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return
  const known = error instanceof MeshgateError ? error : null
  const status = (known === null ? undefined : STATUSES[known.code]) ?? 500
  const message = status === 500 ? 'The replay could not be asked for. Retry.' : (known?.message ?? '')
  send(response, status, { code: known?.code ?? 'INTERNAL', message })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
