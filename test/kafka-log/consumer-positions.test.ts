// Where a group goes on on Kafka: never somewhere else than it was, whatever retention and the brokers' care for groups do.
import { randomBytes } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventLog } from '../../platform/ports/event-log.ts'
import {
  Received,
  codeOf,
  createTopic,
  eventually,
  gate,
  numbered,
  range,
  uniqueName,
} from '../conformance/event-log-harness.ts'
import { describeServers, kafkaAddress, startOwnKafka } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'
import { withAdmin } from './topic-admin.ts'

/** So large that a fetch holds some of them only. */
const RECORD_BYTES = 900_000
const RECORDS = 16

describeServers('a position that retention overtakes', () => {
  let log: EventLog
  let address: string
  beforeAll(async () => {
    address = await kafkaAddress()
    log = await openLog(address)
  })
  afterAll(() => log.close())

  it('is an error while consuming too: what was fetched is handled, nothing is skipped and nothing else committed', async () => {
    const topic = await createTopic(log)
    const group = uniqueName('group')
    // What can be compressed would fit.
    for (let at = 0; at < RECORDS; at += 1) await log.append(topic, [{ key: null, value: randomBytes(RECORD_BYTES) }])
    const inHand = gate()
    const release = gate()
    const received = new Received()
    const errors: string[] = []
    await log.consume({
      group,
      topics: [topic],
      batchRecordsMax: 1,
      handler: async (batch) => {
        inHand.open()
        await release.opened
        received.add(batch)
      },
      onError: (error, at) => void errors.push(`${codeOf(error)} at ${String(at.partition)}:${String(at.offset)}`),
    })
    await inHand.opened
    await withAdmin(address, async (admin) => {
      await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(RECORDS - 1) }] })
    })
    release.open()
    await eventually(() => expect(errors.length).toBe(1))
    const handled = received.of(0)
    expect(handled.length).toBeLessThan(RECORDS - 1)
    expect(handled).toEqual(range(0, handled.length))
    expect(errors).toEqual([`LOG_OFFSET_OUT_OF_RANGE at 0:${String(handled.length)}`])
    expect(await log.committed(group, topic)).toEqual([handled.length])
  })

  it('is an error for a group that an operator has put outside of what is held', async () => {
    const topic = await createTopic(log)
    const group = uniqueName('group')
    await log.append(topic, numbered(0, 10))
    await withAdmin(address, (admin) =>
      admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '11' }] }),
    )
    const received = new Received()
    const errors: string[] = []
    await log.consume({
      group,
      topics: [topic],
      handler: async (batch) => received.add(batch),
      onError: (error) => void errors.push(codeOf(error)),
    })
    await eventually(() => expect(errors).toEqual(['LOG_OFFSET_OUT_OF_RANGE']))
    await log.append(topic, numbered(10, 5))
    expect([received.of(0), await log.committed(group, topic)]).toEqual([[], [11]])
  })
})

describeServers('a topic that others write to in transactions', () => {
  it('is handled without what was aborted, and its group comes to the end of it', async () => {
    const address = await kafkaAddress()
    const log = await openLog(address)
    const topic = await createTopic(log)
    const group = uniqueName('group')
    const received = new Received()
    await log.consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
    const producer = new Kafka({ clientId: 'meshgate-test', brokers: [address], logLevel: logLevel.NOTHING }).producer({
      transactionalId: uniqueName('others'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    const write = async (end: 'commit' | 'abort'): Promise<void> => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value: 'a' }, { value: 'b' }] })
      await transaction[end]()
    }
    // Two records and the mark of the transaction's end each.
    await write('commit')
    await eventually(async () => expect(await log.committed(group, topic)).toEqual([3]))
    await write('abort')
    await eventually(async () => expect(await log.committed(group, topic)).toEqual([6]))
    await write('commit')
    await eventually(async () => expect(await log.committed(group, topic)).toEqual([9]))
    expect([received.of(0), (await log.offsets(topic)).map(({ next }) => next)]).toEqual([[0, 1, 6, 7], [9]])
    await producer.disconnect()
    await log.close()
  })
})

describeServers('a group that is idle for longer than brokers keep offsets', () => {
  it(
    'goes on where it was, while offsets that were committed as other clients do are gone',
    { timeout: 240_000 },
    async () => {
      const settings = { 'offsets.retention.minutes': 1, 'offsets.retention.check.interval.ms': 1_000 }
      const { address } = await startOwnKafka({ settings })
      const log = await openLog(address)
      const topic = await createTopic(log)
      const [group, ordinary] = [uniqueName('group'), uniqueName('ordinary')]
      await log.append(topic, numbered(0, 10))
      const first = await log.consume({ group, topics: [topic], handler: () => Promise.resolve() })
      await eventually(async () => expect(await log.committed(group, topic)).toEqual([10]))
      await first.close()
      await withAdmin(address, (admin) =>
        admin.setOffsets({ groupId: ordinary, topic, partitions: [{ partition: 0, offset: '10' }] }),
      )
      expect(await log.committed(ordinary, topic)).toEqual([10])
      const deadline = performance.now() + 180_000
      while ((await log.committed(ordinary, topic))[0] !== null) {
        if (performance.now() > deadline) throw new Error('the broker still keeps the ordinary offset')
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
      expect(await log.committed(group, topic)).toEqual([10])
      await log.append(topic, numbered(10, 5))
      const received = new Received()
      await log.consume({ group, topics: [topic], handler: async (batch) => received.add(batch) })
      await eventually(() => expect(received.of(0)).toEqual(range(10, 15)))
      await log.close()
    },
  )
})
