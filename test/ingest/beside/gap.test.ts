// Where filling new tables ends and live batches write them too, nothing lies between: not before a first batch, and not where a replay has
// set the partition back.
import { afterEach, beforeEach, test, vi } from 'vitest'
import { ProductGenerations } from '../../../ingest/beside/product-generations.ts'
import { TableLedger } from '../../../ingest/beside/table-ledger.ts'
import { requestBuild } from '../../../ingest/beside/table-request.ts'
import { planEntities, type EntityPlan } from '../../../ingest/entity-plan.ts'
import { internalTopics } from '../../../ingest/internal-topics.ts'
import { processBatch } from '../../../ingest/process-batch.ts'
import { GENERATIONS_TABLE } from '../../../platform/table-generations.ts'
import { emitTables } from '../../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../../schema/emit/emit-topics.ts'
import type { Row } from '../../../schema/row.ts'
import { openPorts, type TestPorts } from '../open-ports.ts'
import { expectRows, thingsProduct, TIMINGS } from './beside-mesh.ts'

const TOPIC = 'test.things'
const product = thingsProduct()

let ports: TestPorts
let plan: EntityPlan
beforeEach(async () => {
  ports = await openPorts()
  await ports.log.createTopics([...emitTopics(product), ...internalTopics])
  await ports.store.migrate([GENERATIONS_TABLE, ...emitTables(product)])
  const [planned] = planEntities(product, ports.log.timestampResolutionUs)
  if (planned === undefined) throw new Error('The test product has an entity.')
  plan = planned
})
afterEach(() => ports.close())

/** Records of one thing, each with a cell of its own; the partition that they are in. */
async function appendCells(cells: readonly Row[]): Promise<number> {
  const records = cells.map((row) => ({
    key: Buffer.from('a'),
    value: Buffer.from(JSON.stringify({ op: 'c', after: { id: 'a', ...row } })),
  }))
  const [position] = await ports.log.append(TOPIC, records)
  return position?.partition ?? 0
}

/** The product's generations in a process that has the partition, and what its consumer gives them: records from an offset on. */
async function startGenerations(partition: number) {
  const ledger = new TableLedger(ports)
  await ledger.readOn()
  const assigned = { topic: TOPIC, partition }
  const options = { ...ports, product, plans: [plan], ledger, timings: TIMINGS, assignment: () => [assigned] }
  const generations = new ProductGenerations(options)
  const { signal } = new AbortController()
  const runFrom = async (offset: number, count: number): Promise<void> => {
    const batch = { ...assigned, records: await ports.log.read({ ...assigned, offset }, count) }
    await generations.runLive(plan, batch, signal, (live, of) => processBatch(live, of, batch, signal))
  }
  return { ledger, generations, runFrom }
}

test('a first batch waits for what lies before it, also where its partition was tended before', async () => {
  const partition = await appendCells([{ shelf: 's' }, { note: 'n' }, { rank: 1 }])
  await requestBuild(ports, product, { seed: 'topic' })
  const { generations, runFrom } = await startGenerations(partition)
  await generations.tend()
  await generations.know(2)
  await runFrom(2, 1)
  await expectRows(ports.store, 2, [{ id: 'a', shelf: 's', note: 'n', rank: 1 }])
  await generations.close()
})

test('a partition that a replay has set back is filled to where it stood', async () => {
  const partition = await appendCells([{ shelf: 's', rank: 1 }, { note: 'n' }, { rank: 2 }])
  const { ledger, generations, runFrom } = await startGenerations(partition)
  await runFrom(0, 3)
  await requestBuild(ports, product, { seed: 'topic' })
  await ledger.readOn()
  await runFrom(0, 1)
  const isFilled = () => expectRows(ports.store, 2, [{ id: 'a', shelf: 's', note: 'n', rank: 2 }])
  await generations.know(2)
  await vi.waitFor(isFilled, { timeout: 10_000, interval: 20 })
  await generations.close()
}, 20_000)
