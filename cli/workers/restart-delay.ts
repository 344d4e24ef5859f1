// How long to wait before a worker that has ended is started again.
import { limits } from '../../platform/limits.ts'

/** `previousMs`: waited before the start that has ended now, 0 for the first. `servedMs`: from that start to its end. */
export function restartDelayMs(previousMs: number, servedMs: number): number {
  const { workerRestartDelayMsMin, workerRestartDelayMsMax, workerSteadyMs } = limits
  if (previousMs === 0 || servedMs >= workerSteadyMs) return workerRestartDelayMsMin
  return Math.min(previousMs * 2, workerRestartDelayMsMax)
}
