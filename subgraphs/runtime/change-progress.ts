// How far a subscription has come: the next offset of every partition of the changes topic, and per partition the highest source
// position seen, so that a change which ingest appended twice (after a crash) is told once. This is what a cursor holds.
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SourcedChange } from './change-record.ts'

export interface ChangeProgress {
  /** Next offset to read, by partition. */
  readonly positions: readonly number[]
  /** By partition: `topic:partition:generation` of the source → the highest offset seen. Records of a source partition come in its order. */
  readonly seen: readonly ReadonlyMap<string, number>[]
}

/** JSON of a cursor. */
interface CursorContent {
  readonly p: readonly number[]
  readonly s: readonly (readonly [string, number])[][]
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
})

/** Progress from what a cursor held; it was sealed by us, so only its age can be wrong. */
export function progressOf(content: unknown, partitions: number): ChangeProgress {
  const { p: positions, s: seen } = content as CursorContent
  if (positions.length !== partitions) {
    throw new MeshgateError(
      'CURSOR_INVALID',
      `The cursor is of ${positions.length} partitions, the topic has ${partitions}; subscribe without a cursor`,
    )
  }
  return { positions, seen: seen.map((sources) => new Map(sources)) }
}
