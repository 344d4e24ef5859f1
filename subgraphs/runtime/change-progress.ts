// How far a subscription has come: the next offset of every partition of the changes topic, and per partition the highest source
// position seen, so that a change which ingest appended twice (after a crash) is told once. This is what a cursor holds.
import type { Change } from '../../schema/record.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'

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

interface SourcePosition {
  readonly source: string
  readonly offset: number
}

function sourceOf(change: Change): SourcePosition {
  const colon = change.source.lastIndexOf(':')
  return {
    source: `${change.source.slice(0, colon)}:${change.generation}`,
    offset: Number(change.source.slice(colon + 1)),
  }
}

/** Whether this partition has brought the change already. */
export function isRepeat(progress: ChangeProgress, partition: number, change: Change): boolean {
  const { source, offset } = sourceOf(change)
  return offset <= (progress.seen[partition]?.get(source) ?? -1)
}

/** Progress after one record; what it was before is unchanged, since queued events keep it. */
export function advanced(progress: ChangeProgress, partition: number, offset: number, change: Change): ChangeProgress {
  const at = sourceOf(change)
  const sources = new Map(progress.seen[partition])
  // The latest last, so that the bound forgets what has been silent longest.
  sources.delete(at.source)
  sources.set(at.source, Math.max(at.offset, progress.seen[partition]?.get(at.source) ?? -1))
  for (const oldest of sources.keys()) {
    if (sources.size <= limits.cursorSourcesMax) break
    sources.delete(oldest)
  }
  return { positions: progress.positions.with(partition, offset + 1), seen: progress.seen.with(partition, sources) }
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
