// How far a stream of one of our own subgraphs has come in the topic of its changes, by what it said so far: from it follows when a client may go
// over from a stream of its own to the one that others share, without missing or doubling an event.
import type { Place } from './event-queue.ts'

export class StreamPosition {
  /** Next offsets where the stream began, raised by each event of a partition: all events before have been handed on. */
  #from: number[] | null

  constructor(from: readonly number[] | null = null) {
    this.#from = from === null ? null : [...from]
  }

  /** Where the stream begins. Who comes back begins elsewhere, and has what lies before. */
  begin(positions: readonly number[]): void {
    this.#from ??= [...positions]
  }

  handOn([partition, offset]: Place): void {
    if (this.#from !== null) this.#from[partition] = Math.max(this.#from[partition] ?? 0, offset + 1)
  }

  /** Whether who has everything before these offsets misses nothing that this stream has handed on, or had before it began. */
  isWithin(positions: readonly number[]): boolean {
    return this.#from !== null && this.#from.every((next, partition) => next <= (positions[partition] ?? 0))
  }
}

/** Whether the place lies before the offsets. */
export function isBefore([partition, offset]: Place, positions: readonly number[]): boolean {
  return offset < (positions[partition] ?? 0)
}
