// Creates topics and keeps their settings: several processes may do so at the same time, and settings that others made stay. Says what a
// cluster lacks for what we promise of it.
import type Connection from 'kafkajs/src/network/connection.js'
import Decoder from 'kafkajs/src/protocol/decoder.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import type { TopicDefinition } from '../../../schema/topics.ts'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { BrokerConnection } from './broker-connection.ts'
import type { TopicMetadata } from './cluster-metadata.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import { kafkaErrorType, toMeshgateError, withRetries } from './kafka-errors.ts'
import { asDecoded, throwIfFailed } from './kafka-messages.ts'
import type { ConfigEntry } from './kafka-messages.ts'

/** Copies of every record, of which two acknowledge: one broker may be lost without losing records or the ability to append. */
export const REPLICATION_WANTED = 3
const TOPIC_RESOURCE = 2
/** Of one request, so that a cluster with strict limits takes it. */
const CREATE_TIMEOUT_MS = 8_000

interface NamedTopic {
  readonly definition: TopicDefinition
  readonly metadata: TopicMetadata
}

export class KafkaTopics {
  readonly #connection: KafkaConnection
  readonly #replication: number | null
  /** Replication that has been warned of. */
  #warned = false

  /** `replication`: null for what the cluster has brokers for, up to `REPLICATION_WANTED`. */
  constructor(connection: KafkaConnection, replication: number | null) {
    this.#connection = connection
    this.#replication = replication
  }

  /** LOG_TOPIC_MISMATCH before anything is changed. */
  async create(definitions: readonly TopicDefinition[]): Promise<void> {
    if (definitions.length === 0) return
    const distinct = onePerName(definitions)
    const { clock } = this.#connection
    const channel = this.#connection.openChannel()
    const doing = `create ${distinct.map(({ name }) => name).join(', ')}`
    try {
      await withRetries({ clock, doing, timeoutMs: limits.kafkaCallTimeoutMs }, () => this.#create(channel, distinct))
    } catch (error) {
      throw toMeshgateError(error, doing)
    } finally {
      channel.close()
    }
  }

  async #create(channel: KafkaChannel, definitions: readonly TopicDefinition[]): Promise<void> {
    const names = definitions.map(({ name }) => name)
    const found = await this.#connection.metadata.refresh(names)
    const existing = named(definitions, found)
    for (const topic of existing) requireSamePartitions(topic)
    const missing = definitions.filter(({ name }) => !found.has(name))
    const [any] = this.#connection.metadata.brokers.keys()
    const broker = channel.broker(any ?? -1)
    if (missing.length > 0) await this.#createMissing(broker, missing)
    if (existing.length > 0) await this.#applySettings(broker, existing)
    if (missing.length === 0) return
    // Also those that another process created at the same moment, perhaps otherwise than we would have.
    const created = named(missing, await this.#connection.metadata.refresh(names))
    for (const topic of created) requireSamePartitions(topic)
    const led = created.filter(({ metadata }) => metadata.leaders.every((leader) => leader >= 0))
    if (led.length < missing.length) throw createErrorFromCode(LEADER_NOT_AVAILABLE)
    await this.#applySettings(broker, created)
  }

  /** Where no number of replicas is set: three, as long as so many brokers belong to the cluster, even if one of them is away. */
  async #createMissing(broker: BrokerConnection, missing: readonly TopicDefinition[]): Promise<void> {
    if (this.#replication !== null) return await this.#createReplicated(broker, missing, this.#replication)
    try {
      await this.#createReplicated(broker, missing, REPLICATION_WANTED)
    } catch (error) {
      const { size } = this.#connection.metadata.brokers
      const tooFew = error instanceof MeshgateError && kafkaErrorType(error.cause) === 'INVALID_REPLICATION_FACTOR'
      if (!tooFew || size >= REPLICATION_WANTED) throw error
      await this.#createReplicated(broker, missing, size)
    }
  }

  async #createReplicated(
    broker: BrokerConnection,
    missing: readonly TopicDefinition[],
    replicationFactor: number,
  ): Promise<void> {
    const brokers = this.#connection.metadata.brokers.size
    const topics = missing.map((definition) => {
      const configEntries = Object.entries(settingsOf(definition, replicationFactor)).map(([name, value]) => ({
        name,
        value,
      }))
      return { topic: definition.name, numPartitions: definition.partitions, replicationFactor, configEntries }
    })
    const { topicErrors } = await broker.send('CreateTopics', { topics, timeout: CREATE_TIMEOUT_MS })
    for (const { topic, errorCode, errorMessage } of topicErrors) {
      const error = errorCode === 0 ? null : createErrorFromCode(errorCode)
      if (error === null || error.type === 'TOPIC_ALREADY_EXISTS') continue
      throw refused({ topic, replicationFactor, brokers, error, told: errorMessage ?? error.message })
    }
  }

