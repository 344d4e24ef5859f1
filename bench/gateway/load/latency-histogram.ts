// Latencies in buckets whose width grows with them: 1.6 % of the value at most, whatever the range, in 8 kB.

const SUB_BUCKETS = 64
const EXPONENTS = 32

export class LatencyHistogram {
  readonly #counts = new Uint32Array(SUB_BUCKETS * EXPONENTS)
  #count = 0

  record(latencyMs: number): void {
    const index = bucketOf(Math.max(0, Math.round(latencyMs * 1000)))
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#count += 1
  }

  /** Milliseconds; `NaN` where nothing was recorded. */
  quantile(fraction: number): number {
    let wanted = Math.max(1, Math.ceil(fraction * this.#count))
    for (let index = 0; index < this.#counts.length; index += 1) {
      wanted -= this.#counts[index] ?? 0
      if (wanted <= 0) return middleOf(index) / 1000
    }
    return Number.NaN
  }
}

function bucketOf(microseconds: number): number {
  if (microseconds < SUB_BUCKETS) return microseconds
  const exponent = Math.floor(Math.log2(microseconds)) - Math.log2(SUB_BUCKETS) + 1
  const mantissa = Math.floor(microseconds / 2 ** exponent)
  return Math.min(exponent, EXPONENTS - 1) * SUB_BUCKETS + mantissa
}

function middleOf(index: number): number {
  const exponent = Math.floor(index / SUB_BUCKETS)
  return ((index % SUB_BUCKETS) + 0.5) * 2 ** exponent
}
