// A segment file as readers see it: its name, how far it is durable, and its index, loaded when first needed. Readers open the file for each
// read and close it again (a read takes hundreds of kilobytes, so that is little), so that no file is held and deleting one needs no ceremony.
import { join } from 'node:path'
import { MeshgateError } from '../../errors.ts'
import { readFully, realFiles, replaceFileUnsynced } from './file-layer.ts'
import type { FileHandle, FileLayer } from './file-layer.ts'
import { frameOffset, frameTimestampUs } from './frame.ts'
import { SEGMENT_HEADER_BYTES, decodeSegmentHeader } from './segment-header.ts'
import { SegmentIndex } from './segment-index.ts'
import type { SegmentExtent } from './segment-index.ts'
import { SEGMENT_SUFFIX, segmentFileName } from './segment-name.ts'
import type { SegmentName } from './segment-name.ts'
import { walkFrames } from './segment-scan.ts'

export interface LoadedSegment {
  readonly index: SegmentIndex
  /** What is durable. Replaced whole as the active segment grows. */
  readonly extent: SegmentExtent
}

export interface Segment {
  readonly name: SegmentName
  readonly path: string
  /** Null until needed. The active segment's is always there and grows with each commit. */
  loaded: LoadedSegment | null
}

export function segmentAt(directory: string, name: SegmentName): Segment {
  return { name, path: join(directory, segmentFileName(name)), loaded: null }
}

export function indexPath(segment: Segment): string {
  return `${segment.path.slice(0, -SEGMENT_SUFFIX.length)}.index`
}

export function corrupt(segment: Segment, position: number): MeshgateError {
  const where = `${segment.path} at byte ${String(position)}`
  return new MeshgateError('LOG_CORRUPT', `Damaged record in ${where}. Restore the file from a backup.`)
}

export async function readIndexFile(segment: Segment): Promise<LoadedSegment | null> {
  let handle: FileHandle
  try {
    handle = await realFiles.open(indexPath(segment), 'r')
  } catch {
    // Not there, or not readable: it is made anew.
    return null
  }
  try {
    const { size } = await handle.stat()
    return SegmentIndex.decode(await readFully(handle, 0, size))
  } finally {
    await handle.close()
  }
}

export async function writeIndexFile(files: FileLayer, segment: Segment): Promise<void> {
  if (segment.loaded === null) return
  const { index, extent } = segment.loaded
  await replaceFileUnsynced(files, indexPath(segment), index.encode(extent))
}

/** Index and extent of a segment that nobody writes any more: from its index file, or by scanning it once. */
export async function loadSealed(files: FileLayer, segment: Segment): Promise<LoadedSegment> {
  if (segment.loaded !== null) return segment.loaded
  const handle = await files.open(segment.path, 'r')
  try {
    const { size } = await handle.stat()
    const kept = await readIndexFile(segment)
    if (kept !== null && kept.extent.bytes === size) {
      segment.loaded = kept
      return kept
    }
    const header = decodeSegmentHeader(await readFully(handle, 0, SEGMENT_HEADER_BYTES))
    if (header === null) throw corrupt(segment, 0)
    const start = startOfSegment(header.base, header.floorTimestampUs)
    const scanned = await scanFrom(handle, start, size)
    // What lies behind damage stays reachable only through an index written earlier, which this one then is not: not stored.
    segment.loaded = { index: scanned.index, extent: { ...scanned.extent, bytes: size } }
    if (scanned.extent.bytes === size) await writeIndexFile(files, segment).catch(() => undefined)
    return segment.loaded
  } finally {
    await handle.close()
  }
}

export function startOfSegment(base: number, floorTimestampUs: number): LoadedSegment {
  const extent = { bytes: SEGMENT_HEADER_BYTES, next: base, lastTimestampUs: floorTimestampUs, firstTimestampUs: null }
  return { index: new SegmentIndex(), extent }
}

/** Goes on from what is known to the first frame that is not whole, or `to`. */
export async function scanFrom(handle: FileHandle, known: LoadedSegment, to: number): Promise<LoadedSegment> {
  let { next, lastTimestampUs, firstTimestampUs } = known.extent
  const bytes = await walkFrames(handle, { from: known.extent.bytes, to }, (chunk, at, _end, position) => {
    next = frameOffset(chunk, at)
    lastTimestampUs = frameTimestampUs(chunk, at)
    firstTimestampUs ??= lastTimestampUs
    known.index.add(next, position)
    next += 1
    return undefined
  })
  return { index: known.index, extent: { bytes, next, lastTimestampUs, firstTimestampUs } }
}
