// Every bound of a queue, batch, retry, depth or cache, with its reason. Units are in the names.

export const limits = {
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

  // Store
  readKeysMax: 10_000,
  pageRowsMax: 1_000,
} as const
