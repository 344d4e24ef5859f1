// The embedded log as processes that are to be killed open it. The settings are the directory.
import { openEmbeddedLog } from '../../platform/adapters/embedded-log/embedded-log.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { systemClock } from '../../platform/system-clock.ts'

export function openLog(directory: string): Promise<EventLog> {
  return openEmbeddedLog({ directory, clock: systemClock })
}
