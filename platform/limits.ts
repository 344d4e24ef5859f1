// Every bound of a queue, batch, retry, depth or cache, with its reason. Units are in the names.

import { schemaLimits } from '../schema/schema-limits.ts'
import { gatewayLimits } from './gateway-limits.ts'
import { operatingLimits } from './operating-limits.ts'
import { identityLimits } from './identity-limits.ts'
import { serverLimits } from './server-limits.ts'

export const limits = {
  // Product language and records
  ...schemaLimits,

  // Kafka and Cassandra
  ...serverLimits,

  // Gateway
  ...gatewayLimits,

  // Identity
  ...identityLimits,

  // Operating
  ...operatingLimits,

  // Event log
  /** Larger than any sensible record, small enough that a batch of them fits in memory. */
  recordBytesMax: 1_048_576,
  /** Bytes that wait for an fsync before append pushes back: some batches' worth. */
  appendBytesInFlightMax: 33_554_432,
  /** Records per batch handed to a consumer: one fsync and one store transaction each, and memory stays in megabytes. */
  consumeBatchRecordsMax: 1_000,
  consumeBatchBytesMax: 4_194_304,
  /** Waiting between retries of a batch whose handler rejected. */
  retryDelayMsMin: 100,
  retryDelayMsMax: 10_000,
  /** How long a consumer that closes waits for the batch in hand, which takes a second or so: with the servers' waiting still within the 30 s after which schedulers kill. */
  consumerCloseWaitMs: 10_000,

  // Embedded log
  /**
   * Records of a batch where no other partition has one in hand; several share that, down to `consumeBatchRecordsMax` each: fewer fsyncs of
   * a backlog in memory of the same bounds (docs/decisions/ingest-pipeline.md).
   */
  logBatchRecordsMax: 4_096,
  /**
   * Backlogs with a batch in hand at a time, of all groups; others wait for their turn. A batch takes some 5 MB while it is handled, and so many
   * keep main thread, store and disk busy (docs/decisions/first-start.md).
   */
  logBacklogsInHandMax: 8,
  /** What waits for no turn: live records, whose batches take little more than their handling. */
  logSmallBatchRecordsMax: 64,
  logSmallBatchBytesMax: 16_384,
  /** A segment rolls before the commit that would pass this: small enough to scan in tens of milliseconds after a crash, and to compact in memory. */
  logSegmentBytesMax: 16_777_216,
  /** Bytes of one group commit beyond its first append: one write and one fsync, whose latency stays in milliseconds. */
  logCommitBytesMax: 4_194_304,
  /** Between two entries of the sparse index: a read skips at most this, an index is a thousandth of its segment. */
  logIndexIntervalBytes: 16_384,
  /** Read at once from a segment; a frame that is larger is read whole. */
  logReadBytes: 524_288,
  /** Newest commits of a partition kept in memory, so that readers at the head need no thread of the pool (which fsync fills). */
  logRecentBytesMax: 1_048_576,
  /** The newest commits kept of a partition, where they are small: finding one stays cheap. */
  logRecentCommitsMax: 256,
  /** The recent commits of all partitions together; the oldest go first, and the system has them in its cache of files. */
  logRecentBytesTotalMax: 16_777_216,
  /** Records handed to listeners of a topic, one listener after the other, before others get a turn of the event loop: some milliseconds. */
  logTailRecordsPerTurnMax: 16_384,
  /** Between two runs of retention, compaction and checkpoints: cheap when there is nothing to do. */
  logMaintenanceIntervalMs: 60_000,
  /** An active segment older than this rolls, so that retention and compaction reach slow topics. */
  logSegmentAgeMsMax: 86_400_000,
  /** Share of sealed bytes not yet compacted at which a pass pays (Kafka's min.cleanable.dirty.ratio). */
  logCompactionDirtyRatio: 0.5,
  /** Keys in memory during a compaction pass, some tens of megabytes; a pass covers fewer segments rather than more keys. */
  logCompactionKeysMax: 500_000,
  /** A tombstone stays this long after the pass that removed what it deletes, so that a reader under way still meets it (Kafka's delete.retention.ms). */
  logTombstoneGraceMs: 86_400_000,
  /** Superseded bytes in a group's position file before it is rewritten. */
  logPositionsGarbageBytesMax: 65_536,

  // Store
  readKeysMax: 10_000,
  pageRowsMax: 1_000,
  /** Shard files of a new embedded store, a writer thread each (docs/decisions/embedded-store.md). */
  storeShards: 1,
  /** Page of a shard file: a page holds some twenty rows. */
  storePageBytes: 4_096,
  /** Pages of the write-ahead log before it is brought into the file: 64 MB, so that random rows of many commits share a page's write. */
  storeWalPagesMax: 16_384,
  /** Pages of it that the writer brings in itself, to begin the log anew: some milliseconds. */
  storeWalPagesLeft: 1_024,
  /** How many times that size a log may come to while the checkpoint thread is at it; then the writer waits for the disk. */
  storeWalGrowthMax: 4,
  /** Page cache of a writing connection: the keys' pages of a million rows. */
  storeCacheKibibytes: 49_152,
  /** Page cache of a reading one, per file: inner pages and busy leaves; the system keeps the others in its own. */
  storeReadCacheKibibytes: 32_768,
  /** What a thread's short-lived objects may take: node's own 64 MB and more a thread would be most of the process. */
  storeThreadYoungMegabytes: 16,
  /** How long a connection waits for a lock of another process before it gives up. */
  storeBusyTimeoutMs: 5_000,
  /** Rows or keys in one message between threads: turning them to text holds the event loop for about 2 ms. */
  storeMessageRowsMax: 1_000,
  /** Keys in one message to the reading thread: the caller parses what was found of some while the others are read. */
  storeReadKeysMax: 250,
  /** Characters that calls in hand of one thread may hold: some seconds of work. */
  storeCharsWaitingMax: 67_108_864,
  storeCallsWaitingMax: 20_000,
  /** Text of answers that a reading thread gathers before it sends them: the caller parses while more is read. */
  storeAnswerCharsMax: 131_072,
  /** Writes of one call that go to the writer together, and so into one transaction: what a consumer's largest batch makes of two tables. */
  storePartRowsMax: 40_000,
  storePartBytesMax: 16_777_216,
  /** Bytes of the calls that one transaction takes together: the larger, the more rows share a page; a second's work at most. */
  storeGroupBytesMax: 33_554_432,
  /** How long a delete or null is remembered against older values that come late: Cassandra's default grace. */
  storeTombstoneGraceMs: 864_000_000,
  /** Expired rows are invisible at once; this is how long they may still take space. */
  storeSweepIntervalMs: 60_000,
  /** Rows of one sweeping transaction: writes wait for it some tens of milliseconds. */
  storeSweepRowsMax: 1_000,

  // Ingest
  /** Records decoded in one turn of the event loop: about three milliseconds. */
  decodeSliceRecords: 512,
  /** How often the quality of the minute that goes on is told: dashboards live on it, and a record per partition and second is nothing. */
  qualityTellMs: 1_000,
  /** Records of a minute that a new owner of a partition decodes once more to count them: some seconds of work. */
  qualityRecountRecordsMax: 500_000,
  /** How far a record's version may lie ahead of its append time: a wrong clock or zone, but no version that shadows later ones for long. */
  versionAheadMsMax: 86_400_000,
  /** The greatest version: above it the counting of an entity's changes would leave the exact integers. */
  versionMax: Number.MAX_SAFE_INTEGER - 2 ** 40,
  /** What the headers of a rejected record say of it: an unbounded list of violations would make it larger than the log takes. */
  rejectedHeaderBytesMax: 16_384,
  /** Delete markers older than this are swept: records later than that are not expected any more. Cassandra's default grace. */
  deleteMarkerGraceMs: 864_000_000,
  /** Rows the sweeper looks at in one step, and its pauses between steps and between passes: never in the way. */
  sweepPageRows: 200,
  sweepPauseMs: 1_000,
  sweepIntervalMs: 21_600_000,
  /** Steps between two durable marks of where the sweeper stands. */
  sweepPagesPerMark: 50,
  /** How soon a replay that is asked for begins, and its end is noted; a question to the log each time. */
  replayPollMs: 500,
  /** Facts of replays read at once: a few of them are all that there are. */
  replayFactsReadRecords: 1_000,
  /** Replays of a product that are remembered when they are done. */
  replaysKeptMax: 10,
  /** Rows that a digest reads in one page: one of them in memory at a time. */
  digestPageRows: 1_000,
  /** Creations of one entity that are remembered while they may be delivered again: more in one batch is no real life. */
  originsKeptMax: 8,
  /** Records that a new member of a group looks back at for their append times: tens of milliseconds of the fastest partition. */
  appendClockLookBackRecords: 10_000,
  appendClockReadRecords: 1_000,
  /** Where exact times run further ahead of the log's than that, it is kept durably: as long as looking back would not find out. */
  appendClockUnmarkedLeadUs: 100_000,
  /** Steps back of a clock that are remembered per partition: a redelivery reaches behind the newest at most. */
  appendClockMarksMax: 8,
  /** Between two log lines on batches or requests that go on failing: an outage is told when it begins, when it ends, and now and then. */
  failureLogIntervalMs: 60_000,
  /**
   * How long a POST to a topic may wait for room or for the log: longer than a cluster takes to miss a broker that was killed (9 s) and to choose
   * other leaders, and less than the 30 s after which most clients give up and learn nothing.
   */
  postWaitMsMax: 15_000,
  /** Longest wait before looking at committed positions again: other members of the group report them only there. */
  caughtUpPollMs: 100,

  // Generations of tables (docs/decisions/table-generations.md)
  /** Nobody reads or writes by a look at the generations that is older: what changing over waits for, so seconds. */
  tableLeaseMs: 5_000,
  /** A look that is older is renewed in passing: one small read in that time by every process. */
  tableRefreshMs: 2_000,
  /** Between two steps of a change-over: the lease, and twice as much for a batch that was begun before and for clocks that run unevenly. */
  tableStepWaitMs: 15_000,
  /** How long the former tables are written after the switch: three times the readers' lease. */
  tableSwitchGraceMs: 15_000,
  /** Between two rounds of the work that builds new tables: one look at a small topic. */
  tablePollMs: 1_000,
  /** Records read and written at once into new tables: a batch of live ingest waits for at most one such. */
  tableFillRecords: 1_000,
  /** A live batch waits until new tables have caught up with it where no more records than that are left: about a second. */
  tableFillGapRecords: 10_000,
  /** A live batch waits no longer than that for new tables. */
  tableFillGapWaitMs: 3_000,
  /** Between two durable marks of how far new tables are filled: what is filled again after a crash. */
  tableFillMarkMs: 5_000,
  /** Rows copied at once where new tables are seeded by a scan. */
  tableSeedRows: 500,
  /** Records of a source topic that may wait for ingest before posts are told to come later, and loads wait: some 20 s of a busy machine's work. */
  topicLagRecordsMax: 1_000_000,
  /** Between two looks how many wait; what is let in meanwhile is counted. */
  topicLagLookMs: 500,
  /** How long a load waits between two looks whether there is room again. */
  topicLagPollMs: 250,
  /** When a client is asked to come again: while it is not known how fast ingest is, and at most. */
  retryAfterSecondsUnknown: 5,
  retryAfterSecondsMax: 30,
  /** How long a load through a running process is told to come later before it gives up: an outage that somebody mends. */
  sendPatienceMs: 1_800_000,
  /** A batch takes a second or so: one that is in hand for longer than that, tried again or not, stands still and is named. */
  stuckBatchMs: 10_000,

  // Folds (docs/decisions/derived-products.md)
  /** Write times and versions that one owner of a partition may give; the next one's begin behind. A batch takes a few. */
  foldTenureNumbers: 16_777_216,
  /** How far versions of a fold that begins anew lie above those before (µs): for owners of the former that begin at the same moment. */
  foldFloorMarginUs: 60_000_000,
  /** Behind a batch the next one of a stage waits so long, and takes what came meanwhile: a batch costs as much as some hundred rows. Three stages add that to a derived row's age. */
  foldRestMs: 25,
  /** Between two looks whether a fold is worked by another definition: one look at a small topic. */
  foldPollMs: 1_000,
  /** Characters of a message of touches or contributions: some hundred rows; in the worst spelling it still fits the log. */
  foldMessageCharactersMax: 131_072,
  /** Characters of what one row contributes to one group: one message must hold it. */
  foldContributionCharactersMax: 262_144,
  /** Characters of what names a group: it is a part of every row's key, which Cassandra bounds. */
  foldGroupCharactersMax: 8_192,
  /** Rows that a fold reads and evaluates at once: a wave of the store, and a megabyte or two, of each of some forty folds. */
  foldRowsAtOnceMax: 400,
  /** Lists of the rows that use a joined row, read at once: mostly short or empty, and a store that is asked over a network answers them together. */
  foldPagesAtOnceMax: 32,
  /** Keys of such rows that are held before they are appended. */
  foldTouchesHeldBytesMax: 1_048_576,
  /** Messages of contributions that are folded together, and records of groups that are appended together: atomic writes of all of one group stay below what Cassandra takes. */
  foldSliceBytesMax: 1_048_576,
  /** Groups whose states are read and written at once. */
  foldGroupsAtOnceMax: 200,
  /** States of groups in memory, of all folds of the process. */
  foldStatesBytesMax: 33_554_432,
  /** Members of a group that are remembered, so that others need not be looked for: a few megabytes. */
  foldMembersKnownMax: 20_000,
  /** Of a group, event times of the latest contributors, so that others need not be looked for: up to twice as many, 40 bytes each. */
  foldTimesKnownMax: 128,
  /** Characters of contributions that lie together in a row: some hundred. */
  foldChunkCharactersMax: 16_384,
  /** Contributions of a group that its fold may have to go over together: some hundred megabytes. */
  foldRefoldContributionsMax: 1_000_000,
  /** Characters of a group's text in the line that tells of rows that came too late. */
  foldLateGroupCharactersMax: 200,
  /** Between two looks whether windows are to be closed: they are noted by the hour. */
  foldClosingLookMs: 60_000,
  /** Rows of closed windows that are dropped behind a batch, before the next is taken: a few tenths of a second. */
  foldMembersDroppedAtOnceMax: 5_000,
  /** Pages of an input's rows between two durable marks of how far a snapshot is. */
  foldPagesPerMark: 20,
  /** Expressions and groups whose failure is told in the log, each once; metrics count all. */
  foldFailuresToldMax: 100,

  // Dead letters
  /** Open rejected records of a topic that are looked at together, some 200 bytes each; of more, the first ones, until they are redriven. */
  rejectedOpenRecordsMax: 500_000,
  /** Combinations of reasons that records share in memory: products have dozens. */
  rejectedReasonListsMax: 10_000,
  /** Rejected records read at once: a record may have 1 MiB. */
  rejectedReadRecords: 50,
  /** Records behind its first part that are looked at for the others of a rejected record: they were appended together. */
  rejectedPartsLookedMax: 10_000,
  /** Records and bytes of one append of a redrive, which one mark follows. */
  redriveBatchRecordsMax: 500,
  redriveBatchBytesMax: 4_194_304,
  /** Earlier rejections that a record carries along, and characters of each one's message: some kilobytes of headers. */
  redriveAttemptsMax: 10,
  redriveAttemptCharactersMax: 200,
  /** What a listing shows of a value unless it is asked for in full: a line or two of a terminal. */
  rejectedShownCharactersMax: 200,

  // Load and HTTP of ingest
  /** Records per append of a load: one fsync's worth, and the event loop stays free. */
  loadBatchRecordsMax: 1_000,
  loadBatchBytesMax: 4_194_304,
  /** Lines looked back for equal ones, where lines are keyed by their hash: logs hold equal lines near one another. Some 100 bytes each. */
  lineKeysRememberedMax: 100_000,
  /** Appends of a load in flight: reading the file and writing the log overlap. */
  loadAppendsInFlightMax: 4,
  /** Records between two durable progress marks: what a resumed load reads again at most. */
  loadMarkRecords: 10_000,
  /** Retries of an append that may succeed later, before a load gives up. */
  loadRetriesMax: 8,
  /** Body of a request that steers ingest (replays, new tables, redrives): some names, a filter, a sentence. */
  controlBodyBytesMax: 65_536,
  /** Body of a POST to a topic, also after decompression. */
  postBodyBytesMax: 8_388_608,
  /** Bodies in memory at once, and requests that wait for room: beyond that they are refused with 503. */
  postBytesInFlightMax: 67_108_864,
  postRequestsWaitingMax: 256,

  // Subgraphs
  /** Store reads that one page may take until it is full: rows that are deleted or moved away are read and left out. */
  pageReadsMax: 20,
  /** Fewest rows of a read that refills a page: marks of deleted rows stand together, so small steps would crawl. */
  pageRefillRowsMin: 100,
  /** Pages that one subgraph reads from the store at a time: a wave of entities with a page each must not flood the store. */
  pageReadsInFlightMax: 64,
  /** Empty time buckets in a row that one page looks at: a year of days. It then ends early, with a cursor to go on. */
  emptyBucketsMax: 366,
  /** Buckets read at once while they are empty. */
  bucketReadsAtOnceMax: 16,
  /** How far ahead of now a list without an upper bound begins: clocks of producers differ. */
  bucketAheadMs: 86_400_000,
  /** Where a list without a lower bound ends: before that, bound it. */
  bucketFloor: '1970-01-01T00:00:00.000Z',
  /** Events that wait for one subscriber: some seconds of a busy topic; then the subscription ends with its cursor. */
  subscriberEventsMax: 1_000,
  /** Changes that a new subscriber looks back at, to know which late repetitions are none of its business: a batch of ingest. */
  subscriptionLookBackRecords: 4_096,
  /** Decoded changes kept per partition of a topic that is subscribed to, for subscribers that catch up: some seconds of a busy one. */
  recentChangesMax: 1_024,
  /** Records per read of a subscriber that catches up. */
  replayReadRecordsMax: 500,
  /** Such reads of one subgraph at a time, each decoded in a turn of the event loop: a thousand subscribers that come back together must not hold it up. */
  replayReadsInFlightMax: 4,
  /** Rows of a snapshot in memory per subscriber that reads one: a slow one holds a page, so it is small. */
  snapshotPageRows: 100,
  /** Pages of snapshots that one subgraph reads at a time: queries have the store to themselves for the most part. */
  snapshotReadsInFlightMax: 8,
  /** Source partitions and generations that a cursor remembers per partition of changes: the token stays a few kilobytes. */
  cursorSourcesMax: 64,
  /** Queries that one subgraph keeps compiled, and the characters of their texts: gateways ask the same ones again and again. */
  subgraphQueriesKeptMax: 1_000,
  subgraphQueryCharactersKeptMax: 1_048_576,
  /** Body of a request to a subgraph: thousands of representations. */
  subgraphBodyBytesMax: 16_777_216,
  /** A WebSocket message to a subgraph: one operation with its variables. */
  subgraphMessageBytesMax: 1_048_576,
  /** How long a server that closes waits for the requests in hand. */
  closeWaitMs: 5_000,

  // Command line
  /** From a signal to the end: longer than the gateway's and the log's own waits together, so that only what hangs is cut off. */
  shutdownMsMax: 30_000,
  /** Waiting before a worker that has ended is started again, doubled each time: one that cannot start must not eat the core of the others. */
  workerRestartDelayMsMin: 100,
  workerRestartDelayMsMax: 10_000,
  /** A worker that has served for so long has nothing to do with the failures before. */
  workerSteadyMs: 60_000,
  /** How long the workers may take to tell their metrics, a second of waiting for servers included: Prometheus gives up after ten. */
  workerMetricsMsMax: 5_000,
  /** Loads of the sample that go on at a time on servers: each waits for ingest elsewhere, most of it with little in hand. */
  sampleLoadsAtOnceMax: 8,
  /** How long records may wait unmoved until a load says that nobody ingests them: longer than a process takes to start or a partition to change hands. */
  ingestStandstillMs: 6_000,
  /** Between two looks whether they move. */
  ingestStandstillPollMs: 1_000,
  /** Records and bytes of one request of a load through a running process: well below the body limit, base64 included. */
  sendBatchRecordsMax: 1_000,
  sendBatchBytesMax: 1_048_576,
  /** Between two looks of a simulator's connection for readings that are due: batches of some hundred at the highest rates, and little delay. */
  simulatorTickMs: 50,
  /** Different reasons that a summary tells: a page of a terminal. */
  rejectedSummaryReasonsMax: 20,
} as const
