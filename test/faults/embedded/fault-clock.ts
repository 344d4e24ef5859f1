// A clock that steps back and forward as an operator's or NTP's does, and whose short waits are shorter, so that a thousand runs end.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../../platform/ports/clock.ts'

const FASTER = 20
/** Longer waits are not for work to be tried again, but limits of patience: they stay. */
const PATIENCE_MS = 10_000

export class FaultClock implements Clock {
  /** Added to the wall clock. */
  offsetMs = 0

  now(): number {
    return Date.now() + this.offsetMs
  }

  monotonic(): number {
    return performance.now()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const isWork = ms < PATIENCE_MS
    const shorter = isWork ? ms / FASTER : ms
    return sleep(shorter, undefined, signal === undefined ? { ref: isWork } : { ref: isWork, signal })
  }
}
