// The highest source positions among the newest changes of a topic, per partition. Whoever begins at the topic's end starts with them: what
// ingest appends again after a crash, or a member that lost its partition appends late, is older than what such a subscriber saw in the store.
import { limits } from '../../platform/limits.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { Gate } from './gate.ts'
import { RecentChanges } from './recent-changes.ts'

type Sources = ReadonlyMap<string, number>

export class RecentSources {
  readonly changes: RecentChanges
  readonly #log: EventLog
  readonly #gate: Gate
  readonly #topic: string
  /** Per partition, of the records before `next`: opening many streams reads each record once. */
  readonly #known = new Map<number, { readonly next: number; readonly sources: Sources }>()

  /** Reads of the log pass the gate. */
  constructor(log: EventLog, gate: Gate, topic: string) {
    this.#log = log
    this.#gate = gate
    this.#topic = topic
    this.changes = new RecentChanges(topic)
  }

  /** Per partition, what lies before its offset in `ends`. */
  async before(ends: readonly number[]): Promise<Sources[]> {
    const ranges = await this.#log.offsets(this.#topic)
    const earliest = new Map(ranges.map((range) => [range.partition, range.earliest]))
    return Promise.all(
      ends.map((end, partition) =>
        this.#gate.run(() => this.#partitionBefore(partition, earliest.get(partition) ?? 0, end)),
      ),
    )
  }

  async #partitionBefore(partition: number, earliest: number, end: number): Promise<Sources> {
    const known = this.#known.get(partition)
    // What others know beyond `end` is still to be told here.
    const usable = known !== undefined && known.next <= end ? known : { next: 0, sources: new Map<string, number>() }
    const sources = new Map(usable.sources)
    let offset = Math.max(earliest, usable.next, end - limits.subscriptionLookBackRecords)
    while (offset < end) {
      const records = await this.#log.read({ topic: this.#topic, partition, offset }, limits.replayReadRecordsMax)
      const last = records.at(-1)
      if (last === undefined) break
      for (const record of records) {
        if (record.offset >= end) break
        const { source, sourceOffset } = this.changes.of(partition, record)
        const highest = Math.max(sourceOffset, sources.get(source) ?? -1)
        sources.delete(source)
        sources.set(source, highest)
      }
      offset = last.offset + 1
    }
    for (const oldest of sources.keys()) {
      if (sources.size <= limits.cursorSourcesMax) break
      sources.delete(oldest)
    }
    if (end > (this.#known.get(partition)?.next ?? -1)) this.#known.set(partition, { next: end, sources })
    return sources
  }
}
