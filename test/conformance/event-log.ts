// The conformance suite of the EventLog port: what every adapter guarantees, in terms of the port alone. An adapter's test calls
// `describeEventLog` with a harness of its own.
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { describeAppend } from './event-log-append.ts'
import { describeConsume } from './event-log-consume.ts'
import type { EventLogHarness, Suite } from './event-log-harness.ts'
import { describeRebalance } from './event-log-rebalance.ts'
import { describeRetention } from './event-log-retention.ts'
import { describeRewind } from './event-log-rewind.ts'
import { describeTail } from './event-log-tail.ts'

export type { EventLogHarness } from './event-log-harness.ts'

export function describeEventLog(name: string, start: () => Promise<EventLogHarness>): void {
  describe(`${name} as an EventLog`, () => {
    let harness: EventLogHarness
    let log: EventLog
    const suite: Suite = {
      harness: () => harness,
      log: () => log,
      reopen: async (meanwhile) => {
        await log.close()
        await meanwhile?.()
        log = await harness.open()
      },
    }
    beforeAll(async () => {
      harness = await start()
    })
    afterAll(() => harness.dispose())
    beforeEach(async () => {
      log = await harness.open()
    })
    afterEach(() => log.close())

    describeAppend(suite)
    describeConsume(suite)
    describeRebalance(suite)
    describeRewind(suite)
    describeTail(suite)
    describeRetention(suite)
  })
}
