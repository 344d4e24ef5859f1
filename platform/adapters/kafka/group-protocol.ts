// What members of a group tell one another through the coordinator: which topics they want, which partitions they hold, and who gets which.
// In the format of Kafka's consumers, so that its tools can show a group; what those do not know stands in the user data, as JSON.
import { AssignerProtocol } from 'kafkajs'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** Members with another protocol are not let into the group: the rules of holding and handing over must be the same for all. */
export const GROUP_PROTOCOL = 'meshgate-hand-over-1'

export interface MemberSubscription {
  /** Partitions of each topic that the member wants. The leader may not know a topic that only others want. */
  readonly wants: ReadonlyMap<string, number>
  /** Partitions that it works on, those it is giving up included. Nobody else may get them. */
  readonly holds: readonly TopicPartition[]
  /** The generation that it was last given partitions in. */
  readonly generation: number
}

type PartitionsByTopic = Readonly<Record<string, readonly number[]>>

export function encodeSubscription({ wants, holds, generation }: MemberSubscription): Buffer {
  const userData = { wants: Object.fromEntries(wants), holds: byTopic(holds), generation }
  const topics = [...wants.keys()].toSorted()
  return AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.from(JSON.stringify(userData)) })
}

export function decodeSubscription(metadata: Buffer): MemberSubscription {
  const userData = AssignerProtocol.MemberMetadata.decode(metadata)?.userData.toString() ?? ''
  const { wants, holds, generation } = JSON.parse(userData) as {
    wants: Record<string, number>
    holds: PartitionsByTopic
    generation: number
  }
  return { wants: new Map(Object.entries(wants)), holds: fromTopics(holds), generation }
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const assignment = Object.fromEntries(Object.entries(byTopic(partitions)).map(([topic, list]) => [topic, [...list]]))
  return AssignerProtocol.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) })
}

/** Empty where the leader gave the member nothing. */
export function decodeAssignment(assignment: Buffer): TopicPartition[] {
  return fromTopics(AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {})
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}:${String(partition)}`
}

function byTopic(partitions: readonly TopicPartition[]): PartitionsByTopic {
  const grouped = Object.groupBy(partitions, ({ topic }) => topic)
  const entries = Object.entries(grouped).map(([topic, list = []]) => [topic, list.map(({ partition }) => partition)])
  return Object.fromEntries(entries) as PartitionsByTopic
}

function fromTopics(partitions: PartitionsByTopic): TopicPartition[] {
  return Object.entries(partitions).flatMap(([topic, list]) => list.map((partition) => ({ topic, partition })))
}
