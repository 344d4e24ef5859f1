// The HTTP face of ingest, in the form of Confluent's REST Proxy v2: `GET /topics` names the source topics of the products served,
// `POST /topics/{topic}` appends records to one and answers with their positions once they are durable.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Product } from '../../schema/model.ts'
import { MeshgateError, type FailureCode } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { AppendRecord, EventLog, Position } from '../../platform/ports/event-log.ts'
import { compileKeyReaders, type ReadKey } from '../sources/record-key.ts'
import { bodyForm, postedRecords, type BodyForm } from './posted-records.ts'
import { BodyBudget, bodyBytesReserved, readBody } from './request-body.ts'
import { TopicBacklog } from './topic-backlog.ts'
import { topicInPath } from './topic-in-path.ts'

/** Answers a request, or leaves it alone and says false. Never rejects. */
export type RouteHandler = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>

interface Topic {
  readonly name: string
  /** Records of the topic are lines of text. */
  readonly isText: boolean
  /** A reader for one body. */
  readonly keyReader: () => ReadKey
}

interface Face {
  readonly log: EventLog
  readonly clock: Clock
  readonly topics: ReadonlyMap<string, Topic>
  /** Topics of derived entities, with what makes their records. */
  readonly derived: ReadonlyMap<string, string>
  readonly budget: BodyBudget
  readonly backlog: TopicBacklog
}

/**
 * Status and REST Proxy's own number of each failure that a client may meet. 429: there is no room now, and nothing of the request was
 * taken. 503: the log is away; some of the records may have been taken. 507: its disk is full.
 */
const STATUSES: Partial<Record<FailureCode, readonly [status: number, errorCode: number]>> = {
  LOG_TOPIC_UNKNOWN: [404, 40401],
  INGEST_TOPIC_DERIVED: [403, 40301],
  INGEST_REQUEST_INVALID: [422, 42206],
  INGEST_REQUEST_UNSUPPORTED: [415, 415],
  INGEST_REQUEST_TOO_LARGE: [413, 41301],
  LOG_RECORD_TOO_LARGE: [413, 41301],
  INGEST_OVERLOADED: [429, 42901],
  INGEST_BEHIND: [429, 42902],
  LOG_UNAVAILABLE: [503, 50302],
  LOG_CLOSED: [503, 50302],
  LOG_DISK_FULL: [507, 50701],
}

export function createTopicRoutes(options: {
  readonly products: readonly Product[]
  readonly log: EventLog
  readonly clock: Clock
  /** Records of a topic that are not yet ingested; none are known of without it. */
  readonly lagOf?: (topic: string) => Promise<number>
  /** Default `limits.topicLagRecordsMax`. */
  readonly lagRecordsMax?: number
}): RouteHandler {
  const topics = new Map<string, Topic>()
  const derived = new Map<string, string>()
  for (const product of options.products) {
    for (const entity of product.entities) {
      if (entity.source === null) continue
      const { topic, format } = entity.source
      if (entity.derivation !== null) {
        derived.set(topic, `${product.domain}/${product.name}.${entity.name}`)
        continue
      }
      topics.set(topic, { name: topic, isText: format === 'TEXT', keyReader: compileKeyReaders(product, entity) })
    }
  }
  const { log, clock, lagOf = async () => 0, lagRecordsMax: recordsMax } = options
  const backlog = new TopicBacklog({ clock, lagOf, ...(recordsMax === undefined ? {} : { recordsMax }) })
  const face: Face = { log, clock, topics, derived, budget: new BodyBudget(), backlog }
  return async (request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (path !== '/topics' && !path.startsWith('/topics/')) return false
    try {
      await answer(face, path, request, response)
    } catch (error) {
      const name = topicInPath(path.slice('/topics/'.length))
      refuse(request, response, error, () => (topics.has(name) ? backlog.retryAfterSeconds(name) : 1))
    }
    return true
  }
}

async function answer(face: Face, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (path === '/topics') {
    if (request.method !== 'GET' && request.method !== 'HEAD') return wrongMethod(response, 'GET')
    return send(response, 200, [...face.topics.keys()])
  }
  const name = topicInPath(path.slice('/topics/'.length))
  const topic = face.topics.get(name)
  const maker = face.derived.get(name)
  if (maker !== undefined) {
    const message = `The records of ${name} are made by the fold ${maker} alone: send records to what it is derived from.`
    throw new MeshgateError('INGEST_TOPIC_DERIVED', message)
  }
  if (topic === undefined) {
    const known = [...face.topics.keys()].join(', ')
    throw new MeshgateError('LOG_TOPIC_UNKNOWN', `No product takes records from the topic "${name}". Topics: ${known}.`)
  }
  if (request.method !== 'POST') return wrongMethod(response, 'POST')
  const form = bodyForm(request.headers['content-type'])
  if (form === null || (form === 'TEXT' && !topic.isText)) {
    const own = topic.isText ? 'text/plain' : 'application/vnd.kafka.json.v2+json, application/x-ndjson'
    const message = `Content-Type ${request.headers['content-type'] ?? '(none)'} is not supported. Send ${own} or application/vnd.kafka.binary.v2+json.`
    throw new MeshgateError('INGEST_REQUEST_UNSUPPORTED', message)
  }
  const positions = await takeRecords(face, topic, form, request)
  const offsets = positions.map(({ partition, offset }) => ({ partition, offset, error_code: null, error: null }))
  send(response, 200, { offsets, key_schema_id: null, value_schema_id: null })
}

