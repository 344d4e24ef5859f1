// The process to be killed: consumes, handles so many batches, then holds one for ever. Says on its output what it does.
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { CrashPlan } from './event-log-crash.ts'

const plan = JSON.parse(process.argv[2] ?? '{}') as CrashPlan & { module: string; settings: string }
const { openLog } = (await import(plan.module)) as { openLog: (settings: string) => Promise<EventLog> }
const log = await openLog(plan.settings)
let batches = 0
await log.consume({
  group: plan.group,
  topics: [plan.topic],
  batchRecordsMax: plan.batchRecordsMax,
  handler: async ({ records }) => {
    const offsets = records.map(({ offset }) => offset)
    batches += 1
    if (batches <= plan.batchesHandled) {
      process.stdout.write(`${JSON.stringify({ handled: offsets })}\n`)
      return
    }
    process.stdout.write(`${JSON.stringify({ inHand: offsets[0] })}\n`)
    await new Promise(() => undefined)
  },
})
