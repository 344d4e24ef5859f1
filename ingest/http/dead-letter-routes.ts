// Rejected records over HTTP, for `meshgate rejected` and `redrive` where a process holds the data directory:
//   GET  /ingest/rejected/{topic}           why open records are rejected: `?code= check= field= since= position=`, `?from=0,12,…`: those
//                                           from these offsets of the rejected topic on, `?from=end`: none yet
//   GET  /ingest/rejected/{topic}/records   the records, one JSON object per line: the same filters, `?limit=50`, `?full=true`
//   GET  /ingest/redrives?product=          who redrove what
//   POST /ingest/redrives                   {product, filter, reason, user, host, dryRun}
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Product } from '../../schema/model.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import {
  checkPosition,
  redriveRejected,
  redrivesOf,
  rejectedAgain,
  type RedriveOutcome,
} from '../dead-letter/redrive.ts'
import { filterFrom } from '../dead-letter/rejected-filter.ts'
import { listRejected } from '../dead-letter/rejected-list.ts'
import { summarizeRejected } from '../dead-letter/rejected-summary.ts'
import type { IngestObserver } from '../ingest-observer.ts'
import { controlBody, refuseControl, refuseMethod, sendControl } from './control-request.ts'
import { topicInPath } from './topic-in-path.ts'
import type { RouteHandler } from './topic-routes.ts'

export interface DeadLetterFace {
  readonly products: readonly Product[]
  readonly log: EventLog
  readonly clock: Clock
  readonly observer?: IngestObserver
  /** Resolves once all that is in the products' topics is written or rejected. */
  readonly caughtUp: () => Promise<void>
}

/** What POST /ingest/redrives answers. */
export interface RedriveAnswer extends RedriveOutcome {
  /** Of the redriven ones, once ingest has come to all of them. */
  readonly rejectedAgain: number
}

const REJECTED_PATH = /^\/ingest\/rejected\/([\w.%-]+)(\/records)?$/
const REDRIVES_PATH = '/ingest/redrives'

export function createDeadLetterRoutes(face: DeadLetterFace): RouteHandler {
  // One after the other: each looks at what the one before left open.
  let redriving: Promise<unknown> = Promise.resolve()
  const redriveInTurn = (body: Readonly<Record<string, unknown>>): Promise<RedriveAnswer> => {
    const answer = redriving.then(() => redrive(face, body))
    redriving = answer.catch(() => undefined)
    return answer
  }
  return async (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost')
    if (url === null) return false
    const rejected = REJECTED_PATH.exec(url.pathname)
    if (rejected === null && url.pathname !== REDRIVES_PATH) return false
    try {
      const [, path = '', records] = rejected ?? []
      const topic = topicInPath(path)
      if (rejected === null && request.method === 'POST') {
        sendControl(response, 200, await redriveInTurn(await controlBody(request)))
      } else if (request.method !== 'GET') {
        refuseMethod(response, rejected === null ? 'GET, POST' : 'GET')
      } else if (rejected === null) {
        sendControl(response, 200, { redrives: await redrivesOf(face.log, url.searchParams.get('product') ?? '') })
      } else if (records === undefined) {
        sendControl(response, 200, await summary(face.log, topic, url.searchParams))
      } else await sendRecords(face.log, topic, url.searchParams, response)
    } catch (error) {
      const unknown = error instanceof MeshgateError && error.code === 'LOG_TOPIC_UNKNOWN'
      refuseControl(request, response, {
        error: unknown
          ? new MeshgateError(error.code, 'No product takes records from that topic. See GET /topics.')
          : error,
        unexpected: 'It failed: see the log of this process.',
      })
    }
    return true
  }
}

function summary(log: EventLog, topic: string, params: URLSearchParams) {
  const filter = filterFrom((name) => params.get(name))
  return summarizeRejected(log, topic, { filter, from: offsetsIn(params.get('from')) })
}

/** What is no offset counts as 0. */
function offsetsIn(from: string | null): 'end' | readonly number[] {
  if (from === 'end') return 'end'
  return (from ?? '').split(',').map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : 0))
}

async function sendRecords(log: EventLog, topic: string, params: URLSearchParams, response: ServerResponse) {
  const filter = filterFrom((name) => params.get(name))
  const limit = params.get('limit')
  const recordsMax = limit !== null && /^[1-9]\d{0,8}$/.test(limit) ? Number(limit) : null
  const question = { filter, recordsMax, full: params.get('full') === 'true' }
  await listRejected(log, topic, question, async (record) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    if (response.destroyed) throw new MeshgateError('LOG_CLOSED', 'The client has gone.')
    // A client that reads slowly slows the reading of the log.
    if (!response.write(`${JSON.stringify(record)}\n`))
      await Promise.race([once(response, 'drain'), once(response, 'close')])
  })
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  response.end()
}

async function redrive(face: DeadLetterFace, asked: Readonly<Record<string, unknown>>): Promise<RedriveAnswer> {
  const { log, clock, products, observer } = face
  const product = products.find(({ domain, name }) => `${domain}/${name}` === asked['product'])
  if (product === undefined) {
    const known = products.map(({ domain, name }) => `${domain}/${name}`).join(', ')
    throw new MeshgateError('CONFIG_INVALID', `This process does not ingest ${String(asked['product'])}, but ${known}.`)
  }
  const given = typeof asked['filter'] === 'object' ? (asked['filter'] as Record<string, unknown>) : {}
  const filter = filterFrom((name) => given[name])
  checkPosition(product, filter)
  const outcome = await redriveRejected({
    product,
    filter,
    reason: typeof asked['reason'] === 'string' ? asked['reason'] : null,
    user: textOf(asked['user']),
    host: textOf(asked['host']),
    dryRun: asked['dryRun'] === true,
    log,
    clock,
    onRedriven: ({ records }) => observer?.redriven?.({ product: `${product.domain}/${product.name}`, records }),
  })
  if (outcome.redrive === null) return { ...outcome, rejectedAgain: 0 }
  await face.caughtUp()
  return { ...outcome, rejectedAgain: await rejectedAgain(log, outcome.redrive) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : 'unknown'
}
