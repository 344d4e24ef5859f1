// Replays over HTTP: `POST /ingest/replays` with {product, from, dryRun?, requestedBy?, id?} asks for one, and answers once it is a durable fact;
// with {product, abandon: true} gives up the one that runs.
// How far they are is part of `GET /ingest`.
import { randomUUID } from 'node:crypto'
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { controlBody, refuseControl, refuseMethod, sendControl } from '../http/control-request.ts'
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

interface Face {
  readonly products: readonly Product[]
  readonly log: EventLog
  readonly clock: Clock
}

export function createReplayRoutes(face: Face, replayer: Replayer): RouteHandler {
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (path !== PATH) return false
    try {
      if (request.method === 'POST') {
        const answer = await ask(face, await controlBody(request))
        replayer.look()
        sendControl(response, answer.id === null ? 200 : 202, answer)
      } else refuseMethod(response, 'POST')
    } catch (error) {
      refuseControl(request, response, { error, unexpected: 'The replay could not be asked for. Retry.' })
    }
    return true
  }
}

async function ask(face: Face, body: Readonly<Record<string, unknown>>): Promise<ReplayAnswer> {
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

function fieldsOf(fields: Readonly<Record<string, unknown>>): Fields {
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
