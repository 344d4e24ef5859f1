// All consumers of one log, and what groups have committed. Closing it ends them all; nothing of it keeps the process alive afterwards.
import type { ConsumeOptions, Consumer } from '../../ports/event-log.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { nameOf } from './group-protocol.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import { KafkaConsumer } from './kafka-consumer.ts'

export class KafkaConsumers {
  readonly #connection: KafkaConnection
  /** For short questions only. */
  readonly #channel: KafkaChannel
  readonly #consumers = new Set<KafkaConsumer>()

  constructor(connection: KafkaConnection) {
    this.#connection = connection
    this.#channel = connection.openChannel()
  }

  /** Resolves once the member has joined. LOG_TOPIC_UNKNOWN, LOG_UNAVAILABLE, LOG_ACCESS_DENIED or LOG_GROUP_REFUSED where it cannot. */
  async consume(options: ConsumeOptions): Promise<Consumer> {
    const connection = this.#connection
    const counts = options.topics.map(async (topic) => [topic, await connection.partitionCount(topic)] as const)
    const wants = new Map(await Promise.all(counts))
    const consumer = new KafkaConsumer({ connection, channel: this.#channel, consume: options, wants })
    this.#consumers.add(consumer)
    try {
      await consumer.join()
    } catch (error) {
      await consumer.abandon()
      throw error
    } finally {
      void consumer.left.then(() => this.#consumers.delete(consumer))
    }
    return consumer
  }

  /** The group's next offset of every partition of the topic; null where it has committed none. */
  async committed(group: string, topic: string): Promise<readonly (number | null)[]> {
    const count = await this.#connection.partitionCount(topic)
    const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    const coordinator = new GroupCoordinator({ group, offsets: this.#channel, membership: this.#channel })
    const offsets = await coordinator.offsets(partitions)
    return partitions.map((partition) => offsets.get(nameOf(partition)) ?? null)
  }

  /** Closes every consumer; what is in hand even then is given up, and delivered again. */
  async close(): Promise<void> {
    const consumers = [...this.#consumers]
    await Promise.all(consumers.map((consumer) => consumer.close()))
    await Promise.all(consumers.map((consumer) => consumer.abandon()))
    this.#channel.close()
  }
}
