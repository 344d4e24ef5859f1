// Hands one partition's records to the member that holds it, a batch at a time: take, handle (again and again until it is done), commit,
// rest, next. It ends when its signal aborts, after the batch in hand: what the handler finished is committed, unless the member was fenced off.
// Between two batches it sets the position back where that was asked for.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsumeOptions, OffsetRange, Position } from '../../ports/event-log.ts'
import { notHeld, type RewindRequests, type TakenRewind } from '../../rewind-requests.ts'
import type { GroupMember } from './group-member.ts'
import { outOfRangeError } from './kafka-channel.ts'
import type { TopicPartition } from './group-protocol.ts'
import { isMissing, isWorthTelling } from './kafka-errors.ts'
import type { FedBatch, PartitionFeed } from './partition-feed.ts'
import { untilAborted } from './until-aborted.ts'

export interface WorkerOptions {
  readonly partition: TopicPartition
  readonly member: GroupMember
  readonly clock: Clock
  readonly consume: ConsumeOptions
  /** Aborts when the partition is given up or lost. */
  readonly signal: AbortSignal
  /** Aborts when it is lost: others may have it from then on; it may be this member's again, with another worker. */
  readonly lost: AbortSignal
  /** Aborts when the consumer closes. */
  readonly closing: AbortSignal
  /** The group's offset, where it has one. */
  readonly committed: () => Promise<number | null>
  /** What the partition holds. LOG_TOPIC_UNKNOWN while there is no such topic. */
  readonly range: () => Promise<OffsetRange>
  readonly rewinds: RewindRequests
  /** Of the next batch. */
  readonly recordsMax: () => number
  readonly open: (offset: number) => PartitionFeed
  /** The batch that begins there is in hand. */
  readonly onBatch: (offset: number) => void
  /** The handler has rejected the batch that begins there. */
  readonly onRejected: (error: unknown, offset: number) => void
  /** Anything else fails: for longer than a leader or coordinator takes to move, where repeating may help. */
  readonly onError: (error: unknown, offset: number) => void
}

/** Resolves when the worker has ended; never rejects. */
export async function workPartition(options: WorkerOptions): Promise<void> {
  for (let before: number | null = null; ;) {
    const start = await startOf(options, before)
    if (start === ENDED) return
    const worked = await workFrom(options, start)
    if (worked === ENDED) return
    before = worked.committed
  }
}

interface Start {
  readonly offset: number
  readonly isCommitted: boolean
}

/** `before`: what the group had committed before the topic was not to be found for a moment. */
async function startOf(options: WorkerOptions, before: number | null): Promise<Start | typeof ENDED> {
  const { signal, committed, range, partition } = options
  const find = async (): Promise<Start> => {
    // Asked after the topic is there: with a topic that is deleted its offsets go.
    const first = before === null ? null : (await range()).earliest
    const offset = await committed()
    if (offset !== null) return { offset, isCommitted: true }
    if (before !== null) throw madeAnew(partition, before)
    return { offset: first ?? (await range()).earliest, isCommitted: false }
  }
  const found = await attempt(options, () => untilAborted(find(), signal), outages(options, before ?? -1))
  return found === MISSING ? ENDED : found
}

/** Ends also where the topic is not to be found: then with the group's offset, null where there was none. */
async function workFrom(
  options: WorkerOptions,
  start: Start,
): Promise<{ readonly committed: number | null } | typeof ENDED> {
  const { signal, consume, partition, rewinds } = options
  let feed = options.open(start.offset)
  let { offset, isCommitted } = start
  const unlisten = rewinds.listen(() => feed.interrupt())
  try {
    while (!signal.aborted) {
      const asked = rewinds.take()
      if (asked !== null && (await setBack(options, asked, offset))) {
        feed.close()
        offset = asked.offset
        feed = options.open(offset)
        isCommitted = true
      }
      const next = (): Promise<FedBatch | null> => feed.next(options.recordsMax(), signal)
      const fed = await attempt(options, next, outages(options, offset), isMissing)
      if (fed === MISSING) return { committed: isCommitted ? offset : null }
      if (fed === ENDED) return ENDED
      if (fed === null) continue
      const { records, nextOffset } = fed
      // Where there is nothing to handle the position moves all the same: else the group would seem to lag behind the end for ever.
      if (records.length > 0) {
        options.onBatch(offset)
        const handle = async (): Promise<void> => {
          requireMembership(options)
          await consume.handler({ ...partition, records }, signal)
        }
        const begun = offset
        const handled = await attempt(options, handle, (error) => options.onRejected(error, begun))
        if (handled === ENDED) return ENDED
      }
      const committed = await commit(options, offset, nextOffset)
      if (committed === MISSING) return { committed: isCommitted ? offset : null }
      if (committed === ENDED) return ENDED
      offset = nextOffset
      isCommitted = true
      if (records.length > 0) await rest(options, { ...partition, offset })
    }
    return ENDED
  } finally {
    unlisten()
    feed.close()
  }
}

