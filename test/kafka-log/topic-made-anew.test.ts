// A topic that an operator deletes and makes anew under its name: its offsets begin again, and a group must not take them for the former ones.
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
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'
import { withAdmin } from './topic-admin.ts'

describeServers('a topic that is deleted and made anew while it is consumed', () => {
  let log: EventLog
  let address: string
  beforeAll(async () => {
    address = await kafkaAddress()
    log = await openLog(address)
  })
  afterAll(() => log.close())

  const makeAnew = async (topic: string, isThere = true): Promise<void> => {
    if (isThere) await withAdmin(address, (admin) => admin.deleteTopics({ topics: [topic] }))
    await eventually(() => log.createTopics([{ name: topic, partitions: 1, retentionMs: null, compacted: false }]))
    // More than the group had handled: its offset is one of the new topic too.
    await eventually(async () => void (await log.append(topic, numbered(0, 30))))
  }

  it('is an error, and read from its beginning by who joins then', async () => {
    const topic = await createTopic(log)
    const group = uniqueName('group')
    await log.append(topic, numbered(0, 10))
    const received = new Received()
    const errors = new Set<string>()
    const consumer = await log.consume({
      group,
      topics: [topic],
      handler: async (batch) => received.add(batch),
      onError: (error) => void errors.add(codeOf(error)),
    })
    await eventually(async () => expect(await log.committed(group, topic)).toEqual([10]))
    await makeAnew(topic)
    await eventually(() => expect([...errors]).toContain('LOG_OFFSET_OUT_OF_RANGE'))
    expect([received.of(0), await log.committed(group, topic)]).toEqual([range(0, 10), [null]])
    await consumer.close()
    const anew = new Received()
    const next = await log.consume({ group, topics: [topic], handler: async (batch) => anew.add(batch) })
    await eventually(() => expect(anew.of(0)).toEqual(range(0, 30)))
    await next.close()
  })

  it('gets no position of a batch that was in hand', async () => {
    const topic = await createTopic(log)
    const group = uniqueName('group')
    await log.append(topic, numbered(0, 10))
    const [inHand, release] = [gate(), gate()]
    const received = new Received()
    const errors = new Set<string>()
    const consumer = await log.consume({
      group,
      topics: [topic],
      batchRecordsMax: 5,
      handler: async (batch) => {
        if (received.of(0).length === 5) {
          inHand.open()
          await release.opened
        }
        received.add(batch)
      },
      onError: (error) => void errors.add(codeOf(error)),
    })
    await inHand.opened
    await withAdmin(address, (admin) => admin.deleteTopics({ topics: [topic] }))
    release.open()
    await eventually(() => expect([...errors]).toContain('LOG_TOPIC_UNKNOWN'))
    await makeAnew(topic, false)
    await eventually(() => expect([...errors]).toContain('LOG_OFFSET_OUT_OF_RANGE'))
    expect([received.of(0), await log.committed(group, topic)]).toEqual([range(0, 10), [null]])
    await consumer.close()
  })
})
