// Appends of changes that fail in the middle, as Kafka's may: of each partition the first records are there, what was given up may come a
// while later, but before anything newer. Subscribers are told each change once and in order all the same.
import { expect, test } from 'vitest'
import { planEntities, type EntityPlan } from '../../ingest/entity-plan.ts'
import { processBatch } from '../../ingest/process-batch.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { AppendRecord, EventLog, LogRecord } from '../../platform/ports/event-log.ts'
import { startProgress } from '../../subgraphs/runtime/change-progress.ts'
import { ChangeStream } from '../../subgraphs/runtime/change-stream.ts'
import { createGate } from '../../subgraphs/runtime/gate.ts'
import { RecentSources } from '../../subgraphs/runtime/recent-sources.ts'
import { seededInteger } from '../seeded-random.ts'
import { openPorts, type TestPorts } from './open-ports.ts'
import { logRecords, type Random } from './random-things.ts'
import { testProduct } from './test-products.ts'
import { nextChange } from './next-change.ts'

const TOPIC = 'test.things'
const SEEDS = Array.from({ length: 12 }, (_, seed) => seed)
const RECORDS = 60
const product = testProduct({
  source: { partitions: 1, envelope: 'DEBEZIUM', partial: true, version: { field: 'sequence', kind: 'SEQUENCE' } },
})

/** Fails half of the appends: a first part is there, and the part behind it comes before the next append or never. */
function breaking(log: EventLog, random: Random): Pick<EventLog, 'append'> {
  let late: { readonly topic: string; readonly records: readonly AppendRecord[] } | null = null
  return {
    append: async (topic, records) => {
      if (late !== null && random(2) === 0) await log.append(late.topic, late.records)
      late = null
      if (random(2) === 0) return log.append(topic, records)
      const [there, givenUp] = [random(records.length + 1), random(records.length + 1)]
      if (there > 0) await log.append(topic, records.slice(0, there))
      late = { topic, records: records.slice(there, there + givenUp) }
      throw new MeshgateError('LOG_UNAVAILABLE', 'It may have been appended.')
    },
  }
}

async function ingestAll(
  ports: TestPorts,
  plan: EntityPlan,
  { records, random }: { records: readonly LogRecord[]; random: Random },
) {
  const broken = { store: ports.store, log: { ...ports.log, ...breaking(ports.log, random) } }
  for (let from = 0; from < records.length;) {
    // A batch that comes again may be cut at another place.
    const batch = records.slice(from, from + 1 + random(9))
    const isDone = await processBatch(broken, plan, { topic: TOPIC, partition: 0, records: batch }).then(
      () => true,
      () => false,
    )
    if (isDone) from += batch.length
  }
}

test.for(SEEDS)('subscribers are told each change once whatever appends leave behind (seed %s)', async (seed) => {
  const random = seededInteger(seed)
  const ports = await openPorts()
  await ports.log.createTopics(emitTopics(product))
  await ports.store.migrate(emitTables(product))
  const [plan] = planEntities(product, 1)
  if (plan === undefined) throw new Error('The test product has an entity.')
  const records = logRecords(
    Array.from({ length: RECORDS }, (_, at) => ({ id: `thing-${String(random(5))}`, sequence: at + 1, cells: null })),
  )
  await ingestAll(ports, plan, { records, random })
  const [topic, replayGate] = [`${TOPIC}.changes`, createGate(4)]
  const recentSources = new RecentSources(ports.log, replayGate, topic)
  const from = startProgress((await ports.log.offsets(topic)).map(() => 0))
  const select = () => 'row' as const
  const stream = await ChangeStream.open({ log: ports.log, topic, from, select, replayGate, recentSources })
  const told: number[] = []
  while (told.at(-1) !== RECORDS - 1) {
    const selected = await nextChange(stream)
    told.push(Number(selected.change.source.split(':')[2]))
  }
  expect(told).toEqual(records.map(({ offset }) => offset))
  await stream.close()
  await ports.close()
})
