// One partition: its segments, its appends (group commit: what arrives while a commit is written goes together into the next), its reads,
// and its maintenance (rolling, retention, compaction). Offsets and times are given in the order of the appends.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MeshgateError, invariant } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { AppendRecord, LogRecord, OffsetRange } from '../../ports/event-log.ts'
import { ActiveSegment } from './active-segment.ts'
import { encodeCommit } from './commit-encoder.ts'
import { compact, compactionPays, removeSegment } from './compaction.ts'
import { asLogError, errorCode, syncDirectory } from './file-layer.ts'
import type { FileLayer } from './file-layer.ts'
import { RecentCommits } from './recent-commits.ts'
import type { RecentBudget } from './recent-commits.ts'
import { parseSegmentFileName, segmentsInForce } from './segment-name.ts'
import { readCommits, readSegment } from './segment-reader.ts'
import type { ReadBounds } from './segment-reader.ts'
import { loadSealed, segmentAt } from './segment.ts'
import type { Segment } from './segment.ts'
import { SerialQueue } from './serial-queue.ts'

export interface PartitionContext {
  readonly files: FileLayer
  readonly clock: Clock
  readonly segmentBytesMax: number
  readonly recent: RecentBudget
}

export interface PartitionPolicy {
  readonly retentionMs: number | null
  readonly compacted: boolean
}

export interface MaintenanceRun {
  /** Rolls and compacts also where it does not pay yet. */
  readonly force: boolean
  /** Stops a pass of compaction between two segments. */
  readonly signal: AbortSignal
}

interface PendingAppend {
  readonly records: readonly AppendRecord[]
  readonly bytes: number
  readonly resolve: (firstOffset: number) => void
  readonly reject: (error: unknown) => void
}

/** Grown by so much since its index was last written, the active segment gets it written by maintenance. */
const CHECKPOINT_BYTES = 1_048_576

