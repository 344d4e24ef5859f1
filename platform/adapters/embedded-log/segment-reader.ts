// Reads records by offset: from recent commits in memory, or from a segment file by its index.
import type { LogRecord } from '../../ports/event-log.ts'
import type { FileLayer } from './file-layer.ts'
import { frameBytes, frameOffset, readFrame } from './frame.ts'
import type { Commit } from './recent-commits.ts'
import { SEGMENT_HEADER_BYTES } from './segment-header.ts'
import { walkFrames } from './segment-scan.ts'
import { corrupt, loadSealed } from './segment.ts'
import type { Segment } from './segment.ts'

export interface ReadBounds {
  readonly recordsMax: number
  /** At least one record is returned, however large. */
  readonly bytesMax: number
}

export function readCommits(commits: readonly Commit[], offset: number, bounds: ReadBounds): LogRecord[] {
  const records: LogRecord[] = []
  let bytesLeft = bounds.bytesMax
  for (const { frames } of commits) {
    for (let at = 0; at < frames.length;) {
      const length = frameBytes(frames, at)
      if (frameOffset(frames, at) >= offset) {
        bytesLeft -= length
        if (records.length > 0 && bytesLeft < 0) return records
        records.push(readFrame(frames, at))
        if (records.length >= bounds.recordsMax) return records
      }
      at += length
    }
  }
  return records
}

/** Records of one segment from the offset on; none where compaction has left none. */
export async function readSegment(
  files: FileLayer,
  segment: Segment,
  offset: number,
  bounds: ReadBounds,
): Promise<LogRecord[]> {
  const { index, extent } = await loadSealed(files, segment)
  const from = index.floor(offset) ?? SEGMENT_HEADER_BYTES
  const records: LogRecord[] = []
  if (from >= extent.bytes) return records
  let bytesLeft = bounds.bytesMax
  let full = false
  const handle = await files.open(segment.path, 'r')
  try {
    const stoppedAt = await walkFrames(handle, { from, to: extent.bytes }, (bytes, at, end) => {
      if (frameOffset(bytes, at) < offset) return undefined
      bytesLeft -= end - at
      full = records.length > 0 && bytesLeft < 0
      if (full) return false
      records.push(readFrame(bytes, at))
      full = records.length >= bounds.recordsMax
      return full ? false : undefined
    })
    // What is whole before the damage is handed out first: the next read begins with the damage and says so.
    if (!full && stoppedAt < extent.bytes && records.length === 0) throw corrupt(segment, stoppedAt)
    return records
  } finally {
    await handle.close()
  }
}
