// Bounds how many statements are with one node at a time, by a window that follows what the node can do (window-control.ts). Who comes beyond
// waits in turn; who comes beyond the queue is refused with STORE_OVERLOADED: nothing here grows with the load.
import { MeshgateError } from '../../errors.ts'
import { type WindowBounds, WindowControl } from './window-control.ts'

export interface AdaptiveGateOptions extends WindowBounds {
  readonly waitingMax: number
  /** The window is looked at again after so long in which it held requests back. */
  readonly roundMs: number
  /** Monotonic. */
  readonly nowMs: () => number
}

/** A place in the gate, to be given back once. */
export interface GatePlace {
  readonly weight: number
  readonly enteredMs: number
}

interface Waiting {
  readonly weight: number
  readonly enter: (place: GatePlace) => void
}

export class AdaptiveGate {
  readonly #options: AdaptiveGateOptions
  readonly #window: WindowControl
  #inFlight = 0
  #waiting: Waiting[] = []
  /** The queue is taken from its front, and cut only now and then. */
  #front = 0
  /** While somebody waits. */
  #heldSinceMs: number | null = null
  #heldMs = 0
  #answered = 0
  #latencySumMs = 0
  #cutMs = -Infinity

  constructor(options: AdaptiveGateOptions) {
    this.#options = options
    this.#window = new WindowControl(options)
  }

  get window(): number {
    return this.#window.size
  }

  /** A place for so many statements: at once where there is room; one that is larger than the window enters alone. */
  enter(weight: number): GatePlace | Promise<GatePlace> {
    const nowMs = this.#options.nowMs()
    if (this.#waitingCount === 0 && this.#fits(weight)) return this.#place(weight, nowMs)
    if (this.#waitingCount >= this.#options.waitingMax) {
      const message = `${this.#options.waitingMax} calls wait for Cassandra: retry with backoff.`
      throw new MeshgateError('STORE_OVERLOADED', message)
    }
    if (this.#waitingCount === 0) this.#heldSinceMs = nowMs
    return new Promise((enter) => this.#waiting.push({ weight, enter }))
  }

  leave({ weight, enteredMs }: GatePlace, outcome: 'answered' | 'congested'): void {
    const nowMs = this.#options.nowMs()
    this.#inFlight -= weight
    if (outcome === 'congested') this.#shrink(enteredMs, nowMs)
    else if (this.#waitingCount > 0) this.#note(weight, { latencyMs: nowMs - enteredMs, nowMs })
    while (this.#waitingCount > 0) {
      const next = this.#waiting[this.#front]
      if (next === undefined || !this.#fits(next.weight)) break
      this.#take()
      next.enter(this.#place(next.weight, nowMs))
    }
    if (this.#waitingCount === 0 && this.#heldSinceMs !== null) {
      this.#heldMs += nowMs - this.#heldSinceMs
      this.#heldSinceMs = null
    }
  }

  get #waitingCount(): number {
    return this.#waiting.length - this.#front
  }

  #fits(weight: number): boolean {
    return this.#inFlight === 0 || this.#inFlight + weight <= this.#window.size
  }

  #place(weight: number, enteredMs: number): GatePlace {
    this.#inFlight += weight
    return { weight, enteredMs }
  }

  #take(): void {
    this.#front += 1
    if (this.#front < this.#waiting.length && this.#front < this.#window.size) return
    this.#waiting = this.#waiting.slice(this.#front)
    this.#front = 0
  }

  #note(weight: number, { latencyMs, nowMs }: { readonly latencyMs: number; readonly nowMs: number }): void {
    this.#answered += weight
    this.#latencySumMs += latencyMs * weight
    const elapsedMs = this.#heldMs + nowMs - (this.#heldSinceMs ?? nowMs)
    if (elapsedMs < this.#options.roundMs || this.#answered < this.#window.size) return
    this.#window.round({ answered: this.#answered, elapsedMs, latencyMs: this.#latencySumMs / this.#answered })
    this.#begin(nowMs)
  }

  /** Once for all requests that were under way together: they say the same. */
  #shrink(enteredMs: number, nowMs: number): void {
    if (enteredMs < this.#cutMs) return
    this.#cutMs = nowMs
    this.#window.congested()
    this.#begin(nowMs)
  }

  #begin(nowMs: number): void {
    this.#answered = 0
    this.#latencySumMs = 0
    this.#heldMs = 0
    if (this.#heldSinceMs !== null) this.#heldSinceMs = nowMs
  }
}
