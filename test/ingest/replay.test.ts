// Replays in place, on the real embedded log and store: what is read again, under which generation, and by whom.
import { expect, test } from 'vitest'
import { startIngest } from '../../ingest/main.ts'
import { REPLAYS_TOPIC } from '../../ingest/internal-topics.ts'
import { changeGeneration } from '../../ingest/replay/raise-generation.ts'
import { ReplayFacts } from '../../ingest/replay/replay-facts.ts'
import { parseReplayFrom } from '../../ingest/replay/replay-from.ts'
import { Replayer } from '../../ingest/replay/replayer.ts'
import { dryRun } from '../../ingest/replay/request-replay.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { compileProduct } from '../../schema/compile-product.ts'
import { cellText } from '../../schema/row.ts'
import { createSubgraph } from '../../subgraphs/main.ts'
import { codeOf, eventually, gate } from '../conformance/event-log-harness.ts'
import { byId, visibleRows, type TestPorts } from './open-ports.ts'
import {
  ask,
  changesOf,
  closing,
  done,
  GENERATION,
  NAME,
  open,
  settled,
  sourcesOf,
  start,
  things,
  told,
  TOPIC,
} from './replay-bed.ts'
import { testProduct } from './test-products.ts'

test('reads everything again under a raised generation, each record once, and leaves the rows as they are', async () => {
  const [ports, product] = [await open(), testProduct()]
  const ingest = await start(ports, product)
  await ports.log.append(TOPIC, [...things(0, 40), ...things(10, 10, 2)])
  await settled(ports, ingest)
  const rows = byId(await visibleRows(ports.store, 'things'))
  const before = await sourcesOf(ports)
  await ask(ports, product)
  await done(ingest)
  expect(byId(await visibleRows(ports.store, 'things'))).toEqual(rows)
  expect(byId(await visibleRows(ports.store, 'things_by_shelf'))).toEqual(rows)
  expect(told(await changesOf(ports))).toEqual(
    before.flatMap((source) => [`${source}@0`, `${source}@${GENERATION}`]).toSorted(),
  )
  await ports.log.append(TOPIC, things(100, 4))
  await settled(ports, ingest)
  const after = (await sourcesOf(ports)).filter((source) => !before.includes(source))
  expect(told((await changesOf(ports)).filter(({ source }) => after.includes(source)))).toEqual(
    after.map((source) => `${source}@0`).toSorted(),
  )
  expect(await ingest.lag()).toEqual({ [NAME]: 0 })
})

test('replays again: each replay has a generation of its own', async () => {
  const [ports, product] = [await open(), testProduct()]
  const ingest = await start(ports, product)
  await ports.log.append(TOPIC, things(0, 10))
  await settled(ports, ingest)
  await ask(ports, product)
  await done(ingest)
  await ask(ports, product)
  await done(ingest)
  const perSource = Map.groupBy(await changesOf(ports), ({ source }) => source)
  for (const changes of perSource.values()) expect(new Set(changes.map(({ generation }) => generation)).size).toBe(3)
  expect(perSource.size).toBe(10)
})

test('begins at a time, or in one partition at a position', async () => {
  const [ports, product] = [await open(), testProduct()]
  const ingest = await start(ports, product)
  await ports.log.append(TOPIC, things(0, 20))
  const atMs = Date.now() + 2
  await eventually(() => expect(Date.now()).toBeGreaterThan(atMs))
  const later = await ports.log.append(TOPIC, things(20, 20))
  await settled(ports, ingest)
  const planned = await dryRun(ports, {
    product,
    from: parseReplayFrom(new Date(atMs).toISOString()),
  })
  const ends = await ports.log.offsets(TOPIC)
  expect(planned).toEqual(
    ends.map(({ partition, next }) => {
      const from = Math.min(...later.filter((at) => at.partition === partition).map(({ offset }) => offset))
      return { topic: TOPIC, partition, from, until: next }
    }),
  )
  await ask(ports, product, `${TOPIC}:1:3`)
  await done(ingest)
  const again = (await changesOf(ports)).filter(({ generation }) => generation > 0).map(({ source }) => source)
  expect([...new Set(again)]).toEqual(
    (await sourcesOf(ports)).filter((source) => source.startsWith(`${TOPIC}:1`)).slice(3),
  )
})

test('goes on where a process ended between setting back and its mark, and with whoever has the partitions', async () => {
  const [ports, product] = [await open(), testProduct()]
  const first = await start(ports, product, refusingMarks(ports.log))
  await ports.log.append(TOPIC, things(0, 60))
  await settled(ports, first)
  const sources = await sourcesOf(ports)
  const rows = byId(await visibleRows(ports.store, 'things'))
  await ask(ports, product)
  await eventually(async () => expect((await changesOf(ports)).some(({ generation }) => generation > 0)).toBe(true))
  const facts = new ReplayFacts(ports.log)
  await facts.refresh()
  expect(facts.current(NAME)?.rewound.size).toBe(0)
  const second = await start(ports, product)
  await first.close()
  await done(second)
  expect(byId(await visibleRows(ports.store, 'things'))).toEqual(rows)
  expect(told(await changesOf(ports))).toEqual(
    sources.flatMap((source) => [`${source}@0`, `${source}@${GENERATION}`]).toSorted(),
  )
})