export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly #directory: string
  readonly #context: PartitionContext
  readonly #recent: RecentCommits
  /** In offset order; the last is the active one. */
  #segments: readonly Segment[]
  /** Compacted, with files still there: they go before retention takes what stands for them, or an opening would find them in force. */
  #replaced: readonly Segment[] = []
  #active: ActiveSegment
  #pending: PendingAppend[] = []
  #committing = false
  /** The file of a next segment may be there already: the active one must not grow past where it begins, or an opening would lose what does. */
  #rolling = false
  /** Commits and rolls: what writes the active segment. */
  readonly #writes = new SerialQueue()
  readonly #listeners = new Set<() => void>()

  private constructor(at: PartitionLocation, context: PartitionContext, opened: Opened) {
    this.topic = at.topic
    this.partition = at.partition
    this.#directory = at.directory
    this.#context = context
    this.#recent = new RecentCommits(context.recent)
    this.#segments = opened.segments
    this.#active = opened.active
  }

  static async open(at: PartitionLocation, context: PartitionContext): Promise<PartitionLog> {
    return new PartitionLog(at, context, await openSegments(at.directory, context.files))
  }

  get next(): number {
    return this.#active.extent.next
  }

  range(): OffsetRange {
    return { partition: this.partition, earliest: this.#segments[0]?.name.base ?? 0, next: this.next }
  }

  /** Calls the listener after every commit, until the returned function is called. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves with the offset of the first record when all are durable; the others follow it without a gap. `bytes`: of all frames. */
  append(records: readonly AppendRecord[], bytes: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ records, bytes, resolve, reject })
      if (!this.#committing) void this.#commitPending()
    })
  }

  async read(offset: number, bounds: ReadBounds): Promise<readonly LogRecord[]> {
    for (;;) {
      this.requireInRange(offset)
      if (offset === this.next) return []
      const commits = this.#recent.from(offset)
      if (commits.length > 0) return readCommits(commits, offset, bounds)
      const segments = this.#segments
      try {
        return await this.#readSegments(segments, offset, bounds)
      } catch (error) {
        // Retention or compaction has removed the file between choosing and opening it: choose again.
        if (errorCode(error) === 'ENOENT' && segments !== this.#segments) continue
        throw asLogError(error, `${this.topic}:${String(this.partition)}:${String(offset)} cannot be read`)
      }
    }
  }

  /** Whether hardly anything waits from the offset on, as far as that is known without a look at the disk. */
  holdsLittle(offset: number): boolean {
    const records = this.next - offset
    if (records <= 0) return true
    if (records > limits.logSmallBatchRecordsMax) return false
    const commits = this.#recent.from(offset)
    const bytes = commits.reduce((sum, { frames }) => sum + frames.length, 0)
    return commits.length > 0 && bytes <= limits.logSmallBatchBytesMax
  }

  requireInRange(offset: number): void {
    const { earliest, next } = this.range()
    if (Number.isSafeInteger(offset) && offset >= earliest && offset <= next) return
    const held = `holds offsets ${String(earliest)} to ${String(next)} (exclusive)`
    throw new MeshgateError(
      'LOG_OFFSET_OUT_OF_RANGE',
      `Offset ${String(offset)} of ${this.topic}:${String(this.partition)} is out of range: the partition ${held}. ` +
        'Start anew from the earliest, knowing that what lies between is lost to this reader.',
    )
  }

  /** The offset of the first record appended at or after the time; `next` where there is none. Times increase, so a bisection finds it. */
  async offsetAt(timestampUs: number): Promise<number> {
    for (;;) {
      let { earliest: low, next: high } = this.range()
      try {
        while (low < high) {
          const middle = low + Math.floor((high - low) / 2)
          const [record] = await this.read(middle, { recordsMax: 1, bytesMax: 0 })
          // None: compaction has left nothing from there on.
          if (record === undefined || record.timestampUs >= timestampUs) high = middle
          else low = record.offset + 1
        }
        const [first] = await this.read(low, { recordsMax: 1, bytesMax: 0 })
        return first?.offset ?? this.next
      } catch (error) {
        // Retention has passed over it meanwhile.
        const gone = error instanceof MeshgateError && error.code === 'LOG_OFFSET_OUT_OF_RANGE'
        if (!gone || low >= this.range().earliest) throw error
      }
    }
  }

  async maintain(policy: PartitionPolicy, run: MaintenanceRun): Promise<void> {
    const { force, signal } = run
    const nowMs = this.#context.clock.now()
    await this.#writes.run(() => this.#rollIfDue(policy, nowMs, force))
    await this.#removeReplaced()
    if (policy.retentionMs !== null) await this.#deleteExpired(nowMs - policy.retentionMs)
    const sealed = this.#segments.slice(0, -1)
    if (policy.compacted && sealed.length > 0 && (force || (await compactionPays(this.#context.files, sealed)))) {
      await compact({
        files: this.#context.files,
        directory: this.#directory,
        sealed,
        sealedEnd: this.#active.segment.name.base,
        nowMs,
        signal,
        segmentBytesMax: this.#context.segmentBytesMax,
        replace: (old, by) => this.#replace(old, by),
      })
    }
    await this.#writes.run(() => this.#active.checkpoint(CHECKPOINT_BYTES))
  }

  /** Finishes what has been appended. The caller appends nothing more. */
  async close(): Promise<void> {
    while (this.#committing) await this.#writes.idle()
    await this.#writes.run(() => this.#active.close())
    this.#recent.clear()
    this.#listeners.clear()
  }

  async #commitPending(): Promise<void> {
    this.#committing = true
    // What is appended in the same turn goes into the same commit.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const appends = this.#takeCommit()
      try {
        const first = await this.#writes.run(() => this.#commit(appends))
        let offset = first
        for (const append of appends) {
          append.resolve(offset)
          offset += append.records.length
        }
        for (const listener of this.#listeners) listener()
      } catch (error) {
        for (const append of appends) append.reject(error)
      }
    }
    this.#committing = false
  }

  #takeCommit(): readonly PendingAppend[] {
    let bytes = 0
    let count = 0
    for (const append of this.#pending) {
      if (count > 0 && bytes + append.bytes > limits.logCommitBytesMax) break
      bytes += append.bytes
      count += 1
    }
    const appends = this.#pending.slice(0, count)
    this.#pending = this.#pending.slice(count)
    return appends
  }

  async #commit(appends: readonly PendingAppend[]): Promise<number> {
    const bytes = appends.reduce((sum, append) => sum + append.bytes, 0)
    const isFull = !this.#active.empty && this.#active.extent.bytes + bytes > this.#context.segmentBytesMax
    if (isFull || this.#rolling) await this.#roll()
    const { extent } = this.#active
    const commit = encodeCommit(appends, bytes, {
      position: extent.bytes,
      next: extent.next,
      lastTimestampUs: extent.lastTimestampUs,
      nowUs: Math.floor(this.#context.clock.now() * 1_000),
    })
    await this.#active.append(commit)
    this.#recent.add(commit)
    return commit.first
  }

  async #roll(): Promise<void> {
    await this.#active.cut()
    const { next, lastTimestampUs } = this.#active.extent
    const header = { base: next, floorTimestampUs: lastTimestampUs }
    this.#rolling = true
    const active = await ActiveSegment.create(this.#context.files, this.#directory, header)
    this.#rolling = false
    const sealed = this.#active
    this.#active = active
    this.#segments = [...this.#segments, active.segment]
    await sealed.close().catch(() => undefined)
  }

  async #rollIfDue(policy: PartitionPolicy, nowMs: number, force: boolean): Promise<void> {
    const { firstTimestampUs, lastTimestampUs } = this.#active.extent
    if (firstTimestampUs === null || (policy.retentionMs === null && !policy.compacted)) return
    const ageMsMax = Math.min(limits.logSegmentAgeMsMax, policy.retentionMs ?? Infinity)
    const aged = firstTimestampUs / 1_000 < nowMs - ageMsMax
    const expired = policy.retentionMs !== null && lastTimestampUs / 1_000 < nowMs - policy.retentionMs
    if (aged || expired || (force && policy.compacted)) await this.#roll()
  }

  async #deleteExpired(beforeMs: number): Promise<void> {
    let deleted = false
    for (const segment of this.#segments.slice(0, -1)) {
      const { extent } = await loadSealed(this.#context.files, segment)
      if (extent.lastTimestampUs / 1_000 >= beforeMs) break
      this.#segments = this.#segments.slice(1)
      try {
        await removeSegment(this.#context.files, segment)
      } catch (error) {
        // The next opening would find it in front of a gap that later passes leave.
        this.#segments = [segment, ...this.#segments]
        throw error
      }
      deleted = true
    }
    if (deleted) await syncDirectory(this.#context.files, this.#directory)
  }

  async #replace(old: readonly Segment[], by: Segment): Promise<void> {
    const at = this.#segments.findIndex((segment) => segment === old[0])
    invariant(at >= 0, 'compaction replaces segments that the partition has')
    this.#segments = [...this.#segments.slice(0, at), by, ...this.#segments.slice(at + old.length)]
    this.#replaced = [...this.#replaced, ...old]
    this.#recent.clear()
    await this.#removeReplaced()
  }

  async #removeReplaced(): Promise<void> {
    if (this.#replaced.length === 0) return
    await syncDirectory(this.#context.files, this.#directory)
    for (const segment of this.#replaced) {
      await removeSegment(this.#context.files, segment)
      this.#replaced = this.#replaced.slice(1)
    }
  }

  async #readSegments(segments: readonly Segment[], offset: number, bounds: ReadBounds): Promise<readonly LogRecord[]> {
    const first = segments.findLastIndex((segment) => segment.name.base <= offset)
    for (const segment of segments.slice(first)) {
      const records = await readSegment(this.#context.files, segment, offset, bounds)
      if (records.length > 0) return records
    }
    return []
  }
}

export interface PartitionLocation {
  readonly topic: string
  readonly partition: number
  readonly directory: string
}

interface Opened {
  readonly segments: readonly Segment[]
  readonly active: ActiveSegment
}

async function openSegments(directory: string, files: FileLayer): Promise<Opened> {
  const names = await readdir(directory)
  // What a crash left half written was never renamed into force.
  for (const name of names) if (name.endsWith('.tmp')) await files.unlink(join(directory, name))
  const found = names.map(parseSegmentFileName).filter((name) => name !== null)
  const { current, replaced } = segmentsInForce(found)
  for (const name of replaced) await removeSegment(files, segmentAt(directory, name))
  const segments = current.map((name) => segmentAt(directory, name))
  for (;;) {
    const last = segments.at(-1)
    if (last === undefined) {
      throw new MeshgateError('LOG_CORRUPT', `${directory} holds no segment. Restore the directory from a backup.`)
    }
    const active = await ActiveSegment.recover(files, last)
    if (active !== null) return { segments, active }
    segments.pop()
    await removeSegment(files, last)
  }
}
