// Token buckets, one for each key, which fill evenly. Owns a bounded number of them: what was used longest ago goes first, and a key without a
// bucket has a full one.
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'

interface Bucket {
  left: number
  filledAtMs: number
}

export class RateBuckets {
  readonly amount: number
  readonly windowMs: number
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  /** `amount` in a window; as much at once, after a window without any. */
  constructor(amount: number, windowMs: number, clock: Clock) {
    this.amount = amount
    this.windowMs = windowMs
    this.#clock = clock
  }

  /** Takes so much out of the key's bucket, and answers 0; or nothing, and says in how many ms to come again. What is larger than a bucket needs a full one. */
  take(key: string, wanted: number): number {
    const bucket = this.#filled(key)
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= limits.rateBucketsMax) break
      this.#buckets.delete(oldest)
    }
    const needed = Math.min(wanted, this.amount)
    if (bucket.left < needed) return Math.ceil(((needed - bucket.left) * this.windowMs) / this.amount)
    bucket.left -= wanted
    return 0
  }

  /** Of what was taken. */
  giveBack(key: string, amount: number): void {
    const bucket = this.#buckets.get(key)
    if (bucket !== undefined) bucket.left = Math.min(this.amount, bucket.left + amount)
  }

  /** Whole ones; 0 where there is a debt. */
  left(key: string): number {
    return Math.max(0, Math.floor(this.#filled(key).left))
  }

  #filled(key: string): Bucket {
    const nowMs = this.#clock.monotonic()
    const bucket = this.#buckets.get(key) ?? { left: this.amount, filledAtMs: nowMs }
    const filled = ((nowMs - bucket.filledAtMs) * this.amount) / this.windowMs
    bucket.left = Math.min(this.amount, bucket.left + filled)
    bucket.filledAtMs = nowMs
    return bucket
  }
}
