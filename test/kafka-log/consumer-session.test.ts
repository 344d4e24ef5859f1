// A member that the group takes for dead and that is not: stopped for longer than its session, it goes on where it stood.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { createTopic, eventually, numbered, range, uniqueName } from '../conformance/event-log-harness.ts'
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'
import { ConsumerProcess } from './consumer-process.ts'

describeServers('a member that was stopped for longer than its session', () => {
  let log: EventLog
  let address: string
  beforeAll(async () => {
    address = await kafkaAddress()
    log = await openLog(address)
  })
  const members: ConsumerProcess[] = []
  afterAll(async () => {
    await Promise.all(members.map((member) => member.end('SIGKILL')))
    await log.close()
  })

  it('commits nothing of what others have by then, stops handling it, and joins again', async () => {
    const topic = await createTopic(log, { partitions: 2 })
    const group = uniqueName('group')
    const plan = { settings: address, group, topic, batchRecordsMax: 5, handleMs: 300 }
    const zombie = new ConsumerProcess(plan)
    members.push(zombie)
    await eventually(() => expect(zombie.joined).toBe(true))
    for (const partition of [0, 1]) await log.append(topic, numbered(0, 40, partition))
    await eventually(() => expect(zombie.done(0).length).toBeGreaterThanOrEqual(10))
    zombie.signal('SIGSTOP')
    const committed = await log.committed(group, topic)

    const other = new ConsumerProcess({ ...plan, handleMs: 0 })
    members.push(other)
    await eventually(async () => expect(await log.committed(group, topic)).toEqual([40, 40]))
    for (const partition of [0, 1]) expect(other.done(partition)).toEqual(range(committed[partition] ?? 0, 40))

    // What it wrote before it was stopped has arrived by now.
    const before = zombie.handlings.length
    zombie.signal('SIGCONT')
    // It has partitions again only as a new member of the group.
    await eventually(async () => {
      for (const partition of [0, 1]) await log.append(topic, numbered(40, 2, partition))
      expect(Math.max(...zombie.done(0), ...zombie.done(1))).toBeGreaterThanOrEqual(40)
    })
    const held = (await log.offsets(topic)).map(({ next }) => next)
    await eventually(async () => expect(await log.committed(group, topic)).toEqual(held))
    // Of what the other had, it only ended the batches that were in hand when it was stopped.
    const begun = zombie.handlings.slice(before).filter(({ done, offsets }) => !done && (offsets[0] ?? 0) < 40)
    expect(begun).toEqual([])
    expect(await zombie.end()).toBe(0)
    expect(await other.end()).toBe(0)
  })
})
