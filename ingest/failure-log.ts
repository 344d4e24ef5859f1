// What the log says of batches that fail: once when partitions begin to fail, now and then while they do, once when all go on. Every batch
// of every partition is tried again for ever, so an outage of minutes would fill the log otherwise.
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { IngestLogger } from './ingest-logger.ts'

export interface PartitionAt {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export class FailureLog {
  readonly #clock: Clock
  readonly #logger: IngestLogger | undefined
  readonly #failing = new Map<string, { readonly sinceMs: number; code: string }>()
  /** Of the partitions that this process has: aborted where it has given them up. */
  readonly #held = new Map<string, AbortSignal>()
  #toldMs = Number.NEGATIVE_INFINITY

  constructor(ports: { readonly clock: Clock; readonly logger?: IngestLogger }) {
    this.#clock = ports.clock
    this.#logger = ports.logger
  }

  /** A batch of the partition is in hand; the signal says when the partition is not this process's any more. */
  begins(at: Pick<PartitionAt, 'topic' | 'partition'>, signal: AbortSignal): void {
    this.#held.set(keyOf(at), signal)
  }

  /** A failure of another kind than those that partitions have now is told at once. */
  failed(error: unknown, at: PartitionAt): void {
    const code = error instanceof MeshgateError ? error.code : 'INTERNAL'
    const key = keyOf(at)
    if (code === 'LOG_OFFSET_OUT_OF_RANGE') {
      this.#failing.delete(key)
      this.#logger?.error({ error, ...at }, 'A partition stands still: what comes next in it is gone.')
      return
    }
    this.#forgetGivenUp()
    const isNews = ![...this.#failing.values()].some((failing) => failing.code === code)
    const known = this.#failing.get(key)
    if (known === undefined) this.#failing.set(key, { sinceMs: this.#clock.monotonic(), code })
    else known.code = code
    if (!isNews && this.#clock.monotonic() - this.#toldMs < limits.failureLogIntervalMs) return
    this.#toldMs = this.#clock.monotonic()
    const partitionsFailing = this.#failing.size
    this.#logger?.warn({ error, ...at, partitionsFailing }, 'A batch could not be ingested and is tried again.')
  }

  /** A batch of the partition has been ingested. */
  recovered(at: Pick<PartitionAt, 'topic' | 'partition'>): void {
    const known = this.#failing.get(keyOf(at))
    if (known === undefined) return
    this.#failing.delete(keyOf(at))
    this.#forgetGivenUp()
    if (this.#failing.size > 0) return
    const failedMs = Math.round(this.#clock.monotonic() - known.sinceMs)
    this.#logger?.info({ topic: at.topic, failedMs }, 'All batches are ingested again.')
  }

  /** Whether they still fail is another member's to tell. */
  #forgetGivenUp(): void {
    for (const [key, signal] of this.#held) {
      if (!signal.aborted) continue
      this.#held.delete(key)
      this.#failing.delete(key)
    }
  }
}

function keyOf({ topic, partition }: Pick<PartitionAt, 'topic' | 'partition'>): string {
  return `${topic}:${partition}`
}
