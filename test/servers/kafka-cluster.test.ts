// Three brokers of which some are killed while records are appended, followed, consumed and read: leaders and coordinators move, and nothing
// acknowledged is lost, repeated or reordered. MESHGATE_CLUSTER_TESTS=full kills each of the three in turn, and has the log pass the suite of
// its port on them.
import { setTimeout as pause } from 'node:timers/promises'
import { ConfigResourceTypes } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { codeOf, createTopic, eventually, range, record, textOf, uniqueName } from '../conformance/event-log-harness.ts'
import { describeEventLog } from '../conformance/event-log.ts'
import { Appending, serialsOf } from '../kafka-log/appending.ts'
import { openLog } from '../kafka-log/child-log.ts'
import { compact, expire, settingsOf, withAdmin } from '../kafka-log/topic-admin.ts'
import { describeClusters, IS_FULL, type OwnCluster, startOwnKafkaCluster } from './own-clusters.ts'
import type { OwnServer } from './test-servers.ts'

const KEYS = range(0, 12).map((at) => `key ${String(at)}`)
const PARTITIONS = 6

/** Guards against hanging only. */
const WAIT_MS = 400_000

let cluster: OwnCluster
let addresses: string

/** What all listeners and members were given, per partition. */
class Given {
  readonly offsets: readonly number[][]
  readonly errors: string[] = []

  constructor(partitions: number) {
    this.offsets = Array.from({ length: partitions }, () => [])
  }

  add = ({ partition, records }: { partition: number; records: readonly { readonly offset: number }[] }): void => {
    this.offsets[partition]?.push(...records.map(({ offset }) => offset))
  }

  fail = (error: unknown): void => void this.errors.push(codeOf(error))
}

/** Reads records back that were acknowledged, one after the other, until told to stop. */
class Reading {
  readonly outcomes = new Set<string>()
  readonly #running: Promise<void>
  #stopped = false

  constructor(log: EventLog, { acknowledged }: Appending) {
    this.#running = this.#read(log, acknowledged)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #read(log: EventLog, acknowledged: Appending['acknowledged']): Promise<void> {
    for (let at = 0; !this.#stopped; at += 7) {
      await pause(10)
      const appended = acknowledged[at % Math.max(1, acknowledged.length)]
      if (appended === undefined) continue
      const value = await log.read(appended.position, 1).then(([first]) => textOf(first?.value ?? null), codeOf)
      this.outcomes.add(value === String(appended.serial) ? 'right' : String(value))
    }
  }
}

const nodeOf = (nodeId: number): OwnServer => {
  const node = cluster.nodes[nodeId - 1]
  if (node === undefined) throw new Error(`no node ${String(nodeId)}`)
  return node
}

/** Replicas of each partition, or those of them that have caught up. */
async function nodesOf(topic: string, which: 'replicas' | 'isr'): Promise<readonly (readonly number[])[]> {
  const { topics } = await withAdmin(addresses, (admin) => admin.fetchTopicMetadata({ topics: [topic] }))
  return topics[0]?.partitions.map((partition) => partition[which].toSorted((one, other) => one - other)) ?? []
}

/** Waits until every replica of the topic has caught up. */
async function inSync(topic: string): Promise<void> {
  await eventually(async () => expect(await nodesOf(topic, 'isr')).toEqual(Array(PARTITIONS).fill([1, 2, 3])))
}

/** The node that leads the partition of the offsets' topic that the group's name falls on. */
async function coordinatorOf(group: string): Promise<number> {
  const { topics } = await withAdmin(addresses, (admin) => admin.fetchTopicMetadata({ topics: ['__consumer_offsets'] }))
  const partitions = topics[0]?.partitions ?? []
  // Java's String.hashCode.
  const hash = Buffer.from(group).reduce((sum, letter) => (Math.imul(sum, 31) + letter) | 0, 0)
  const partition = (hash & 0x7fffffff) % partitions.length
  return partitions.find(({ partitionId }) => partitionId === partition)?.leader ?? -1
}

/** Waits for so many more acknowledged appends. */
async function grows(appending: Appending, by: number): Promise<void> {
  const before = appending.acknowledged.length
  await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(before + by))
}

