// Hands one partition's records to one member, a batch at a time: read, handle (again and again until it is done), commit, rest, next. It ends
// when its signal aborts, after the batch in hand: what the handler finished is committed, what it gave up is not. Between two batches it sets
// the position back where that was asked for. While it waits to try again, or rests, the turn is others'.
import { MeshgateError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ConsumeOptions, Position } from '../../ports/event-log.ts'
import type { RewindRequests } from '../../rewind-requests.ts'
import type { BatchShare, BatchTurn } from './batch-share.ts'
import type { GroupPositions } from './group-positions.ts'
import type { PartitionLog } from './partition-log.ts'
import type { ReadBounds } from './segment-reader.ts'

export interface WorkerOptions {
  readonly log: PartitionLog
  readonly positions: GroupPositions
  readonly clock: Clock
  readonly consume: ConsumeOptions
  readonly rewinds: RewindRequests
  readonly share: BatchShare
  readonly signal: AbortSignal
}

interface Worker extends WorkerOptions {
  readonly turn: BatchTurn
}

/** Resolves when the worker has ended; never rejects. */
export async function workPartition(options: WorkerOptions): Promise<void> {
  const { log, positions, share, signal } = options
  const worker = { ...options, turn: share.turn() }
  let offset = positions.committed(log.topic, log.partition) ?? log.range().earliest
  while (!signal.aborted) {
    offset = await rewound(options, offset)
    const seen = log.next
    const next = await workBatch(worker, offset).finally(() => worker.turn.done())
    if (next === ENDED) return
    if (next === NOTHING) await commitBeyond(options, seen)
    else {
      offset = next
      await rest(options, { topic: log.topic, partition: log.partition, offset })
    }
  }
}

/** The offset after the batch; NOTHING where the partition holds no record from the offset on. */
async function workBatch(worker: Worker, offset: number): Promise<number | typeof ENDED | typeof NOTHING> {
  const { log, positions, consume, signal } = worker
  const records = await attempt(worker, offset, (bounds) => log.read(offset, bounds), repeatingCannotHelp)
  if (records === ENDED) return ENDED
  const last = records.at(-1)
  if (last === undefined) return NOTHING
  const batch = { topic: log.topic, partition: log.partition, records }
  const handled = await attempt(worker, offset, async () => consume.handler(batch, signal), never)
  if (handled === ENDED) return ENDED
  const next = { topic: log.topic, partition: log.partition, offset: last.offset + 1 }
  const committed = await attempt(worker, offset, () => positions.commit(next), never)
  return committed === ENDED ? ENDED : next.offset
}

async function rest({ consume, signal }: WorkerOptions, handled: Position): Promise<void> {
  if (signal.aborted) return
  try {
    await consume.rest?.(handled, signal)
  } catch (error) {
    if (error !== signal.reason) report(consume, error, handled)
  }
}

/** The offset to go on from: the one given, or where it was asked to go back to. */
async function rewound({ log, positions, rewinds }: WorkerOptions, offset: number): Promise<number> {
  const asked = rewinds.take()
  if (asked === null) return offset
  try {
    log.requireInRange(asked.offset)
    if (asked.offset < offset) {
      await positions.commit({ topic: log.topic, partition: log.partition, offset: asked.offset })
    }
  } catch (error) {
    asked.refuse(error)
    return offset
  }
  asked.done()
  return Math.min(offset, asked.offset)
}

const ENDED = Symbol('ended')
const NOTHING = Symbol('nothing')
const never = (): boolean => false

/** The offset is out of range, or the segment damaged. */
function repeatingCannotHelp(error: unknown): boolean {
  return error instanceof MeshgateError && !error.retryable
}

/** Repeats the step, in its turn, with backoff, until it succeeds. ENDED: the worker ends, since it was told to or repeating cannot help. */
async function attempt<T>(
  { signal, clock, consume, log, turn }: Worker,
  offset: number,
  step: (bounds: ReadBounds) => Promise<T>,
  ends: (error: unknown) => boolean,
): Promise<T | typeof ENDED> {
  for (let delayMs: number = limits.retryDelayMsMin; ; delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)) {
    try {
      const { recordsMax, bytesMax } = await turn.take(log.holdsLittle(offset), signal)
      return await step({ recordsMax: consume.batchRecordsMax ?? recordsMax, bytesMax })
    } catch (error) {
      turn.done()
      if (error !== signal.reason) report(consume, error, { topic: log.topic, partition: log.partition, offset })
      if (signal.aborted || ends(error)) return ENDED
    }
    try {
      await clock.sleep(delayMs, signal)
    } catch {
      return ENDED
    }
  }
}

export function report(
  consume: ConsumeOptions,
  error: unknown,
  at: { readonly topic: string; readonly partition: number; readonly offset: number },
): void {
  try {
    consume.onError?.(error, at)
  } catch {
    // Whoever listens to errors and fails at it must not stop the partition.
  }
}

/** Resolves when the partition has grown beyond `seen`, a rewind is asked for, or the signal aborts. */
function commitBeyond({ log, rewinds, signal }: WorkerOptions, seen: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      off()
      unlisten()
      signal.removeEventListener('abort', stop)
      resolve()
    }
    const off = log.onCommit(() => {
      if (log.next > seen) stop()
    })
    const unlisten = rewinds.listen(stop)
    signal.addEventListener('abort', stop)
    if (log.next > seen || rewinds.waiting || signal.aborted) stop()
  })
}