  /** Changes what differs, and nothing else. */
  async #applySettings(broker: BrokerConnection, topics: readonly NamedTopic[]): Promise<void> {
    const least = Math.min(...topics.map(({ metadata }) => metadata.replication))
    if (least < REPLICATION_WANTED && !this.#warned) {
      this.#warned = true
      this.#connection.logger.warn(
        { brokers: this.#connection.metadata.brokers.size, replication: least },
        `Kafka keeps ${least === 1 ? 'one copy' : `${String(least)} copies`} of records: a broker that is lost takes records with it, or ` +
          'stops appends. Run three brokers, and give topics that exist three copies (kafka-reassign-partitions.sh).',
      )
    }
    const resources = topics.map(({ definition, metadata }) => {
      const configNames = Object.keys(settingsOf(definition, metadata.replication))
      return { type: TOPIC_RESOURCE, name: definition.name, configNames }
    })
    const answer = await broker.send('DescribeConfigs', { resources })
    const changes: TopicChange[] = []
    for (const { resourceName, configEntries, errorCode } of answer.resources) {
      throwIfFailed({ errorCode })
      const topic = topics.find(({ definition }) => definition.name === resourceName)
      if (topic === undefined) continue
      const held = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]))
      const entries = differences(topic, held)
      if (entries.length > 0) changes.push({ topic: resourceName, entries })
    }
    if (changes.length === 0) return
    this.#connection.logger.info({ changes }, 'kafka: settings of topics are brought to what is declared')
    const failures = await broker.sendMessage<readonly TopicFailure[]>(incrementalAlterConfigs(changes))
    for (const { topic, errorCode, told } of failures) {
      if (errorCode === 0) continue
      const error = createErrorFromCode(errorCode)
      if (kafkaErrorType(error) !== 'INVALID_CONFIG') throw toMeshgateError(error, `change the settings of ${topic}`)
      throw new MeshgateError('CONFIG_INVALID', `Kafka refuses the settings of ${topic}: ${told}`, error)
    }
  }
}

const LEADER_NOT_AVAILABLE = 5

/** Copies in sync that our topics need for an append, of so many. An operator may have raised it. */
export function appendCopiesMin(replication: number): number {
  return replication >= REPLICATION_WANTED ? 2 : 1
}

/** Retention counts from the append, which also is a record's version where its product names none. */
function settingsOf(
  { retentionMs, compacted }: TopicDefinition,
  replication: number,
): Readonly<Record<string, string>> {
  const bounded = retentionMs === null ? 'compact' : 'compact,delete'
  return {
    'cleanup.policy': compacted ? bounded : 'delete',
    'retention.ms': String(retentionMs ?? -1),
    'retention.bytes': '-1',
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(limits.kafkaMessageBytesMax),
    'min.insync.replicas': String(appendCopiesMin(replication)),
    'unclean.leader.election.enable': 'false',
  }
}

/** More is as good here: somebody may have had reasons. */
const AT_LEAST: ReadonlySet<string> = new Set(['max.message.bytes', 'min.insync.replicas'])

