// The same records, in any order, delivered again and cut short by crashes at every step, end in the same visible rows in every table.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { planEntities, type EntityPlan } from '../../ingest/entity-plan.ts'
import { processBatch } from '../../ingest/process-batch.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Change } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { allRecords, byId, jsonOf, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { EFFECTS, expectedRows, failingAt, logRecords, sentRecords, type Random } from './random-things.ts'
import { testProduct } from './test-products.ts'
import { fractions, seededInteger, shuffled } from '../seeded-random.ts'

const TOPIC = 'test.things'
const SEEDS = Array.from({ length: 150 }, (_, index) => index + 1)
const product = testProduct({
  source: { envelope: 'DEBEZIUM', partial: true, version: { field: 'sequence', kind: 'SEQUENCE' } },
})

let ports: TestPorts
let plan: EntityPlan

beforeAll(async () => {
  ports = await openPorts()
  await ports.log.createTopics(emitTopics(product))
  await ports.store.migrate(emitTables(product))
  const [planned] = planEntities(product, 1)
  if (planned === undefined) throw new Error('The test product has an entity.')
  plan = planned
})
afterAll(() => ports.close())

/** Delivers the records as a consumer does: batches of any length, again after a crash, positions only after success. */
async function deliver(records: readonly LogRecord[], random: Random): Promise<void> {
  let position = 0
  while (position < records.length) {
    const batch = { topic: TOPIC, partition: 0, records: records.slice(position, position + 1 + random(8)) }
    const crashes = random(2) === 0
    try {
      await processBatch(
        crashes ? failingAt(ports, random(5), EFFECTS[random(3)] ?? 'PART', random) : ports,
        plan,
        batch,
      )
      // The process may also die between the last step and the commit.
      if (random(5) > 0) position += batch.records.length
    } catch (error) {
      if (!(error instanceof Error) || error.message !== 'crash') throw error
    }
  }
}

test('ends in the same visible rows for any order, repetition and crash, in every table', async () => {
  const expected: { base: Row[]; shelves: Row[] } = { base: [], shelves: [] }
  for (const seed of SEEDS) {
    const random = seededInteger(seed)
    const sent = shuffled(sentRecords(seed, random), fractions(random))
    const records = logRecords(sent)
    await deliver(records, random)
    if (random(3) === 0) await deliver(records, random)
    const rows = expectedRows(sent)
    expected.base.push(...rows.base)
    expected.shelves.push(...rows.shelves)
  }
  expect(byId(await visibleRows(ports.store, 'things'))).toEqual(byId(expected.base))
  expect(byId(await visibleRows(ports.store, 'things_by_shelf'))).toEqual(byId(expected.shelves))
}, 300_000)

test('names every accepted record in a change, keyed by its entity', async () => {
  const changes = (await allRecords(ports.log, `${TOPIC}.changes`)).map((record) => jsonOf(record) as Change)
  const wanted = SEEDS.flatMap((seed) => {
    const random = seededInteger(seed)
    return shuffled(sentRecords(seed, random), fractions(random)).map(({ id }, offset) => `${id}@${TOPIC}:0:${offset}`)
  })
  const named = new Set(changes.map(({ key, source }) => `${key}@${source}`))
  expect([...named].toSorted()).toEqual(wanted.toSorted())
})

test('tells of a record what it left or something newer, never older: each position taken once, the changes fold to the base rows', async () => {
  const told = new Set<string>()
  const rows = new Map<string, Row>()
  for (const record of await allRecords(ports.log, `${TOPIC}.changes`)) {
    const change = jsonOf(record) as Change
    const { key, op, row, source, writeTime } = change
    if (op === 'UPSERT') expect(Number(row['sequence'])).toBeGreaterThanOrEqual(writeTime)
    const identity = `${key}@${source}`
    if (told.has(identity)) continue
    told.add(identity)
    if (op === 'DELETE') rows.delete(key)
    else rows.set(key, row)
  }
  const folded = [...rows.values()].map((row) =>
    Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
  )
  expect(byId(folded)).toEqual(byId(await visibleRows(ports.store, 'things')))
})
