// The bounds of what makes a gateway easy to run: reload, shutdown, request log, traces, with their reasons. `limits` (limits.ts) holds them
// with all others.

export const operatingLimits = {
  // Operating: configuration
  /** A configuration file: all settings with all their comments are a twentieth of it. */
  settingsFileCharactersMax: 1_048_576,

  // Operating: supergraph
  /** Between two looks whether the file of the supergraph has changed: a look is one call to the system. */
  supergraphFilePollMs: 1_000,
  /** A file that has just changed must stay as it is for so long: an editor may still write it. */
  supergraphFileSettleMs: 100,
  /** Looks at a file that keeps changing before it is left for the next poll. */
  supergraphFileSettlesMax: 20,
  /** Between two questions to the supergraph's URL: one that has not changed costs an answer without a body. */
  supergraphUrlPollMs: 10_000,
  /** Longest pause between two questions to a URL that does not answer. */
  supergraphUrlPollMsMax: 120_000,
  /** A supergraph that has not come by then comes with the next question. */
  supergraphUrlTimeoutMs: 15_000,
  /** Between two marks that the copy of a supergraph is what the URL has: how old it is told to be may be wrong by that. */
  supergraphCopyMarkMs: 60_000,
  /** Bytes of a supergraph: some ten times the largest that are known. */
  supergraphBytesMax: 67_108_864,
  /** How long a worker may take to load a supergraph and say so: seconds for thousands of types, on a busy core. */
  workerReplaceMsMax: 60_000,
  /** Between two questions to each worker whether it lives. */
  workerAliveIntervalMs: 3_000,
  /** A worker that has not answered by then is stuck, and started again: no operation may hold the event loop for a hundredth of it. */
  workerStuckMsMax: 15_000,

  // Operating: shutdown
  /** Over how long the endings of subscriptions are spread, per client, so that 2,000 a second come back, and in all: half the time that a server waits. */
  reconnectSpreadMsPerClient: 0.5,
  reconnectSpreadMsMax: 5_000,
  /** Fewer are ended at once. */
  reconnectSpreadClientsMin: 50,

  // Operating: what is logged and traced of requests
  /** Characters of a client's name or version, of an operation's name and of a subject in a line or a span: longer ones are mistakes. */
  clientNameCharactersMax: 128,
  /** Different error codes that a line names: more say nothing. */
  requestLogCodesMax: 5,
  /** Spans that wait to be sent: some seconds of a busy gateway, 10 MB; beyond them new ones are dropped. */
  traceSpansQueuedMax: 8_192,
  /** Spans of one request to the collector: half a megabyte of JSON. */
  traceSpansPerExportMax: 512,
  /** Between two such requests where fewer wait. */
  traceExportIntervalMs: 2_000,
  /** A collector that has not answered by then is away. */
  traceExportTimeoutMs: 5_000,
  /** Requests to the collector at once. */
  traceExportsInFlightMax: 4,
  /** How long the end of a process waits for its last spans to be sent. */
  traceFlushMsMax: 3_000,
  /** What a span says of itself. */
  spanAttributesMax: 32,
  spanTextCharactersMax: 256,
} as const
