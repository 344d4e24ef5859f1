// What the log says of batches that fail, and of consumers that get none: once when it begins, now and then while it lasts, once when all
// goes on. Everything is tried again for ever, so an outage of minutes would fill the log otherwise.
import { MeshgateError } from '../platform/errors.ts'
import { limits } from '../platform/limits.ts'
import type { Clock } from '../platform/ports/clock.ts'
import type { IngestLogger } from './ingest-logger.ts'

/** Two products may consume one topic, each in a group of its own. */
export interface GroupPartition {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

export interface PartitionAt extends GroupPartition {
  readonly offset: number
}

/** A partition whose batch in hand has not gone on for longer than `limits.stuckBatchMs`. */
export interface StuckPartition extends PartitionAt {
  readonly forMs: number
  /** Of the failure that it is tried again for; null: the batch has not ended. */
  readonly code: string | null
}

/** A batch in hand, also while it waits to be tried again. */
interface Held {
  readonly at: PartitionAt
  readonly signal: AbortSignal
  /** When it was begun, or went on last. */
  sinceMs: number
  /** When another partition first went on while this one stood. */
  passedMs: number | null
  isTold: boolean
}

export class FailureLog {
  readonly #clock: Clock
  readonly #logger: IngestLogger | undefined
  readonly #failing = new Map<string, { readonly sinceMs: number; code: string }>()
  /** Of the partitions that this process has: aborted where it has given them up. */
  readonly #held = new Map<string, Held>()
  #stuckLookMs = Number.NEGATIVE_INFINITY
  #toldMs = Number.NEGATIVE_INFINITY
  /** Consumers that cannot take records; they share one log, so one line tells of all. */
  #starving: { readonly sinceMs: number; readonly code: string; lastMs: number; toldMs: number } | null = null

  constructor(ports: { readonly clock: Clock; readonly logger?: IngestLogger }) {
    this.#clock = ports.clock
    this.#logger = ports.logger
  }

  /** A batch of the partition is in hand; the signal says when the partition is not this process's any more. */
  begins(at: GroupPartition & { readonly offset?: number }, signal: AbortSignal): void {
    const key = keyOf(at)
    const known = this.#held.get(key)
    if (known === undefined || known.signal !== signal) {
      const sinceMs = this.#clock.monotonic()
      this.#held.set(key, { at: { ...at, offset: at.offset ?? 0 }, signal, sinceMs, passedMs: null, isTold: false })
    }
    this.#fed()
  }

  /** A part of the batch in hand is done: a large one takes its time, and does not stand still. */
  goesOn(at: GroupPartition): void {
    const held = this.#held.get(keyOf(at))
    if (held === undefined) return
    held.sinceMs = this.#clock.monotonic()
    held.passedMs = null
  }

  /** Those that stand still now, whether their batch fails or does not end. */
  stuck(): readonly StuckPartition[] {
    this.#forgetGivenUp()
    const nowMs = this.#clock.monotonic()
    return [...this.#held.values()]
      .filter(({ sinceMs }) => nowMs - sinceMs >= limits.stuckBatchMs)
      .map(({ at, sinceMs }) => ({
        ...at,
        forMs: Math.round(nowMs - sinceMs),
        code: this.#failing.get(keyOf(at))?.code ?? null,
      }))
  }

  /** A batch failed. A failure of another kind than those that partitions have now is told at once. */
  failed(error: unknown, at: PartitionAt): void {
    const code = codeOf(error)
    const key = keyOf(at)
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

  /** A consumer failed, and no batch of its. */
  consumerFailed(error: unknown, at: PartitionAt): void {
    const code = codeOf(error)
    if (code === 'LOG_OFFSET_OUT_OF_RANGE') {
      this.#failing.delete(keyOf(at))
      this.#logger?.error({ error, ...at }, 'A partition stands still: what comes next in it is gone.')
      return
    }
    if (code === 'HANDLER_STUCK') {
      this.#logger?.warn({ error, ...at }, 'A batch did not end in time and is given up: it is ingested again later.')
      return
    }
    const nowMs = this.#clock.monotonic()
    const known = this.#starving?.code === code ? this.#starving : null
    this.#starving = known ?? { sinceMs: nowMs, code, lastMs: nowMs, toldMs: Number.NEGATIVE_INFINITY }
    this.#starving.lastMs = nowMs
    if (nowMs - this.#starving.toldMs < limits.failureLogIntervalMs) return
    this.#starving.toldMs = nowMs
    this.#logger?.warn({ error, group: at.group }, 'No records can be taken from the log; it is tried again.')
  }

  /** A batch of the partition has been ingested. */
  recovered(at: GroupPartition): void {
    const held = this.#held.get(keyOf(at))
    this.#held.delete(keyOf(at))
    this.#tellStuck()
    const known = this.#failing.get(keyOf(at))
    if (held?.isTold === true) {
      const stoodMs = Math.round(this.#clock.monotonic() - held.sinceMs)
      this.#logger?.info({ ...held.at, stoodMs }, 'A partition that stood still goes on.')
    }
    if (known === undefined) return
    this.#failing.delete(keyOf(at))
    this.#forgetGivenUp()
    if (this.#failing.size > 0) return
    const failedMs = Math.round(this.#clock.monotonic() - known.sinceMs)
    this.#logger?.info({ topic: at.topic, failedMs }, 'All batches are ingested again.')
  }

  /** Others have gone on for a while: what stands still has a reason of its own, and each is named once. */
  #tellStuck(): void {
    const nowMs = this.#clock.monotonic()
    if (nowMs - this.#stuckLookMs < limits.stuckBatchMs / 10) return
    this.#stuckLookMs = nowMs
    this.#forgetGivenUp()
    for (const [key, held] of this.#held) {
      held.passedMs ??= nowMs
      if (held.isTold || nowMs - held.passedMs < limits.stuckBatchMs) continue
      held.isTold = true
      const code = this.#failing.get(key)?.code ?? null
      const stoodMs = Math.round(nowMs - held.sinceMs)
      this.#logger?.warn({ ...held.at, code, stoodMs }, 'A partition stands still while others go on.')
    }
  }

  #fed(): void {
    const starved = this.#starving
    if (starved === null) return
    this.#starving = null
    // Where no record came for long, the consumers recovered at some time before.
    if (this.#clock.monotonic() - starved.lastMs > limits.failureLogIntervalMs) return
    const failedMs = Math.round(this.#clock.monotonic() - starved.sinceMs)
    this.#logger?.info({ failedMs }, 'Records are taken from the log again.')
  }

  /** Whether they still fail is another member's to tell. */
  #forgetGivenUp(): void {
    for (const [key, { signal }] of this.#held) {
      if (!signal.aborted) continue
      this.#held.delete(key)
      this.#failing.delete(key)
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof MeshgateError ? error.code : 'INTERNAL'
}

function keyOf({ group, topic, partition }: GroupPartition): string {
  return `${group}:${topic}:${partition}`
}
