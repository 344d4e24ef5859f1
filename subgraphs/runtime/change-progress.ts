// How far a subscription has come: the next offset of every partition of the changes topic, and per partition the highest source
// position seen, so that a change which ingest appended twice (after a crash) is told once. While a snapshot is read, where the changes
// will go on and how far the read has come. This is what a cursor holds.
import type { Value } from '../../schema/row.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SourcedChange } from './change-record.ts'

export interface ChangeProgress {
  /** Next offset to read, by partition. */
  readonly positions: readonly number[]
  /** By partition: `topic:partition:generation` of the source → the highest offset seen. Records of a source partition come in its order. */
  readonly seen: readonly ReadonlyMap<string, number>[]
  /** Absent where no snapshot is being read. */
  readonly reading?: SnapshotReading
}

export interface SnapshotReading {
  /** The label of its list. */
  readonly list: string
  /** Values of the position of the last row told, none before the first. */
  readonly after: readonly Value[]
}

/** JSON of a cursor. */
interface CursorContent {
  readonly p: readonly number[]
  readonly s: readonly (readonly [string, number])[][]
  readonly r?: readonly [list: string, ...after: Value[]]
}

export const startProgress = (positions: readonly number[]): ChangeProgress => ({
  positions,
  seen: positions.map(() => new Map<string, number>()),
})

/** Progress that goes on, record by record: thousands of subscribers follow one topic, most of them past records of others. */
export interface ProgressTracker {
  readonly positions: readonly number[]
  /** Whether this partition has brought the change already. */
  isRepeat(partition: number, change: SourcedChange): boolean
  advance(partition: number, offset: number, change: SourcedChange): void
  /** The progress as it is now, and stays. */
  snapshot(): ChangeProgress
}

export function trackProgress(from: ChangeProgress): ProgressTracker {
  const positions = [...from.positions]
  const seen = from.seen.map((sources) => ({ sources: sources as Map<string, number>, isShared: true }))
  return {
    positions,
    isRepeat: (partition, { source, sourceOffset }) => sourceOffset <= (seen[partition]?.sources.get(source) ?? -1),
    advance(partition, offset, { source, sourceOffset }) {
      positions[partition] = offset + 1
      const at = seen[partition]
      if (at === undefined) return
      if (at.isShared) {
        at.sources = new Map(at.sources)
        at.isShared = false
      }
      const { sources } = at
      const highest = Math.max(sourceOffset, sources.get(source) ?? -1)
      // The latest last, so that the bound forgets what has been silent longest.
      sources.delete(source)
      sources.set(source, highest)
      if (sources.size > limits.cursorSourcesMax)
        for (const oldest of sources.keys()) return void sources.delete(oldest)
    },
    snapshot() {
      for (const at of seen) at.isShared = true
      return { positions: [...positions], seen: seen.map(({ sources }) => sources) }
    },
  }
}

export const cursorContent = (progress: ChangeProgress): CursorContent => ({
  p: progress.positions,
  s: progress.seen.map((sources) => [...sources]),
  ...(progress.reading === undefined ? {} : { r: [progress.reading.list, ...progress.reading.after] }),
})

/**
 * Progress from what a cursor held; it was sealed by us, so only its age can be wrong. Partitions that the topic has got since are read from
 * their first record: all of it came after the cursor.
 */
export function progressOf(content: unknown, partitions: number): ChangeProgress {
  const { p: positions, s: seen, r: reading } = content as CursorContent
  if (positions.length > partitions) {
    throw new MeshgateError(
      'SUBSCRIPTION_GAP',
      `The cursor is of ${positions.length} partitions, the topic has ${partitions}: it was made anew; ${AFTER_A_GAP}`,
    )
  }
  const added = Array.from({ length: partitions - positions.length }, () => 0)
  return {
    positions: [...positions, ...added],
    seen: [...seen.map((sources) => new Map(sources)), ...added.map(() => new Map<string, number>())],
    ...(reading === undefined ? {} : { reading: { list: reading[0], after: reading.slice(1) } }),
  }
}

/** What a subscriber does whose cursor is of no use any more. */
export const AFTER_A_GAP = 'subscribe without a cursor, with a snapshot where the state is wanted'
