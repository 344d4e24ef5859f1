// A whole mesh of processes on three brokers and three nodes, under load, while one and then two of each are killed: with one away ingest and
// queries go on; with two it takes nothing more, says why, and goes on by itself. The seed chooses the victims (MESHGATE_CLUSTER_SEED);
// MESHGATE_CLUSTER_TESTS=full kills each in turn.
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { openCassandraStore } from '../../platform/adapters/cassandra/cassandra-store.ts'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { systemClock } from '../../platform/system-clock.ts'
import { range, readAll, textOf } from '../conformance/event-log-harness.ts'
import { byId, visibleRows } from '../ingest/open-ports.ts'
import { openLog } from '../kafka-log/child-log.ts'
import { withAdmin } from '../kafka-log/topic-admin.ts'
import { seededRandom, shuffled } from '../seeded-random.ts'
import { EventSourceClient } from './event-source.ts'
import { ItemLoad } from './item-load.ts'
import type { Item } from './item-mesh.ts'
import { type ItemProcesses, startItemProcesses } from './item-processes.ts'
import {
  describeClusters,
  IS_FULL,
  type OwnCluster,
  ringComplete,
  startOwnCassandraRing,
  startOwnKafkaCluster,
} from './own-clusters.ts'
import type { OwnServer } from './test-servers.ts'

const SEED = Number(process.env['MESHGATE_CLUSTER_SEED'] ?? '7')
const SUBSCRIPTION = 'subscription { itemChanged { id shelf rank } }'
const QUERY_SHELF = 'items_by_shelf'
/** Guards against hanging only. */
const WAIT_MS = 900_000
/** Longer than a broker that was killed is missed (9 s), than posts and health take to tell, and than leaders move. */
const AWAY_MS = 25_000

/** Several looks at health fall between two looks at the outcomes. */
const LOOK_MS = 1_000
/** Servers that start on a busy machine, and leaders that move. */
const RESUME_MS_MAX = 180_000

let kafka: OwnCluster
let cassandra: OwnCluster
let mesh: ItemProcesses
let log: EventLog
/** Of what has been started, also where not all could be. */
const closing = new AsyncDisposableStack()
let load: ItemLoad
let subscriber: EventSourceClient<{ readonly itemChanged: Item }>
const random = seededRandom(SEED)
const figures: string[] = []

