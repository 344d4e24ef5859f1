// Run as a process of its own by crash.test.ts: writes numbered rows for ever and prints the number of each batch once it is acknowledged.
import { openSqliteStore } from '../../platform/adapters/sqlite/sqlite-store.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { crashTable, crashRows } from './crash-rows.ts'

const [directory = '', firstBatch = '0'] = process.argv.slice(2)
const store = await openSqliteStore({ directory, clock: systemClock })
await store.migrate([crashTable])
// Several writers at once, so that the kill finds groups under way.
let next = Number(firstBatch)
const write = async (): Promise<never> => {
  for (;;) {
    const batch = next
    next += 1
    if (batch % 3 === 0) await store.writeAtomic(crashRows(batch))
    else await store.write(crashRows(batch))
    process.stdout.write(`${batch}\n`)
  }
}
await Promise.all([write(), write(), write()])
