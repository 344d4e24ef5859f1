// Every bound of a queue, batch, retry, depth or cache, with its reason. Units are in the names.

import { schemaLimits } from '../schema/schema-limits.ts'

export const limits = {
  // Product language and records
  ...schemaLimits,

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

  // Embedded log
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
  /** The recent commits of all partitions together; the oldest go first. */
  logRecentBytesTotalMax: 33_554_432,
  /** Between two runs of retention, compaction and checkpoints: cheap when there is nothing to do. */
  logMaintenanceIntervalMs: 60_000,
  /** An active segment older than this rolls, so that retention and compaction reach slow topics. */
  logSegmentAgeMsMax: 86_400_000,
  /** Share of sealed bytes not yet compacted at which a pass pays (Kafka's min.cleanable.dirty.ratio). */
  logCompactionDirtyRatio: 0.5,
  /** Keys in memory during a compaction pass, about 100 bytes each; a pass covers fewer segments rather than more keys. */
  logCompactionKeysMax: 500_000,
  /** A tombstone stays this long after the pass that removed what it deletes, so that a reader under way still meets it (Kafka's delete.retention.ms). */
  logTombstoneGraceMs: 86_400_000,
  /** Superseded bytes in a group's position file before it is rewritten. */
  logPositionsGarbageBytesMax: 65_536,

  // Store
  readKeysMax: 10_000,
  pageRowsMax: 1_000,
} as const
