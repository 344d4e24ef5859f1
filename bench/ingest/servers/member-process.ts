// One process of a group: ingests until its input ends, then tells what it has done.
import { once } from 'node:events'
import { startIngest } from '../../../ingest/main.ts'
import { systemClock } from '../../../platform/system-clock.ts'
import type { MemberFigures } from './run-group.ts'
import { openPorts, productOf, type ServerLoad } from './server-load.ts'

const load = JSON.parse(process.argv[2] ?? '') as ServerLoad
const { log, store } = await openPorts(load)
let handled = 0
const observer = { batch: ({ written }: { readonly written: number }): void => void (handled += written) }
const product = await productOf(load)
const ingest = await startIngest({ products: [product], log, store, clock: systemClock, sweep: false, observer })
process.stdin.resume()
await once(process.stdin, 'end')
const { user, system } = process.cpuUsage()
await ingest.close()
const figures: MemberFigures = { handled, cpuSeconds: (user + system) / 1e6 }
process.stdout.write(`${JSON.stringify(figures)}\n`)
process.exit(0)
