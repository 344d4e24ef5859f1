// One member of a consumer group: joins, hears of rebalances by its heartbeats, joins again, and knows at every moment whether it may still
// act as a member. A rebalance never waits for handlers: members join again at once with what they hold, and only partitions that move stop
// (docs/decisions/kafka-consumer-groups.md). What is done with the partitions is its owner's.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GroupCoordinator, Membership } from './group-coordinator.ts'
import type { MemberSubscription, TopicPartition } from './group-protocol.ts'
import { handOver } from './hand-over.ts'
import { isWorthTelling, kafkaErrorType, nextDelay, toMeshgateError } from './kafka-errors.ts'
import { untilAborted } from './until-aborted.ts'

export interface PartitionOwner {
  /** What it wants, and what it works on now. */
  subscription(): Omit<MemberSubscription, 'generation'>
  /** What the member has from now on. Whatever else it works on, it gives up after the batch in hand, and calls `rejoin`. */
  assigned(partitions: readonly TopicPartition[]): void
  /** The member may not act any more: others have its partitions, or will. */
  lost(): void
}

/** The next offset of a partition whose records before it have been handled. */
export interface HeldOffset {
  readonly partition: TopicPartition
  readonly offset: number
  /** Whether the owner still holds the partition without a break since it began the batch. */
  readonly isHeld: () => boolean
  readonly signal: AbortSignal
}

export interface GroupMemberOptions {
  readonly coordinator: GroupCoordinator
  readonly clock: Clock
  readonly owner: PartitionOwner
  /** The coordinator cannot be reached or refuses; it is tried again. */
  readonly onError: (error: MeshgateError) => void
}

