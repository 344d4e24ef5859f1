// Whether a server that the process stands on can be reached, told once per change: to the log, and to whoever asks for health.
import type { Logger } from 'pino'
import { limits } from '../limits.ts'
import type { Clock } from '../ports/clock.ts'

type State =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'there' }
  | { readonly kind: 'away'; readonly sinceMs: number; toldAtMs: number }

export interface ServerHealthOptions {
  /** `Kafka`. */
  readonly name: string
  /** As it was configured. */
  readonly address: string
  /** Code of its being away. */
  readonly unavailable: 'LOG_UNAVAILABLE' | 'STORE_UNAVAILABLE'
  readonly clock: Clock
  readonly logger: Logger
}

export class ServerHealth {
  readonly name: string
  readonly address: string
  readonly unavailable: ServerHealthOptions['unavailable']
  readonly #clock: Clock
  readonly #logger: Logger
  #state: State = { kind: 'connecting' }

  constructor({ name, address, unavailable, clock, logger }: ServerHealthOptions) {
    this.name = name
    this.address = address
    this.unavailable = unavailable
    this.#clock = clock
    this.#logger = logger
  }

  /** Null while it can be reached. */
  reason(): string | null {
    const where = `${this.name} at ${this.address}`
    switch (this.#state.kind) {
      case 'there':
        return null
      case 'connecting':
        return `${where} has not been reached yet`
      case 'away':
        return `${where} cannot be reached since ${new Date(this.#state.sinceMs).toISOString()}`
    }
  }

  /** An attempt to use it failed. */
  away(error: unknown): void {
    const nowMs = this.#clock.now()
    if (this.#state.kind !== 'away') {
      this.#state = { kind: 'away', sinceMs: nowMs, toldAtMs: nowMs }
      this.#logger.warn(
        { err: error },
        `${this.name} at ${this.address} cannot be reached. It is tried again until it can.`,
      )
    } else if (nowMs - this.#state.toldAtMs >= limits.serverAwayLogIntervalMs) {
      this.#state.toldAtMs = nowMs
      const seconds = Math.round((nowMs - this.#state.sinceMs) / 1_000)
      this.#logger.warn({ err: error }, `${this.name} at ${this.address} has not been reached for ${seconds} s.`)
    }
  }

  there(): void {
    const before = this.#state
    this.#state = { kind: 'there' }
    if (before.kind !== 'away') return
    const seconds = Math.round((this.#clock.now() - before.sinceMs) / 1_000)
    this.#logger.info(`${this.name} at ${this.address} is there, after ${seconds} s.`)
  }
}
