// Bounds how many requests are with the servers at a time. Who comes beyond that waits in turn; who comes beyond the queue is refused
// with STORE_OVERLOADED: nothing here grows with the load.
import { MeshgateError } from '../../errors.ts'

export interface GateLimits {
  readonly inFlightMax: number
  readonly waitingMax: number
}

export class RequestGate {
  readonly #limits: GateLimits
  #inFlight = 0
  #waiting: (() => void)[] = []
  /** The queue is taken from its front, and cut only now and then. */
  #front = 0

  constructor(limits: GateLimits) {
    this.#limits = limits
  }

  /** Resolves when a request may be sent; `leave` gives the place back. Immediate (null) where there is room. */
  enter(): Promise<void> | null {
    if (this.#inFlight < this.#limits.inFlightMax) {
      this.#inFlight += 1
      return null
    }
    if (this.#waiting.length - this.#front >= this.#limits.waitingMax) {
      const message = `${this.#limits.waitingMax} calls wait for Cassandra: retry with backoff.`
      throw new MeshgateError('STORE_OVERLOADED', message)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  leave(): void {
    const next = this.#waiting[this.#front]
    if (next === undefined) {
      this.#inFlight -= 1
      return
    }
    this.#front += 1
    if (this.#front === this.#waiting.length || this.#front >= this.#limits.inFlightMax) {
      this.#waiting = this.#waiting.slice(this.#front)
      this.#front = 0
    }
    // The place passes on as it is.
    next()
  }
}
