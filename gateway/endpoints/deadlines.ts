// Deadlines of many waits that all last equally long: one timer and no look at a clock, where each wait would have a timer of its own.
// An entry ends after its time, at most an eighth later. Owns the timer, which runs only while something waits.

export interface Expiring {
  expire(): void
}

const TICKS = 8

export class Deadlines {
  readonly #tickMs: number
  /** A ring: entries of one tick each. Those that are still in a slot when its turn comes again have waited for TICKS ticks or more. */
  readonly #slots: readonly Set<Expiring>[] = Array.from({ length: TICKS + 1 }, () => new Set<Expiring>())
  #current = 0
  #timer: NodeJS.Timeout | null = null

  constructor(timeoutMs: number) {
    this.#tickMs = Math.max(1, timeoutMs / TICKS)
  }

  /** Deleting the entry from the set that it gets calls its deadline off. */
  add(entry: Expiring): Set<Expiring> {
    const slot = this.#slotAt(this.#current)
    slot.add(entry)
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs)
    return slot
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    for (const slot of this.#slots) slot.clear()
  }

  #tick(): void {
    this.#current = (this.#current + 1) % this.#slots.length
    const due = this.#slotAt(this.#current)
    const expired = [...due]
    due.clear()
    for (const entry of expired) entry.expire()
    if (this.#slots.every((slot) => slot.size === 0) && this.#timer !== null) {
      clearInterval(this.#timer)
      this.#timer = null
    }
  }

  #slotAt(index: number): Set<Expiring> {
    const slot = this.#slots[index]
    if (slot === undefined) throw new RangeError('The ring has no such slot.')
    return slot
  }
}