describeClusters(`a mesh on three brokers and three nodes, seed ${String(SEED)}`, () => {
  beforeAll(async () => {
    ;[kafka, cassandra] = await Promise.all([startOwnKafkaCluster(), startOwnCassandraRing()])
    const servers = { kafka: kafka.addresses.join(','), cassandra: cassandra.addresses.join(',') }
    mesh = await startItemProcesses(servers, randomBytes(6).toString('hex'))
    closing.defer(() => mesh.kill())
    log = await openLog(servers.kafka)
    closing.defer(() => log.close())
    subscriber = await EventSourceClient.open(`${mesh.gateway}/graphql`, SUBSCRIPTION)
    await warmUp()
    load = new ItemLoad(mesh, SEED)
  }, WAIT_MS)
  afterAll(async () => {
    if (figures.length > 0) process.stderr.write(`${figures.join('\n')}\n`)
    await closing.disposeAsync()
  })

  it(
    'goes on, and says that it is ready, while one broker is away',
    async () => {
      for (const at of victims()) {
        await steady()
        await nodeOf(kafka, at).kill()
        const { outcomes } = await during(`broker ${String(at + 1)} away`, AWAY_MS)
        expect(outcomes).toEqual({ ...ALL_WELL, posts: { 200: expect.any(Number) as number } })
        await nodeOf(kafka, at).start()
        await brokersInSync()
      }
    },
    WAIT_MS,
  )

  it(
    'goes on, and says that it is ready, while one node is away',
    async () => {
      for (const at of victims()) {
        await steady()
        await nodeOf(cassandra, at).kill()
        const { outcomes } = await during(`node ${String(at + 1)} away`, AWAY_MS)
        expect(outcomes).toEqual({ ...ALL_WELL, posts: { 200: expect.any(Number) as number } })
        await nodeOf(cassandra, at).start()
        await ringComplete(cassandra)
      }
    },
    WAIT_MS,
  )

  it(
    'takes no more records while two brokers are away, says so, serves queries, and goes on by itself',
    async () => {
      await steady()
      const [one = 0, other = 1] = shuffled(range(0, 3), random)
      await Promise.all([one, other].map((at) => nodeOf(kafka, at).kill()))
      await pause(AWAY_MS / 2)
      load.takeOutcomes()
      const { outcomes, acknowledged } = await during('two brokers away', AWAY_MS)
      expect(acknowledged).toBe(0)
      expect(outcomes).toMatchObject({
        posts: { '503 LOG_UNAVAILABLE': expect.any(Number) as number },
        queries: { right: expect.any(Number) as number },
        messages: { '503 LOG_UNAVAILABLE': expect.stringContaining(' Kafka takes no records for ') as string },
        health: { [`503 Kafka at ${kafka.addresses.join(',')} cannot be reached`]: expect.any(Number) as number },
      })
      expect(Object.keys(outcomes.queries)).toEqual(['right'])
      await nodeOf(kafka, other).start()
      await resumes('two brokers were away, one of them is back')
      await nodeOf(kafka, one).start()
      await brokersInSync()
    },
    WAIT_MS,
  )

  it(
    'writes nothing while two nodes are away, says so, and goes on by itself',
    async () => {
      await steady()
      const [one = 0, other = 1] = shuffled(range(0, 3), random)
      await Promise.all([one, other].map((at) => nodeOf(cassandra, at).kill()))
      await pause(AWAY_MS / 2)
      load.takeOutcomes()
      const told = subscriber.events.length
      const { outcomes } = await during('two nodes away', AWAY_MS)
      expect(subscriber.events.length).toBe(told)
      expect(outcomes).toMatchObject({
        queries: { STORE_UNAVAILABLE: expect.any(Number) as number },
        health: {
          [`503 Cassandra at ${cassandra.addresses.join(',')} cannot be reached`]: expect.any(Number) as number,
        },
      })
      expect(Object.keys(outcomes.queries)).toEqual(['STORE_UNAVAILABLE'])
      await nodeOf(cassandra, other).start()
      await resumes('two nodes were away, one of them is back')
      await nodeOf(cassandra, one).start()
      await ringComplete(cassandra)
    },
    WAIT_MS,
  )

  it(
    'has lost nothing, told each change once and in order, and said each outage once',
    async () => {
      await steady()
      await load.stop()
      const items = await itemsInTopic()
      for (const [id, serials] of load.acknowledged) {
        const held = new Set(items.get(id)?.map(({ rank }) => rank))
        expect(serials.filter((serial) => !held.has(serial))).toEqual([])
      }
      await eventually(() => expect(problemsOf(items)).toEqual([]))
      const rows = byId([...items.values()].flatMap((own) => own.slice(-1).map((item) => ({ ...item }))))
      const store = await openCassandraStore({
        contactPoints: cassandra.addresses,
        keyspace: mesh.keyspace,
        clock: systemClock,
        logger: pino({ level: 'silent' }),
      })
      for (const table of ['items', QUERY_SHELF]) {
        const found = await visibleRows(store, table)
        expect(byId(found.filter(({ id }) => id !== WARM_ID))).toEqual(rows)
      }
      await store.close()
      await subscriber.close()
      for (const lines of await mesh.stop()) {
        const outages = lines.flatMap(
          ({ msg }) => /^(Kafka|Cassandra) at \S+(?:, \S+)* (cannot|is there)/.exec(msg)?.slice(1).join(' ') ?? [],
        )
        const said = lines.filter(({ msg }) => /^(Kafka|Cassandra) /.test(msg)).map((line) => JSON.stringify(line))
        expect(outages, said.join('\n')).toEqual([
          'Kafka cannot',
          'Kafka is there',
          'Cassandra cannot',
          'Cassandra is there',
        ])
      }
      figures.push(`${String(load.acknowledgedCount)} records acknowledged, ${String(told().length)} changes told`)
    },
    WAIT_MS,
  )
})

const WARM_ID = 'warm'
const ALL_WELL = {
  queries: { right: expect.any(Number) as number },
  health: { 200: expect.any(Number) as number },
  messages: {},
}

function nodeOf({ nodes }: OwnCluster, at: number): OwnServer {
  const node = nodes[at]
  if (node === undefined) throw new Error(`no node ${String(at)}`)
  return node
}

function eventually(assertion: () => void | Promise<void>, interval = 50): Promise<void> {
  return vi.waitFor(assertion, { timeout: RESUME_MS_MAX, interval })
}

/** One that the seed chooses, or each. */
function victims(): readonly number[] {
  const order = shuffled(range(0, 3), random)
  return IS_FULL ? order : order.slice(0, 1)
}

