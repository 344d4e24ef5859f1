// What a cluster looks like: its brokers, its controller, who leads which partition. Asked for when needed, kept until somebody finds it
// wrong. Not kafkajs's Cluster: that rejects a whole answer for one topic's error, and refreshes every topic ever named at once.
import type { Logger } from 'pino'
import type Connection from 'kafkajs/src/network/connection.js'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import { requests } from 'kafkajs/src/protocol/requests/index.js'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import { BrokerConnection } from './broker-connection.ts'
import type { BrokerAddress, BrokerConnectionOptions } from './broker-connection.ts'
import { asDecoded } from './kafka-messages.ts'
import { isTransient, kafkaErrorType } from './kafka-errors.ts'

export interface TopicMetadata {
  /** Per partition: the leader's node id, -1 while there is none. */
  readonly leaders: readonly number[]
  /** The fewest replicas that a partition has. */
  readonly replication: number
}

export interface ClusterMetadataOptions {
  readonly bootstrap: readonly BrokerAddress[]
  readonly connection: BrokerConnectionOptions
  readonly clock: Clock
  readonly logger: Logger
}

export interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
  readonly controllerId: number
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number
    readonly topic: string
    readonly partitionMetadata: readonly {
      readonly partitionId: number
      readonly leader: number
      readonly replicas: readonly number[]
      readonly isr: readonly number[]
    }[]
  }[]
}

const METADATA_KEY = 3
/** Kafka 2.0 and later; the newest that kafkajs decodes. */
const METADATA_VERSION = 6

export class ClusterMetadata {
  readonly #options: ClusterMetadataOptions
  #brokers = new Map<number, BrokerAddress>()
  #controllerId = -1
  readonly #topics = new Map<string, TopicMetadata>()
  readonly #topicsInUse = new Set<string>()
  readonly #asking = new Map<string, Promise<TopicMetadata>>()
  #connection: BrokerConnection | null = null
  #addressesTried = 0
  #closed = false

  constructor(options: ClusterMetadataOptions) {
    this.#options = options
  }

  get brokers(): ReadonlyMap<number, BrokerAddress> {
    return this.#brokers
  }

  /** -1 while unknown. Any broker passes on what is for the controller; under KRaft this is one that is alive. */
  get controllerId(): number {
    return this.#controllerId
  }

  /** Those that were asked for and found, and not missing since. */
  get topicsInUse(): ReadonlySet<string> {
    return this.#topicsInUse
  }

  /** Without asking; undefined where it would have to be asked. */
  known(name: string): TopicMetadata | undefined {
    return this.#topics.get(name)
  }

  /** One attempt; a transient error where the cluster or the topic's metadata cannot be had now. LOG_TOPIC_UNKNOWN. */
  topic(name: string): Promise<TopicMetadata> {
    const known = this.#topics.get(name)
    if (known !== undefined) return Promise.resolve(known)
    const asking = this.#asking.get(name)
    if (asking !== undefined) return asking
    const asked = this.#askTopic(name).finally(() => this.#asking.delete(name))
    this.#asking.set(name, asked)
    return asked
  }

  /** What is known of the topic has proved wrong: it is asked for again when next needed. */
  forget(name: string): void {
    this.#topics.delete(name)
  }

  /** Asks who is in the cluster, and of those topics which exist. One attempt. */
  async refresh(topics: readonly string[] = []): Promise<ReadonlyMap<string, TopicMetadata>> {
    const answer = await this.#ask(topics)
    this.learn(answer)
    const found = new Map<string, TopicMetadata>()
    for (const { topic, topicErrorCode, partitionMetadata } of answer.topicMetadata) {
      if (topicErrorCode !== 0) {
        const error = createErrorFromCode(topicErrorCode)
        if (UNKNOWN_TYPES.has(error.type)) continue
        throw error
      }
      const partitions = partitionMetadata.toSorted((one, other) => one.partitionId - other.partitionId)
      const replication = Math.min(...partitions.map(({ replicas }) => replicas.length))
      found.set(topic, { leaders: partitions.map(({ leader }) => leader), replication })
    }
    for (const topic of topics) {
      const metadata = found.get(topic)
      if (metadata === undefined) {
        this.#topics.delete(topic)
        this.#topicsInUse.delete(topic)
      } else {
        this.#topics.set(topic, metadata)
        this.#topicsInUse.add(topic)
      }
    }
    return found
  }

  /** Who is in the cluster, from an answer that somebody else asked for. */
  learn({ brokers, controllerId }: MetadataAnswer): void {
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#controllerId = controllerId
  }

  close(): void {
    this.#closed = true
    this.#connection?.close()
  }

  async #askTopic(name: string): Promise<TopicMetadata> {
    const first = (await this.refresh([name])).get(name)
    if (first !== undefined) return first
    // A broker that has just started, or a topic that has just been created, may not be known everywhere yet: ask another one.
    await this.#options.clock.sleep(limits.kafkaUnknownTopicConfirmMs)
    this.#connection?.close()
    const second = (await this.refresh([name])).get(name)
    if (second !== undefined) return second
    throw new MeshgateError('LOG_TOPIC_UNKNOWN', `There is no topic "${name}". Check the name, or create it first.`)
  }

  async #ask(topics: readonly string[]): Promise<MetadataAnswer> {
    if (this.#closed) throw new MeshgateError('LOG_CLOSED', 'The log has been closed.')
    const addresses = this.#addresses()
    for (let tries = 1; ; tries += 1) {
      try {
        this.#connection = this.#connection?.closed === false ? this.#connection : this.#connect(addresses)
        return await this.#connection.sendMessage<MetadataAnswer>(metadataMessage(topics))
      } catch (error) {
        if (tries >= addresses.length || !isTransient(error) || kafkaErrorType(error) !== null) throw error
        this.#options.logger.debug({ err: error }, 'kafka: metadata could not be had from a broker; asking the next')
      }
    }
  }

  #connect(addresses: readonly BrokerAddress[]): BrokerConnection {
    const address = addresses[this.#addressesTried % addresses.length]
    this.#addressesTried += 1
    if (address === undefined) throw new MeshgateError('CONFIG_INVALID', 'No address of a Kafka broker is given.')
    return new BrokerConnection(address, this.#options.connection)
  }

  /** Those given first: they outlive brokers that move. */
  #addresses(): readonly BrokerAddress[] {
    const all = [...this.#options.bootstrap, ...this.#brokers.values()]
    return [...new Map(all.map((address) => [`${address.host}:${String(address.port)}`, address])).values()]
  }
}

const UNKNOWN_TYPES: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION'])

/** kafkajs asks for all topics where none are named, and has brokers create those that are missing. */
export function metadataMessage(topics: readonly string[]): Connection.Message {
  const definition = requests['Metadata']
  if (definition === undefined) throw new TypeError('kafkajs has no message Metadata')
  const { response } = definition.protocol({ version: METADATA_VERSION })({ topics })
  const encode = async (): Promise<Encoder> => new Encoder().writeArray(topics).writeBoolean(false)
  return {
    request: { apiKey: METADATA_KEY, apiVersion: METADATA_VERSION, apiName: 'Metadata', encode },
    response: { decode: (payload) => response.decode(payload), parse: asDecoded },
  }
}
