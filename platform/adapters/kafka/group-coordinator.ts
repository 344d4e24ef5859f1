// The messages of one group's members to its coordinator, and what their answers mean. Each call is one attempt, unless it says otherwise.
// What waits for other members has a channel of its own: commits and other groups must not wait behind it.
import { createErrorFromCode } from 'kafkajs/src/protocol/error.js'
import { limits } from '../../limits.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  GROUP_PROTOCOL,
  nameOf,
} from './group-protocol.ts'
import type { MemberSubscription, TopicPartition } from './group-protocol.ts'
import type { KafkaChannel } from './kafka-channel.ts'
import { isOfCoordinator } from './kafka-errors.ts'
import { throwIfFailed } from './kafka-messages.ts'
import { OffsetCommits } from './offset-commits.ts'
import type { OffsetCommit } from './offset-commits.ts'

/** Who a member is in one generation of its group. Each generation has an object of its own. */
export interface Membership {
  readonly memberId: string
  readonly generation: number
}

export interface Joined {
  readonly generation: number
  /** All members, where this one leads the group: it says who gets what. */
  readonly members: ReadonlyMap<string, MemberSubscription> | null
}

export type Offsets = ReadonlyMap<string, number | null>

export interface GroupCoordinatorOptions {
  readonly group: string
  /** For this member alone. */
  readonly membership: KafkaChannel
  /** For short questions; may be shared. */
  readonly offsets: KafkaChannel
}

const ONCE = { timeoutMs: 0 }

export class GroupCoordinator {
  readonly group: string
  readonly #membership: KafkaChannel
  readonly #offsets: KafkaChannel
  readonly #commits: OffsetCommits

  constructor({ group, membership, offsets }: GroupCoordinatorOptions) {
    this.group = group
    this.#membership = membership
    this.#offsets = offsets
    this.#commits = new OffsetCommits((member, commits) => this.#commit(member, commits))
  }

  /** A member id: the coordinator gives one before it lets a member in, so that no member is there twice after a lost answer. */
  async register(subscription: MemberSubscription): Promise<string> {
    return await this.#membership.withCoordinator(
      this.group,
      async (broker) => {
        const answer = await broker.send('JoinGroup', this.#joinRequest('', subscription))
        if (answer.errorCode !== 0) {
          const error = createErrorFromCode(answer.errorCode)
          if (error.type !== 'MEMBER_ID_REQUIRED') throw error
        }
        return answer.memberId
      },
      ONCE,
    )
  }

  /** Waits until all members have joined again, or their time is up. */
  async join(memberId: string, subscription: MemberSubscription): Promise<Joined> {
    return await this.#membership.withCoordinator(
      this.group,
      async (broker) => {
        const answer = await broker.send('JoinGroup', this.#joinRequest(memberId, subscription))
        throwIfFailed(answer)
        const { generationId, leaderId, members } = answer
        if (leaderId !== memberId) return { generation: generationId, members: null }
        const all = members.map((each) => [each.memberId, decodeSubscription(each.memberMetadata)] as const)
        return { generation: generationId, members: new Map(all) }
      },
      ONCE,
    )
  }

  /** What the leader gave this member. `assignments`: what the leader gives to all; empty from others. */
  async sync(
    membership: Membership,
    assignments: ReadonlyMap<string, readonly TopicPartition[]>,
  ): Promise<readonly TopicPartition[]> {
    const groupAssignment = [...assignments].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: encodeAssignment(partitions),
    }))
    return await this.#membership.withCoordinator(
      this.group,
      async (broker) => {
        const { memberId, generation: generationId } = membership
        const answer = await broker.send('SyncGroup', { groupId: this.group, memberId, generationId, groupAssignment })
        throwIfFailed(answer)
        return decodeAssignment(answer.memberAssignment)
      },
      ONCE,
    )
  }

  async heartbeat({ memberId, generation }: Membership): Promise<void> {
    await this.#membership.withCoordinator(
      this.group,
      async (broker) =>
        throwIfFailed(await broker.send('Heartbeat', { groupId: this.group, memberId, groupGenerationId: generation })),
      ONCE,
    )
  }

  /** Also while the member waits to join. */
  async leave(memberId: string): Promise<void> {
    await this.#offsets.withCoordinator(
      this.group,
      async (broker) => throwIfFailed(await broker.send('LeaveGroup', { groupId: this.group, memberId })),
      ONCE,
    )
  }

  /** Rejects with Kafka's own error where the membership does not hold any more. */
  async commit(membership: Membership, partition: TopicPartition, offset: number): Promise<void> {
    await this.#commits.commit(membership, partition, offset)
  }

  /** The group's next offsets by the partition's name; null where it has committed none. Repeats while the failure is transient. */
  async offsets(partitions: readonly TopicPartition[]): Promise<Offsets> {
    const topics = Object.entries(Object.groupBy(partitions, ({ topic }) => topic)).map(([topic, list = []]) => ({
      topic,
      partitions: list.map(({ partition }) => ({ partition })),
    }))
    return await this.#offsets.withCoordinator(this.group, async (broker) => {
      const answer = await broker.send('OffsetFetch', { groupId: this.group, topics })
      throwIfFailed(answer)
      const offsets = new Map<string, number | null>()
      for (const { topic, partitions: list } of answer.responses) {
        for (const each of list) {
          throwIfFailed(each)
          offsets.set(nameOf({ topic, partition: each.partition }), each.offset === '-1' ? null : Number(each.offset))
        }
      }
      return offsets
    })
  }

  /** A call that waits for other members rejects. */
  close(): void {
    this.#membership.close()
  }

  #joinRequest(memberId: string, subscription: MemberSubscription) {
    return {
      groupId: this.group,
      sessionTimeout: limits.consumerSessionMs,
      rebalanceTimeout: limits.consumerRebalanceMs,
      memberId,
      protocolType: 'consumer',
      groupProtocols: [{ name: GROUP_PROTOCOL, metadata: encodeSubscription(subscription) }],
    }
  }

  async #commit(
    { memberId, generation }: Membership,
    commits: readonly OffsetCommit[],
  ): Promise<ReadonlyMap<string, Error>> {
    const topics = Object.entries(Object.groupBy(commits, ({ partition }) => partition.topic)).map(
      ([topic, list = []]) => ({
        topic,
        partitions: list.map(({ partition, offset }) => ({ partition: partition.partition, offset: String(offset) })),
      }),
    )
    const failed = new Map<string, Error>()
    await this.#offsets.withCoordinator(
      this.group,
      async (broker) => {
        const { responses } = await broker.send('OffsetCommit', {
          groupId: this.group,
          groupGenerationId: generation,
          memberId,
          retentionTime: limits.groupOffsetRetentionMs,
          topics,
        })
        for (const { topic, partitions } of responses) {
          for (const { partition, errorCode } of partitions) {
            if (errorCode === 0) continue
            const error = createErrorFromCode(errorCode)
            // Then it is the coordinator that another broker is by now, and all have failed.
            if (isOfCoordinator(error)) throw error
            failed.set(nameOf({ topic, partition }), error)
          }
        }
      },
      ONCE,
    )
    return failed
  }
}
