// Members of one group on Kafka, each with a log of its own as separate processes have: who handles what while they come and go.
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { Kafka, logLevel } from 'kafkajs'
import { limits } from '../../platform/limits.ts'
import type { Consumer, EventLog, RecordBatch } from '../../platform/ports/event-log.ts'
import {
  Received,
  codeOf,
  createTopic,
  eventually,
  expectCode,
  gate,
  numbered,
  range,
  record,
  uniqueName,
} from '../conformance/event-log-harness.ts'
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'
import { seededRandom } from '../seeded-random.ts'

const PARTITIONS = 6
const SEED = 7
const LOAD_MS = 30_000

/** What all members together did: who has which partition in hand, and what was handled. */
class Observed {
  readonly collisions: string[] = []
  readonly handled = new Map<number, number[]>()
  readonly #inHand = new Map<number, number>()

  async handle(member: number, { partition, records }: RecordBatch, random: () => number): Promise<void> {
    const other = this.#inHand.get(partition)
    if (other !== undefined) this.collisions.push(`${String(partition)}: ${String(other)} and ${String(member)}`)
    this.#inHand.set(partition, member)
    await new Promise((resolve) => setTimeout(resolve, random() * 60))
    this.#inHand.delete(partition)
    if (random() < 0.05) throw new Error('a batch fails at times')
    this.handled.set(partition, [...(this.handled.get(partition) ?? []), ...records.map(({ offset }) => offset)])
  }
}

describeServers('members of a group on Kafka', () => {
  let address: string
  const logs: EventLog[] = []
  const open = async (): Promise<EventLog> => {
    const log = await openLog(address)
    logs.push(log)
    return log
  }
  let log: EventLog
  beforeAll(async () => {
    address = await kafkaAddress()
    log = await openLog(address)
  })
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((each) => each.close()))
  })
  afterAll(() => log.close())

  it('handle every record and no partition twice at once, while two to four of them come and go', async () => {
    const random = seededRandom(SEED)
    const topic = await createTopic(log, { partitions: PARTITIONS })
    const group = uniqueName('group')
    const observed = new Observed()
    const members = new Map<number, { readonly log: EventLog; readonly consumer: Consumer }>()
    let named = 0
    const join = async (): Promise<void> => {
      const member = (named += 1)
      const own = await open()
      const handler = (batch: RecordBatch): Promise<void> => observed.handle(member, batch, random)
      const consumer = await own.consume({ group, topics: [topic], handler, batchRecordsMax: 20 })
      members.set(member, { log: own, consumer })
    }
    await Promise.all([join(), join()])
    const until = performance.now() + LOAD_MS
    const load = (async () => {
      for (let at = 0; performance.now() < until; at += 1) {
        const records = range(0, 30).map((key) => record(`key-${String(key)}`, String(at)))
        await log.append(topic, records)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
    while (performance.now() < until) {
      const [first] = members.keys()
      if (members.size < 4 && (members.size <= 2 || random() < 0.5)) await join()
      else if (first !== undefined) {
        const leaving = members.get(first)
        members.delete(first)
        await (random() < 0.5 ? leaving?.consumer.close() : leaving?.log.close())
      }
      await new Promise((resolve) => setTimeout(resolve, random() * 1_000))
    }
    await load
    const held = await log.offsets(topic)
    await eventually(async () => expect(await log.committed(group, topic)).toEqual(held.map(({ next }) => next)))
    expect(observed.collisions).toEqual([])
    // A batch may come again where its commit was lost; what is new comes in order and without a gap.
    const inOrder = held.map(({ partition }) => [...new Set(observed.handled.get(partition))])
    expect(inOrder).toEqual(held.map(({ next }) => range(0, next)))
  })

  it('may want different topics: each partition goes to one that wants it, and nobody is disturbed', async () => {
    const [shared, ofFirst, ofSecond] = [await createTopic(log), await createTopic(log), await createTopic(log)]
    const group = uniqueName('group')
    const received = [new Received(), new Received()]
    const topicsOf = [
      [shared, ofFirst],
      [ofSecond, shared],
    ]
    const consumers = await Promise.all(
      topicsOf.map(async (topics, at) => {
        const handler = async (batch: RecordBatch): Promise<void> => {
          expect(topics).toContain(batch.topic)
          received[at]?.add(batch)
        }
        return await (await open()).consume({ group, topics, handler })
      }),
    )
    for (const topic of [shared, ofFirst, ofSecond]) await log.append(topic, numbered(0, 10))
    await eventually(async () => {
      const committed = await Promise.all([shared, ofFirst, ofSecond].map((topic) => log.committed(group, topic)))
      expect(committed).toEqual([[10], [10], [10]])
    })
    const topics = consumers.map((consumer) => consumer.assignment().map(({ topic }) => topic))
    expect(topics.flat().toSorted()).toEqual([shared, ofFirst, ofSecond].toSorted())
  })

  it('that have a handler which does not end keep its partition from others, and give the rest up', async () => {
    const topic = await createTopic(log, { partitions: 2 })
    const group = uniqueName('group')
    const inHand = gate()
    const release = gate()
    const errors: string[] = []
    const stuck = await open()
    const consumer = await stuck.consume({
      group,
      topics: [topic],
      handler: async ({ partition }) => {
        if (partition === 1) return
        inHand.open()
        await release.opened
      },
      onError: (error) => void errors.push(codeOf(error)),
    })
    await log.append(topic, numbered(0, 5, 0))
    await inHand.opened
    const received = new Received()
    const other = await open()
    await other.consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
    const started = performance.now()
    const closing = consumer.close()
    await log.append(topic, numbered(0, 5, 1))
    await eventually(() => expect(received.of(1)).toEqual(range(0, 5)))
    await closing
    expect(performance.now() - started).toBeGreaterThanOrEqual(limits.consumerCloseWaitMs - 500)
    expect([errors, received.of(0), await log.committed(group, topic)]).toEqual([['HANDLER_STUCK'], [], [null, 5]])
    release.open()
    await eventually(async () => expect(await log.committed(group, topic)).toEqual([5, 5]))
    await log.append(topic, numbered(5, 5, 0))
    await eventually(() => expect(received.of(0)).toEqual(range(5, 10)))
  })

  it('are not let into a group of consumers of another kind', async () => {
    const topic = await createTopic(log)
    const group = uniqueName('group')
    const foreign = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING }).consumer({ groupId: group })
    await foreign.subscribe({ topics: [topic] })
    const joined = gate()
    foreign.on(foreign.events.GROUP_JOIN, () => joined.open())
    await foreign.run({ eachMessage: () => Promise.resolve() })
    await joined.opened
    await expectCode(log.consume({ group, topics: [topic], handler: () => Promise.resolve() }), 'LOG_GROUP_REFUSED')
    await foreign.disconnect()
  })
})
