// Every metric of Meshgate's own, by Prometheus' conventions for names and units. docs/metrics.md is generated from it.

export interface MetricDefinition {
  readonly name: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram's buckets, in seconds. */
  readonly buckets?: readonly number[]
  /** What several processes that answer as one make of their values. Default: the sum. */
  readonly together?: 'min' | 'max'
}

/** From a request that one process answers from memory to one that waits for everything. */
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const
/** A batch holds one record or a thousand. */
const BATCH_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const

export const METRICS = {
  serverUp: {
    name: 'meshgate_server_up',
    kind: 'gauge',
    help: 'Whether the server (kafka, cassandra) could be used when this process last asked: 1 or 0. Absent with the embedded log and store.',
    labels: ['server'],
    together: 'min',
  },
  ingestRecords: {
    name: 'meshgate_ingest_records_total',
    kind: 'counter',
    help: 'Records that this process has ingested, by what became of them: written or rejected.',
    labels: ['product', 'outcome'],
  },
  ingestLag: {
    name: 'meshgate_ingest_lag_records',
    kind: 'gauge',
    help: 'Records of the product that no process has ingested yet: of all its processes together, so take the maximum. Absent while the log cannot be asked.',
    labels: ['product'],
    together: 'max',
  },
  replayLeft: {
    name: 'meshgate_replay_records_left',
    kind: 'gauge',
    help: "Records that the product's newest replay has still to read again, of all processes together, so take the maximum; 0 once it is done.",
    labels: ['product'],
    together: 'max',
  },
  tablesFilling: {
    name: 'meshgate_tables_filling',
    kind: 'gauge',
    help: 'Tables of the product that its version added and that do not hold every row yet: queries of them are refused. Of all processes together, so take the maximum.',
    labels: ['product'],
    together: 'max',
  },
  ingestSuperseded: {
    name: 'meshgate_ingest_superseded',
    kind: 'gauge',
    help: '1 where a newer version of the product is ingested, with tables that this process does not know: it takes no records of it any more. Else 0.',
    labels: ['product'],
    together: 'max',
  },
  ingestBatch: {
    name: 'meshgate_ingest_batch_duration_seconds',
    kind: 'histogram',
    help: 'From the arrival of a batch to the durability of all that came of it; its count is the number of batches.',
    labels: ['product'],
    buckets: BATCH_BUCKETS,
  },
  ingestRejected: {
    name: 'meshgate_ingest_rejected_total',
    kind: 'counter',
    help: 'Records that this process has rejected, by the code of the first thing that was wrong.',
    labels: ['product', 'code'],
  },
  ingestRedriven: {
    name: 'meshgate_ingest_redriven_total',
    kind: 'counter',
    help: 'Rejected records that a redrive through this process has appended to their source topic again.',
    labels: ['product'],
  },
  ingestStuck: {
    name: 'meshgate_ingest_partition_stuck_seconds',
    kind: 'gauge',
    help: 'How long a batch of the partition has been in hand, where that is longer than a batch takes: it fails again and again, by the code of the failure, or does not end (code NONE). Absent where nothing stands still.',
    labels: ['product', 'topic', 'partition', 'code'],
    together: 'max',
  },
  ingestRetries: {
    name: 'meshgate_ingest_retries_total',
    kind: 'counter',
    help: 'Batches that failed and were tried again, by the code of the failure.',
    labels: ['product', 'code'],
  },
  foldFailures: {
    name: 'meshgate_fold_failures_total',
    kind: 'counter',
    help: 'Rows for which an expression of a derived product could not be evaluated, by expression, and groups that could not be folded, by reason: nothing comes of them until they change.',
    labels: ['product', 'expression'],
  },
  foldLate: {
    name: 'meshgate_fold_late_total',
    kind: 'counter',
    help: 'Changes of rows that came for windows of a derived product that are closed (keptFor), and were refused. What is repeated after a crash counts again.',
    labels: ['product'],
  },
  subgraphRequest: {
    name: 'meshgate_subgraph_request_duration_seconds',
    kind: 'histogram',
    help: 'Queries and mutations answered by the subgraph; the count is their number.',
    labels: ['subgraph'],
    buckets: REQUEST_BUCKETS,
  },
  subgraphErrors: {
    name: 'meshgate_subgraph_errors_total',
    kind: 'counter',
    help: 'Errors in answers of the subgraph, by code.',
    labels: ['subgraph', 'code'],
  },
  subgraphSubscriptions: {
    name: 'meshgate_subgraph_subscriptions',
    kind: 'gauge',
    help: 'Subscriptions that run in the subgraph.',
    labels: ['subgraph'],
  },
  gatewayRequest: {
    name: 'meshgate_gateway_request_duration_seconds',
    kind: 'histogram',
    help: 'Requests of clients, by kind: query, mutation, subscription (until it was established), refused (nothing ran). The count is their number.',
    labels: ['kind'],
    buckets: REQUEST_BUCKETS,
  },
  gatewayErrors: {
    name: 'meshgate_gateway_errors_total',
    kind: 'counter',
    help: 'Errors in answers to clients, by code; codes of other makers count as OTHER.',
    labels: ['code'],
  },
  gatewayRefused: {
    name: 'meshgate_gateway_refused_total',
    kind: 'counter',
    help: 'Requests that were refused before an operation was read from them (credentials, rate, form, size, too many connections or subscriptions), by way (http, websocket), status of HTTP, and code. The duration above does not count them.',
    labels: ['via', 'status', 'code'],
  },
  gatewaySockets: {
    name: 'meshgate_gateway_websockets',
    kind: 'gauge',
    help: "Clients' WebSockets that are open.",
    labels: [],
  },
  gatewaySubscriptions: {
    name: 'meshgate_gateway_subscriptions',
    kind: 'gauge',
    help: "Clients' subscriptions that run.",
    labels: [],
  },
  gatewayUpstreams: {
    name: 'meshgate_gateway_upstreams',
    kind: 'gauge',
    help: "Streams from subgraphs that feed clients' subscriptions: one for all that are equal, and one for each that catches up.",
    labels: [],
  },
  gatewayUpstreamLosses: {
    name: 'meshgate_gateway_upstream_losses_total',
    kind: 'counter',
    help: 'Streams from the subgraph that were lost and opened again where they were.',
    labels: ['subgraph'],
  },
  gatewayEvents: {
    name: 'meshgate_gateway_events_total',
    kind: 'counter',
    help: 'Events handed on, each counted once for every client.',
    labels: [],
  },
  gatewayConflated: {
    name: 'meshgate_gateway_events_conflated_total',
    kind: 'counter',
    help: 'Events that a slow client was not told because it asked for the latest of each key.',
    labels: [],
  },
  gatewayStreamEndings: {
    name: 'meshgate_gateway_stream_endings_total',
    kind: 'counter',
    help: "Clients' streams that the gateway ended, by code: SUBSCRIPTION_SLOW for those that read too slowly. One that the client or the subgraph completes is not counted.",
    labels: ['code'],
  },
  gatewaySubgraphUp: {
    name: 'meshgate_gateway_subgraph_up',
    kind: 'gauge',
    help: 'Whether the subgraph could be reached of late: 1 or 0; with workers, by all of them.',
    labels: ['subgraph'],
    together: 'min',
  },
  gatewaySupergraph: {
    name: 'meshgate_gateway_supergraph_info',
    kind: 'gauge',
    help: '1 for the supergraph in service, by its id: the first digits of the SHA-256 of its text.',
    labels: ['id'],
    together: 'max',
  },
  gatewaySupergraphStale: {
    name: 'meshgate_gateway_supergraph_stale',
    kind: 'gauge',
    help: '1 while what is at the source of the supergraph cannot be read or served, and the one before is; else 0.',
    labels: [],
    together: 'max',
  },
  gatewaySupergraphAge: {
    name: 'meshgate_gateway_supergraph_age_seconds',
    kind: 'gauge',
    help: 'How long ago the source of the supergraph could be read: grows while it cannot, and begins with the age of the copy where the gateway was started with that. Absent for standard input.',
    labels: [],
    together: 'max',
  },
  gatewaySupergraphReloads: {
    name: 'meshgate_gateway_supergraph_reloads_total',
    kind: 'counter',
    help: 'New supergraphs, by what became of them: replaced (in service), refused (cannot be served), unreadable (what is wrong with reading has changed).',
    labels: ['outcome'],
  },
  gatewayWorkers: {
    name: 'meshgate_gateway_workers',
    kind: 'gauge',
    help: 'Workers that serve. Absent where the gateway is one process.',
    labels: [],
  },
  gatewayWorkerRestarts: {
    name: 'meshgate_gateway_worker_restarts_total',
    kind: 'counter',
    help: 'Workers that ended unasked and were started again.',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>

export type MetricName = keyof typeof METRICS
