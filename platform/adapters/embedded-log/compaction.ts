// Rewrites sealed segments so that the last record of every key is left. Offsets stay, so gaps appear. A pass maps the newest offset of each
// key in segments not yet compacted, then rewrites from the first segment on, in groups that make one segment each. A group is replaced by
// one rename; what a crash leaves of the old files is known by its name. Records without a key are kept: nothing can supersede them.
import { createHash } from 'node:crypto'
import { limits } from '../../limits.ts'
import { writeAll } from './file-layer.ts'
import type { FileHandle, FileLayer } from './file-layer.ts'
import { frameOffset, frameRemovableFromMs, readFrame, withRemovableFrom } from './frame.ts'
import { SEGMENT_HEADER_BYTES, decodeSegmentHeader, encodeSegmentHeader } from './segment-header.ts'
import { SegmentIndex } from './segment-index.ts'
import { walkFrames } from './segment-scan.ts'
import { corrupt, indexPath, loadSealed, segmentAt, writeIndexFile } from './segment.ts'
import type { Segment } from './segment.ts'

export interface CompactionPass {
  readonly files: FileLayer
  readonly directory: string
  /** Every segment but the active one, in order. */
  readonly sealed: readonly Segment[]
  /** Offset that the segment after them begins with. */
  readonly sealedEnd: number
  readonly nowMs: number
  /** Ends the pass between two segments. */
  readonly signal: AbortSignal
  readonly segmentBytesMax: number
  /** Puts the new segment, whose file is there, in the place of the old ones; their files go once its own is durable. */
  readonly replace: (old: readonly Segment[], by: Segment) => Promise<void>
}

/** Whether so much is new since the last pass that another pays. */
export async function compactionPays(files: FileLayer, sealed: readonly Segment[]): Promise<boolean> {
  let bytes = 0
  let newBytes = 0
  for (const segment of sealed) {
    const { extent } = await loadSealed(files, segment)
    bytes += extent.bytes
    if (segment.name.end === null) newBytes += extent.bytes
  }
  return newBytes > 0 && newBytes >= bytes * limits.logCompactionDirtyRatio
}

export async function compact(pass: CompactionPass): Promise<void> {
  const newest = new Map<string, number>()
  let covered = 0
  for (const [at, segment] of pass.sealed.entries()) {
    if (segment.name.end === null) {
      // A segment is mapped whole or not at all; the first always, so that every pass gets on.
      if (newest.size >= limits.logCompactionKeysMax || pass.signal.aborted) break
      await mapNewest(pass.files, segment, newest)
    }
    covered = at + 1
  }
  const generation = 1 + Math.max(0, ...pass.sealed.map((segment) => segment.name.generation))
  for (const group of await groupsOf(pass, covered)) {
    const [first] = group.segments
    if (first === undefined || pass.signal.aborted) return
    const by = segmentAt(pass.directory, { base: first.name.base, end: group.end, generation })
    await rewrite(pass, group.segments, by, newest)
    // Whatever fails from here on: the name is taken, so that the next pass takes a higher generation.
    await pass.replace(group.segments, by)
  }
}

export async function removeSegment(files: FileLayer, segment: Segment): Promise<void> {
  await files.unlink(segment.path)
  await files.unlink(indexPath(segment)).catch(() => undefined)
}

async function mapNewest(files: FileLayer, segment: Segment, newest: Map<string, number>): Promise<void> {
  await walkWhole(files, segment, (bytes, at) => {
    const { key, offset } = readFrame(bytes, at)
    if (key !== null) newest.set(mapKey(key), offset)
    return undefined
  })
}

/** Long keys are mapped by a digest, whose 65 characters no short key has. */
function mapKey(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length)
  return key.length <= 64 ? bytes.toString('latin1') : `#${createHash('sha256').update(bytes).digest('hex')}`
}

/** Neighbours whose bytes make at most one segment, so that many small remains do not pile up. */
async function groupsOf(pass: CompactionPass, covered: number): Promise<{ segments: Segment[]; end: number }[]> {
  const groups: { segments: Segment[]; end: number }[] = []
  let bytes = 0
  for (const [at, segment] of pass.sealed.slice(0, covered).entries()) {
    const end = pass.sealed[at + 1]?.name.base ?? pass.sealedEnd
    const { extent } = await loadSealed(pass.files, segment)
    const group = groups.at(-1)
    if (group === undefined || bytes + extent.bytes > pass.segmentBytesMax) {
      groups.push({ segments: [segment], end })
      bytes = extent.bytes
    } else {
      group.segments.push(segment)
      group.end = end
      bytes += extent.bytes
    }
  }
  return groups
}