/** As where a process always ends before its marks are durable. */
function refusingMarks(log: EventLog): EventLog {
  return withMember(log, 'append', async (topic, records) => {
    if (topic === REPLAYS_TOPIC) throw new Error('ended')
    return log.append(topic, records)
  })
}

/** The same in all but one member. */
function withMember<Of extends object, Name extends keyof Of>(of: Of, name: Name, member: Of[Name]): Of {
  return new Proxy(of, {
    get: (target, asked) => {
      if (asked === name) return member
      const own: unknown = Reflect.get(target, asked, target)
      return typeof own === 'function' ? (own.bind(target) as unknown) : own
    },
  })
}

test('takes the generation along through re-keying, and is done once the re-keyed records are written', async () => {
  const [ports, product] = [await open(), testProduct({ source: { rekeyed: true, keyField: 'shelf' } })]
  const ingest = await start(ports, product)
  await ports.log.append(
    TOPIC,
    things(0, 30).map(({ value }, index) => ({ key: Buffer.from(`s${index % 3}`), value })),
  )
  await settled(ports, ingest, ['ingest.test.things.rekey'])
  const sources = await sourcesOf(ports)
  await ask(ports, product)
  await done(ingest)
  expect(told(await changesOf(ports))).toEqual(
    sources.flatMap((source) => [`${source}@0`, `${source}@${GENERATION}`]).toSorted(),
  )
})

test('lets a partition go on that stands still, with what retention has left', async () => {
  const ports = await open()
  const product = testProduct({ source: { retentionMs: 60_000, partitions: 1 } })
  const first = await start(ports, product)
  await ports.log.append(TOPIC, things(0, 5))
  await settled(ports, first)
  await first.close()
  await ports.log.append(TOPIC, things(5, 5))
  await dropBefore(ports, 10)
  await ports.log.append(TOPIC, things(10, 5))
  const second = await start(ports, product)
  await ask(ports, product)
  await done(second)
  await settled(ports, second)
  const ids = (await visibleRows(ports.store, 'things')).map((row) => cellText(row['id'])).toSorted()
  expect(ids).toEqual([...things(0, 5), ...things(10, 5)].map(({ key }) => String(key)).toSorted())
  await expect(ask(ports, product, `${TOPIC}:0:7`).catch(codeOf)).resolves.toBe('REPLAY_RANGE_GONE')
})

/** As retention does: by deleting the segment that holds older records. */
async function dropBefore(ports: TestPorts, offset: number): Promise<void> {
  const log = ports.log as EventLog & { maintain(options?: { force?: boolean }): Promise<void> }
  const realNow = Date.now
  Date.now = () => realNow() + 120_000
  try {
    await log.maintain({ force: true })
    await log.maintain({ force: true })
  } finally {
    Date.now = realNow
  }
  expect((await ports.log.offsets(TOPIC))[0]?.earliest).toBe(offset)
}

const SDL = `
extend schema @product(name: "items", domain: "test", owner: "test@example.com", version: "1.0.0")
type Item @key(fields: "id") @source(topic: "test.items", key: "id", partitions: 2)
  @table(name: "items", partitionKey: ["id"]) { id: ID! rank: Int! }
type Query { item(id: ID!): Item @lookup }
type Subscription { itemChanged: Item @changes(on: [CREATED, UPDATED]) }
`

test('tells a subscriber each change once per generation, also where it comes back with its cursor', async () => {
  const ports = await open()
  const { product } = compileProduct('items.graphql', SDL)
  if (product === null) throw new Error('The product compiles.')
  const ingest = await start(ports, product)
  const subgraph = createSubgraph({ product, ...ports, cursorKey: new Uint8Array(32).fill(1) })
  closing.push(() => subgraph.close())
  const ids = Array.from({ length: 25 }, (_, index) => `item-${index}`)
  const subscribe = (cursor?: string): Promise<AsyncIterableIterator<SubgraphResponse>> =>
    subgraph.endpoint.subscribe({
      query: 'subscription { itemChanged { id } }',
      extensions: cursor === undefined ? {} : { meshgate: { cursor } },
      principal: ANONYMOUS,
    })
  const seen: string[] = []
  let events = await subscribe()
  let cursor = ''
  const take = async (count: number): Promise<void> => {
    for (let taken = 0; taken < count; taken += 1) {
      const { value } = (await events.next()) as { value: SubgraphResponse }
      const meshgate = (value.extensions ?? {})['meshgate'] as { key: string; cursor: string }
      seen.push(meshgate.key)
      cursor = meshgate.cursor
    }
  }
  const append = (keys: readonly string[]) =>
    ports.log.append(
      'test.items',
      keys.map((id) => ({ key: Buffer.from(id), value: Buffer.from(JSON.stringify({ id, rank: 1 })) })),
    )
  await append(ids)
  await take(25)
  const committed = async (): Promise<number> =>
    (await ports.log.committed('ingest.test.items', 'test.items')).reduce<number>((sum, next) => sum + (next ?? 0), 0)
  await eventually(async () => expect(await committed()).toBe(25))
  await ask(ports, product)
  await take(10)
  await events.return?.()
  await append(['last'])
  events = await subscribe(cursor)
  await take(16)
  await done(ingest)
  await append(['very last'])
  await take(1)
  expect(seen.slice(0, 50).toSorted()).toEqual([...ids, ...ids].toSorted())
  expect(seen.slice(-1)).toEqual(['very last'])
  expect(seen.toSorted()).toEqual([...ids, ...ids, 'last', 'very last'].toSorted())
  await events.return?.()
})

