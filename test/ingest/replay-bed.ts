// What the tests of replays share: products of things on the real embedded log and store, and what became of them.
import { randomUUID } from 'node:crypto'
import { afterEach, expect } from 'vitest'
import { startIngest, type Ingest } from '../../ingest/main.ts'
import type { ReplayRequest } from '../../ingest/replay/replay-facts.ts'
import { parseReplayFrom } from '../../ingest/replay/replay-from.ts'
import { requestReplay } from '../../ingest/replay/request-replay.ts'
import type { AppendRecord } from '../../platform/ports/event-log.ts'
import type { Product } from '../../schema/model.ts'
import type { Change } from '../../schema/record.ts'
import { eventually } from '../conformance/event-log-harness.ts'
import { allRecords, jsonOf, openPorts, type TestPorts } from './open-ports.ts'

export const TOPIC = 'test.things'
export const NAME = 'test/things'
/** Of the changes of the first replay. */
export const GENERATION = 1_000_000_000
/** Closed after the test, the last first. */
export const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

export async function open(): Promise<TestPorts> {
  const ports = await openPorts()
  closing.push(() => ports.close())
  return ports
}

export async function start(ports: TestPorts, product: Product, log = ports.log): Promise<Ingest> {
  const ingest = await startIngest({ products: [product], ...ports, log, sweep: false })
  closing.push(() => ingest.close())
  return ingest
}

export function things(from: number, count: number, rank = 1): AppendRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `thing-${from + index}`
    return { key: Buffer.from(id), value: Buffer.from(JSON.stringify({ id, shelf: `s${index % 3}`, rank })) }
  })
}

export async function changesOf(ports: TestPorts): Promise<Change[]> {
  return (await allRecords(ports.log, `${TOPIC}.changes`)).map((record) => jsonOf(record) as Change)
}

/** `source@generation`, each once. */
export function told(changes: readonly Change[]): string[] {
  return [...new Set(changes.map(({ source, generation }) => `${source}@${generation}`))].toSorted()
}

export async function sourcesOf(ports: TestPorts): Promise<string[]> {
  const ranges = await ports.log.offsets(TOPIC)
  return ranges.flatMap(({ partition, next }) =>
    Array.from({ length: next }, (_, offset) => `${TOPIC}:${partition}:${offset}`),
  )
}

export async function done(ingest: Ingest): Promise<void> {
  await eventually(async () => expect((await ingest.replays()).map(({ state }) => state)).toEqual(['done']))
}

/** Everything is ingested, and the group's positions say so. */
export async function settled(ports: TestPorts, ingest: Ingest, groups = ['ingest.test.things']): Promise<void> {
  await ingest.caughtUp()
  const ends = (await ports.log.offsets(TOPIC)).map(({ next }) => (next === 0 ? null : next))
  for (const group of groups) {
    await eventually(async () => expect(await ports.log.committed(group, TOPIC)).toEqual(ends))
  }
}

export const ask = (ports: TestPorts, product: Product, from = 'earliest'): Promise<ReplayRequest | null> =>
  requestReplay(ports, { id: randomUUID(), product, from: parseReplayFrom(from), requestedBy: 'test' })
