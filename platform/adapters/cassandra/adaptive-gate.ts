// Bounds how many statements are with one node at a time, by a window that follows what the node can do (window-control.ts). Who comes beyond
// waits in turn; who comes beyond the queue is refused with STORE_OVERLOADED: nothing here grows with the load.
import { MeshgateError } from '../../errors.ts'
import { type WindowBounds, WindowControl } from './window-control.ts'

export interface AdaptiveGateOptions extends WindowBounds {
  readonly waitingMax: number
  /** The window is looked at again after so long, where it held requests back. */
  readonly roundMs: number
  /** Monotonic. */
  readonly nowMs: () => number
}

/** A place in the gate, to be given back once. */
export interface GatePlace {
  readonly weight: number
  readonly enteredMs: number
}

interface Answer {
  readonly weight: number
  readonly latencyMs: number
  readonly nowMs: number
}

/** From when somebody had to wait. */
interface Round {
  readonly startedMs: number
  answered: number
  latencySumMs: number
  /** How long nobody waited. */
  freeMs: number
  freeSinceMs: number | null
}

/** Of a round that says something about the window. */
const FREE_SHARE_MAX = 0.25

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
  #round: Round | null = null
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
    if (this.#waitingCount === 0) this.#held(nowMs)
    return new Promise((enter) => this.#waiting.push({ weight, enter }))
  }

  leave({ weight, enteredMs }: GatePlace, outcome: 'answered' | 'congested'): void {
    const nowMs = this.#options.nowMs()
    this.#inFlight -= weight
    if (outcome === 'congested') this.#shrink(enteredMs, nowMs)
    else if (this.#round !== null) this.#note(this.#round, { weight, latencyMs: nowMs - enteredMs, nowMs })
    while (this.#waitingCount > 0) {
      const next = this.#waiting[this.#front]
      if (next === undefined || !this.#fits(next.weight)) break
      this.#take()
      next.enter(this.#place(next.weight, nowMs))
    }
    if (this.#waitingCount === 0 && this.#round !== null) this.#round.freeSinceMs ??= nowMs
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

  #held(nowMs: number): void {
    this.#round ??= { startedMs: nowMs, answered: 0, latencySumMs: 0, freeMs: 0, freeSinceMs: null }
    this.#round.freeMs += nowMs - (this.#round.freeSinceMs ?? nowMs)
    this.#round.freeSinceMs = null
  }

  #note(round: Round, { weight, latencyMs, nowMs }: Answer): void {
    round.answered += weight
    round.latencySumMs += latencyMs * weight
    const elapsedMs = nowMs - round.startedMs
    if (elapsedMs < this.#options.roundMs || round.answered < this.#window.size) return
    const { answered, latencySumMs } = round
    const freeMs = round.freeMs + nowMs - (round.freeSinceMs ?? nowMs)
    // Answers come in bursts, after which nobody waits for a moment. Where that is longer, callers had no more to send: it says nothing.
    if (freeMs <= elapsedMs * FREE_SHARE_MAX) {
      this.#window.round({ answered, elapsedMs, latencyMs: latencySumMs / answered })
    }
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
    this.#round = null
    if (this.#waitingCount > 0) this.#held(nowMs)
  }
}
