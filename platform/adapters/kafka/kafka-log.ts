// The EventLog on Kafka. Appends are idempotent and acknowledged by all in-sync replicas; groups are Kafka's own. Once open it recovers by
// itself from whatever happens to brokers and network; calls wait for that, each up to a time of its own, then reject with LOG_UNAVAILABLE.
import type { Logger } from 'pino'
import type { TopicDefinition } from '../../../schema/topics.ts'
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type * as port from '../../ports/event-log.ts'
import type { SaslOptions } from './broker-connection.ts'
import { ClusterHealth } from './cluster-health.ts'
import { warnOfRisks } from './cluster-warnings.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import { KafkaConnection } from './kafka-connection.ts'
import { KafkaConsumers } from './kafka-consumers.ts'
import { toMeshgateError } from './kafka-errors.ts'
import { KafkaProducer } from './kafka-producer.ts'
import { KafkaTopics } from './kafka-topics.ts'
import { PartitionFollower } from './partition-follower.ts'
import { readRecords } from './read-records.ts'
import { TopicTail } from './topic-tail.ts'

export interface KafkaLogOptions {
  /** `host:port`; one suffices to find the others, several outlast its absence. */
  readonly brokers: readonly string[]
  readonly clock: Clock
  readonly logger: Logger
  /** Replicas of topics that are created; default 3, or as many as there are brokers, with a warning. */
  readonly replication?: number
  readonly tls?: boolean
  readonly sasl?: SaslOptions
  /** What brokers call us in their logs and quotas. */
  readonly clientId?: string
}

/** LOG_UNAVAILABLE within about 10 s where no broker answers, LOG_ACCESS_DENIED where they refuse our user. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<port.EventLog> {
  const { brokers, clock, logger } = options
  const opening = KafkaConnection.open({
    brokers,
    clock,
    logger,
    clientId: options.clientId ?? 'meshgate',
    tls: options.tls ?? false,
    sasl: options.sasl ?? null,
  })
  const connection = await mapped(`reach ${brokers.join(', ')}`, opening)
  const replication = options.replication ?? null
  await warnOfRisks(connection)
  return new KafkaLog(connection, replication)
}

class KafkaLog implements port.EventLog {
  readonly timestampResolutionUs = 1_000
  readonly #connection: KafkaConnection
  /** For questions that are answered at once. */
  readonly #channel: KafkaChannel
  readonly #health: ClusterHealth
  readonly #topics: KafkaTopics
  readonly #producer: KafkaProducer
  readonly #follower: PartitionFollower
  readonly #tails = new Map<string, TopicTail>()
  readonly #consumers: KafkaConsumers
  /** Closing: consumers finish their batches and may append; nothing new begins. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  #closed: Promise<void> | null = null

  constructor(connection: KafkaConnection, replication: number | null) {
    this.#connection = connection
    this.#channel = connection.openChannel()
    this.#health = new ClusterHealth(connection)
    this.#topics = new KafkaTopics(connection, replication)
    this.#producer = new KafkaProducer(connection)
    this.#follower = new PartitionFollower(connection)
    this.#consumers = new KafkaConsumers(connection)
  }

  async createTopics(definitions: readonly TopicDefinition[]): Promise<void> {
    this.#requireOpen()
    await this.#topics.create(definitions)
  }

  async partitions(topic: string): Promise<number> {
    this.#requireNotClosed()
    return await mapped(`find ${topic}`, this.#connection.partitionCount(topic))
  }

  async append(topic: string, records: readonly port.AppendRecord[]): Promise<readonly port.Position[]> {
    this.#requireNotClosed()
    return await mapped(`append to ${topic}`, this.#producer.append(topic, records))
  }

  async offsets(topic: string): Promise<readonly port.OffsetRange[]> {
    this.#requireNotClosed()
    return await mapped(`ask what ${topic} holds`, this.#offsets(topic))
  }

  async offsetsAt(topic: string, timestampUs: number): Promise<readonly number[]> {
    this.#requireNotClosed()
    return await mapped(`look for a time in ${topic}`, this.#offsetsAt(topic, timestampUs))
  }

  async read(position: port.Position, recordsMax: number): Promise<readonly port.LogRecord[]> {
    this.#requireNotClosed()
    const read = readRecords(this.#channel, position, recordsMax)
    return (await mapped(`read ${position.topic}`, read)).records
  }

  async consume(options: port.ConsumeOptions): Promise<port.Consumer> {
    this.#requireOpen()
    return await mapped(`join group ${options.group}`, this.#consumers.consume(options))
  }

  async committed(group: string, topic: string): Promise<readonly (number | null)[]> {
    this.#requireNotClosed()
    return await mapped(`ask what ${group} has committed`, this.#consumers.committed(group, topic))
  }

  async tail(options: port.TailOptions): Promise<port.Tail> {
    this.#requireOpen()
    const { topic } = options
    const tail = this.#tails.get(topic) ?? this.#openTail(topic)
    this.#tails.set(topic, tail)
    const listening = await mapped(`follow ${topic}`, tail.listen(options))
    if (this.#state === 'open') return listening
    await listening.close()
    throw closedError()
  }

  async ping(): Promise<void> {
    this.#requireOpen()
    await this.#connection.ping(() => this.#health.check())
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#state = 'closing'
    await this.#consumers.close()
    this.#state = 'closed'
    await this.#producer.close()
    const drained = new AbortController()
    const timer = new AbortController()
    this.#connection.clock.sleep(limits.kafkaTailDrainMs, timer.signal).then(
      () => drained.abort(),
      () => undefined,
    )
    await Promise.all([...this.#tails.values()].map((tail) => tail.close(closedError(), drained.signal)))
    timer.abort()
    this.#follower.close()
    this.#connection.close()
  }

  #openTail(topic: string): TopicTail {
    const { clock } = this.#connection
    return new TopicTail({
      topic,
      follower: this.#follower,
      offsets: () => this.#offsets(topic),
      read: (partition, offset) =>
        readRecords(this.#channel, { topic, partition, offset }, limits.consumeBatchRecordsMax),
      pause: () => clock.sleep(limits.kafkaRetryDelayMsMin),
    })
  }

  async #offsets(topic: string): Promise<readonly port.OffsetRange[]> {
    const partitions = await this.#connection.partitionCount(topic)
    return await this.#channel.offsets(topic, [...Array(partitions).keys()])
  }

  async #offsetsAt(topic: string, timestampUs: number): Promise<readonly number[]> {
    const held = await this.#offsets(topic)
    const partitions = held.map(({ partition }) => partition)
    const found = await this.#channel.offsetsAt(topic, partitions, Math.ceil(timestampUs / this.timestampResolutionUs))
    return held.map(({ next }, index) => found[index] ?? next)
  }

  /** What a batch in hand may still need while the log closes. */
  #requireNotClosed(): void {
    if (this.#state === 'closed') throw closedError()
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw closedError()
  }
}

function closedError(): MeshgateError {
  return new MeshgateError('LOG_CLOSED', 'The log has been closed.')
}

async function mapped<T>(doing: string, call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw toMeshgateError(error, doing)
  }
}
