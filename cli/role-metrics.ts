// What the roles tell their observers, as metrics.
import type { Gateway, GatewayObserver } from '../gateway/main.ts'
import type { Ingest, IngestObserver } from '../ingest/main.ts'
import { ERROR_CODES } from '../platform/errors.ts'
import type { ServersHealth } from '../platform/main.ts'
import { createMetrics, type Metrics } from '../platform/telemetry/metrics.ts'
import type { SubgraphObserver } from '../subgraphs/main.ts'

/** Of the process, with the state of its servers. */
export function createProcessMetrics(servers: ServersHealth | null): Metrics {
  const metrics = createMetrics()
  if (servers !== null) {
    const up = (reason: string | null) => (reason === null ? 1 : 0)
    metrics.read('serverUp', () => [
      [up(servers.kafka.reason()), { server: 'kafka' }],
      [up(servers.cassandra.reason()), { server: 'cassandra' }],
    ])
  }
  return metrics
}

export function ingestObserver(metrics: Metrics): IngestObserver {
  return {
    batch: ({ product, written, rejected, codes, durationMs }) => {
      for (const [code, records] of Object.entries(codes)) metrics.record('ingestRejected', records, { product, code })
      metrics.record('ingestRecords', written, { product, outcome: 'written' })
      metrics.record('ingestRecords', rejected, { product, outcome: 'rejected' })
      metrics.record('ingestBatch', durationMs / 1_000, { product })
    },
    redriven: ({ product, records }) => metrics.record('ingestRedriven', records, { product }),
    foldFailed: ({ product, expression }) => metrics.record('foldFailures', 1, { product, expression }),
    foldLate: ({ product, rows }) => metrics.record('foldLate', rows, { product }),
    retry: ({ product, code }) => metrics.record('ingestRetries', 1, { product, code }),
  }
}

export function readIngestLag(metrics: Metrics, ingest: Pick<Ingest, 'lag'>): void {
  metrics.read('ingestLag', async () =>
    Object.entries(await ingest.lag()).map(([product, lag]) => [lag, { product }] as const),
  )
}

export function readReplays(metrics: Metrics, ingest: Pick<Ingest, 'replays'>): void {
  metrics.read('replayLeft', async () =>
    (await ingest.replays()).map(({ product, left }) => [left, { product }] as const),
  )
}

export function readTables(metrics: Metrics, ingest: Pick<Ingest, 'tables'>): void {
  metrics.read('tablesFilling', () =>
    Object.entries(ingest.tables()).map(([product, { adding }]) => [adding?.tables.length ?? 0, { product }] as const),
  )
  metrics.read('ingestSuperseded', () =>
    Object.entries(ingest.tables()).map(
      ([product, { supersededBy }]) => [supersededBy === null ? 0 : 1, { product }] as const,
    ),
  )
}

export function readStuckPartitions(metrics: Metrics, ingest: Pick<Ingest, 'stuck'>): void {
  metrics.read('ingestStuck', () =>
    ingest.stuck().map(({ product, topic, partition, forMs, code }) => {
      return [forMs / 1_000, { product, topic, partition: String(partition), code: code ?? 'NONE' }] as const
    }),
  )
}

export function subgraphObserver(metrics: Metrics): SubgraphObserver {
  return {
    request: ({ subgraph, durationMs, codes }) => {
      metrics.record('subgraphRequest', durationMs / 1_000, { subgraph })
      for (const code of codes) metrics.record('subgraphErrors', 1, { subgraph, code: knownCode(code) })
    },
    subscriptions: ({ subgraph, active }) => metrics.record('subgraphSubscriptions', active, { subgraph }),
  }
}

export function gatewayObserver(metrics: Metrics): GatewayObserver {
  return {
    request: ({ kind, durationMs, codes }) => {
      metrics.record('gatewayRequest', durationMs / 1_000, { kind })
      for (const code of codes) metrics.record('gatewayErrors', 1, { code: knownCode(code) })
    },
    refused: ({ via, status, code }) => {
      metrics.record('gatewayRefused', 1, { via, status: String(status), code })
      metrics.record('gatewayErrors', 1, { code })
    },
    sockets: (open) => metrics.record('gatewaySockets', open),
    subscriptions: (active) => metrics.record('gatewaySubscriptions', active),
    upstreams: (active) => metrics.record('gatewayUpstreams', active),
    upstreamLost: (subgraph) => metrics.record('gatewayUpstreamLosses', 1, { subgraph }),
    events: (clients) => metrics.record('gatewayEvents', clients),
    conflated: (events) => metrics.record('gatewayConflated', events),
    streamEnded: (code) => metrics.record('gatewayStreamEndings', 1, { code: knownCode(code) }),
  }
}

export function readSubgraphsUp(metrics: Metrics, gateway: Pick<Gateway, 'subgraphs'>): void {
  metrics.read('gatewaySubgraphUp', () =>
    gateway.subgraphs().map(({ name, reachable }) => [reachable ? 1 : 0, { subgraph: name }] as const),
  )
}

/** Subgraphs of other makers have codes of their own, and any number of them: each would be a series of its own. */
function knownCode(code: string): string {
  return code in ERROR_CODES ? code : 'OTHER'
}