test('waits behind a batch in hand, and what is new waits behind the replay', async () => {
  const [ports, product] = [await open(), testProduct({ source: { partitions: 1 } })]
  const [inHand, release] = [gate(), gate()]
  let holding = false
  const store = withMember(ports.store, 'write', async (writes) => {
    if (holding) {
      inHand.open()
      await release.opened
    }
    await ports.store.write(writes)
  })
  const asked = gate()
  const log = withMember(ports.log, 'consume', async (options) => {
    const consumer = await ports.log.consume(options)
    return withMember(consumer, 'rewind', (position) => {
      asked.open()
      return consumer.rewind(position)
    })
  })
  const ingest = await startIngest({ products: [product], ...ports, log, store, sweep: false })
  closing.push(() => ingest.close())
  await ports.log.append(TOPIC, things(0, 20))
  await settled(ports, ingest)
  holding = true
  await ports.log.append(TOPIC, things(20, 1))
  await inHand.opened
  await ask(ports, product)
  const [status] = await ingest.replays()
  expect([status?.state, status?.records, status?.left]).toEqual(['requested', 20, 20])
  await ports.log.append(TOPIC, things(21, 1))
  await asked.opened
  release.open()
  await done(ingest)
  await settled(ports, ingest)
  const order = [...new Set((await changesOf(ports)).map(({ key, generation }) => `${key}@${generation}`))]
  const own = (from: number, count: number, generation: number) =>
    things(from, count).map(({ key }) => `${String(key)}@${generation}`)
  expect(order).toEqual([...own(0, 21, 0), ...own(0, 20, GENERATION), ...own(21, 1, 0)])
})

test('goes on with what is left where retention overtakes it, and skips nothing that was never ingested', async () => {
  const ports = await open()
  const product = testProduct({ source: { retentionMs: 60_000, partitions: 1 } })
  const [inHand, release] = [gate(), gate()]
  let holding = false
  const store = withMember(ports.store, 'write', async (writes) => {
    if (holding) {
      inHand.open()
      await release.opened
    }
    await ports.store.write(writes)
  })
  const ingest = await startIngest({ products: [product], ...ports, store, sweep: false })
  closing.push(() => ingest.close())
  await ports.log.append(TOPIC, things(0, 6_000))
  await settled(ports, ingest)
  holding = true
  await ask(ports, product)
  await inHand.opened
  await dropBefore(ports, 6_000)
  await ports.log.append(TOPIC, things(6_000, 3))
  release.open()
  await done(ingest)
  await ingest.caughtUp()
  expect((await visibleRows(ports.store, 'things')).length).toBe(6_003)
  const perGeneration = Map.groupBy(await changesOf(ports), ({ generation }) => generation)
  expect(perGeneration.get(0)?.length).toBe(6_003)
  expect(perGeneration.get(GENERATION)?.length).toBeLessThan(6_000)
})

test('knows the replays of a partition before its first batch, and tells redriven records from the rest', async () => {
  const [ports, product] = [await open(), testProduct({ source: { partitions: 1 } })]
  const ingest = await start(ports, product)
  await ports.log.append(TOPIC, things(0, 3))
  await settled(ports, ingest)
  await ingest.close()
  await ask(ports, product)
  await ports.log.append(TOPIC, things(3, 1))
  // Not started: all that it knows it has asked for itself.
  const replayer = new Replayer({ products: [product], ...ports, onRewound: () => undefined })
  const read = await ports.log.read({ topic: TOPIC, partition: 0, offset: 1 }, 10)
  const records = read.map((one) => (one.offset === 2 ? { ...one, headers: { 'meshgate-generation': '7' } } : one))
  const raised = await replayer.raised({ topic: TOPIC, partition: 0, records }, new AbortController().signal)
  expect(raised.records.map(({ headers }) => changeGeneration(headers))).toEqual([GENERATION, GENERATION + 7, 0])
})
