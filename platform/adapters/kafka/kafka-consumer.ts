// A consumer: one member of a group, what it holds, and a worker for each partition of it. It promises that a partition has one worker at a
// time in this process, and that a worker whose partition others may have commits nothing.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { ConsumeOptions, Consumer, OffsetRange, Position } from '../../ports/event-log.ts'
import { notHeld, RewindRequests } from '../../rewind-requests.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import type { Offsets } from './group-coordinator.ts'
import { GroupMember } from './group-member.ts'
import type { PartitionOwner } from './group-member.ts'
import { nameOf } from './group-protocol.ts'
import type { MemberSubscription, TopicPartition } from './group-protocol.ts'
import { outOfRangeError, type KafkaChannel } from './kafka-channel.ts'
import type { KafkaConnection } from './kafka-connection.ts'
import { toMeshgateError } from './kafka-errors.ts'
import { PartitionFetcher } from './partition-fetcher.ts'
import { workPartition } from './partition-worker.ts'

interface KafkaConsumerOptions {
  readonly connection: KafkaConnection
  /** For short questions; it stays its owner's. */
  readonly channel: KafkaChannel
  readonly consume: ConsumeOptions
  readonly wants: ReadonlyMap<string, number>
}

interface Work {
  readonly partition: TopicPartition
  /** Given up or lost. */
  readonly stop: AbortController
  readonly lost: AbortController
  readonly rewinds: RewindRequests
  readonly ended: Promise<void>
  /** Where its batch in hand begins, as far as is known. */
  offset: number
  /** It ended by itself (offset out of range): the partition stays stopped until it moves. */
  finished: boolean
}

export class KafkaConsumer implements Consumer, PartitionOwner {
  readonly #options: KafkaConsumerOptions
  readonly #coordinator: GroupCoordinator
  readonly #member: GroupMember
  readonly #fetcher: PartitionFetcher
  /** What the group has given us. */
  #assigned = new Map<string, TopicPartition>()
  /** What we work on as a member: assigned, or given up with its batch still in hand. */
  readonly #held = new Map<string, Work>()
  /** What has not ended, partitions that we lost included: when one comes back, it waits for its handler of before. */
  readonly #working = new Set<Work>()
  readonly #leaving = new AbortController()
  readonly #left = Promise.withResolvers<void>()
  #closing: Promise<void> | null = null
  /** Whether others are told at once of a partition that is given up. */
  #handsOver = true
  #toldMs = -Infinity

