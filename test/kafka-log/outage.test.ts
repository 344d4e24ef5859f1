// A broker that is killed, starts again or hangs, in the middle of everything: what is acknowledged stays, once and in order, and nobody
// has to be started again.
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { codeOf, createTopic, eventually, range, record, textOf } from '../conformance/event-log-harness.ts'
import { describeServers, startOwnKafka } from '../servers/test-servers.ts'
import type { OwnServer } from '../servers/test-servers.ts'
import { Appending, serialsOf } from './appending.ts'
import { openLog } from './child-log.ts'

const KEYS = ['anna', 'bert', 'cleo', 'dora', 'emil']

describeServers('a broker that comes and goes', () => {
  let broker: OwnServer
  let log: EventLog

  beforeAll(async () => {
    broker = await startOwnKafka()
  })
  beforeEach(async () => {
    log = await openLog(broker.address)
  })
  afterEach(() => log.close())

  it('loses, repeats and reorders no append when it is killed twice and starts again', async () => {
    const topic = await createTopic(log, { partitions: 3 })
    const appending = new Appending(log, topic, KEYS)
    for (const kills of [1, 2]) {
      await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(kills * 300))
      const before = appending.acknowledged.length
      await broker.kill()
      await broker.start()
      await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(before + 100))
    }
    await appending.stop()
    expect(appending.failures).toEqual([])
    expect(await serialsOf(log, topic)).toEqual(appending.sent)
    for (const { serial, position } of appending.acknowledged.filter((_, at) => at % 97 === 0)) {
      expect((await log.read(position, 1)).map(({ value }) => textOf(value))).toEqual([String(serial)])
    }
  })

  it('keeps a tail without a gap or repeat when it is killed', async () => {
    const topic = await createTopic(log, { partitions: 2 })
    const told = new Map<number, number[]>([
      [0, []],
      [1, []],
    ])
    const errors: string[] = []
    await log.tail({
      topic,
      from: 'end',
      onBatch: ({ partition, records }) => void told.get(partition)?.push(...records.map(({ offset }) => offset)),
      onError: (error) => void errors.push(codeOf(error)),
    })
    const appending = new Appending(log, topic, KEYS)
    await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(200))
    await broker.kill()
    await broker.start()
    const before = appending.acknowledged.length
    await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(before + 100))
    await appending.stop()
    const held = await log.offsets(topic)
    await eventually(() => {
      for (const { partition, next } of held) expect(told.get(partition)).toHaveLength(next)
    })
    for (const { partition, next } of held) expect(told.get(partition)).toEqual(range(0, next))
    expect(errors).toEqual([])
  })

  it('is reported in seconds by reads and pings while it is away, and read again by itself when it is back', async () => {
    const topic = await createTopic(log)
    await log.append(topic, [record('a', 'x')])
    await broker.kill()
    const calls = [log.ping(), log.read({ topic, partition: 0, offset: 0 }, 1), log.offsets(topic)]
    const outcomes = await Promise.all(calls.map((call) => call.then(String, codeOf)))
    expect(outcomes).toEqual(['LOG_UNAVAILABLE', 'LOG_UNAVAILABLE', 'LOG_UNAVAILABLE'])
    expect(await openLog(broker.address).then(String, codeOf)).toBe('LOG_UNAVAILABLE')
    await broker.start()
    await log.ping()
    expect((await log.read({ topic, partition: 0, offset: 0 }, 1)).map(({ value }) => textOf(value))).toEqual(['x'])
  })

  it('appends everything once after it has hung for longer than a request waits', async () => {
    const topic = await createTopic(log, { partitions: 3 })
    const appending = new Appending(log, topic, KEYS)
    await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(200))
    process.kill(broker.pid, 'SIGSTOP')
    try {
      await expect(log.ping()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' })
      // Longer than limits.kafkaRequestTimeoutMs: requests are given up and sent again, and the broker finds both when it wakes.
      await pause(12_000)
    } finally {
      process.kill(broker.pid, 'SIGCONT')
    }
    const before = appending.acknowledged.length
    await eventually(() => expect(appending.acknowledged.length).toBeGreaterThan(before + 100))
    await appending.stop()
    expect(appending.failures).toEqual([])
    expect(await serialsOf(log, topic)).toEqual(appending.sent)
  })

  // The last one: the broker stays away.
  it('takes appends under way at the close with it when it stays away', async () => {
    const topic = await createTopic(log)
    await log.append(topic, [record('a', 'x')])
    await broker.kill()
    const late = log.append(topic, [record('a', 'y')]).then(String, codeOf)
    await log.close()
    expect(await late).toBe('LOG_UNAVAILABLE')
  })
})
