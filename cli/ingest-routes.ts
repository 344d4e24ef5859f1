// What a process that ingests serves: the topics, rejected records, and for those that hand it records what became of them.
//   GET /ingest   counts, what still waits, and partitions that stand still, by product
import type { ServerResponse } from 'node:http'
import type { RouteHandler } from '../ingest/http/topic-routes.ts'
import type { TablesStatus } from '../ingest/beside/table-work.ts'
import type { Ingest, StuckPartitionOf } from '../ingest/main.ts'
import type { ReplayStatus } from '../ingest/replay/replay-progress.ts'
import { sendJson } from './role-server.ts'

export interface IngestStatus {
  /** By `domain/name`. */
  readonly counts: Readonly<Record<string, { readonly written: number; readonly rejected: number }>>
  readonly lag: Readonly<Record<string, number>>
  /** Partitions of this process whose batch fails again and again, or does not end. */
  readonly stuck: readonly StuckPartitionOf[]
  /** The newest replay of each product that had one, whoever does it. */
  readonly replays: readonly ReplayStatus[]
  /** The generations of each product's tables. */
  readonly tables: Readonly<Record<string, TablesStatus>>
}

export function ingestRoutes(ingest: Ingest): readonly RouteHandler[] {
  return [...ingest.routes, statusRoute(ingest)]
}

function statusRoute(ingest: Ingest): RouteHandler {
  return async (request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://localhost')
    if (request.method !== 'GET' || url?.pathname !== '/ingest') return false
    await sendStatus(ingest, response)
    return true
  }
}

async function sendStatus(ingest: Ingest, response: ServerResponse): Promise<void> {
  // Lag first: a record that is handled between the two is then in the counts.
  const lag = await ingest.lag()
  const status: IngestStatus = {
    lag,
    counts: ingest.counts(),
    stuck: ingest.stuck(),
    replays: await ingest.replays(),
    tables: ingest.tables(),
  }
  sendJson(response, 200, status)
}
