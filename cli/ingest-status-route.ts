// `GET /ingest`: what a running process has ingested and what still waits, for those that hand it records (`meshgate load`).
import type { Ingest } from '../ingest/main.ts'
import type { RouteHandler } from '../ingest/http/topic-routes.ts'

export interface IngestStatus {
  /** By `domain/name`. */
  readonly counts: Readonly<Record<string, { readonly written: number; readonly rejected: number }>>
  readonly lag: Readonly<Record<string, number>>
}

export function ingestStatusRoute(ingest: Ingest): RouteHandler {
  return async (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/ingest') return false
    // Lag first: a record that is handled between the two is then in the counts.
    const lag = await ingest.lag()
    const status: IngestStatus = { lag, counts: ingest.counts() }
    response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(status)}\n`)
    return true
  }
}
