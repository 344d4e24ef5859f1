// A Clock that the test moves: sleepers wake when `advance` passes their time, in its order.
import type { Clock } from '../platform/ports/clock.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

export class ManualClock implements Clock {
  #now: number
  #elapsed = 0
  #sleepers: Sleeper[] = []

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#now = startMs
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#elapsed
  }

  /** Sleepers that wait now. */
  sleeping(): number {
    return this.#sleepers.length
  }

  /** Sets the wall clock alone, also backwards, as an operator or NTP does. */
  setWallClock(ms: number): void {
    this.#now = ms
  }

  advance(ms: number): void {
    this.#now += ms
    this.#elapsed += ms
    const due = this.#sleepers.filter((sleeper) => sleeper.at <= this.#elapsed).toSorted((a, b) => a.at - b.at)
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at > this.#elapsed)
    for (const sleeper of due) sleeper.wake()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason as Error)
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal?.reason as Error)
      }
      const sleeper: Sleeper = {
        at: this.#elapsed + ms,
        wake: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#sleepers.push(sleeper)
    })
  }
}
