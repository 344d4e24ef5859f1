// A member in a process of its own, to be stopped and killed. Says on its output what it handles, one line of JSON for each batch: when it
// begins and when it has done. After SIGTERM it closes.
import { openLog } from './child-log.ts'

export interface ChildPlan {
  /** Address of a broker. */
  readonly settings: string
  readonly group: string
  readonly topic: string
  readonly batchRecordsMax: number
  /** How long a batch takes. */
  readonly handleMs: number
}

export type ChildMessage =
  | { readonly joined: true }
  | {
      readonly began: boolean
      readonly partition: number
      readonly offsets: readonly number[]
      readonly aborted: boolean
    }
  | { readonly error: string }

process.stdout.on('error', () => process.exit(1))
const plan = JSON.parse(process.argv[2] ?? '{}') as ChildPlan
const say = (message: ChildMessage): void => void process.stdout.write(`${JSON.stringify(message)}\n`)
const log = await openLog(plan.settings)
process.once('SIGTERM', () => void log.close())
await log.consume({
  group: plan.group,
  topics: [plan.topic],
  batchRecordsMax: plan.batchRecordsMax,
  handler: async ({ partition, records }, signal) => {
    const offsets = records.map(({ offset }) => offset)
    say({ began: true, partition, offsets, aborted: signal.aborted })
    await new Promise((resolve) => setTimeout(resolve, plan.handleMs))
    say({ began: false, partition, offsets, aborted: signal.aborted })
  },
  onError: (error) => say({ error: String(error) }),
})
say({ joined: true })
