// Sends the commits of one group, one message at a time: what comes meanwhile goes with the next. Each commit learns what came of its own
// partition, so that a topic that was deleted holds up no other.
import type { Membership } from './group-coordinator.ts'
import type { TopicPartition } from './group-protocol.ts'
import { nameOf } from './group-protocol.ts'

export interface OffsetCommit {
  readonly partition: TopicPartition
  readonly offset: number
}

/** Resolves with what failed, by the partition's name; rejects when all did. */
export type SendCommits = (
  membership: Membership,
  commits: readonly OffsetCommit[],
) => Promise<ReadonlyMap<string, Error>>

interface Waiting extends OffsetCommit {
  readonly membership: Membership
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class OffsetCommits {
  readonly #send: SendCommits
  #waiting: Waiting[] = []
  #sending = false

  constructor(send: SendCommits) {
    this.#send = send
  }

  async commit(membership: Membership, partition: TopicPartition, offset: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ membership, partition, offset, resolve, reject })
    if (!this.#sending) void this.#sendAll()
    await promise
  }

  /** Never rejects. */
  async #sendAll(): Promise<void> {
    this.#sending = true
    // Partitions whose batches end in the same turn go together.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const taken = this.#waiting
      this.#waiting = []
      for (const [membership, commits] of Map.groupBy(taken, (commit) => commit.membership)) {
        await this.#sendOne(membership, commits)
      }
    }
    this.#sending = false
  }

  async #sendOne(membership: Membership, commits: readonly Waiting[]): Promise<void> {
    try {
      const failed = await this.#send(membership, commits)
      for (const { partition, resolve, reject } of commits) {
        const error = failed.get(nameOf(partition))
        if (error === undefined) resolve()
        else reject(error)
      }
    } catch (error) {
      for (const { reject } of commits) reject(error)
    }
  }
}
