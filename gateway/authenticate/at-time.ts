// Does something when a wall clock time has come, however far away it is. Does not keep the process running.
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'

/** Returns what takes it back. */
export function atTime(clock: Clock, timeMs: number, action: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const wait = (): void => {
    const leftMs = timeMs - clock.now()
    if (leftMs <= 0) return action()
    timer = setTimeout(wait, Math.min(Math.ceil(leftMs), limits.timerMsMax))
    timer.unref()
  }
  wait()
  return () => clearTimeout(timer)
}
