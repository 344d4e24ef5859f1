// One consumer group: its members in this process and who handles which partition. Cooperative: only partitions that move stop, after the
// batch in hand, and only then begin at their new member; so no two members ever handle one partition at once.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsumeOptions, Consumer, Position } from '../../ports/event-log.ts'
import { notHeld, RewindRequests } from '../../rewind-requests.ts'
import { assign } from '../../group-assignment.ts'
import type { BatchShare } from './batch-share.ts'
import type { GroupPositions } from './group-positions.ts'
import type { PartitionLog } from './partition-log.ts'
import { report, workPartition } from './partition-worker.ts'

class Member {
  readonly options: ConsumeOptions
  readonly wanted: ReadonlySet<string>

  constructor(options: ConsumeOptions, wanted: ReadonlySet<string>) {
    this.options = options
    this.wanted = wanted
  }
}

interface Work {
  readonly member: Member
  readonly log: PartitionLog
  readonly stop: AbortController
  readonly rewinds: RewindRequests
  readonly ended: Promise<void>
  /** It ended by itself (offset out of range): the partition stays stopped until it moves. */
  finished: boolean
}

export class ConsumerGroup {
  readonly positions: GroupPositions
  readonly #clock: Clock
  readonly #share: BatchShare
  /** Partitions that any member has ever wanted, in the order of topic and partition. */
  readonly #logs = new Map<string, PartitionLog>()
  readonly #members = new Set<Member>()
  #target = new Map<string, Member>()
  readonly #work = new Map<string, Work>()

  /** `share`: what the batches of all groups of the log hold together. */
  constructor(positions: GroupPositions, clock: Clock, share: BatchShare) {
    this.positions = positions
    this.#clock = clock
    this.#share = share
  }

  join(options: ConsumeOptions, logs: readonly PartitionLog[]): Consumer {
    for (const log of logs) this.#logs.set(keyOf(log), log)
    const member = new Member(options, new Set(logs.map(keyOf)))
    this.#members.add(member)
    this.#rebalance()
    let leaving: Promise<void> | null = null
    return {
      assignment: () => this.#assignment(member),
      rewind: (position) => this.#rewind(member, position),
      close: () => (leaving ??= this.#leave(member)),
    }
  }

  /** Stops all members after the batches in hand. */
  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.#leave(member)))
    await this.positions.close()
  }

  async #leave(member: Member): Promise<void> {
    const mine = [...this.#work.values()].filter((work) => work.member === member)
    this.#members.delete(member)
    this.#rebalance()
    await Promise.all(mine.map((work) => this.#endOf(work)))
  }

  /** The work's end, or so long: a handler that never ends must not keep the process from ending. */
  async #endOf(work: Work): Promise<void> {
    const ended = new AbortController()
    const patience = this.#clock.sleep(limits.consumerCloseWaitMs, ended.signal).then(
      () => reportStuck(work, this.positions),
      () => undefined,
    )
    await Promise.race([work.ended, patience])
    ended.abort()
  }

  #rebalance(): void {
    const candidates = [...this.#members].map((member) => ({
      member,
      wants: (partition: string) => member.wanted.has(partition),
    }))
    this.#target = assign([...this.#logs.keys()], candidates, this.#target)
    for (const partition of this.#logs.keys()) this.#reconcile(partition)
  }

  /** Brings one partition towards its target: stops the worker of a member that gives it up, starts one where none is left. */
  #reconcile(partition: string): void {
    const member = this.#target.get(partition)
    const work = this.#work.get(partition)
    if (work !== undefined) {
      if (work.member === member) return
      work.stop.abort(new DOMException('The member gives the partition up.', 'AbortError'))
      if (!work.finished) return
      this.#work.delete(partition)
    }
    const log = this.#logs.get(partition)
    if (member === undefined || log === undefined) return
    const [stop, rewinds] = [new AbortController(), new RewindRequests()]
    const { signal } = stop
    const worker = {
      log,
      positions: this.positions,
      clock: this.#clock,
      consume: member.options,
      rewinds,
      share: this.#share,
      signal,
    }
    const ended = workPartition(worker).then(() => {
      rewinds.end(notHeld(log))
      if (stop.signal.aborted) {
        this.#work.delete(partition)
        this.#reconcile(partition)
      } else {
        started.finished = true
      }
    })
    const started: Work = { member, log, stop, rewinds, ended, finished: false }
    this.#work.set(partition, started)
  }

  async #rewind(member: Member, position: Position): Promise<void> {
    const partition = keyOf(position)
    const work = this.#work.get(partition)
    if (work === undefined || work.member !== member || work.stop.signal.aborted) throw notHeld(position)
    work.log.requireInRange(position.offset)
    if (!work.finished) return work.rewinds.ask(position.offset)
    // It stands still: a new worker begins at the position.
    await this.positions.commit(position)
    if (this.#work.get(partition) !== work) throw notHeld(position)
    this.#work.delete(partition)
    this.#reconcile(partition)
  }

  #assignment(member: Member): readonly { readonly topic: string; readonly partition: number }[] {
    return [...this.#work.values()]
      .filter((work) => work.member === member && !work.stop.signal.aborted)
      .map(({ log }) => ({ topic: log.topic, partition: log.partition }))
      .toSorted((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition))
  }
}

function reportStuck({ member, log }: Work, positions: GroupPositions): void {
  const { topic, partition } = log
  const offset = positions.committed(topic, partition) ?? log.range().earliest
  const where = `${topic}:${String(partition)}:${String(offset)}`
  const message = `The handler of the records from ${where} on has not ended; it is given up, and they are delivered again.`
  report(member.options, new MeshgateError('HANDLER_STUCK', message), { topic, partition, offset })
}

function keyOf({ topic, partition }: Pick<Position, 'topic' | 'partition'>): string {
  return `${topic}:${String(partition)}`
}
