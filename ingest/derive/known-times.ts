// Of a group of a direct fold, which event times may have contributions already: a row's time is in its key, so of another time it is another row.
// Rows mostly come in the order of time, or nearly: the latest times are remembered, and what lies before them is looked for in the store.
import { limits } from '../../platform/limits.ts'

export class KnownTimes {
  readonly #times = new Set<number>()
  /** All times of the group behind this one are known. */
  #fromMs: number
  #latestMs: number

  /** `latestMs`: what a state that was stored says; null: the group is new. */
  constructor(latestMs: number | null) {
    this.#latestMs = latestMs ?? Number.NEGATIVE_INFINITY
    this.#fromMs = this.#latestMs
  }

  /** Null: the group has no contributions. */
  get latestMs(): number | null {
    return Number.isFinite(this.#latestMs) ? this.#latestMs : null
  }

  get size(): number {
    return this.#times.size
  }

  /** Whether nothing of that time is in the group. */
  isNew(timeMs: number): boolean {
    return timeMs > this.#latestMs || (timeMs > this.#fromMs && !this.#times.has(timeMs))
  }

  add(timeMs: number): void {
    if (timeMs > this.#latestMs) this.#latestMs = timeMs
    if (timeMs <= this.#fromMs) return
    this.#times.add(timeMs)
    if (this.#times.size > 2 * limits.foldTimesKnownMax) this.#forget()
  }

  #forget(): void {
    const sorted = [...this.#times].sort((left, right) => left - right)
    const gone = sorted.slice(0, -limits.foldTimesKnownMax)
    for (const timeMs of gone) this.#times.delete(timeMs)
    this.#fromMs = gone.at(-1) ?? this.#fromMs
  }
}
