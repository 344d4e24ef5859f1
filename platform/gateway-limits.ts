// The bounds of the gateway, with their reasons. `limits` (limits.ts) holds them with all others.

export const gatewayLimits = {
  // Gateway: documents
  /** Lexer tokens of a client's document: graphql-js and the planner stay in milliseconds; larger documents are generated mistakes. */
  documentTokensMax: 15_000,
  /** Nesting of fields after fragments are expanded: deeper ones only walk relations in circles. */
  documentDepthMax: 40,
  /** Aliases after expansion: each may repeat an expensive field. */
  documentAliasesMax: 500,
  /** Aliases at and below __schema and __type: that is answered here, in one piece, and 400 aliases held everybody up for 1.7 seconds. */
  introspectionAliasesMax: 10,
  /** Selections after fragments are expanded: what the planner sees; long fragment chains took it seconds. */
  documentSelectionsMax: 5_000,
  /** Root fields: each may be one subgraph request. */
  documentRootFieldsMax: 100,
  /** Definitions of fragments: a large page has some hundred, and those that name one another are compared with each other. */
  documentFragmentsMax: 1_000,
  /** Directives in a document, and at one place of it: @skip and @include are two, and each may be repeated at every node. */
  documentDirectivesMax: 500,
  documentDirectivesPerPlaceMax: 10,
  /** Elements of one list in an argument or a variable: subgraphs look them up one by one. */
  documentListSizeMax: 1_000,
  /** Objects and lists inside one another in a variable: deeper than any input type, and a custom scalar's value is written by recursion. */
  variableDepthMax: 100,
  /** What an operation may cost by @cost and @listSize unless an operator says otherwise: an object 1, as often as its lists may be long. */
  operationCostMax: 1_000_000,
  /** Elements that a cost assumes of a list of which the schema says nothing: most lists inside of objects are shorter. */
  costListSizeAssumed: 10,
  /** Fields and fragments inside one another: validation and planning recurse, and 3,000 levels ended their stack. */
  documentNestingMax: 200,
  /** Fields of one response key and fragments of one place, each with each, where some differ: comparing 50,000 takes some 20 ms. */
  documentPairsMax: 50_000,
  /** Selections after fragments on interfaces are written out per type, which multiplies at every level: a hundred milliseconds of planning. */
  plannedSelectionsMax: 10_000,
  /** Automatic persisted queries kept, and their characters: as many as plans. Others are sent once more by who asks for them. */
  persistedQueriesMax: 1_000,
  persistedQueryCharactersMax: 2_097_152,
  /** The file of trusted documents: some ten thousand operations. */
  trustedDocumentsBytesMax: 33_554_432,
  /** Between two looks whether it has changed: a look costs nothing, and who deploys clients waits for it. */
  trustedDocumentsPollMs: 2_000,
  /** Plans kept, and the characters of their documents: a mesh has hundreds of operations, not hundreds of thousands. */
  planCacheEntriesMax: 1_000,
  /** A character takes up to 150 bytes of heap in trees and closures (measured), so this is 300 MB that a hostile client can fill. */
  planCacheCharactersMax: 2_097_152,
  /** Characters up to which a document is parsed in the thread of the requests: that and its limits take about 2 ms. */
  documentParsedInThreadCharactersMax: 8_192,
  /** Operations planned anew for a new supergraph before they are asked: under a millisecond each, for as many as most meshes have. */
  plansWarmedMax: 200,
  /** Selections up to which an operation is validated and planned in the thread of the requests, which takes up to about 2 ms there. */
  planInThreadSelectionsMax: 150,
  /** Characters of a plan's requests: more than any subgraph should parse. */
  plannedCharactersMax: 1_000_000,
  /** Heap of the planning thread: an operation that takes more ends it, and only itself. */
  planningHeapMegabytesMax: 512,
  /** Larger operations that wait for the planning thread, some tens of milliseconds each. */
  plansWaitingMax: 16,

  // Gateway: execution
  /** Errors of one response: one failed list must not become a megabyte of errors. */
  responseErrorsMax: 500,
  /** Representations of one entity fetch: larger waves are split, so that a subgraph's request stays in megabytes. */
  representationsPerFetchMax: 5_000,

  /** Lists inside one another in an answer: deeper than any schema's, and far from the end of the stack. */
  listLevelsMax: 32,
  /** Levels of a custom scalar's value, or of an error's extensions: writing JSON recurses. */
  scalarDepthMax: 200,
  /** Fields of a response that code is generated for: larger ones take longer to compile than it saves. */
  writtenFieldsMax: 3_000,

  // Gateway: subgraph endpoints
  /** A subgraph that has not answered by then is as good as down. */
  subgraphTimeoutMs: 30_000,
  /** How long `meshgate compose` waits for a subgraph that is being started, unless told otherwise: its servers and it are there by then. */
  composeWaitMs: 60_000,
  /** HTTP/1.1 connections per subgraph: one process does not profit from more. */
  subgraphConnectionsMax: 128,
  /** Response body of a subgraph: beyond it the gateway's memory is at stake. */
  subgraphResponseBytesMax: 67_108_864,
  /** Head of a subgraph's answer: some kilobytes of headers; a flood of them is no answer. */
  subgraphHeadBytesMax: 32_768,
  /** Informational answers (1xx) before the answer: there is one at most in practice. */
  subgraphInterimAnswersMax: 8,
  /** Attempts of a query whose connection broke: a kept connection that its server was closing is common, two in a row are an outage. */
  subgraphAttemptsMax: 2,
  /** Requests to one subgraph under way or waiting for a connection: seconds of its work; beyond it waiting only delays the failure. */
  subgraphRequestsInFlightMax: 10_000,
  /** How long a connection without a request is kept unless the subgraph says how long it does: shorter than the 5 s of Node's own servers. */
  subgraphConnectionIdleMs: 4_000,
  /** The longest that a subgraph's word for it is taken. */
  subgraphConnectionIdleMsMax: 600_000,
  /** What a connection is let go before its subgraph would: the way there takes a while. */
  subgraphConnectionIdleMarginMs: 1_000,
  /** A mutation can't be repeated, so it only takes a connection that was used just before, or a new one. */
  subgraphMutationIdleMsMax: 1_000,
  /** Requests on one HTTP/2 connection at a time: what servers allow by default. */
  subgraphStreamsPerSessionMax: 100,
  /** Failures of a subgraph in a row, with no answer in between, after which requests to it are refused at once while its probe fails as well. */
  subgraphFailuresMax: 5,
  /** Body of a request that may be shared with one in flight: comparing larger ones costs what it saves, and they are seldom equal. */
  sharedRequestCharactersMax: 262_144,
  /** WebSockets to one subgraph, one per distinct set of forwarded headers. */
  subgraphSocketsMax: 1_000,
  /** Event streams (SSE) from one subgraph: each has a connection of its own over HTTP/1.1. */
  subgraphEventStreamsMax: 1_000,
  /** One event of a subgraph's event stream: a response with its entity. */
  subgraphEventBytesMax: 8_388_608,
  /** Between two questions whether a subgraph can be reached, and while it cannot: a question costs it nothing, and who waits should soon see it back. */
  subgraphProbeIntervalMs: 15_000,
  subgraphProbeAwayIntervalMs: 1_000,
  /** A subgraph that has not answered that question by then counts as away. */
  subgraphProbeTimeoutMs: 5_000,
  /** Events of one upstream subscription that wait for the gateway. */
  subgraphEventsQueuedMax: 10_000,

  /** Connections that wait to be accepted: after a restart all clients come within a second, and who finds no place tries again many seconds later. The system's own bound (net.core.somaxconn) holds as well. */
  connectionsWaitingMax: 4_096,

  // Gateway: subscriptions
  /** Events that wait for one client; beyond them it is closed with its cursor. */
  subscriptionQueueEventsMax: 1_000,
  /** Events of one upstream that are joined at the same time: enough to hide the latency, few enough to bound memory. */
  subscriptionJoinsInFlightMax: 16,
  /** How long the gateway tries to get a lost stream of a subgraph back before its clients are told: a restart or a failover with all its waiting. */
  subscriptionResumeMsMax: 120_000,
  /** Longest pause between two such attempts: who waits should soon have it back. */
  subscriptionResumeDelayMsMax: 5_000,
  /** How long a subgraph that is asked to go on from a cursor may take to say where its stream begins: ours say it at once, others never. */
  subscriptionConfirmMs: 5_000,
  /** How long a WebSocket may stay without connection_init: one round trip of a slow line. */
  socketInitTimeoutMs: 3_000,
  /** Between pings; a client that has not answered by the next is gone. Shorter than the idle time of common proxies. */
  socketKeepAliveMs: 12_000,
  /** Bytes of answers that a WebSocket's client has not read, above which it is not listened to. */
  socketBufferedBytesMax: 1_048_576,
  /** Subscriptions of one WebSocket. */
  socketSubscriptionsMax: 200,

  // Gateway: HTTP server
  /** Request body: queries with their variables; uploads do not go this way. */
  requestBodyBytesMax: 1_048_576,
  /** Accept and Accept-Encoding headers whose meaning is remembered: clients of one kind send one, and longer ones nobody sends twice. */
  negotiationsKeptMax: 256,
  negotiationCharactersMax: 256,
  /** Smaller responses fit a packet as they are. */
  compressionBytesMin: 1_024,
  /** Compressions at once: the pool has four threads, and the log's fsync needs some. */
  compressionsAtOnceMax: 2,
  /** Bytes of responses that are or wait to be compressed: a tenth of a second or so. Beyond them they go out as they are. */
  compressionBytesWaitingMax: 16_777_216,
  /** Buffers that responses are written into, as many as are under way on a busy gateway, and their size: 16 MB in all. Larger responses have their own. */
  textBuffersMax: 64,
  textBufferBytes: 262_144,
  /** Shorter texts are as quick in a small piece of node's own pool. */
  textBufferCharactersMin: 4_096,
  /** Between signs of life on a stream of events: shorter than the idle time of common proxies. */
  streamKeepAliveMs: 12_000,
  /** Signs of life in a row for which a stream's client has no room, before its connection is closed: a minute in which it took nothing. */
  streamKeepAlivesMissedMax: 5,
  /** Between two looks for connections that have become idle while a server closes. */
  closeSweepMs: 50,
  /** Operations of one batch that run at once: one client's batch must not take what others wait for. */
  batchOperationsAtOnceMax: 8,
  /** Whole responses in flight that may be joined, and the size of a request that others are compared with: 16 MB of keys. */
  sharedQueriesMax: 1_000,
  sharedQueryBytesMax: 16_384,
  /** All headers of a request with its URL (node's default, named): tokens and cookies fit, a flood does not. */
  requestHeaderBytesMax: 16_384,
  /** From the connection to the last header: seconds on a slow line; who sends them one by one to hold a connection is cut off. */
  requestHeadersTimeoutMs: 15_000,
  /** From the first byte to the last of a request, the 8 MB of a POST to a topic included: 70 kB/s. */
  requestTimeoutMs: 120_000,
  /** How long a connection without a request stays open: longer than the minute of common load balancers, which would else meet a closed one. */
  connectionIdleMs: 65_000,
  /** Between two looks for connections that are too slow. */
  connectionCheckMs: 5_000,
  /** Waiting for requests in hand when the server closes. */
  closeGraceMs: 10_000,
} as const
