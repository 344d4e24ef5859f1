// The bounds of what Meshgate does with Kafka and Cassandra, with their reasons. `limits` (limits.ts) holds them with all others.

export const serverLimits = {
  // Servers (Kafka, Cassandra)
  /** Waiting between attempts to open a server that is away: soon after a restart it is used again, and a long outage costs nothing. */
  serverRetryDelayMsMin: 250,
  serverRetryDelayMsMax: 5_000,
  /** Between two looks whether a server can be used: health is at most this old. */
  serverPingIntervalMs: 2_000,
  /** A server that has not answered by then hangs, and counts as away. */
  serverPingTimeoutMs: 5_000,
  /** A server that speaks TLS, or does not, shows it in milliseconds; one that hangs must not hold up a start that waits already. */
  tlsProbeMs: 1_500,
  /** Between two log lines about a server that stays away. */
  serverAwayLogIntervalMs: 30_000,
  /** How long a scrape waits for a metric that a server has to be asked for: well below the 10 s after which Prometheus gives up. */
  metricReadTimeoutMs: 1_000,

  // Kafka
  /** To connect, and as long again to sign in: a network that takes longer is as good as away. */
  kafkaConnectTimeoutMs: 3_000,
  /** A broker that has not answered by then is as good as down: about the time after which a cluster chooses new leaders. */
  kafkaRequestTimeoutMs: 10_000,
  /** How long opening, and a question of health, wait for a broker. */
  kafkaOpenTimeoutMs: 9_000,
  kafkaPingTimeoutMs: 3_000,
  /** How long one broker's answer to that is waited for: the others' answers tell the rest within the time above. */
  kafkaBrokerProbeMs: 2_500,
  /** How long a read or a question is tried again: a cluster misses a broker that was killed after 9 s, and then has other leaders. */
  kafkaCallTimeoutMs: 15_000,
  /** Waiting between attempts. */
  kafkaRetryDelayMsMin: 50,
  kafkaRetryDelayMsMax: 1_000,
  /** A topic that one broker does not know is asked for again of another after that: news of a new topic take milliseconds. */
  kafkaUnknownTopicConfirmMs: 200,
  /** How long an append is tried again: longer than a broker takes to start or a cluster to choose a new leader, after which it was probably not passing. */
  kafkaAppendTimeoutMs: 60_000,
  /** How long the broker itself waits for the replicas: it answers before we stop listening. */
  kafkaAcknowledgeTimeoutMs: 8_000,
  /** A batch of records of one partition, and a request of several: a few milliseconds of encoding, which hold up everything else. */
  kafkaBatchBytesMax: 1_048_576,
  kafkaProduceBytesMax: 2_097_152,
  /** Our topics' max.message.bytes: the largest batch, or the largest record alone with what surrounds it. */
  kafkaMessageBytesMax: 2_097_152,
  /** How long closing waits for appends under way: a broker that does not answer by then will not in time. */
  kafkaCloseWaitMs: 10_000,
  /** How long the broker keeps a fetch that finds nothing; what comes meanwhile is answered at once. */
  kafkaFetchWaitMs: 500,
  /** How long closing waits until tails have handed out what has been appended. */
  kafkaTailDrainMs: 3_000,
  /** A batch of records after decompression: a hundred times what we append at once; beyond that it is no batch but a bomb. */
  kafkaBatchDecompressedBytesMax: 134_217_728,

  // Consumers on Kafka
  /** A member that the coordinator has not heard of for so long is dead, and others get its partitions: longer than pauses of a busy process. Brokers allow 6 s to 30 min. */
  consumerSessionMs: 8_000,
  /** Members tell that they live, and hear of rebalances. Two of them make a partition move. */
  consumerHeartbeatMs: 500,
  /** How long a rebalance waits for a member that lives and does not join: longer than a session, so that nobody loses its partitions sooner than its own clock tells it. */
  consumerRebalanceMs: 12_000,
  /** A group that could not be joined in several rebalances' time is out of reach. */
  consumerJoinWaitMs: 30_000,
  /** How long a consumer that closes tries to commit a finished batch; then it is delivered again. */
  consumerLastCommitMs: 3_000,
  /** Fetched records of one consumer that wait for its handlers: some batches for each of some partitions. */
  consumerPrefetchBytesMax: 33_554_432,
  /**
   * Records in the batches of a member's partitions together: larger batches share more partitions of tables and wait less often for the
   * store (docs/decisions/adaptive-writes.md).
   */
  consumerBatchRecordsTotalMax: 16_384,
  /** Fewest bytes that a fetch asks of a partition, however many there are: some hundred records. */
  consumerFetchPartitionBytesMin: 65_536,
  /** How long a fetch waits for records: a newly given partition waits as long for its first fetch. */
  consumerFetchWaitMs: 500,
  /** The same while a partition has no room or rests, which joins the next fetch. */
  consumerFetchWaitBusyMs: 50,
  /** The same while every handler is busy and nobody waits for a first record, unless so much comes before: a record waits no longer than that. */
  consumerFetchWaitAheadMs: 5,
  consumerFetchAheadBytesMin: 65_536,
  /** What fails for so long is an outage that `onError` is told of; leaders and coordinators that are moved on purpose move in less. */
  consumerOutageAfterMs: 2_000,
  /** How long a group's coordinator may be missing before that is an outage: a new broker makes and fills its topic of offsets for seconds. */
  kafkaCoordinatorWaitMs: 20_000,
  /** Between two reports of the same outage to `onError`. */
  consumerOutageReportMs: 30_000,
  /** How long a group's offsets outlive its last member: a hundred years. Kafka's default is 7 days, after which a group would begin anew. */
  groupOffsetRetentionMs: 3_155_760_000_000,

  // Store on Cassandra
  /** Statements of writes with one node at a time: where it begins, and between what it is found by trying. A node whose commit log is synced per batch does twice as many rows with 1,000 in flight as with 256. */
  storeWriteWindowStart: 1_024,
  storeWriteWindowMin: 256,
  storeWriteWindowMax: 4_096,
  /** Between two looks at what a window brings: some rounds of answers. */
  storeWindowRoundMs: 250,
  /** Answers that take longer on average are a queue at the node, and near the 2 s after which it gives up. */
  storeWriteLatencyMsMax: 1_000,
  /** How often a write that a node refused as too much, or did not get through in time, is sent before its caller is told: the second to fourth with fewer beside it. */
  storeWriteAttemptsMax: 4,
  /** Waiting before such a repetition; doubled each time. */
  storeWriteRetryDelayMs: 100,
  /**
   * Rows that are read at a time: where it begins, and between what it is found by trying, as with writes. With a fixed number a node that others
   * keep busy had seconds of reads in its queue, gave them up after its 5 s, and was asked for all of them again. No fewer than what a node's 32
   * readers have in hand, 16 each: below that answers of a busy machine take as long, and nothing shows that more would be better.
   */
  storeReadWindowStart: 1_024,
  storeReadWindowMin: 512,
  storeReadWindowMax: 8_192,
  /** Answers that take longer on average are a queue: well below what the node gives up after, and soon enough for those who wait at a screen. */
  storeReadLatencyMsMax: 500,
  /** How often a read that the nodes did not get through in time is sent before its caller is told: each takes 5 s. */
  storeReadAttemptsMax: 2,
  /** Keys of one replica that are read in one request: 16 cost a third of 16 requests (client 4 µs a row for 16, server 16 for 28), more gain nothing. */
  storeReadKeysMax: 16,
  /** Calls that wait for a place; each brings one request at a time. */
  storeRequestsWaitingMax: 20_000,
  /** A little longer than the longest time limit of the server itself (reads, 5 s), so that its answer, which says more, comes first. */
  storeRequestWaitMs: 6_000,
  /** From a call to open until it gives up. */
  storeOpenWaitMs: 8_000,
  /** To one contact point: the others must get their turn within the time above. */
  storeConnectWaitMs: 3_000,
  /** Statements and bytes of one unlogged batch: ten rows of a partition together cost a fifth of ten apart, more than 64 gain little. */
  storeBatchStatementsMax: 64,
  storeBatchBytesMax: 32_768,
  /** Partitions and bytes of one request of several: it costs the client half of what single ones do, and the server warns beyond 10 partitions or 5 KiB of them, and refuses 50 KiB. */
  storeMixedPartitionsMax: 8,
  storeMixedBytesMax: 4_096,
  /** Rows of one call that are kept prepared between checking and sending them: some megabytes. Larger calls are prepared twice. */
  storePreparedRowsMax: 10_000,
  /** One row, or the rows of one atomic write: below the 16 MiB that Cassandra takes as one request and one mutation. */
  storeMutationBytesMax: 8_388_608,
  /** Statements of one batch: what the protocol can count. */
  storeMutationStatementsMax: 65_535,
  /** How long the lock of migrations stays where its holder dies; longer than one change of the schema may take. */
  storeLockSeconds: 30,
  /** How long a migration waits for those of other processes: some dozen tables with their indexes, and one holder that died. */
  storeLockWaitMs: 120_000,
  storeLockPollMs: 200,
  /** How long opening, and a migration's first look, ask again where others contend: some time limits of the server (1.8 s), and an outage is told in time. */
  storeContentionWaitMs: 8_000,
  /** Between looks at the agreement of the schema and at indexes that are being built. */
  storeSchemaPollMs: 50,
  /** How long closing waits for calls in hand: less than the 10 s of the log, so that both fit into a shutdown. */
  storeCloseWaitMs: 8_000,
  /** A node that has not answered a health check by then is as good as down. */
  storePingWaitMs: 3_000,
  /** Between attempts to reach a node again: the first at once, so that a restart costs its own time and little more. */
  storeReconnectMsMin: 250,
  storeReconnectMsMax: 4_000,
  /** Idle connections are tried this often, so that one that died silently is found before it is needed. */
  storeHeartbeatMs: 10_000,
  /** One change of the schema, and agreement on it: flushes system tables, which takes a busy node seconds. */
  storeSchemaWaitMs: 15_000,
  /** How long a table that is listed may be unknown because another process is making it: as long as a busy node flushes system tables. */
  storeListedWaitMs: 5_000,
  /** Rows that the driver takes at once of a result without a page size: more than any call of the store asks for. */
  storeFetchRows: 5_000,
  /** Rows of a page up to which all its parts are asked for at once: reading these for nothing costs less than another round trip. */
  storeTogetherRowsMax: 100,
  /** Rows of a token window that is read to be reversed, in multiples of the rows wanted: windows are sized by guess. */
  storeWindowRowsFactor: 2,
  /** A window without rows is followed by one that many times as wide, one that is too much by one as many times narrower: few steps through the whole ring. */
  storeWindowGrowth: 8,
  /** How often a scan narrows its window because the servers could not get through it (dead rows): a ten-millionth of the ring holds few. */
  storeWindowRetriesMax: 8,
  /** Partitions read at once where a scan goes backwards through large ones. */
  storePartitionsAtOnceMax: 16,
  /** Rows fetched at a time where only the last of many count, or keys are looked through. */
  storeStreamRows: 1_000,
  /** Prepared statements kept: some hundred tables with all their reads. */
  storeStatementsMax: 4_000,

  // Servers started by `npm run services` and tests
  /** From the start of a server to its first answer: some seconds alone, many times that on a machine that is busy. */
  serviceStartMsMax: 180_000,
  /** A clean stop takes seconds (Cassandra drains its memtables); what takes longer hangs and is killed. */
  serviceStopMsMax: 30_000,
  /** Between two looks whether a server answers, has ended, or a start before this one is done. */
  servicePollMs: 100,
  /** All jars over a slow network; a proxy that answers nothing is not waited for longer. */
  serviceJarsMsMax: 600_000,
  /** Of the log of a server that did not start: the exception and what came before it. */
  serviceLogTailBytes: 4_096,
} as const
