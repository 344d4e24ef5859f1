// A member of the group that lost its partition in the middle of a batch and does not know it yet: it goes on with that batch while its
// successor begins it again and goes far beyond, their calls of store and log interleaved at random. The rows converge, and whoever
// subscribes, before, between or after, is told each change once and in order and has the table.
import { expect, test } from 'vitest'
import { planEntities, type EntityPlan } from '../../ingest/entity-plan.ts'
import { processBatch } from '../../ingest/process-batch.ts'
import { emitTables } from '../../schema/emit/emit-tables.ts'
import { emitTopics } from '../../schema/emit/emit-topics.ts'
import type { Change } from '../../schema/record.ts'
import type { Row } from '../../schema/row.ts'
import type { LogRecord } from '../../platform/ports/event-log.ts'
import { startProgress, type ChangeProgress } from '../../subgraphs/runtime/change-progress.ts'
import { ChangeStream } from '../../subgraphs/runtime/change-stream.ts'
import { createGate } from '../../subgraphs/runtime/gate.ts'
import { RecentSources } from '../../subgraphs/runtime/recent-sources.ts'
import { byId, openPorts, visibleRows, type TestPorts } from './open-ports.ts'
import { expectedRows, logRecords, sentRecords, type Random } from './random-things.ts'
import { idOf } from '../subgraphs/telemetry.ts'
import { testProduct } from './test-products.ts'
import { Turns } from './turns.ts'
import { fractions, seededInteger, shuffled } from '../seeded-random.ts'
import { nextChange } from './next-change.ts'

const TOPIC = 'test.things'
const SEEDS = [0, 1, 2, 3]
const ROUNDS = 12
const product = testProduct({
  source: { partitions: 1, envelope: 'DEBEZIUM', partial: true, version: { field: 'sequence', kind: 'SEQUENCE' } },
})

interface Subscriber {
  readonly stream: ChangeStream
  /** What it saw when it subscribed. */
  readonly rows: Map<string, Row>
  readonly sources: string[]
}

async function subscribe(ports: TestPorts, from: ChangeProgress | null): Promise<Subscriber> {
  const [topic, replayGate] = [`${TOPIC}.changes`, createGate(4)]
  const recentSources = new RecentSources(ports.log, replayGate, topic)
  const select = () => 'row' as const
  const stream = await ChangeStream.open({ log: ports.log, topic, from, select, replayGate, recentSources })
  const rows = from === null ? await visibleRows(ports.store, 'things') : []
  return { stream, rows: new Map(rows.map((row) => [idOf(row), row])), sources: [] }
}

function fold(subscriber: Subscriber, { key, op, row, source }: Change): void {
  subscriber.sources.push(source)
  const cells = Object.entries(row).filter(([, value]) => value !== null)
  if (op === 'UPSERT') subscriber.rows.set(key, Object.fromEntries(cells))
  else subscriber.rows.delete(key)
}

/** Takes what there is until the change of the record at `last`. */
async function takeAll(subscriber: Subscriber, last: string): Promise<void> {
  for (;;) {
    const selected = await nextChange(subscriber.stream)
    if (selected.change.source === last) return subscriber.stream.close()
    fold(subscriber, selected.change)
  }
}

function batchesOf(records: readonly LogRecord[], random: Random): LogRecord[][] {
  const batches: LogRecord[][] = []
  for (let from = 0; from < records.length; from += batches.at(-1)?.length ?? 0) {
    batches.push(records.slice(from, from + 1 + random(8)))
  }
  return batches
}

async function ingest(ports: Pick<TestPorts, 'log' | 'store'>, plan: EntityPlan, batches: readonly LogRecord[][]) {
  for (const records of batches) await processBatch(ports, plan, { topic: TOPIC, partition: 0, records })
}

/** One random history on the ports, from this offset on; the offset after it. */
async function playRound(ports: TestPorts, plan: EntityPlan, seed: number, from: number): Promise<number> {
  const random = seededInteger(seed)
  const sent = shuffled(sentRecords(seed, random), fractions(random))
  const records = logRecords(sent).map((record) => ({ ...record, offset: from + record.offset }))
  const batches = batchesOf(records, random)
  const lost = random(batches.length)
  const subscribers = [await subscribe(ports, null)]
  await ingest(ports, plan, batches.slice(0, lost))

  const turns = new Turns(random)
  const stale = ingest(turns.ports(ports), plan, batches.slice(lost, lost + 1))
  const rest = records.slice(batches.slice(0, lost).flat().length)
  const successor = ingest(turns.ports(ports), plan, batchesOf(rest, random))
  await turns.run(Promise.all([stale, successor]), async () => {
    if (subscribers.length < 4 && random(10) === 0) subscribers.push(await subscribe(ports, null))
  })
  // A sign that nothing more comes: of an entity of its own.
  const [end] = logRecords([{ id: `${seed}-end`, sequence: 1, cells: null }])
  if (end === undefined) throw new Error('There is an end.')
  const offset = from + records.length
  const behind = await subscribe(ports, startProgress([0]))
  await ingest(ports, plan, [[{ ...end, offset }]])

  const wanted = byId(expectedRows(sent).base)
  const own = (rows: readonly Row[]): Row[] =>
    byId(rows.filter((row) => idOf(row).startsWith(`${seed}-`) && idOf(row) !== `${seed}-end`))
  expect(own(await visibleRows(ports.store, 'things'))).toEqual(wanted)
  expect(own(await visibleRows(ports.store, 'things_by_shelf'))).toEqual(byId(expectedRows(sent).shelves))
  for (const subscriber of [...subscribers, behind]) {
    await takeAll(subscriber, `${TOPIC}:0:${offset}`)
    expect(own([...subscriber.rows.values()])).toEqual(wanted)
    const once = [...new Set(subscriber.sources)]
    expect(subscriber.sources).toEqual(once)
    const keyOf = (source: string): string => sent[Number(source.split(':')[2]) - from]?.id ?? ''
    for (const id of new Set(sent.map((record) => record.id))) {
      const offsets = once.filter((source) => keyOf(source) === id).map((source) => Number(source.split(':')[2]))
      expect(offsets).toEqual(offsets.toSorted((left, right) => left - right))
    }
  }
  const seen = subscribers[0]?.sources.map((source) => Number(source.split(':')[2])) ?? []
  expect(seen.toSorted((left, right) => left - right)).toEqual(records.map((record) => record.offset))
  return offset + 1
}

test.for(SEEDS)('rows and subscribers agree whatever a stale member still does (seeds from %s00)', async (seed) => {
  const ports = await openPorts()
  await ports.log.createTopics(emitTopics(product))
  await ports.store.migrate(emitTables(product))
  const [plan] = planEntities(product, 1)
  if (plan === undefined) throw new Error('The test product has an entity.')
  let offset = 0
  for (let round = 1; round <= ROUNDS; round++) offset = await playRound(ports, plan, seed * 100 + round, offset)
  await ports.close()
})
