// Records that move an entity away from what a subscription selects by, in batches that are repeated: after the rows were written and before all
// changes were, as after a crash. What a subscriber folds by its selection is the table all the same.
import { expect, test } from 'vitest'
import { planEntities } from '../../ingest/entity-plan.ts'
import { processBatch } from '../../ingest/process-batch.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import type { Product, SubscriptionOperation } from '../../schema/model.ts'
import { changeOf } from '../../subgraphs/runtime/change-record.ts'
import { startProgress, trackProgress } from '../../subgraphs/runtime/change-progress.ts'
import { selectChange } from '../../subgraphs/runtime/change-selection.ts'
import { seededInteger } from '../seeded-random.ts'
import { allRecords, openPorts, visibleRows } from './open-ports.ts'
import { testProduct } from './test-products.ts'

const TOPIC = 'test.things'
const CHANGES = `${TOPIC}.changes`
const SEEDS = Array.from({ length: 6 }, (_, seed) => seed)
const RECORDS = 80
const SHELVES = ['A', 'B', 'C']
const things = testProduct({ source: { partitions: 1 } })
const subscription = {
  kind: 'subscription',
  name: 'thingChanged',
  entity: 'Thing',
  on: ['CREATED', 'UPDATED', 'DELETED'],
  filters: [{ field: 'shelf', argument: 'shelf' }],
} as unknown as SubscriptionOperation
const product: Product = { ...things, subscriptions: [subscription] }

function recordsOf(random: (below: number) => number): LogRecord[] {
  return Array.from({ length: RECORDS }, (_, offset) => {
    const id = `thing-${random(4)}`
    const thing = { id, shelf: SHELVES[random(SHELVES.length)], rank: offset }
    const value = random(8) === 0 ? null : Buffer.from(JSON.stringify(thing))
    return { offset, timestampUs: 1_700_000_000_000_000 + offset, key: Buffer.from(id), value, headers: {} }
  })
}

/** Half of the appends fail, and a first part of them is there. */
function breaking(log: EventLog, random: (below: number) => number): EventLog['append'] {
  return async (topic, records) => {
    if (random(2) === 0) return log.append(topic, records)
    const there = random(records.length + 1)
    if (there > 0) await log.append(topic, records.slice(0, there))
    throw new MeshgateError('LOG_UNAVAILABLE', 'It may have been appended.')
  }
}

test.for(SEEDS)('what is folded by a selection is the table, whatever is repeated (seed %s)', async (seed) => {
  const random = seededInteger(seed)
  const ports = await openPorts()
  await ports.log.createTopics(emitTopics(product))
  await ports.store.migrate(emitTables(product))
  const [plan] = planEntities(product, 1)
  if (plan === undefined) throw new Error('The test product has an entity.')
  const broken = { store: ports.store, log: { ...ports.log, append: breaking(ports.log, random) } }
  const records = recordsOf(random)
  for (let from = 0; from < RECORDS;) {
    const batch = records.slice(from, from + 1 + random(9))
    for (let isDone = false; !isDone;) {
      isDone = await processBatch(broken, plan, { topic: TOPIC, partition: 0, records: batch }).then(
        () => true,
        () => false,
      )
    }
    from += batch.length
  }
  const changes = await allRecords(ports.log, CHANGES)
  const rows = await visibleRows(ports.store, 'things')
  for (const shelf of SHELVES) {
    const progress = trackProgress(startProgress([0]))
    const folded = new Set<string>()
    for (const record of changes) {
      const sourced = changeOf(record, CHANGES, 0)
      const isRepeat = progress.isRepeat(0, sourced)
      progress.advance(0, record.offset, sourced)
      if (isRepeat) continue
      const { change } = sourced
      const told = selectChange(subscription.on, [{ field: 'shelf', value: shelf }], change)
      if (told === 'row') folded.add(change.key)
      if (told === 'deleted') folded.delete(change.key)
    }
    expect(folded).toEqual(new Set(rows.filter((row) => row['shelf'] === shelf).map(({ id }) => id)))
  }
  await ports.close()
})
