// Says at the start what a cluster's own settings put at risk. Settings that our user may not see are passed over.
import { MeshgateError } from '../../errors.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import { OFFSET_COMMIT_VERSION, throwIfFailed } from './kafka-messages.ts'
import { REPLICATION_WANTED } from './kafka-topics.ts'

const BROKER_RESOURCE = 4
const WEEK_MINUTES = 10_080
const RETENTION = 'offsets.retention.minutes'

interface Risk {
  readonly setting: string
  readonly risky: (value: string, brokers: number) => boolean
  readonly means: string
}

const RISKS: readonly Risk[] = [
  {
    setting: 'offsets.topic.replication.factor',
    risky: (value, brokers) => Number(value) < Math.min(REPLICATION_WANTED, brokers),
    means:
      'a broker that is lost takes positions of groups with it, which then begin at the earliest record; give __consumer_offsets three copies',
  },
  {
    // Our commits carry a retention of their own, where the broker takes it.
    setting: RETENTION,
    risky: (value) => Number(value) < WEEK_MINUTES,
    means: 'a group without members forgets its positions after that time; set it to some weeks',
  },
  {
    setting: 'unclean.leader.election.enable',
    risky: (value) => value === 'true',
    means: 'positions of groups can be lost with a broker; turn it off',
  },
]

/** Of topics KafkaTopics tells, which knows them. */
export async function warnOfRisks(connection: KafkaConnection): Promise<void> {
  const { logger, metadata } = connection
  const brokers = metadata.brokers.size
  const channel = connection.openChannel()
  try {
    const [nodeId] = metadata.brokers.keys()
    if (nodeId === undefined) return
    const resources = [
      { type: BROKER_RESOURCE, name: String(nodeId), configNames: RISKS.map(({ setting }) => setting) },
    ]
    const broker = channel.broker(nodeId)
    const [answer] = (await broker.send('DescribeConfigs', { resources })).resources
    throwIfFailed(answer ?? { errorCode: 0 })
    const held = new Map(answer?.configEntries.map(({ configName, configValue }) => [configName, configValue]))
    const ownRetention = await broker.takes('OffsetCommit', OFFSET_COMMIT_VERSION)
    for (const { setting, risky, means } of RISKS) {
      const value = held.get(setting)
      if (typeof value !== 'string' || !risky(value, brokers) || (setting === RETENTION && ownRetention)) continue
      logger.warn(`Kafka's ${setting} is ${value}: ${means}.`)
    }
  } catch (error) {
    if (error instanceof MeshgateError && error.code === 'LOG_CLOSED') throw error
    logger.debug({ err: error }, 'kafka: the settings of the brokers cannot be seen')
  } finally {
    channel.close()
  }
}
