// The real Clock.
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from './ports/clock.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    try {
      await wait(ms, undefined, signal === undefined ? undefined : { signal })
    } catch (error) {
      // The timer rejects with an AbortError of its own; the port promises the signal's reason.
      signal?.throwIfAborted()
      throw error
    }
  },
}
