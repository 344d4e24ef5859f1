// The embedded log passes the suite of its port.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import type { EmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { describeEventLog } from '../conformance/event-log.ts'

const DAY_MS = 86_400_000

describeEventLog('the embedded log', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-log-'))
  let aheadMs = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
  let log: EmbeddedLog | null = null
  return {
    open: async () => (log = await openEmbeddedLog({ directory, clock })),
    child: { module: new URL('./child-log.ts', import.meta.url).href, settings: directory },
    expire: async () => {
      aheadMs += DAY_MS
      await log?.maintain()
    },
    compact: async () => {
      await log?.maintain({ force: true })
    },
    dispose: () => rm(directory, { recursive: true }),
  }
})
