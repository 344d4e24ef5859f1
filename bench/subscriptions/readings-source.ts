// Posts readings at a steady rate, of one sensor after the other. What is posted of a sensor is numbered from 1.
import { setTimeout as sleep } from 'node:timers/promises'
import { invariant } from '../../platform/errors.ts'

export const EVENTS_PER_SECOND = 200
const TICK_MS = 50

export class ReadingsSource {
  readonly #url: string
  readonly #sensors: readonly string[]
  readonly #lastMs = new Map<number, number>()
  readonly #startedMs = Date.now()
  readonly #moments: number | null
  #posted = 0

  /** `moments`: a sensor has readings of so many, which are corrected in turn. Without, each is another reading, of now. */
  constructor(url: string, sensors: readonly string[], moments: number | null = null) {
    this.#url = url
    this.#sensors = sensors
    this.#moments = moments
  }

  /** How many of the sensor with this index. */
  postedOf(sensor: number): number {
    const { length } = this.#sensors
    return Math.floor(this.#posted / length) + (this.#posted % length > sensor ? 1 : 0)
  }

  /** Evenly, a few at a time. How many. */
  async postFor(seconds: number): Promise<number> {
    const startedMs = performance.now()
    const all = seconds * EVENTS_PER_SECOND
    for (let sent = 0; sent < all; await sleep(TICK_MS)) {
      const due = Math.min(all, Math.floor(((performance.now() - startedMs) / 1_000) * EVENTS_PER_SECOND))
      if (due > sent) await this.post(due - sent)
      sent = Math.max(sent, due)
    }
    return all
  }

  async post(count: number): Promise<void> {
    const { length } = this.#sensors
    const lines = Array.from({ length: count }, () => {
      const sensor = this.#posted % length
      const sensorId = this.#sensors[sensor]
      const value = Math.floor(this.#posted / length) + 1
      const atMs = this.#moments === null ? this.#now(sensor) : this.#startedMs + (value % this.#moments)
      this.#posted += 1
      return JSON.stringify({ sensorId, at: new Date(atMs).toISOString(), value })
    })
    const response = await fetch(`${this.#url}/topics/telemetry.readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    })
    const answer = await response.text()
    invariant(response.status === 200, `HTTP ${response.status}: ${answer}`)
  }

  /** A sensor's readings of one moment would be one. */
  #now(sensor: number): number {
    const atMs = Math.max(Date.now(), (this.#lastMs.get(sensor) ?? 0) + 1)
    this.#lastMs.set(sensor, atMs)
    return atMs
  }
}
