// Whether the cluster takes records now: a broker that answers is not enough, since one that lost the others goes on answering what it knew.
// So every broker is asked, and every partition of the topics in use must have as many copies in sync, on brokers that answer, as an append
// needs. Owns a channel of its own: a broker that hangs holds up nothing else.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { type MetadataAnswer, metadataMessage } from './cluster-metadata.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import { appendCopiesMin } from './kafka-topics.ts'

export class ClusterHealth {
  readonly #connection: KafkaConnection
  readonly #channel: KafkaChannel
  /** Questions that are not answered yet: a broker that hangs is asked no more until they are. */
  readonly #asking = new Set<number>()

  constructor(connection: KafkaConnection) {
    this.#connection = connection
    this.#channel = connection.openChannel()
  }

  /** Rejects with LOG_UNAVAILABLE, or as a look at the cluster does. */
  async check(): Promise<void> {
    const { metadata } = this.#connection
    const asked = [...metadata.brokers.keys()]
    const answers = await Promise.all(asked.map((nodeId) => this.#ask(nodeId)))
    const view = answers.find((answer) => answer !== null)
    // They may have moved: the addresses that were given first tell.
    if (view === undefined) return void (await metadata.refresh())
    metadata.learn(view)
    const silent = new Set(asked.filter((_, index) => answers[index] === null))
    const known = new Set(view.brokers.map(({ nodeId }) => nodeId))
    const lacking = partitionsWithout(view, (nodeId) => known.has(nodeId) && !silent.has(nodeId))
    if (lacking.length === 0) return
    throw new MeshgateError('LOG_UNAVAILABLE', message(lacking))
  }

  /** What the broker knows of the topics in use; null where it does not answer in time. */
  async #ask(nodeId: number): Promise<MetadataAnswer | null> {
    if (this.#asking.has(nodeId)) return null
    this.#asking.add(nodeId)
    const { clock, metadata } = this.#connection
    const answer = this.#answer(nodeId, [...metadata.topicsInUse]).finally(() => this.#asking.delete(nodeId))
    const answered = new AbortController()
    const late = clock.sleep(limits.kafkaBrokerProbeMs, answered.signal).then(
      () => null,
      () => null,
    )
    try {
      return await Promise.race([answer, late])
    } finally {
      answered.abort()
    }
  }

  async #answer(nodeId: number, topics: readonly string[]): Promise<MetadataAnswer | null> {
    try {
      return await this.#channel.broker(nodeId).sendMessage<MetadataAnswer>(metadataMessage(topics))
    } catch {
      return null
    }
  }
}

interface LackingPartition {
  readonly name: string
  readonly missing: readonly number[]
}

function partitionsWithout(
  { topicMetadata }: MetadataAnswer,
  answers: (nodeId: number) => boolean,
): LackingPartition[] {
  return topicMetadata.flatMap(({ topic, partitionMetadata }) =>
    partitionMetadata
      .filter(({ replicas, isr }) => isr.filter(answers).length < appendCopiesMin(replicas.length))
      .map(({ partitionId, replicas, isr }) => ({
        name: `${topic}:${String(partitionId)}`,
        missing: replicas.filter((nodeId) => !answers(nodeId) || !isr.includes(nodeId)),
      })),
  )
}

function message(lacking: readonly LackingPartition[]): string {
  const missing = [...new Set(lacking.flatMap((each) => each.missing))].toSorted((one, other) => one - other)
  const brokers = missing.length === 1 ? 'broker' : 'brokers'
  const others = lacking.length === 1 ? '' : ` and ${String(lacking.length - 1)} more`
  return (
    `Kafka takes no records for ${lacking[0]?.name ?? ''}${others}: too few copies without ${brokers} ${missing.join(', ')}, away or behind. ` +
    'Start them; it goes on by itself.'
  )
}