async function rest({ consume, signal, onError }: WorkerOptions, handled: Position): Promise<void> {
  if (signal.aborted) return
  try {
    await consume.rest?.(handled, signal)
  } catch (error) {
    if (error !== signal.reason) onError(error, handled.offset)
  }
}

/** Whether the group's position is back where it was asked to be; whoever asked has been answered. */
async function setBack(options: WorkerOptions, asked: TakenRewind, from: number): Promise<boolean> {
  const { partition, member, lost, signal } = options
  const { offset } = asked
  try {
    const held = await untilAborted(options.range(), signal)
    if (offset < held.earliest || offset > held.next) throw outOfRangeError({ ...partition, offset }, held)
    if (offset < from) {
      const committed = await member.commit({ partition, offset, isHeld: () => !lost.aborted, signal })
      if (committed === 'lost') throw notHeld(partition)
    }
  } catch (error) {
    asked.refuse(signal.aborted ? notHeld(partition) : error)
    return false
  }
  asked.done()
  return offset < from
}

const ENDED = Symbol('ended')
const MISSING = Symbol('missing')

/** A process that was stopped finds out here that its partitions are not its own any more, before its timers tell. */
function requireMembership({ member, signal }: WorkerOptions): void {
  member.membership()
  signal.throwIfAborted()
}

/** How long it has gone on is told with each failure. */
type OnFailure = (error: unknown, lastedMs: number) => void

function outages({ onError }: WorkerOptions, offset: number): OnFailure {
  return (error, lastedMs) => {
    if (isWorthTelling(error, lastedMs)) onError(error, offset)
  }
}

/**
 * Repeats the step, with backoff, until it succeeds. ENDED: the worker was told to end, or repeating cannot help. MISSING: the failure is one
 * of a missing topic, where the step asks for that.
 */
async function attempt<T>(
  options: WorkerOptions,
  step: () => Promise<T>,
  onFailure: OnFailure,
  endsMissing: (error: unknown) => boolean = () => false,
): Promise<T | typeof ENDED | typeof MISSING> {
  const { signal, clock } = options
  const startedMs = clock.monotonic()
  for (let delayMs: number = limits.retryDelayMsMin; ; delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)) {
    try {
      return await step()
    } catch (error) {
      if (!signal.aborted && endsMissing(error)) return MISSING
      if (error !== signal.reason) onFailure(error, clock.monotonic() - startedMs)
      if (signal.aborted || isOutOfRange(error)) return ENDED
    }
    try {
      await clock.sleep(delayMs, signal)
    } catch {
      return ENDED
    }
  }
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof MeshgateError && error.code === 'LOG_OFFSET_OUT_OF_RANGE'
}

function madeAnew({ topic, partition }: TopicPartition, offset: number): MeshgateError {
  const where = `offset ${String(offset)} of ${topic} partition ${String(partition)}`
  const message = `The topic ${topic} was deleted and made anew: ${where} was one of the former. Start ingest again to read the new one from its beginning.`
  return new MeshgateError('LOG_OFFSET_OUT_OF_RANGE', message)
}

/**
 * The handler has done its work, so also a partition that is given up gets its commit: nobody else has it before, and a member that cannot
 * reach its coordinator loses it by itself. Only a consumer that closes gives up after some seconds; then the next member gets the batch again.
 */
async function commit(
  options: WorkerOptions,
  from: number,
  offset: number,
): Promise<void | typeof ENDED | typeof MISSING> {
  const { member, partition, lost, closing, clock } = options
  const patience = new AbortController()
  const giveUp = (): void => patience.abort()
  const lastTry = (): void =>
    void clock.sleep(limits.consumerLastCommitMs, patience.signal).then(giveUp, () => undefined)
  lost.addEventListener('abort', giveUp)
  closing.addEventListener('abort', lastTry)
  if (lost.aborted) giveUp()
  if (closing.aborted) lastTry()
  try {
    const finished = { partition, offset, isHeld: () => !lost.aborted, signal: patience.signal }
    const trying = { ...options, signal: patience.signal }
    const outcome = await attempt(trying, () => member.commit(finished), outages(options, from), isMissing)
    if (outcome === 'committed') return undefined
    return outcome === MISSING ? MISSING : ENDED
  } finally {
    lost.removeEventListener('abort', giveUp)
    closing.removeEventListener('abort', lastTry)
    patience.abort()
  }
}
