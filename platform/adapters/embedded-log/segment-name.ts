// The names of segment files. `<base>.log` was written by appends; `<base>-<end>-<generation>.log` by compaction, and stands for every
// file whose base it covers: what a crash left of those is recognised by the name alone.

export interface SegmentName {
  /** Offset of the first record that it may hold. */
  readonly base: number
  /** Offset that the next segment begins with, where compaction wrote it; null where appends did. */
  readonly end: number | null
  /** 0 where appends wrote it; a pass of compaction writes a higher one than any before, so that no name is ever used twice. */
  readonly generation: number
}

export const SEGMENT_SUFFIX = '.log'

export function segmentFileName(name: SegmentName): string {
  const base = String(name.base).padStart(15, '0')
  return name.end === null
    ? `${base}${SEGMENT_SUFFIX}`
    : `${base}-${String(name.end).padStart(15, '0')}-${String(name.generation)}${SEGMENT_SUFFIX}`
}

export function parseSegmentFileName(fileName: string): SegmentName | null {
  const match = /^(\d{15})(?:-(\d{15})-(\d+))?\.log$/.exec(fileName)
  if (match === null) return null
  const [, base, end, generation] = match
  return { base: Number(base), end: end === undefined ? null : Number(end), generation: Number(generation ?? 0) }
}

/** The names in force, in order, and those that a compaction has replaced and a crash has left behind. */
export function segmentsInForce(names: readonly SegmentName[]): { current: SegmentName[]; replaced: SegmentName[] } {
  const current: SegmentName[] = []
  const replaced: SegmentName[] = []
  for (const name of names.toSorted((a, b) => b.generation - a.generation || a.base - b.base)) {
    const covered = current.some((other) => other.end !== null && other.base <= name.base && name.base < other.end)
    ;(covered ? replaced : current).push(name)
  }
  return { current: current.toSorted((a, b) => a.base - b.base), replaced }
}
