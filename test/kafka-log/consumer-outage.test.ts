// Consumers while their broker dies and comes back: nothing is left out, and they go on by themselves.
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { createTopic, codeOf, eventually, gate, numbered, range, uniqueName } from '../conformance/event-log-harness.ts'
import { describeServers, startOwnKafka } from '../servers/test-servers.ts'
import type { OwnServer } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'

const PARTITIONS = 3
const RECORDS = 2_000

describeServers('consumers whose broker dies', () => {
  it('handle every record and commit the right positions, after SIGKILL in mid-stream and after a longer absence', async () => {
    const server: OwnServer = await startOwnKafka()
    const [first, second] = [await openLog(server.address), await openLog(server.address)]
    const topic = await createTopic(first, { partitions: PARTITIONS })
    for (const partition of range(0, PARTITIONS)) await first.append(topic, numbered(0, RECORDS, partition))
    const group = uniqueName('group')
    const handled = new Map<number, number[]>()
    const errors = new Set<string>()
    const count = (): number => [...handled.values()].reduce((sum, offsets) => sum + offsets.length, 0)
    const options = {
      group,
      topics: [topic],
      batchRecordsMax: 20,
      handler: async ({ partition, records }: { partition: number; records: readonly { offset: number }[] }) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        handled.set(partition, [...(handled.get(partition) ?? []), ...records.map(({ offset }) => offset)])
      },
      onError: (error: unknown) => void errors.add(codeOf(error)),
    }
    const members = [await first.consume(options), await second.consume(options)]

    await eventually(() => expect(count()).toBeGreaterThan(RECORDS / 2))
    await server.kill()
    await server.start()
    const before = count()
    await eventually(() => expect(count()).toBeGreaterThan(before + RECORDS / 2))

    await server.kill()
    // Longer than a session: the members take their partitions for lost, and get them again.
    await eventually(() => expect(members.map((member) => member.assignment())).toEqual([[], []]))
    await server.start()
    await eventually(async () =>
      expect(await first.committed(group, topic)).toEqual(range(0, PARTITIONS).map(() => RECORDS)),
    )
    // Batches whose commit was lost come again; what is new comes in order and without a gap.
    for (const partition of range(0, PARTITIONS)) {
      expect([...new Set(handled.get(partition))]).toEqual(range(0, RECORDS))
    }
    await first.append(topic, numbered(RECORDS, 10))
    await eventually(async () => expect((await second.committed(group, topic))[0]).toBe(RECORDS + 10))
    expect([...errors]).toEqual(['LOG_UNAVAILABLE'])
    await Promise.all([first.close(), second.close()])
  })

  it('give a partition away only when its last batch is committed, however long that takes within a session', async () => {
    const server = await startOwnKafka()
    const [first, second] = [await openLog(server.address), await openLog(server.address)]
    const topic = await createTopic(first, { partitions: 2 })
    for (const partition of [0, 1]) await first.append(topic, numbered(0, 10, partition))
    const group = uniqueName('group')
    const release = gate()
    const signals: AbortSignal[] = []
    const members = [
      await first.consume({
        group,
        topics: [topic],
        handler: async (_, signal) => {
          signals.push(signal)
          await release.opened
        },
      }),
    ]
    await eventually(() => expect(signals.length).toBe(2))
    const again: number[] = []
    const handler = async ({ records }: { records: readonly { offset: number }[] }): Promise<void> =>
      void again.push(...records.map(({ offset }) => offset))
    members.push(await second.consume({ group, topics: [topic], handler }))
    await eventually(() => expect(signals.some(({ aborted }) => aborted)).toBe(true))
    process.kill(server.pid, 'SIGSTOP')
    try {
      release.open()
      await pause(limits.consumerLastCommitMs + 1_500)
    } finally {
      process.kill(server.pid, 'SIGCONT')
    }
    await eventually(() => expect(members.map((member) => member.assignment().length)).toEqual([1, 1]))
    await eventually(async () => expect(await first.committed(group, topic)).toEqual([10, 10]))
    expect(again).toEqual([])
    await Promise.all([first.close(), second.close()])
  })

  it('close in bounded time while it is away', async () => {
    const server = await startOwnKafka()
    const log = await openLog(server.address)
    const topic = await createTopic(log)
    await log.append(topic, numbered(0, 10))
    const group = uniqueName('group')
    await log.consume({ group, topics: [topic], handler: () => Promise.resolve() })
    await eventually(async () => expect(await log.committed(group, topic)).toEqual([10]))
    await server.kill()
    await log.close()
  })
})
