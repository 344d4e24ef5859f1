// What tests do to topics that the port does not offer: makes records expire, makes the cleaner run, reads settings. By kafkajs's own admin
// client, which shares nothing with what is tested but the encoding of messages.
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs'
import type { Admin } from 'kafkajs'
import type { EventLog } from '../../platform/ports/event-log.ts'
import { eventually, readAll } from '../conformance/event-log-harness.ts'

export async function withAdmin<T>(address: string, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({
    clientId: 'meshgate-test',
    brokers: address.split(','),
    logLevel: logLevel.NOTHING,
  }).admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

export async function settingsOf(address: string, topic: string): Promise<ReadonlyMap<string, string>> {
  return await withAdmin(address, async (admin) => {
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic }]
    const answer = await admin.describeConfigs({ resources, includeSynonyms: false })
    return new Map(answer.resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]))
  })
}

/** Deletes what retention would delete, where the topic has any: waiting for the broker's own round takes minutes. */
export async function expire(address: string, log: EventLog, topic: string): Promise<void> {
  const retentionMs = (await settingsOf(address, topic)).get('retention.ms')
  if (retentionMs === undefined || retentionMs === '-1') throw new Error(`${topic} keeps its records for ever`)
  const partitions = (await log.offsets(topic)).map(({ partition, next }) => ({ partition, offset: String(next) }))
  await withAdmin(address, async (admin) => {
    // Without it, kafkajs does not know the leaders.
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions })
  })
}

/** Has the broker's cleaner compact the topic, which has one partition: small segments, and a record now and then that closes one. */
export async function compact(address: string, log: EventLog, topic: string): Promise<void> {
  const settings = await settingsOf(address, topic)
  if (settings.get('cleanup.policy')?.includes('compact') !== true) throw new Error(`${topic} is not compacted`)
  const eager = { 'segment.ms': '100', 'min.cleanable.dirty.ratio': '0.001' }
  const kept = ['cleanup.policy', 'retention.ms', 'max.message.bytes', 'message.timestamp.type'] as const
  const configEntries = [
    ...kept.map((name) => ({ name, value: settings.get(name) ?? '' })),
    ...Object.entries(eager).map(([name, value]) => ({ name, value })),
  ]
  await withAdmin(address, (admin) =>
    admin.alterConfigs({
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
      validateOnly: false,
    }),
  )
  const end = (await log.offsets(topic))[0]?.next ?? 0
  let appended = 0
  await eventually(async () => {
    appended += 1
    await log.append(topic, [{ key: Buffer.from(`compaction-${String(appended)}`), value: Buffer.from('x') }])
    const keys = (await readAll(log, topic)).filter(({ offset }) => offset < end).map(({ key }) => String(key))
    if (new Set(keys).size < keys.length) throw new Error('not compacted yet')
  })
}