async function takeRecords(face: Face, topic: Topic, form: BodyForm, request: IncomingMessage): Promise<Position[]> {
  const release = await roomFor(face)
  let records: readonly AppendRecord[]
  try {
    // Before the body is read where it can be said already, and again with its records.
    await admitted(face, topic, 0)
    records = await postedRecords(form, await readBody(request), topic.keyReader())
    await admitted(face, topic, records.length)
  } catch (error) {
    release()
    throw error
  }
  // What a log that is away still holds keeps its room also after the client has been answered: memory stays bounded.
  const appending = appendAll(face.log, topic.name, records).finally(release)
  return inTime(face.clock, appending, () => notTaken(face, topic))
}

/** With what the log says of itself: whether it is away, or takes nothing for want of copies. */
async function notTaken({ log }: Face, topic: Topic): Promise<MeshgateError> {
  const why = await log.ping().then(
    () => '',
    (error: unknown) => (error instanceof MeshgateError ? ` ${error.message}` : ''),
  )
  const message = `The log has not taken the records within ${limits.postWaitMsMax / 1_000} s.${why} Send them again: some of them may be in ${topic.name} already.`
  return new MeshgateError('LOG_UNAVAILABLE', message)
}

/** A log that cannot say in time what waits is away: it is asked to append, and says so. */
async function admitted({ backlog, clock }: Face, topic: Topic, records: number): Promise<void> {
  const late = new MeshgateError(
    'LOG_UNAVAILABLE',
    `The log does not say what waits in ${topic.name}. Nothing was taken.`,
  )
  await inTime(clock, backlog.admit(topic.name, records), () => late)
}

async function roomFor({ budget, clock }: Face): Promise<() => void> {
  const reserving = budget.reserve(bodyBytesReserved)
  try {
    return await inTime(clock, reserving, () => {
      return new MeshgateError('INGEST_OVERLOADED', 'Too many records wait for the log. Retry with backoff.')
    })
  } catch (error) {
    // Its turn may still come.
    reserving.then(
      (release) => release(),
      () => undefined,
    )
    throw error
  }
}

/** The promise, or the error when it takes too long. The promise goes on. */
async function inTime<T>(
  clock: Clock,
  promise: Promise<T>,
  error: () => MeshgateError | Promise<MeshgateError>,
): Promise<T> {
  const settled = new AbortController()
  const late = clock.sleep(limits.postWaitMsMax, settled.signal).then(
    async () => {
      throw await error()
    },
    () => promise,
  )
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    settled.abort()
    late.catch(() => undefined)
  }
}

async function appendAll(log: EventLog, topic: string, records: readonly AppendRecord[]): Promise<Position[]> {
  const partitions = await log.partitions(topic)
  const stray = records.findIndex(({ partition }) => partition !== undefined && partition >= partitions)
  if (stray !== -1) {
    const message = `"partition" of record ${stray} does not exist: ${topic} has ${partitions}. Leave it out: the key decides.`
    throw new MeshgateError('INGEST_REQUEST_INVALID', message)
  }
  const positions: Position[] = []
  for (let from = 0; from < records.length; from += limits.loadBatchRecordsMax) {
    positions.push(...(await log.append(topic, records.slice(from, from + limits.loadBatchRecordsMax))))
  }
  return positions
}

function wrongMethod(response: ServerResponse, allowed: string): void {
  response.setHeader('allow', allowed)
  send(response, 405, { error_code: 405, message: `Use ${allowed}.`, code: 'INGEST_REQUEST_UNSUPPORTED' })
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  retryAfterSeconds: () => number,
): void {
  if (response.headersSent || response.destroyed) return
  const known = error instanceof MeshgateError ? error : null
  const [status, errorCode] = (known === null ? undefined : STATUSES[known.code]) ?? [500, 50002]
  // What is thrown unexpectedly may tell of the inside.
  const shown = status === 500 ? 'The records could not be appended. Retry.' : (known?.message ?? '')
  // Nobody reads the rest of the body: the connection cannot be used again.
  if (!request.complete) response.setHeader('connection', 'close')
  if (known?.retryable === true) {
    response.setHeader('retry-after', known.code === 'INGEST_BEHIND' ? String(retryAfterSeconds()) : '1')
  }
  send(response, status, { error_code: errorCode, message: shown, code: known?.code ?? 'INTERNAL' })
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = Buffer.from(JSON.stringify(body))
  response.writeHead(status, {
    'content-type': 'application/vnd.kafka.v2+json; charset=utf-8',
    'content-length': text.length,
  })
  response.end(text)
}
