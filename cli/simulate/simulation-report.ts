// What a simulation tells: a line every second, and the sum of it all.
import { count } from '../progress.ts'
import type { LaneObserver } from './reading-lane.ts'

/** Latencies in ms, in buckets of a twentieth: a run of hours takes no more memory than one of seconds. */
const BUCKET_GROWTH = 1.05

export class SimulationReport implements LaneObserver {
  readonly #total = new Span()
  #second = new Span()

  acknowledged({ readings, anomalies, latencyMs }: Parameters<LaneObserver['acknowledged']>[0]): void {
    for (const span of [this.#total, this.#second]) span.add(readings, anomalies, latencyMs)
  }

  refused(): void {
    this.#total.refused += 1
    this.#second.refused += 1
  }

  /** Of the second that ends now. */
  line(elapsedMs: number, behind: number): string {
    const second = this.#second
    this.#second = new Span()
    const seconds = `${Math.round(elapsedMs / 1_000)} s`.padStart(6)
    const refused = second.refused === 0 ? '' : `  refused ${second.refused}`
    return `${seconds}  ${count(this.#total.readings).padStart(11)} acknowledged  ${count(second.readings).padStart(7)}/s  ${second.latencies()}  behind ${count(behind)}${refused}\n`
  }

  summary(elapsedMs: number): string {
    const { readings, anomalies, refused } = this.#total
    const rate = Math.round((readings * 1_000) / Math.max(1, elapsedMs))
    const lines = [
      `${count(readings)} readings acknowledged in ${(elapsedMs / 1_000).toFixed(1)} s: ${count(rate)}/s; ${count(anomalies)} of them far off.`,
      `Requests: ${count(this.#total.requests)}, ${this.#total.latencies()}; refused for want of room ${count(refused)} times.`,
    ]
    return `${lines.join('\n')}\n`
  }
}

class Span {
  readings = 0
  anomalies = 0
  requests = 0
  refused = 0
  readonly #buckets = new Map<number, number>()
  #mostMs = 0

  add(readings: number, anomalies: number, latencyMs: number): void {
    this.readings += readings
    this.anomalies += anomalies
    this.requests += 1
    this.#mostMs = Math.max(this.#mostMs, latencyMs)
    const bucket = Math.ceil(Math.log(Math.max(0.1, latencyMs)) / Math.log(BUCKET_GROWTH))
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1)
  }

  latencies(): string {
    if (this.requests === 0) return 'no answer'
    return `p50 ${this.#quantile(0.5)}  p99 ${this.#quantile(0.99)}  most ${milliseconds(this.#mostMs)}`
  }

  #quantile(fraction: number): string {
    let seen = 0
    for (const [bucket, requests] of [...this.#buckets].toSorted(([left], [right]) => left - right)) {
      seen += requests
      if (seen >= fraction * this.requests) return milliseconds(Math.min(this.#mostMs, BUCKET_GROWTH ** bucket))
    }
    return milliseconds(this.#mostMs)
  }
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}
