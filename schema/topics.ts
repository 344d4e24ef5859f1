// The topics that an EventLog keeps: what the topic emitter makes of a product and the EventLog port takes.

export interface TopicDefinition {
  readonly name: string
  readonly partitions: number
  /** Milliseconds; null keeps records for ever. */
  readonly retentionMs: number | null
  /** Keep at least the last record of every key. */
  readonly compacted: boolean
}

/** Topics beside an entity's own. */
export const topicNames = {
  changes: (topic: string): string => `${topic}.changes`,
  rejected: (topic: string): string => `${topic}.rejected`,
  rekeyed: (topic: string): string => `${topic}.rekeyed`,
  /** Of a derived entity: keys of rows of its inputs that must be looked at. */
  touched: (topic: string): string => `${topic}.touched`,
  /** Of a derived entity: what rows contribute to its groups. */
  contributions: (topic: string): string => `${topic}.contributions`,
} as const
