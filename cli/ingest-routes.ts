// What a process that ingests serves: the topics, and for those that hand it records what became of them.
//   GET /ingest                    counts, and what still waits, by product
//   GET /ingest/rejected/{topic}   why records of the topic were rejected; `?from=0,12,…`: those from these offsets on, `?from=end`: none yet
import type { ServerResponse } from 'node:http'
import type { RouteHandler } from '../ingest/http/topic-routes.ts'
import type { Ingest } from '../ingest/main.ts'
import { MeshgateError } from '../platform/errors.ts'
import type { EventLog } from '../platform/ports/event-log.ts'
import { summarizeRejected } from './rejected-records.ts'
import { sendJson } from './role-server.ts'

export interface IngestStatus {
  /** By `domain/name`. */
  readonly counts: Readonly<Record<string, { readonly written: number; readonly rejected: number }>>
  readonly lag: Readonly<Record<string, number>>
}

const REJECTED_PATH = /^\/ingest\/rejected\/([\w.%-]+)$/

export function ingestRoutes(ingest: Ingest, log: EventLog): readonly RouteHandler[] {
  return [...ingest.routes, statusRoute(ingest, log)]
}

function statusRoute(ingest: Ingest, log: EventLog): RouteHandler {
  return async (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost')
    if (request.method !== 'GET' || url === null) return false
    if (url.pathname === '/ingest') await sendStatus(ingest, response)
    else {
      const topic = REJECTED_PATH.exec(url.pathname)?.[1]
      if (topic === undefined) return false
      await sendRejected(log, topic, url.searchParams.get('from'), response)
    }
    return true
  }
}

async function sendStatus(ingest: Ingest, response: ServerResponse): Promise<void> {
  // Lag first: a record that is handled between the two is then in the counts.
  const lag = await ingest.lag()
  const status: IngestStatus = { lag, counts: ingest.counts() }
  sendJson(response, 200, status)
}

async function sendRejected(log: EventLog, topic: string, from: string | null, response: ServerResponse) {
  try {
    sendJson(response, 200, await summarizeRejected(log, decodeURIComponent(topic), offsetsIn(from)))
  } catch (error) {
    if (!(error instanceof MeshgateError) || error.code !== 'LOG_TOPIC_UNKNOWN') throw error
    sendJson(response, 404, { code: error.code, message: `No product takes records from ${topic}. See GET /topics.` })
  }
}

/** What is no offset counts as 0. */
function offsetsIn(from: string | null): 'end' | readonly number[] {
  if (from === 'end') return 'end'
  return (from ?? '').split(',').map((text) => (/^\d{1,15}$/.test(text) ? Number(text) : 0))
}
