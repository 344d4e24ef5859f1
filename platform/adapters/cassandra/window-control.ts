// How much may be with a node at a time, found by trying: a window a little larger or smaller, and whether the rate follows. It grows while that
// pays and shrinks while that costs little, so that a node has the work it needs for its best rate and no queue beyond. Pure.

export interface WindowBounds {
  readonly min: number
  readonly max: number
  readonly start: number
  /** Where answers take longer than that it shrinks, whatever the rate. */
  readonly latencyMsMax: number
}

/** What happened while the window was what held requests back. */
export interface WindowRound {
  readonly answered: number
  readonly elapsedMs: number
  readonly latencyMs: number
}

/** Each try changes the window by that factor. */
const STEP = 1.25
/** A window is worth its size where the rate follows its change by at least a quarter. */
const ELASTICITY_MIN = 0.25
const CONGESTION_FACTOR = 0.5

export class WindowControl {
  readonly #bounds: WindowBounds
  #size: number
  #before: { readonly size: number; readonly rate: number } | null = null

  constructor(bounds: WindowBounds) {
    this.#bounds = bounds
    this.#size = bounds.start
  }

  get size(): number {
    return this.#size
  }

  /** The node was overloaded, or did not answer in time. */
  congested(): void {
    this.#before = null
    this.#resize(CONGESTION_FACTOR)
  }

  round({ answered, elapsedMs, latencyMs }: WindowRound): void {
    const rate = answered / elapsedMs
    const before = this.#before
    this.#before = { size: this.#size, rate }
    if (latencyMs > this.#bounds.latencyMsMax) this.#resize(1 / STEP)
    else if (before === null || before.size === this.#size) this.#resize(this.#atMost ? 1 / STEP : STEP)
    else {
      const elasticity = Math.log(rate / before.rate) / Math.log(this.#size / before.size)
      this.#resize(elasticity >= ELASTICITY_MIN ? STEP : 1 / STEP)
    }
  }

  get #atMost(): boolean {
    return this.#size >= this.#bounds.max
  }

  #resize(factor: number): void {
    const { min, max } = this.#bounds
    this.#size = Math.min(max, Math.max(min, Math.round(this.#size * factor)))
  }
}