const told = (): readonly Item[] =>
  subscriber.events.map(({ itemChanged }) => itemChanged).filter(({ id }) => id !== WARM_ID)

/** What of the changes told is missing, too much or out of order, entity by entity. */
function problemsOf(items: ReadonlyMap<string, readonly Item[]>): readonly string[] {
  const heard = Map.groupBy(told(), ({ id }) => id)
  return [...items].flatMap(([id, due]) => {
    const problem = problemOf(heard.get(id) ?? [], due)
    return problem === null ? [] : [`${id}: ${problem}`]
  })
}

/**
 * One change for each record in the topic, where a post that was repeated lies again. A change whose batch was repeated, since its rows had been
 * written and the change not yet appended, shows its item as a later record had it by then: never as an earlier one, nor as before the last change.
 * So the last change shows the last record.
 */
function problemOf(own: readonly Item[], due: readonly Item[]): string | null {
  if (own.length !== due.length) return `${String(own.length)} changes told of ${String(due.length)}`
  let shown = 0
  for (const [at, { rank }] of own.entries()) {
    const from = Math.max(shown, at)
    shown = due.findIndex((item, index) => index >= from && item.rank === rank)
    if (shown === -1) return `change ${String(at)} shows ${String(rank)}, which is of no record from ${String(from)} on`
  }
  return null
}

/** Until the subscriber hears of them: from then on it hears of all. */
async function warmUp(): Promise<void> {
  for (let rank = 0; subscriber.events.length === 0; rank += 1) {
    const value: Item = { id: WARM_ID, shelf: 'shelf', rank }
    await fetch(`${mesh.ingests[0] ?? ''}/topics/${mesh.topic}`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json' },
      body: JSON.stringify({ records: [{ value }] }),
    })
    await pause(200)
  }
}

/** Posts, ingest and queries go on as if nothing had been: the outcomes from then on are of what comes. */
async function steady(): Promise<void> {
  await resumes(null)
  await pause(2_000)
  load.takeOutcomes()
}

/** Waits for records that are posted from now on, acknowledged, told and to be queried. */
async function resumes(what: string | null): Promise<void> {
  const startedAt = performance.now()
  const [posted, heard] = [load.acknowledgedCount, told().length]
  await eventually(() => {
    expect(load.acknowledgedCount).toBeGreaterThan(posted + 100)
    expect(told().length).toBeGreaterThan(heard + 100)
  })
  load.takeOutcomes()
  await eventually(() => {
    const { queries, health } = load.takeOutcomes()
    expect([Object.keys(queries), Object.keys(health)]).toEqual([['right'], ['200']])
  }, LOOK_MS)
  const seconds = (performance.now() - startedAt) / 1_000
  if (what !== null) figures.push(`${what}: all goes on after ${seconds.toFixed(1)} s`)
}

async function during(what: string, durationMs: number) {
  const [posted, heard] = [load.acknowledgedCount, told().length]
  await pause(durationMs)
  const outcomes = load.takeOutcomes()
  const acknowledged = load.acknowledgedCount - posted
  const { posts, queries, health, messages } = outcomes
  const counts = { posts, queries, health }
  figures.push(
    `${what} for ${String(durationMs / 1_000)} s: ${String(acknowledged)} records acknowledged, ${String(told().length - heard)} told; ${JSON.stringify(counts)} ${Object.values(messages).join(' | ')}`,
  )
  return { outcomes, acknowledged }
}

async function brokersInSync(): Promise<void> {
  await eventually(async () => {
    const { topics } = await withAdmin(kafka.addresses.join(','), (admin) =>
      admin.fetchTopicMetadata({ topics: [mesh.topic, `${mesh.topic}.changes`] }),
    )
    const isr = topics.flatMap(({ partitions }) => partitions.map((partition) => partition.isr.length))
    expect(new Set(isr)).toEqual(new Set([3]))
  })
}

/** By key, in their order. */
async function itemsInTopic(): Promise<ReadonlyMap<string, readonly Item[]>> {
  const items: Item[] = []
  for (const { partition } of await log.offsets(mesh.topic)) {
    for (const { value } of await readAll(log, mesh.topic, partition))
      items.push(JSON.parse(textOf(value) ?? '') as Item)
  }
  return Map.groupBy(
    items.filter(({ id }) => id !== WARM_ID),
    ({ id }) => id,
  )
}
