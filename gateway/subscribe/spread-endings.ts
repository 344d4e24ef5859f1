// Ends the streams of a gateway that stops one after the other, in no order: clients come back as they are told, and ten thousand at the same
// moment would be the next gateway's first second. A few are ended at once.
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'

export interface SpreadEndings {
  /** Called once per client. */
  readonly later: (end: () => void) => void
  /** All have been ended. */
  readonly done: () => Promise<void>
}

export function spreadEndings(clients: number, clock: Clock, random: () => number = Math.random): SpreadEndings {
  const spreadMs = Math.min(clients * limits.reconnectSpreadMsPerClient, limits.reconnectSpreadMsMax)
  const waiting: Promise<void>[] = []
  return {
    later: (end) => {
      if (clients < limits.reconnectSpreadClientsMin) end()
      // The clock sleeps for as long as the process lives.
      else waiting.push(clock.sleep(random() * spreadMs).then(end, end))
    },
    done: async () => void (await Promise.all(waiting)),
  }
}
