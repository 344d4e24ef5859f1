// A partition whose new tables are tended before its first batch comes: what lies before the batch is filled before the batch is written.
import { afterEach, beforeEach, test } from 'vitest'
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

test('a first batch waits for what lies before it, also where its partition was tended before', async () => {
  const partition = await appendCells([{ shelf: 's' }, { note: 'n' }, { rank: 1 }])
  await requestBuild(ports, product, { seed: 'topic' })
  const ledger = new TableLedger(ports)
  await ledger.readOn()
  const assigned = { topic: TOPIC, partition }
  const options = { ...ports, product, plans: [plan], ledger, timings: TIMINGS, assignment: () => [assigned] }
  const generations = new ProductGenerations(options)
  await generations.tend()
  await generations.know(2)
  const records = await ports.log.read({ ...assigned, offset: 2 }, 10)
  const { signal } = new AbortController()
  const batch = { ...assigned, records }
  await generations.runLive(plan, batch, signal, (live, of) => processBatch(live, of, batch, signal))
  await expectRows(ports.store, 2, [{ id: 'a', shelf: 's', note: 'n', rank: 1 }])
  await generations.close()
})