  constructor(options: KafkaConsumerOptions) {
    this.#options = options
    const { connection, channel, consume } = options
    const { clock, metadata } = connection
    this.#coordinator = new GroupCoordinator({
      group: consume.group,
      membership: connection.openChannel(),
      offsets: channel,
    })
    this.#fetcher = new PartitionFetcher({
      channel: connection.openChannel(),
      clock,
      expected: () => [...this.#held.values()].filter(({ finished }) => !finished).length,
      forget: (topic) => metadata.forget(topic),
      onError: (error, partition, offset) => this.#tell(error, partition, offset),
    })
    const onError = (error: MeshgateError): void => this.#tellGroup(error)
    this.#member = new GroupMember({ coordinator: this.#coordinator, clock, owner: this, onError })
  }

  join(): Promise<void> {
    return this.#member.join()
  }

  assignment(): readonly TopicPartition[] {
    return [...this.#held.values()]
      .filter(({ stop }) => !stop.signal.aborted)
      .map(({ partition }) => partition)
      .toSorted((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition))
  }

  async rewind({ topic, partition, offset }: Position): Promise<void> {
    const at = { topic, partition }
    const name = nameOf(at)
    const work = this.#held.get(name)
    if (work === undefined || work.stop.signal.aborted) throw notHeld(at)
    try {
      if (!work.finished) return await work.rewinds.ask(offset)
      // It stands still: a new worker begins at the position.
      const held = await this.#range(at)
      if (offset < held.earliest || offset > held.next) throw outOfRangeError({ ...at, offset }, held)
      const isHeld = (): boolean => !work.lost.signal.aborted
      const committed = await this.#member.commit({ partition: at, offset, isHeld, signal: work.stop.signal })
      if (committed === 'lost' || this.#held.get(name) !== work) throw notHeld(at)
      this.#held.delete(name)
      this.#start(at, null)
    } catch (error) {
      throw work.stop.signal.aborted ? notHeld(at) : toMeshgateError(error, `set back ${name}`)
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** Leaves the group at once, whatever is in hand: its batch is delivered again. */
  async abandon(): Promise<void> {
    this.#closing ??= Promise.resolve()
    await this.#leave()
  }

  /** Resolves once it is no member any more. */
  get left(): Promise<void> {
    return this.#left.promise
  }

  subscription(): Omit<MemberSubscription, 'generation'> {
    const wants = this.#closing === null ? this.#options.wants : new Map<string, number>()
    return { wants, holds: [...this.#held.values()].map(({ partition }) => partition) }
  }

  assigned(partitions: readonly TopicPartition[]): void {
    if (this.#closing !== null) return
    this.#assigned = new Map(partitions.map((partition) => [nameOf(partition), partition]))
    for (const [name, work] of this.#held) {
      if (!this.#assigned.has(name)) this.#giveUp(name, work)
    }
    const fresh = partitions.filter((partition) => !this.#held.has(nameOf(partition)))
    if (fresh.length === 0) return
    // One question for all of them; a worker that gets no answer asks again for itself.
    const offsets = this.#coordinator.offsets(fresh)
    offsets.catch(() => undefined)
    for (const partition of fresh) this.#start(partition, offsets)
  }

  lost(): void {
    this.#assigned.clear()
    const held = [...this.#held.values()]
    this.#held.clear()
    const reason = new DOMException('The member has lost the partition to others.', 'AbortError')
    for (const { stop, lost } of held) {
      lost.abort(reason)
      stop.abort(reason)
    }
  }

  #start(partition: TopicPartition, offsets: Promise<Offsets> | null): void {
    const name = nameOf(partition)
    const before = [...this.#working].filter((work) => nameOf(work.partition) === name).map(({ ended }) => ended)
    const ended = Promise.withResolvers<void>()
    const [stop, lost, rewinds] = [new AbortController(), new AbortController(), new RewindRequests()]
    const work: Work = { partition, stop, lost, rewinds, ended: ended.promise, offset: -1, finished: false }
    this.#held.set(name, work)
    this.#working.add(work)
    void Promise.all(before)
      .then(() => this.#work(work, offsets))
      .then(() => {
        this.#working.delete(work)
        rewinds.end(notHeld(partition))
        ended.resolve()
        this.#ended(name, work)
      })
  }

  async #work(work: Work, offsets: Promise<Offsets> | null): Promise<void> {
    const { connection, consume } = this.#options
    const { partition, stop, lost, rewinds } = work
    let known = offsets
    await workPartition({
      partition,
      member: this.#member,
      clock: connection.clock,
      consume,
      signal: stop.signal,
      lost: lost.signal,
      closing: this.#leaving.signal,
      committed: async () => {
        const asked = known ?? this.#coordinator.offsets([partition])
        known = null
        return (await asked).get(nameOf(partition)) ?? null
      },
      range: () => this.#range(partition),
      rewinds,
      recordsMax: () => consume.batchRecordsMax ?? batchShare(this.#working.size),
      open: (offset) => this.#fetcher.open(partition, offset),
      onBatch: (offset) => (work.offset = offset),
      onRejected: (error, offset) => this.#report(error, partition, offset),
      onError: (error, offset) => this.#tell(error, partition, offset),
    })
  }

  async #range({ topic, partition }: TopicPartition): Promise<OffsetRange> {
    const [held] = await this.#options.channel.offsets(topic, [partition])
    return held ?? { partition, earliest: 0, next: 0 }
  }

  #ended(name: string, work: Work): void {
    if (this.#held.get(name) !== work) return
    if (!work.stop.signal.aborted) {
      work.finished = true
      return
    }
    this.#held.delete(name)
    const again = this.#assigned.get(name)
    if (again !== undefined) this.#start(again, null)
    else if (this.#handsOver) this.#member.rejoin()
  }

  #giveUp(name: string, work: Work): void {
    work.stop.abort(new DOMException('The member gives the partition up.', 'AbortError'))
    if (work.finished) this.#ended(name, work)
  }

  async #close(): Promise<void> {
    // Usually all end soon, and leaving tells the others of all at once.
    this.#handsOver = false
    this.#leaving.abort()
    this.#assigned.clear()
    for (const [name, work] of this.#held) this.#giveUp(name, work)
    const ended = Promise.all([...this.#working].map((work) => work.ended)).then(() => true)
    if (!(await this.#inTime(ended, limits.consumerHeartbeatMs))) {
      this.#handsOver = true
      this.#member.rejoin()
      const rest = limits.consumerCloseWaitMs - limits.consumerHeartbeatMs
      if (!(await this.#inTime(ended, rest))) {
        for (const work of this.#working) this.#report(stuck(work), work.partition, work.offset)
        // It stays a member for the handlers that run: nobody else gets their partitions.
        void ended.then(() => this.#leave())
        return
      }
    }
    await this.#leave()
  }

  async #inTime(ended: Promise<boolean>, timeMs: number): Promise<boolean> {
    const waited = new AbortController()
    const patience = this.#options.connection.clock.sleep(timeMs, waited.signal).then(
      () => false,
      () => false,
    )
    const inTime = await Promise.race([ended, patience])
    waited.abort()
    return inTime
  }

  async #leave(): Promise<void> {
    this.#fetcher.close()
    await this.#member.leave()
    this.#left.resolve()
  }

  /** Of the way to Kafka: not for each partition and each attempt. */
  #tellGroup(error: MeshgateError): void {
    const first = this.#held.values().next().value
    const partition = first?.partition ?? { topic: this.#options.consume.topics[0] ?? '', partition: 0 }
    this.#tell(error, partition, first?.offset ?? -1)
  }

  /** What is no rejection of the handler: an outage is told now and then, not of each partition that has it. */
  #tell(error: unknown, partition: TopicPartition, offset: number): void {
    if (error instanceof MeshgateError && error.code === 'LOG_UNAVAILABLE') {
      const nowMs = this.#options.connection.clock.monotonic()
      if (nowMs - this.#toldMs < limits.consumerOutageReportMs) return
      this.#toldMs = nowMs
    }
    this.#report(error, partition, offset)
  }

  #report(error: unknown, partition: TopicPartition, offset: number): void {
    try {
      this.#options.consume.onError?.(error, { ...partition, offset })
    } catch {
      // Whoever listens to errors and fails at it must not stop the partition.
    }
  }
}

function stuck({ partition, offset }: Work): MeshgateError {
  const where = `${nameOf(partition)}:${String(offset)}`
  const message = `The handler of the records from ${where} on has not ended; it is given up, and they are delivered again.`
  return new MeshgateError('HANDLER_STUCK', message)
}

/** Records of a batch where the member has so many partitions: what all have in hand together stays bounded. */
function batchShare(partitions: number): number {
  const share = Math.floor(limits.consumerBatchRecordsTotalMax / Math.max(1, partitions))
  return Math.max(limits.consumeBatchRecordsMax, Math.min(limits.logBatchRecordsMax, share))
}
