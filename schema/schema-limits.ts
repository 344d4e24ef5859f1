// Bounds of the product language and of the records it compiles to, with their reasons. They stand here and not in
// platform/limits.ts because schema imports nothing above it; platform/limits.ts includes them.

export const schemaLimits = {
  /** Characters of a CEL expression: pages of logic belong in code; also bounds the parser's and evaluator's recursion. */
  celExpressionCharactersMax: 2_000,
  /** Nesting of calls, selections and brackets in a CEL expression. */
  celDepthMax: 32,
  /** Nodes of a CEL expression: what its characters can hold at most. */
  celNodesMax: 2_000,
  /** Elements that the comprehensions of one evaluation visit together: nested ones over a long list end here, within a second. */
  celStepsMax: 1_000_000,
  /** Digits of a Decimal before and after its point together: more than any currency or measurement has; bounds what `1e999999` becomes. */
  decimalDigitsMax: 128,
  /** Nesting of a record: deeper ones are refused before anything recurses over them. */
  recordDepthMax: 64,
  /** Violations told of one record: a broken list of thousands needs no thousand lines. */
  recordViolationsMax: 50,
  /** Characters of an offending value that a violation repeats. */
  violationValueCharactersMax: 60,

  // Folds
  /** Groups that one row contributes to (its elements, and the sliding windows of each): every one is a write. */
  foldGroupsOfRowMax: 1_000,
  /** Different values that COUNT_DISTINCT and COLLECT keep of a group: they are its state, written whole with every batch. */
  foldDistinctValuesMax: 10_000,
  /** How long what the stages of a fold tell one another is kept: a day's outage; what one has missed beyond makes the fold begin anew. */
  foldTopicsRetentionMs: 86_400_000,
  /**
   * How long before its rows end a window of them must be closed at the latest: a day's outage, or a fold that begins anew and goes over all rows,
   * finds the windows that are open whole.
   */
  foldEndedRowsMarginMs: 86_400_000,
  /**
   * Newest contributions of a group that are kept beside its state for an ordered function (up to twice as many): what comes late among them costs
   * as many, anything later costs the whole group.
   */
  foldRecentContributionsMax: 64,
  /** Groups of a fold of which they are kept, some 20 KB each. */
  foldRecentGroupsMax: 2_000,
  /** Rows of a group (its sessions, or what a function gives): all are told when one changes. */
  foldRowsOfGroupMax: 10_000,

  // Product files
  /** Tokens of a product file: far beyond any product; keeps a hostile file from filling memory while it is parsed. */
  productTokensMax: 100_000,
  /** Lists and value types inside one another: deeper nesting is a mistake, and every walk over types recurses. */
  typeDepthMax: 16,
  /** Fields of a type: a table of more columns is a mistake, and some rules walk from field to field. */
  typeFieldsMax: 1_000,
  /** `first` of a page field that names no default. */
  pageFirstDefault: 20,
  /** Rows of a page at most: what the store answers at once (platform/limits.ts, pageRowsMax). */
  pageFirstMax: 1_000,
  /** Partitions of a topic: more cost open files in the log and gain nothing. */
  topicPartitionsMax: 1_024,
  /** Characters of a topic's name: Kafka's 249 less the longest suffix of our own topics. */
  topicNameCharactersMax: 235,
  /** Characters of a table's name: Cassandra's limit. */
  tableNameCharactersMax: 48,
  /** Bytes of a partition key: Cassandra has two bytes for its length. Several columns are framed, three bytes each. */
  partitionKeyBytesMax: 65_535,
  /** Bytes of all clustering columns of a row together, where Cassandra draws the same line. */
  clusteringKeyBytesMax: 65_535,
  /** Bytes of an indexed value: Cassandra takes a larger one for some users and leaves it out of the index, and refuses it for others. */
  indexedValueBytesMax: 8_192,
  /** Cassandra's longest TTL: 20 years. */
  ttlSecondsMax: 630_720_000,
  /** Characters of a pattern: its safety is judged by reading it, and a check has to stay readable. */
  patternCharactersMax: 1_000,
  /** Characters of a line of text that is matched: far beyond what servers log, and a hostile one costs the square of it. */
  textLineCharactersMax: 16_384,
} as const
