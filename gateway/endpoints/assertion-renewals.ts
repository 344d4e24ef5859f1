// What a gateway asserts of who asks, on one WebSocket: a stream outlives the assertion that it was opened with, so another is sent before that
// ends, one for all streams of a principal. Owns the waiting, not the socket.
import type { Principal } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'

/** Good for a while: the same one until it has to be renewed. */
export type Assert = (principal: Principal) => string

interface Kept {
  streams: number
  sent: string
}

export class AssertionRenewals {
  readonly #assert: Assert
  readonly #clock: Clock
  readonly #send: (assertion: string) => void
  readonly #kept = new Map<Principal, Kept>()
  #idle: AbortController | null = null

  constructor(assert: Assert, clock: Clock, send: (assertion: string) => void) {
    this.#assert = assert
    this.#clock = clock
    this.#send = send
  }

  /** For a stream that is being opened. Returns its assertion, and what is called once when it has ended. */
  keep(principal: Principal): { readonly assertion: string; readonly release: () => void } {
    const assertion = this.#assert(principal)
    // A newer one is sent to the others all the same: this stream may be left before it is asked for.
    const kept = this.#kept.get(principal) ?? { streams: 0, sent: assertion }
    kept.streams += 1
    this.#kept.set(principal, kept)
    if (this.#idle === null) {
      this.#idle = new AbortController()
      // Rejects when the last stream has ended.
      this.#watch(this.#idle.signal).catch(() => undefined)
    }
    return { assertion, release: () => this.#release(principal, kept) }
  }

  #release(principal: Principal, kept: Kept): void {
    kept.streams -= 1
    if (kept.streams > 0) return
    this.#kept.delete(principal)
    if (this.#kept.size > 0) return
    this.#idle?.abort()
    this.#idle = null
  }

  async #watch(idle: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(limits.assertionLookMs, idle)
      for (const [principal, kept] of this.#kept) {
        const assertion = this.#assert(principal)
        if (assertion === kept.sent) continue
        kept.sent = assertion
        this.#send(assertion)
      }
    }
  }
}
