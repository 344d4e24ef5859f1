// Which of many like failures the log tells of: the first, then one now and then, with how many there were in between.
import { limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'

export class ToldFailures {
  readonly #clock: Clock
  readonly #told = new Map<string, { readonly atMs: number; failures: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many of this kind have failed untold since the last that was told; null where this one is not to be told either. Kinds are few. */
  next(kind: string): number | null {
    const nowMs = this.#clock.monotonic()
    const told = this.#told.get(kind)
    if (told !== undefined && nowMs - told.atMs < limits.failureLogIntervalMs) {
      told.failures += 1
      return null
    }
    this.#told.set(kind, { atMs: nowMs, failures: 0 })
    return told?.failures ?? 0
  }
}