function differences(
  { definition, metadata }: NamedTopic,
  held: ReadonlyMap<string, string | null>,
): readonly ConfigEntry[] {
  return Object.entries(settingsOf(definition, metadata.replication))
    .filter(([name, value]) => {
      const now = held.get(name) ?? ''
      if (AT_LEAST.has(name)) return Number(now) < Number(value)
      return now.split(',').toSorted().join(',') !== value
    })
    .map(([name, value]) => ({ name, value }))
}

/** Kafka refuses a request that names a topic twice. The last one holds, as if they were created one by one. */
function onePerName(definitions: readonly TopicDefinition[]): readonly TopicDefinition[] {
  const byName = new Map<string, TopicDefinition>()
  for (const definition of definitions) {
    const { name, partitions } = definition
    const former = byName.get(name)
    if (former !== undefined && former.partitions !== partitions)
      throw differentPartitions(definition, former.partitions)
    byName.set(name, definition)
  }
  return [...byName.values()]
}

function named(
  definitions: readonly TopicDefinition[],
  found: ReadonlyMap<string, TopicMetadata>,
): readonly NamedTopic[] {
  return definitions.flatMap((definition) => {
    const metadata = found.get(definition.name)
    return metadata === undefined ? [] : [{ definition, metadata }]
  })
}

function requireSamePartitions({ definition, metadata }: NamedTopic): void {
  const held = metadata.leaders.length
  if (held !== definition.partitions) throw differentPartitions(definition, held)
}

function differentPartitions({ name, partitions }: TopicDefinition, held: number): MeshgateError {
  return new MeshgateError(
    'LOG_TOPIC_MISMATCH',
    `Topic ${name} has ${String(held)} partitions, ${String(partitions)} were asked for. ` +
      'Keep the number, or publish under a new topic and replay.',
  )
}

interface Refusal {
  readonly topic: string
  readonly replicationFactor: number
  readonly brokers: number
  readonly error: Error & { readonly type: string; readonly retriable: boolean }
  readonly told: string
}

function refused({ topic, replicationFactor, brokers, error, told }: Refusal): Error {
  if (error.type === 'INVALID_REPLICATION_FACTOR') {
    const wanted = `${String(replicationFactor)} replicas of ${topic}, of ${String(brokers)} brokers that run`
    return new MeshgateError(
      'LOG_UNAVAILABLE',
      `Kafka cannot keep ${wanted}. Start more brokers, or set fewer replicas.`,
      error,
    )
  }
  if (error.retriable || error.type.endsWith('AUTHORIZATION_FAILED')) return error
  return new MeshgateError('CONFIG_INVALID', `Kafka refuses topic ${topic}: ${told}`, error)
}

interface TopicChange {
  readonly topic: string
  readonly entries: readonly ConfigEntry[]
}

interface TopicFailure {
  readonly topic: string
  readonly errorCode: number
  readonly told: string
}

/**
 * IncrementalAlterConfigs version 0, which kafkajs lacks; its AlterConfigs resets everything that it is not told.
 * resources: type int8, name string, configs: name string, operation int8 (0 sets), value string; validateOnly boolean.
 */
function incrementalAlterConfigs(changes: readonly TopicChange[]): Connection.Message {
  const encode = async (): Promise<Encoder> =>
    new Encoder()
      .writeArray(
        changes.map(({ topic, entries }) =>
          new Encoder()
            .writeInt8(TOPIC_RESOURCE)
            .writeString(topic)
            .writeArray(
              entries.map(({ name, value }) => new Encoder().writeString(name).writeInt8(0).writeString(value)),
            ),
        ),
      )
      .writeBoolean(false)
  const decode = async (payload: Buffer): Promise<readonly TopicFailure[]> => {
    const decoder = new Decoder(payload)
    decoder.readInt32()
    return decoder.readArray(() => {
      const errorCode = decoder.readInt16()
      const told = decoder.readString() ?? ''
      decoder.readInt8()
      return { errorCode, told, topic: decoder.readString() ?? '' }
    })
  }
  return {
    request: { apiKey: 44, apiVersion: 0, apiName: 'IncrementalAlterConfigs', encode },
    response: { decode, parse: asDecoded },
  }
}
