// How soon the stages of a fold take the next batch: behind one they rest, and the next has all that came meanwhile. What a batch costs whatever is
// in it (appends, transactions, positions) is paid less often, and groups are told as often as is wanted. Whoever waits for everything to be
// caught up ends the rest; where more is left than a batch takes there is none.
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import type { EventLog, Position, RecordBatch } from '../../platform/ports/event-log.ts'

export interface BatchSize {
  readonly records: number
  readonly bytes: number
}

/** A batch that is handled, and the position behind it. */
export type Handled = Position & BatchSize

export function sizeOf({ records }: RecordBatch): BatchSize {
  let bytes = 0
  for (const { value } of records) bytes += value?.length ?? 0
  return { records: records.length, bytes }
}

export class StagePace {
  readonly #clock: Clock
  readonly #log: EventLog
  #hurried = 0
  #hurry = new AbortController()

  constructor(ports: { readonly clock: Clock; readonly log: EventLog }) {
    this.#clock = ports.clock
    this.#log = ports.log
  }

  async rest(restMs: number, handled: Handled, signal: AbortSignal): Promise<void> {
    if (this.#hurried > 0 || isLarge(handled) || (await this.#isBehind(restMs, handled))) return
    const ended = new AbortController()
    const end = (): void => ended.abort()
    const stops = [signal, this.#hurry.signal]
    for (const stop of stops) stop.addEventListener('abort', end)
    if (stops.some((stop) => stop.aborted)) end()
    await this.#clock.sleep(restMs, ended.signal).catch(() => undefined)
    for (const stop of stops) stop.removeEventListener('abort', end)
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

  /** Worth asking the log only where the rest is long. */
  async #isBehind(restMs: number, { topic, partition, offset, records }: Handled): Promise<boolean> {
    if (restMs <= limits.foldRestMs) return false
    const next = await this.#log.offsets(topic).then(
      (ranges) => ranges[partition]?.next ?? 0,
      () => Number.POSITIVE_INFINITY,
    )
    return next - offset > records
  }
}

function isLarge({ records, bytes }: BatchSize): boolean {
  return records >= limits.consumeBatchRecordsMax / 2 || bytes >= limits.foldSliceBytesMax
}
