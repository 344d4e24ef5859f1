// How long the streams of one connection may go on: until the assertion of who asks ends, or the latest that has come there for the same
// principal since. Owns the waiting; the streams are their callers'.
import { claimsOf } from '../../platform/governance/assertion.ts'
import type { Asserted } from '../../platform/governance/assertion-verifier.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'

interface Lease {
  expiresAtMs: number
  readonly ends: Set<() => void>
  readonly released: AbortController
}

export class AssertionLeases {
  readonly #clock: Clock
  readonly #leases = new Map<string, Lease>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `end` is called when the assertion has ended and no other has come. Returns what releases the stream; it may be called again. */
  hold(asserted: Asserted, end: () => void): () => void {
    const { expiresAtMs } = asserted
    if (expiresAtMs === null) return () => undefined
    const key = keyOf(asserted)
    const known = this.#leases.get(key)
    const lease = known ?? { expiresAtMs, ends: new Set(), released: new AbortController() }
    lease.ends.add(end)
    if (known === undefined) {
      this.#leases.set(key, lease)
      // Rejects when the last stream is released.
      this.#watch(key, lease).catch(() => undefined)
    } else this.renew(asserted)
    return () => {
      lease.ends.delete(end)
      if (lease.ends.size > 0) return
      lease.released.abort()
      if (this.#leases.get(key) === lease) this.#leases.delete(key)
    }
  }

  /** Without effect where the principal has no streams here. */
  renew(asserted: Asserted): void {
    const lease = this.#leases.get(keyOf(asserted))
    if (lease !== undefined) lease.expiresAtMs = Math.max(lease.expiresAtMs, asserted.expiresAtMs ?? 0)
  }

  async #watch(key: string, lease: Lease): Promise<void> {
    for (;;) {
      const leftMs = lease.expiresAtMs - this.#clock.now()
      if (leftMs <= 0) break
      await this.#clock.sleep(Math.min(leftMs, limits.timerMsMax), lease.released.signal)
    }
    if (this.#leases.get(key) === lease) this.#leases.delete(key)
    for (const end of lease.ends) end()
  }
}

/** The same principal is written the same way by its gateway each time. */
function keyOf({ principal }: Asserted): string {
  return JSON.stringify(claimsOf(principal))
}
