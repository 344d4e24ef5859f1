// How often groups are told: behind a batch the next one waits, and takes all that came meanwhile. Whoever waits for everything to be caught up
// ends the waiting; where more is left than a batch takes there is none.
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog, RecordBatch } from '../../platform/ports/event-log.ts'

export class EmitPace {
  readonly #everyMs: number | null
  readonly #clock: Clock
  readonly #log: EventLog
  #hurried = 0
  #hurry = new AbortController()

  constructor(everyMs: number | null, ports: { readonly clock: Clock; readonly log: EventLog }) {
    this.#everyMs = everyMs
    this.#clock = ports.clock
    this.#log = ports.log
  }

  async rest({ topic, partition, records }: RecordBatch, signal: AbortSignal): Promise<void> {
    if (this.#everyMs === null || this.#hurried > 0) return
    const last = records.at(-1)?.offset ?? 0
    const next = await this.#log.offsets(topic).then(
      (ranges) => ranges[partition]?.next ?? 0,
      () => Number.POSITIVE_INFINITY,
    )
    if (next - 1 - last > records.length) return
    await this.#clock.sleep(this.#everyMs, AbortSignal.any([signal, this.#hurry.signal])).catch(() => undefined)
  }

  /** Nothing rests while the work is under way. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    this.#hurried += 1
    this.#hurry.abort(new DOMException('Somebody waits.', 'AbortError'))
    try {
      return await work()
    } finally {
      this.#hurried -= 1
      if (this.#hurried === 0) this.#hurry = new AbortController()
    }
  }
}
