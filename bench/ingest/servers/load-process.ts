// One load in a process of its own, so that nothing is compiled for another and its CPU time is its own. Its argument is the task as JSON, its
// last line of output the figures.
import { randomUUID } from 'node:crypto'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import { bareLoop, type BareTuning } from './bare-loop.ts'
import { ownLoad } from './own-load.ts'
import { fillTopic, openPorts, productOf, type LoadFigures, type ServerLoad } from './server-load.ts'

export interface LoadTask extends Omit<ServerLoad, 'domain'> {
  /** Null: our ingest. */
  readonly bare: BareTuning | null
  /** Loaded before in the same way, in a domain of their own: everything is compiled then, and the servers are awake. */
  readonly warmUpRecords: number
}

const { bare, warmUpRecords, ...task } = JSON.parse(process.argv[2] ?? '') as LoadTask
await run(warmUpRecords)
process.stdout.write(`${JSON.stringify(await run(task.records))}\n`)
// What a driver or client still holds open is none of the measurement's.
process.exit(0)

async function run(records: number): Promise<LoadFigures> {
  const load: ServerLoad = { ...task, records, domain: `bench${randomUUID().slice(0, 8)}` }
  const product = await productOf(load)
  const ports = await openPorts(load)
  await ports.log.createTopics(emitTopics(product))
  await ports.store.migrate(emitTables(product))
  await fillTopic(ports.log, load)
  const figures = bare === null ? await ownLoad(load, product, ports) : await bareLoop(load, product, bare)
  await ports.close()
  return figures
}
