// One member of a consumer group: joins, hears of rebalances by its heartbeats, joins again, and knows at every moment whether it may still
// act as a member. A rebalance never waits for handlers: members join again at once with what they hold, and only partitions that move stop
// (docs/decisions/kafka-consumer-groups.md). What is done with the partitions is its owner's.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { GroupCoordinator, Membership } from './group-coordinator.ts'
import type { MemberSubscription, TopicPartition } from './group-protocol.ts'
import { handOver } from './hand-over.ts'
import { kafkaErrorType, nextDelay, toMeshgateError } from './kafka-errors.ts'

export interface PartitionOwner {
  /** What it wants, and what it works on now. */
  subscription(): Omit<MemberSubscription, 'generation'>
  /** What the member has from now on. Whatever else it works on, it gives up after the batch in hand, and calls `rejoin`. */
  assigned(partitions: readonly TopicPartition[]): void
  /** The member may not act any more: others have its partitions, or will. */
  lost(): void
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
   * Commits the next offset of a partition that the owner holds. `lost`: it does not hold it any more, and nothing was committed.
   * Rejects where the coordinator cannot be asked. A rebalance under way is waited for: what it holds, it goes on holding.
   */
  async commit(partition: TopicPartition, offset: number, signal: AbortSignal): Promise<'committed' | 'lost'> {
    for (;;) {
      signal.throwIfAborted()
      const membership = this.membership()
      if (membership === null) return 'lost'
      const sentMs = this.#options.clock.monotonic()
      try {
        await this.#options.coordinator.commit(membership, partition, offset)
        this.#alive(sentMs)
        return 'committed'
      } catch (error) {
        if (!this.#isGroupChange(error)) throw error
        const moved = this.#joining || this.#membership !== membership
        if (!moved) this.#understand(error)
      }
      if (this.#membership === null) return 'lost'
      await untilAborted(this.#settled.promise, signal)
    }
  }

  /** Leaves the group, so that others get its partitions at once. Never rejects: a broker that is away notices by itself. */
  async leave(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort()
      this.#wake.resolve()
      this.#joined.reject(new MeshgateError('LOG_CLOSED', 'The consumer was closed while it joined its group.'))
      this.#lose()
      if (this.#memberId !== '') await this.#options.coordinator.leave(this.#memberId).catch(() => undefined)
      this.#options.coordinator.close()
    }
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const { clock, coordinator, onError } = this.#options
    let delayMs: number = limits.kafkaRetryDelayMsMin
    while (!signal.aborted) {
      try {
        if (this.#membership === null || this.#rejoin) await this.#joinAndSync()
        else await this.#beat()
        delayMs = limits.kafkaRetryDelayMsMin
        continue
      } catch (error) {
        if (signal.aborted) return
        if (kafkaErrorType(error) === 'REBALANCE_IN_PROGRESS') {
          this.#understand(error)
          continue
        }
        if (this.#isGroupChange(error)) this.#understand(error)
        else this.#fail(toGroupError(error, coordinator.group), onError)
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

  #fail(error: MeshgateError, onError: (error: MeshgateError) => void): void {
    if (!error.retryable) this.#joined.reject(error)
    onError(error)
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

/** Rejects with the signal's reason when it aborts first. */
async function untilAborted(settled: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason as Error)
  signal.addEventListener('abort', abort)
  try {
    await Promise.race([settled, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
    aborted.promise.catch(() => undefined)
  }
}
