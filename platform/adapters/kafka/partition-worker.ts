// Hands one partition's records to the member that holds it, a batch at a time: take, handle (again and again until it is done), commit,
// next. It ends when its signal aborts, after the batch in hand: what the handler finished is committed, unless the member was fenced off.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsumeOptions } from '../../ports/event-log.ts'
import type { GroupMember } from './group-member.ts'
import type { TopicPartition } from './group-protocol.ts'
import type { PartitionFeed } from './partition-feed.ts'
import { untilAborted } from './until-aborted.ts'

export interface WorkerOptions {
  readonly partition: TopicPartition
  readonly member: GroupMember
  readonly clock: Clock
  readonly consume: ConsumeOptions
  /** False once the partition was lost, from when on others may have it; it may be this member's again, with another worker. */
  readonly isHeld: () => boolean
  /** Aborts when the partition is given up or lost. */
  readonly signal: AbortSignal
  /** Where to start: the group's offset, else the earliest. */
  readonly startOffset: () => Promise<number>
  readonly open: (offset: number) => PartitionFeed
  /** The batch that begins there is in hand. */
  readonly onBatch: (offset: number) => void
  readonly onError: (error: unknown, offset: number) => void
}

/** Resolves when the worker has ended; never rejects. */
export async function workPartition(options: WorkerOptions): Promise<void> {
  const { signal, consume, partition } = options
  const start = await attempt(options, -1, () => untilAborted(options.startOffset(), signal))
  if (start === ENDED) return
  const feed = options.open(start)
  let offset = start
  try {
    while (!signal.aborted) {
      const records = await attempt(options, offset, () => feed.next(recordsMaxOf(consume), signal))
      if (records === ENDED) return
      const last = records.at(-1)
      if (last === undefined) continue
      options.onBatch(offset)
      const handled = await attempt(options, offset, async () => {
        requireMembership(options)
        await consume.handler({ ...partition, records }, signal)
      })
      if (handled === ENDED) return
      if ((await commit(options, offset, last.offset + 1)) === ENDED) return
      offset = last.offset + 1
    }
  } finally {
    feed.close()
  }
}

const ENDED = Symbol('ended')

function recordsMaxOf({ batchRecordsMax }: ConsumeOptions): number {
  return batchRecordsMax ?? limits.consumeBatchRecordsMax
}

/** A process that was stopped finds out here that its partitions are not its own any more, before its timers tell. */
function requireMembership({ member, signal }: WorkerOptions): void {
  member.membership()
  signal.throwIfAborted()
}

/** Repeats the step, with backoff, until it succeeds. ENDED: the worker was told to end, or repeating cannot help. */
async function attempt<T>(options: WorkerOptions, offset: number, step: () => Promise<T>): Promise<T | typeof ENDED> {
  const { signal, clock, onError } = options
  for (let delayMs: number = limits.retryDelayMsMin; ; delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)) {
    try {
      return await step()
    } catch (error) {
      if (error !== signal.reason) onError(error, offset)
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

/**
 * The handler has done its work, so also a partition that is given up gets its commit: for some seconds it is tried on. After that the batch
 * comes again at the next member.
 */
async function commit(options: WorkerOptions, from: number, offset: number): Promise<void | typeof ENDED> {
  const { member, partition, isHeld, signal, clock } = options
  const patience = new AbortController()
  const lastTry = (): void =>
    void clock.sleep(limits.consumerLastCommitMs, patience.signal).then(
      () => patience.abort(),
      () => undefined,
    )
  signal.addEventListener('abort', lastTry)
  if (signal.aborted) lastTry()
  try {
    const finished = { partition, offset, isHeld, signal: patience.signal }
    const outcome = await attempt({ ...options, signal: patience.signal }, from, () => member.commit(finished))
    return outcome === 'committed' ? undefined : ENDED
  } finally {
    signal.removeEventListener('abort', lastTry)
    patience.abort()
  }
}
