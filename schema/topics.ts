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
} as const
