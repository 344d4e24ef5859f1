// Topics on a real broker: their settings, and several processes that start at once.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ConfigResourceTypes } from 'kafkajs'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { createTopic, uniqueName } from '../conformance/event-log-harness.ts'
import { describeServers, kafkaAddress } from '../servers/test-servers.ts'
import { openLog } from './child-log.ts'
import { settingsOf, withAdmin } from './topic-admin.ts'

describeServers('topics', () => {
  let logs: readonly EventLog[]
  let address: string

  beforeAll(async () => {
    address = await kafkaAddress()
    logs = await Promise.all([openLog(address), openLog(address), openLog(address)])
  })
  afterAll(() => Promise.all(logs.map((log) => log.close())))

  it('are created once, whoever comes first, and all may use them at once', async () => {
    const definitions = ['one', 'two', 'three'].map((stem) => ({
      name: uniqueName(stem),
      partitions: 3,
      retentionMs: null,
      compacted: false,
    }))
    await Promise.all(logs.map((log) => log.createTopics(definitions)))
    for (const log of logs) expect(await log.partitions(definitions[0]?.name ?? '')).toBe(3)
    const records = [{ key: null, value: Buffer.from('x'), partition: 2 }]
    const positions = await Promise.all(logs.map((log) => log.append(definitions[2]?.name ?? '', records)))
    expect(
      positions
        .flat()
        .map(({ offset }) => offset)
        .toSorted((one, other) => one - other),
    ).toEqual([0, 1, 2])
  })

  it('have what is promised of them among their settings', async () => {
    const [log] = logs
    if (log === undefined) throw new Error('no log')
    const topic = await createTopic(log, { retentionMs: 86_400_000, compacted: true })
    const settings = await settingsOf(address, topic)
    const names = [
      'cleanup.policy',
      'retention.ms',
      'message.timestamp.type',
      'unclean.leader.election.enable',
      'min.insync.replicas',
    ]
    expect(names.map((name) => settings.get(name))).toEqual([
      'compact,delete',
      '86400000',
      'LogAppendTime',
      'false',
      '1',
    ])
  })

  it('keep settings that others made, and get those that have changed', async () => {
    const [log] = logs
    if (log === undefined) throw new Error('no log')
    const topic = await createTopic(log)
    const configEntries = [
      { name: 'segment.bytes', value: '123456789' },
      { name: 'max.message.bytes', value: '9000000' },
    ]
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }]
    await withAdmin(address, (admin) => admin.alterConfigs({ resources, validateOnly: false }))
    await log.createTopics([{ name: topic, partitions: 1, retentionMs: 3_600_000, compacted: false }])
    const settings = await settingsOf(address, topic)
    const names = ['segment.bytes', 'max.message.bytes', 'retention.ms', 'message.timestamp.type']
    expect(names.map((name) => settings.get(name))).toEqual(['123456789', '9000000', '3600000', 'LogAppendTime'])
  })
})
