// Says at the start what a cluster's own settings put at risk. Settings that our user may not see are passed over.
import { MeshgateError } from '../../errors.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import { throwIfFailed } from './kafka-messages.ts'
import { REPLICATION_WANTED } from './kafka-topics.ts'

const BROKER_RESOURCE = 4
const WEEK_MINUTES = 10_080

interface Risk {
  readonly setting: string
  readonly risky: (value: string, brokers: number) => boolean
  readonly means: string
}

const RISKS: readonly Risk[] = [
  {
    setting: 'offsets.topic.replication.factor',
    risky: (value, brokers) => Number(value) < Math.min(REPLICATION_WANTED, brokers),
    means: 'losing a broker loses the positions of groups, which then begin at the earliest record',
  },
  {
    setting: 'offsets.retention.minutes',
    risky: (value) => Number(value) < WEEK_MINUTES,
    means: 'a group without members forgets its positions after that time',
  },
  {
    setting: 'unclean.leader.election.enable',
    risky: (value) => value === 'true',
    means: 'positions of groups can be lost with a broker',
  },
]

export async function warnOfRisks(connection: KafkaConnection, replication: number | null): Promise<void> {
  const { logger, metadata } = connection
  const brokers = metadata.brokers.size
  const copies = replication ?? Math.min(REPLICATION_WANTED, brokers)
  if (copies < REPLICATION_WANTED) {
    const why = replication === null ? 'as many as there are brokers' : 'as is set'
    logger.warn(
      { brokers, replication: copies },
      `kafka: new topics get ${String(copies)} of 3 replicas, ${why}: losing a broker loses records`,
    )
  }
  const channel = connection.openChannel()
  try {
    const [nodeId] = metadata.brokers.keys()
    if (nodeId === undefined) return
    const resources = [
      { type: BROKER_RESOURCE, name: String(nodeId), configNames: RISKS.map(({ setting }) => setting) },
    ]
    const [answer] = (await channel.broker(nodeId).send('DescribeConfigs', { resources })).resources
    throwIfFailed(answer ?? { errorCode: 0 })
    const held = new Map(answer?.configEntries.map(({ configName, configValue }) => [configName, configValue]))
    for (const { setting, risky, means } of RISKS) {
      const value = held.get(setting)
      if (typeof value === 'string' && risky(value, brokers)) logger.warn({ setting, value }, `kafka: ${means}`)
    }
  } catch (error) {
    if (error instanceof MeshgateError && error.code === 'LOG_CLOSED') throw error
    logger.debug({ err: error }, 'kafka: the settings of the brokers cannot be seen')
  } finally {
    channel.close()
  }
}
