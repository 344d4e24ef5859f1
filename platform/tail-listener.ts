// A listener of a topic and what it is to get next. Records may be handed to it by several readers, more than once: it drops what it has had.
import type { LogRecord, TailOptions } from './ports/event-log.ts'

export class TailListener {
  readonly options: TailOptions
  /** Offset of the next record that it is to get, per partition. */
  readonly wanted: number[]
  ended = false

  constructor(options: TailOptions, start: readonly number[]) {
    this.options = options
    this.wanted = [...start]
  }

  deliver(partition: number, records: readonly LogRecord[]): void {
    const wanted = this.wanted[partition] ?? 0
    const first = records.findIndex(({ offset }) => offset >= wanted)
    const last = records.at(-1)
    if (this.ended || first < 0 || last === undefined) return
    this.wanted[partition] = last.offset + 1
    const fresh = first === 0 ? records : records.slice(first)
    try {
      this.options.onBatch({ topic: this.options.topic, partition, records: fresh })
    } catch (error) {
      this.end(error)
    }
  }

  end(error: unknown): void {
    if (this.ended) return
    this.ended = true
    try {
      this.options.onError(error)
    } catch {
      // The other listeners of the topic must not suffer for it.
    }
  }
}
