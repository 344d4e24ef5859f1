// Follows a topic for any number of listeners with one reader per partition: records are read and decoded once and handed to all. A listener
// that wants older records reads privately until it has caught up with the shared head and joins there: it drops what it has already had,
// so nothing is lost and nothing comes twice, however the two are interleaved.
import { setImmediate } from 'node:timers/promises'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { LogRecord, Tail, TailOptions } from '../../ports/event-log.ts'
import { TailListener } from '../../tail-listener.ts'
import type { PartitionLog } from './partition-log.ts'

const BOUNDS = { recordsMax: limits.consumeBatchRecordsMax, bytesMax: limits.consumeBatchBytesMax }

interface SharedReader {
  readonly log: PartitionLog
  /** Offset of the next record that the reader hands out. */
  head: number
  /** Under way until all that is appended has been handed out. */
  reading: Promise<void> | null
  /** Those that have caught up. */
  readonly joined: Set<TailListener>
}

export class TopicTail {
  readonly #readers: readonly SharedReader[]
  readonly #listeners = new Set<TailListener>()
  #unsubscribe: (() => void)[] = []

  constructor(logs: readonly PartitionLog[]) {
    this.#readers = logs.map((log) => ({ log, head: log.next, reading: null, joined: new Set() }))
  }

  /** Throws LOG_OFFSET_OUT_OF_RANGE where the start is not held. */
  listen(options: TailOptions): Tail {
    const start = this.#startOf(options)
    if (this.#listeners.size === 0) this.#resume()
    const listener = new TailListener(options, start)
    this.#listeners.add(listener)
    for (const reader of this.#readers) void this.#catchUp(reader, listener)
    return {
      start,
      close: () => {
        listener.ended = true
        this.#forget(listener)
        return Promise.resolve()
      },
    }
  }

  /** Hands out what has been appended, then ends every listener. */
  async close(error: MeshgateError): Promise<void> {
    await Promise.all(this.#readers.map((reader) => this.#readOn(reader)))
    for (const listener of this.#listeners) listener.end(error)
    for (const listener of this.#listeners) this.#forget(listener)
  }

  #startOf(options: TailOptions): readonly number[] {
    const { from, topic } = options
    if (from === 'end') return this.#readers.map(({ log }) => log.next)
    if (from.length !== this.#readers.length) {
      const counts = `${String(from.length)} offsets for ${String(this.#readers.length)} partitions`
      throw new MeshgateError('LOG_TOPIC_MISMATCH', `Tail of ${topic}: ${counts}. Give one offset per partition.`)
    }
    return this.#readers.map(({ log }) => {
      const offset = from[log.partition] ?? 0
      log.requireInRange(offset)
      return offset
    })
  }

  /** Nobody has listened: the head has stood still, and what lies between is nobody's. */
  #resume(): void {
    for (const reader of this.#readers) {
      reader.head = reader.log.next
      this.#unsubscribe.push(reader.log.onCommit(() => void this.#readOn(reader)))
    }
  }

  #forget(listener: TailListener): void {
    this.#listeners.delete(listener)
    for (const reader of this.#readers) reader.joined.delete(listener)
    if (this.#listeners.size > 0) return
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#unsubscribe = []
  }

  async #catchUp(reader: SharedReader, listener: TailListener): Promise<void> {
    const { log } = reader
    try {
      while (!listener.ended && (listener.wanted[log.partition] ?? 0) < reader.head) {
        const offset = listener.wanted[log.partition] ?? 0
        const records = await log.read(offset, BOUNDS)
        // Compaction has left nothing up to the end.
        if (records.length === 0) break
        listener.deliver(log.partition, records)
      }
    } catch (error) {
      listener.end(error)
    }
    if (listener.ended) return this.#forget(listener)
    reader.joined.add(listener)
    // Where the shared reader has failed in between, it stands still until the next append: this listener is not to wait for that.
    void this.#readOn(reader)
  }

  #readOn(reader: SharedReader): Promise<void> {
    return (reader.reading ??= this.#readToEnd(reader))
  }

  async #readToEnd(reader: SharedReader): Promise<void> {
    // Not in the turn of the commit: who appended goes first.
    await Promise.resolve()
    try {
      for (;;) {
        const seen = reader.log.next
        if (reader.head >= seen || this.#listeners.size === 0) break
        const records = await reader.log.read(reader.head, BOUNDS)
        reader.head = (records.at(-1)?.offset ?? seen - 1) + 1
        await this.#handOut(reader, records)
      }
    } catch (error) {
      for (const listener of reader.joined) listener.end(error)
      for (const listener of reader.joined) this.#forget(listener)
    } finally {
      reader.reading = null
    }
  }

  /** To everybody who has joined; who joins meanwhile wants what comes after these records. */
  async #handOut(reader: SharedReader, records: readonly LogRecord[]): Promise<void> {
    let handed = 0
    for (const listener of reader.joined) {
      if (handed >= limits.logTailRecordsPerTurnMax) {
        handed = 0
        await setImmediate()
      }
      listener.deliver(reader.log.partition, records)
      if (listener.ended) this.#forget(listener)
      handed += records.length
    }
  }
}