describeClusters('three brokers', () => {
  let log: EventLog
  beforeAll(async () => {
    cluster = await startOwnKafkaCluster()
    addresses = cluster.addresses.join(',')
    log = await openLog(addresses)
  })
  afterAll(() => log.close())

  it('keep three replicas of each record, two of which acknowledge it, and no leader that lacks any', async () => {
    const topic = await createTopic(log, { partitions: PARTITIONS })
    const settings = await settingsOf(addresses, topic)
    expect(settings.get('min.insync.replicas')).toBe('2')
    expect(settings.get('unclean.leader.election.enable')).toBe('false')
    expect(await nodesOf(topic, 'replicas')).toEqual(Array(PARTITIONS).fill([1, 2, 3]))
  })

  it(
    'lose, repeat and reorder nothing while one is killed, for appends, tails, consumers and reads',
    async () => {
      const other = await openLog(addresses)
      const topic = await createTopic(log, { partitions: PARTITIONS })
      const group = uniqueName('group')
      const [tailed, consumed] = [new Given(PARTITIONS), new Given(PARTITIONS)]
      await other.tail({ topic, from: 'end', onBatch: tailed.add, onError: tailed.fail })
      const handler = async (batch: Parameters<Given['add']>[0]): Promise<void> => consumed.add(batch)
      const options = { group, topics: [topic], batchRecordsMax: 20, handler, onError: consumed.fail }
      await Promise.all([log, other].map((each) => each.consume(options)))
      const appending = new Appending(log, topic, KEYS)
      const reading = new Reading(other, appending)
      await grows(appending, 300)
      const coordinator = await coordinatorOf(group)
      for (const nodeId of IS_FULL ? [1, 2, 3] : [coordinator]) {
        await nodeOf(nodeId).kill()
        // Two copies of each record take appends: that is no outage, also before the others miss it.
        await Promise.all([log.ping(), other.ping()])
        await grows(appending, 1_000)
        await log.ping()
        await nodeOf(nodeId).start()
        await inSync(topic)
        await grows(appending, 300)
      }
      await appending.stop()
      await reading.stop()
      expect(appending.failures).toEqual([])
      expect([...reading.outcomes]).toEqual(['right'])
      expect(await serialsOf(log, topic)).toEqual(appending.sent)
      const ends = (await log.offsets(topic)).map(({ next }) => next)
      await eventually(async () => expect(await log.committed(group, topic)).toEqual(ends))
      await eventually(() => expect(tailed.offsets.map(({ length }) => length)).toEqual(ends))
      const all = ends.map((next) => range(0, next))
      expect(tailed.errors).toEqual([])
      expect(tailed.offsets).toEqual(all)
      // A batch whose commit was lost comes again; what is new comes in order and without a gap.
      expect(consumed.offsets.map((offsets) => [...new Set(offsets)])).toEqual(all)
      // Partitions of a broker that was killed have no leader until the others miss it: that may be told.
      expect(consumed.errors.filter((code) => code !== 'LOG_UNAVAILABLE')).toEqual([])
      await other.close()
    },
    WAIT_MS,
  )

  it(
    'are found while one is away, create topics with a replica for it, and make appends wait that need it',
    async () => {
      const strict = await createTopic(log, { partitions: PARTITIONS })
      await requireReplicas(strict, 3)
      const appending = new Appending(log, strict, KEYS)
      await grows(appending, 100)
      await nodeOf(1).kill()
      // As members do that start meanwhile: the first address is dead.
      const opened = await openLog(addresses)
      await eventually(async () => expect(await nodesOf(strict, 'isr')).toEqual(Array(PARTITIONS).fill([2, 3])))
      const topic = await createTopic(opened, { partitions: PARTITIONS })
      expect(await nodesOf(topic, 'replicas')).toEqual(Array(PARTITIONS).fill([1, 2, 3]))
      await opened.append(topic, [record('a', '7')])
      expect(await serialsOf(opened, topic)).toEqual(new Map([['a', [7]]]))
      await opened.close()
      await requireReplicas(strict, 2)
      await grows(appending, 100)
      await nodeOf(1).start()
      await inSync(topic)
      await appending.stop()
      expect(appending.failures).toEqual([])
      expect(await serialsOf(log, strict)).toEqual(appending.sent)
    },
    WAIT_MS,
  )

  it(
    'make appends wait while two are away, say so to questions, and go on when one is back',
    async () => {
      const topic = await createTopic(log, { partitions: PARTITIONS })
      const appending = new Appending(log, topic, KEYS)
      await grows(appending, 200)
      await Promise.all([nodeOf(1).kill(), nodeOf(2).kill()])
      // Partitions that the two led: the third alone cannot give them another leader.
      expect(await log.offsets(topic).then(String, codeOf)).toBe('LOG_UNAVAILABLE')
      // The one that is left answers, and says so: it goes on telling of leaders and copies as they were.
      await expect(log.ping()).rejects.toMatchObject({
        code: 'LOG_UNAVAILABLE',
        message: expect.stringMatching(
          /^Kafka takes no records for \S+ and \d+ more: too few copies without brokers 1, 2, away/,
        ) as string,
      })
      const stuck = appending.acknowledged.length
      await nodeOf(2).start()
      await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(stuck + 300))
      await eventually(() => log.ping())
      await nodeOf(1).start()
      await inSync(topic)
      await appending.stop()
      expect(appending.failures).toEqual([])
      expect(await serialsOf(log, topic)).toEqual(appending.sent)
    },
    WAIT_MS,
  )

  if (IS_FULL) {
    describeEventLog('the Kafka log', async () => ({
      open: () => openLog(addresses),
      child: { module: new URL('../kafka-log/child-log.ts', import.meta.url).href, settings: addresses },
      expire: (opened, topic) => expire(addresses, opened, topic),
      compact: (opened, topic) => compact(addresses, opened, topic),
      dispose: () => Promise.resolve(),
    }))
  }
})

/** Of all the brokers, so that appends wait when one is away. */
async function requireReplicas(topic: string, replicas: number): Promise<void> {
  const kept = ['cleanup.policy', 'message.timestamp.type', 'max.message.bytes', 'retention.ms'] as const
  const settings = await settingsOf(addresses, topic)
  const configEntries = [
    ...kept.map((name) => ({ name, value: settings.get(name) ?? '' })),
    { name: 'min.insync.replicas', value: String(replicas) },
  ]
  await withAdmin(addresses, (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
    }),
  )
}
