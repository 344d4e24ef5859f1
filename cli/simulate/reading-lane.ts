// One connection's share of the simulated sensors: their readings, each at its time or later, in the order of their times. A batch is on its
// way at a time, and is sent again until it is acknowledged, so that a sensor's readings stay in order whatever the mesh answers.
import { request, type Dispatcher } from 'undici'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { readingDueMs, simulatedReading, type SimulatedSensors } from '../../samples/simulator/simulated-sensors.ts'

export interface LaneOptions {
  /** `POST` takes the readings there. */
  readonly address: string
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  readonly simulated: SimulatedSensors
  /** Sensors of this lane, in their order. */
  readonly sensors: readonly number[]
  /** Readings of every sensor. */
  readonly readingsEach: number
  readonly stop: AbortSignal
  readonly observer: LaneObserver
}

export interface LaneObserver {
  acknowledged(batch: { readonly readings: number; readonly anomalies: number; readonly latencyMs: number }): void
  /** The mesh has no room, or is away, and is asked again after a while. */
  refused(status: number, seconds: number): void
}

interface Batch {
  readonly body: string
  readonly readings: number
  readonly anomalies: number
}

export class ReadingLane {
  readonly #options: LaneOptions
  /** Of the lane's readings, how many were acknowledged. */
  #next = 0

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /** Resolves when all is acknowledged, or when it is stopped; rejects where the mesh does not take the readings at all. */
  async run(): Promise<void> {
    const { sensors, readingsEach, stop } = this.#options
    const total = sensors.length * readingsEach
    while (this.#next < total && !stop.aborted) {
      const tick = this.#sleep(limits.simulatorTickMs)
      const batch = this.#dueBatch(total)
      if (batch !== null) {
        if (!(await this.#send(batch))) return
        this.#next += batch.readings
        // What did not fit is due already.
        if (batch.readings === limits.sendBatchRecordsMax) continue
      }
      if (this.#next < total) await tick
    }
  }

  /** Readings that are due and not acknowledged. */
  behind(): number {
    const { simulated, sensors, readingsEach, clock } = this.#options
    const elapsedSeconds = Math.max(0, clock.now() - simulated.startMs) / 1_000
    const share = (simulated.readingsPerSecond * sensors.length) / simulated.sensors
    const due = Math.min(Math.floor(elapsedSeconds * share), sensors.length * readingsEach)
    return Math.max(0, due - this.#next)
  }

  #dueBatch(total: number): Batch | null {
    const { simulated, sensors, clock } = this.#options
    const nowMs = clock.now()
    let body = ''
    let readings = 0
    let anomalies = 0
    for (let at = this.#next; at < total && readings < limits.sendBatchRecordsMax; at += 1) {
      const sensor = sensors[at % sensors.length] ?? 0
      const number = Math.floor(at / sensors.length)
      if (readingDueMs(simulated, sensor, number) > nowMs) break
      const reading = simulatedReading(simulated, sensor, number)
      const change = reading.change === null ? '' : `,"change":${reading.change}`
      body += `{"sensorId":"${reading.sensorId}","at":"${reading.at}","value":${reading.value}${change}}\n`
      readings += 1
      if (reading.isAnomaly) anomalies += 1
    }
    return readings === 0 ? null : { body, readings, anomalies }
  }

  /** False when it was stopped before the mesh took it. */
  async #send({ body, readings, anomalies }: Batch): Promise<boolean> {
    const { clock, stop, observer } = this.#options
    const startedMs = clock.monotonic()
    for (;;) {
      const sentMs = clock.monotonic()
      const answer = await this.#post(body)
      if (answer.status === 200) {
        observer.acknowledged({ readings, anomalies, latencyMs: clock.monotonic() - sentMs })
        return true
      }
      if (!RETRIED.has(answer.status) || clock.monotonic() - startedMs > limits.sendPatienceMs)
        throw new MeshgateError('LOAD_REFUSED', `${this.#options.address} answered ${answer.text}`)
      observer.refused(answer.status, answer.retryAfterSeconds)
      await this.#sleep(answer.retryAfterSeconds * 1_000)
      if (stop.aborted) return false
    }
  }

  async #post(body: string): Promise<Answer> {
    const { address, dispatcher } = this.#options
    const headers = { 'content-type': 'application/x-ndjson' }
    try {
      const response = await request(address, { method: 'POST', dispatcher, headers, body })
      const text = await response.body.text()
      const seconds = Number(response.headers['retry-after'] ?? 1)
      const retryAfterSeconds = Number.isFinite(seconds) ? Math.max(1, seconds) : 1
      return { status: response.statusCode, text: `${response.statusCode}: ${text.trim()}`, retryAfterSeconds }
    } catch (error) {
      // Nobody answers: it is starting, or was ended.
      return { status: 0, text: `nothing: ${error instanceof Error ? error.message : ''}`, retryAfterSeconds: 1 }
    }
  }

  #sleep(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.#options.stop).catch(() => undefined)
  }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly retryAfterSeconds: number
}

/** No room, or away (0: no answer): the same again later. A reading that was taken all the same is written over by itself. */
const RETRIED: ReadonlySet<number> = new Set([0, 429, 503, 507])