async function rewrite(
  pass: CompactionPass,
  segments: readonly Segment[],
  by: Segment,
  newest: ReadonlyMap<string, number>,
): Promise<void> {
  const temporary = `${by.path}.tmp`
  const handle = await pass.files.open(temporary, 'w')
  try {
    const writer = new SegmentWriter(handle)
    await writer.begin(by.name.base, await floorTimestampUs(pass.files, segments[0]))
    let next = by.name.base
    let last = 0
    for (const segment of segments) {
      const { extent } = await walkWhole(
        pass.files,
        segment,
        (bytes, at, end) => {
          const frame = keptFrame(bytes.subarray(at, end), newest, pass.nowMs)
          if (frame !== null) writer.add(frame)
          return undefined
        },
        () => writer.flush(),
      )
      next = extent.next
      last = extent.lastTimestampUs
    }
    await handle.datasync()
    const extent = { bytes: writer.bytes, next, lastTimestampUs: last, firstTimestampUs: null }
    by.loaded = { index: writer.index, extent }
  } catch (error) {
    await handle.close()
    await pass.files.unlink(temporary).catch(() => undefined)
    throw error
  }
  await handle.close()
  await pass.files.rename(temporary, by.path)
  await writeIndexFile(pass.files, by).catch(() => undefined)
}

/** The frame to keep, null where it goes. A tombstone whose older values this pass removes is marked with the time from which it may go. */
function keptFrame(frame: Buffer, newest: ReadonlyMap<string, number>, nowMs: number): Buffer | null {
  const { key, value } = readFrame(frame, 0)
  if (key === null) return frame
  if ((newest.get(mapKey(key)) ?? -1) > frameOffset(frame, 0)) return null
  if (value !== null) return frame
  const removableFromMs = frameRemovableFromMs(frame, 0)
  if (removableFromMs === null) return withRemovableFrom(frame, 0, frame.length, nowMs + limits.logTombstoneGraceMs)
  return removableFromMs <= nowMs ? null : frame
}

async function floorTimestampUs(files: FileLayer, segment: Segment | undefined): Promise<number> {
  if (segment === undefined) return 0
  const handle = await files.open(segment.path, 'r')
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
    await handle.read(bytes, 0, SEGMENT_HEADER_BYTES, 0)
    return decodeSegmentHeader(bytes)?.floorTimestampUs ?? 0
  } finally {
    await handle.close()
  }
}

/** Every frame of a sealed segment. Damage stops the pass: nothing is dropped on the word of what cannot be read. */
async function walkWhole(
  files: FileLayer,
  segment: Segment,
  visit: Parameters<typeof walkFrames>[2],
  afterChunk?: () => Promise<void>,
): Promise<{ extent: { next: number; lastTimestampUs: number; bytes: number } }> {
  const { extent } = await loadSealed(files, segment)
  const handle = await files.open(segment.path, 'r')
  try {
    const stoppedAt = await walkFrames(handle, { from: SEGMENT_HEADER_BYTES, to: extent.bytes }, visit, afterChunk)
    if (stoppedAt < extent.bytes) throw corrupt(segment, stoppedAt)
    return { extent }
  } finally {
    await handle.close()
  }
}

/** Gathers frames and writes them a chunk at a time. */
class SegmentWriter {
  readonly index = new SegmentIndex()
  readonly #handle: FileHandle
  bytes = 0
  #written = 0
  #pending: Buffer[] = []

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async begin(base: number, floorUs: number): Promise<void> {
    this.#pending.push(encodeSegmentHeader({ base, floorTimestampUs: floorUs }))
    this.bytes = SEGMENT_HEADER_BYTES
    await this.flush()
  }

  add(frame: Buffer): void {
    this.index.add(frameOffset(frame, 0), this.bytes)
    this.#pending.push(frame)
    this.bytes += frame.length
  }

  async flush(): Promise<void> {
    const content = Buffer.concat(this.#pending)
    this.#pending = []
    await writeAll(this.#handle, content, this.#written)
    this.#written += content.length
  }
}
