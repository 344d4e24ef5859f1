// The newest changes of a topic that subscribers who come back have read, as they were decoded: in numbers they read the same ones, each from its own
// cursor. Bounded per partition; a newer change takes the place of an older one. What is live is not kept: all its readers have the same record.
import { limits } from '../../platform/limits.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { changeOf, type SourcedChange } from './change-record.ts'

interface Known {
  readonly offset: number
  readonly sourced: SourcedChange
}

export class RecentChanges {
  readonly #topic: string
  /** By partition, each at its offset modulo their number. */
  readonly #known = new Map<number, Known[]>()

  constructor(topic: string) {
    this.#topic = topic
  }

  /** INTERNAL where the record is no change. */
  of(partition: number, record: LogRecord): SourcedChange {
    const place = record.offset % limits.recentChangesMax
    const known = this.#ofPartition(partition)
    const before = known[place]
    if (before?.offset === record.offset) return before.sourced
    const sourced = changeOf(record, this.#topic, partition)
    // Whoever is far behind does not push out what others are at.
    if (before === undefined || before.offset < record.offset) known[place] = { offset: record.offset, sourced }
    return sourced
  }

  #ofPartition(partition: number): Known[] {
    const known = this.#known.get(partition) ?? []
    if (known.length === 0) this.#known.set(partition, known)
    return known
  }
}