export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #stop = new AbortController()
  readonly #joined = Promise.withResolvers<void>()
  #wake = Promise.withResolvers<void>()
  #settled = Promise.withResolvers<void>()
  #memberId = ''
  #membership: Membership | null = null
  #aliveUntilMs = 0
  #joining = false
  #rejoin = true
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: GroupMemberOptions) {
    this.#options = options
    this.#joined.promise.catch(() => undefined)
  }

  /** Resolves once it has joined; afterwards it stays a member by itself. */
  async join(): Promise<void> {
    this.#running = Promise.all([this.#run(), this.#watch()])
    const waited = new AbortController()
    const late = this.#options.clock.sleep(limits.consumerJoinWaitMs, waited.signal).then(
      () => this.#joined.reject(tooLate(this.#options.coordinator.group)),
      () => undefined,
    )
    try {
      await this.#joined.promise
    } finally {
      waited.abort()
      await late
    }
  }

  /**
   * Null when others may have its partitions. Asks the clock, since a process that was stopped hears of its lost session later than it
   * goes on.
   */
  membership(): Membership | null {
    if (this.#membership !== null && this.#options.clock.monotonic() >= this.#aliveUntilMs) this.#lose()
    return this.#membership
  }

  /** What it holds has changed: the others must hear of it. */
  rejoin(): void {
    this.#rejoin = true
    this.#wake.resolve()
  }

  /**
   * Commits the next offset of a partition. `lost`: the owner does not hold it any more, and nothing was committed. Rejects where the
   * coordinator cannot be asked. A rebalance under way is waited for: what the owner holds, it goes on holding.
   */
  async commit({ partition, offset, signal, isHeld }: HeldOffset): Promise<'committed' | 'lost'> {
    for (;;) {
      signal.throwIfAborted()
      const membership = this.membership()
      if (membership === null || !isHeld()) return 'lost'
      const sentMs = this.#options.clock.monotonic()
      try {
        await untilAborted(this.#options.coordinator.commit(membership, partition, offset), signal)
        this.#alive(sentMs)
        return 'committed'
      } catch (error) {
        if (!this.#isGroupChange(error)) throw error
        const moved = this.#joining || this.#membership !== membership
        if (!moved) this.#understand(error)
      }
      if (this.#membership !== null && (this.#joining || this.#rejoin))
        await untilAborted(this.#settled.promise, signal)
    }
  }

  /** Leaves the group, so that others get its partitions at once. Never rejects. */
  async leave(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort()
      this.#wake.resolve()
      this.#joined.reject(new MeshgateError('LOG_CLOSED', 'The consumer was closed while it joined its group.'))
      this.#lose()
      if (this.#memberId !== '') await this.#sayGoodbye()
      this.#options.coordinator.close()
    }
    await this.#running
  }

  /** A broker that is away notices by itself: it is not waited for. */
  async #sayGoodbye(): Promise<void> {
    const { clock, coordinator } = this.#options
    const waited = new AbortController()
    const patience = clock.sleep(limits.consumerLastCommitMs, waited.signal).catch(() => undefined)
    await Promise.race([coordinator.leave(this.#memberId).catch(() => undefined), patience])
    waited.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const { clock, coordinator } = this.#options
    let delayMs: number = limits.kafkaRetryDelayMsMin
    let worksMs = clock.monotonic()
    while (!signal.aborted) {
      try {
        if (this.#membership === null || this.#rejoin) await this.#joinAndSync()
        else await this.#beat()
        delayMs = limits.kafkaRetryDelayMsMin
        worksMs = clock.monotonic()
        continue
      } catch (error) {
        if (signal.aborted) return
        if (kafkaErrorType(error) === 'REBALANCE_IN_PROGRESS') {
          this.#understand(error)
          continue
        }
        if (this.#isGroupChange(error)) this.#understand(error)
        else this.#fail(toGroupError(error, coordinator.group), clock.monotonic() - worksMs)
      }
      await clock.sleep(delayMs, signal).catch(() => undefined)
      delayMs = nextDelay(delayMs)
    }
  }

  async #joinAndSync(): Promise<void> {
    const { coordinator, owner, clock } = this.#options
    this.#joining = true
    try {
      this.#rejoin = false
      if (this.#memberId === '') this.#memberId = await coordinator.register(this.#subscription())
      if (this.#stop.signal.aborted) return
      let sentMs = clock.monotonic()
      const joined = await coordinator.join(this.#memberId, this.#subscription())
      this.#alive(sentMs)
      const assignments = joined.members === null ? new Map<string, TopicPartition[]>() : handOver(joined.members)
      const membership = { memberId: this.#memberId, generation: joined.generation }
      sentMs = clock.monotonic()
      const partitions = await coordinator.sync(membership, assignments)
      if (this.#stop.signal.aborted) return
      this.#membership = membership
      this.#alive(sentMs)
      owner.assigned(partitions)
      this.#joined.resolve()
    } catch (error) {
      this.#rejoin = true
      throw error
    } finally {
      this.#joining = false
      this.#settle()
    }
  }

  /** What it holds counts only while it is a member without a break. */
  #subscription(): MemberSubscription {
    const generation = this.membership()?.generation ?? -1
    const { wants, holds } = this.#options.owner.subscription()
    return { wants, holds: generation === -1 ? [] : holds, generation }
  }

  async #beat(): Promise<void> {
    const { coordinator, clock } = this.#options
    this.#wake = Promise.withResolvers()
    const rested = new AbortController()
    const rest = clock.sleep(limits.consumerHeartbeatMs, rested.signal).catch(() => undefined)
    await Promise.race([rest, this.#wake.promise])
    rested.abort()
    const membership = this.membership()
    if (this.#stop.signal.aborted || this.#rejoin || membership === null) return
    const sentMs = clock.monotonic()
    await coordinator.heartbeat(membership)
    this.#alive(sentMs)
  }

  /** Ends a session that nobody has confirmed for so long that the coordinator may have given its partitions away. */
  async #watch(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const leftMs =
        this.membership() === null ? limits.consumerHeartbeatMs : this.#aliveUntilMs - this.#options.clock.monotonic()
      await this.#options.clock.sleep(Math.max(1, leftMs), signal).catch(() => undefined)
    }
  }

  /** The coordinator counts from when it got the message, which is later than it was sent. */
  #alive(sentMs: number): void {
    this.#aliveUntilMs = Math.max(this.#aliveUntilMs, sentMs + limits.consumerSessionMs)
  }

  #isGroupChange(error: unknown): boolean {
    return GROUP_CHANGES.has(kafkaErrorType(error) ?? '')
  }

  #understand(error: unknown): void {
    if (kafkaErrorType(error) !== 'REBALANCE_IN_PROGRESS') {
      if (kafkaErrorType(error) !== 'ILLEGAL_GENERATION') this.#memberId = ''
      this.#lose()
    }
    this.rejoin()
  }

  #lose(): void {
    this.#rejoin = true
    if (this.#membership === null) return
    this.#membership = null
    this.#options.owner.lost()
    this.#settle()
  }

  /** Commits that wait for a rebalance look again. */
  #settle(): void {
    this.#settled.resolve()
    this.#settled = Promise.withResolvers()
  }

  /** A coordinator that moves, or is just being made, is nobody's business. */
  #fail(error: MeshgateError, sinceMs: number): void {
    if (!error.retryable) this.#joined.reject(error)
    if (isWorthTelling(error, sinceMs)) this.#options.onError(error)
  }
}

const GROUP_CHANGES: ReadonlySet<string> = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
])

/** Failures of one group that another setting, right or member must mend. */
const REFUSALS: ReadonlySet<string> = new Set([
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_GROUP_ID',
  'INVALID_SESSION_TIMEOUT',
  'GROUP_MAX_SIZE_REACHED',
])

function toGroupError(error: unknown, group: string): MeshgateError {
  const type = kafkaErrorType(error) ?? ''
  if (!REFUSALS.has(type)) return toMeshgateError(error, `take part in the group ${group}`)
  const hint =
    'Look for consumers of another kind in the group, and at group.min/max.session.timeout.ms and group.max.size of the brokers'
  return new MeshgateError(
    'LOG_GROUP_REFUSED',
    `Kafka does not let us into the group ${group}: ${type}. ${hint}.`,
    error,
  )
}

function tooLate(group: string): MeshgateError {
  const waited = `${String(limits.consumerJoinWaitMs)} ms`
  return new MeshgateError(
    'LOG_UNAVAILABLE',
    `The group ${group} could not be joined within ${waited}. Retry; see whether Kafka's brokers run.`,
  )
}
