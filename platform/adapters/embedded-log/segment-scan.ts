// Walks the frames of a segment file in chunks: to rebuild an index, to find the end of the last segment after a crash, to compact. It
// tells a torn tail (what the last commit left unfinished) from damage (a bad frame that was durable once).
import { limits } from '../../limits.ts'
import { readFully } from './file-layer.ts'
import type { FileHandle } from './file-layer.ts'
import { FRAME_BYTES_MIN, frameBytes, frameCommitStart, frameEnd, frameIntact, frameOffset } from './frame.ts'

/** A frame seen. Returning false stops the walk behind it. The bytes may be kept: each chunk is a buffer of its own. */
export type FrameVisitor = (bytes: Buffer, at: number, end: number, position: number) => false | undefined

/**
 * Visits whole frames of a stretch of the file; returns where it stopped: at its end, behind the frame whose visitor said so, or at the
 * first frame that is not whole. `afterChunk` runs between reads, for visitors that must wait.
 */
export async function walkFrames(
  handle: FileHandle,
  stretch: { readonly from: number; readonly to: number },
  visit: FrameVisitor,
  afterChunk?: () => Promise<void>,
): Promise<number> {
  let position = stretch.from
  while (position < stretch.to) {
    const chunk = await readChunk(handle, position, stretch.to)
    let at = 0
    while (at < chunk.length) {
      const end = frameEnd(chunk, at, chunk.length)
      if (end < 0) break
      if (!frameIntact(chunk, at, end)) return position + at
      if (visit(chunk, at, end, position + at) === false) return position + end
      at = end
    }
    // Not one whole frame: what is left is shorter than a frame, or claims more bytes than there are.
    if (at === 0) return position
    position += at
    if (afterChunk !== undefined) await afterChunk()
  }
  return position
}

/** As many bytes as one read takes, or as the first frame needs. */
async function readChunk(handle: FileHandle, position: number, to: number): Promise<Buffer> {
  const chunk = await readFully(handle, position, Math.min(limits.logReadBytes, to - position))
  if (chunk.length < FRAME_BYTES_MIN) return chunk
  const wanted = frameBytes(chunk, 0)
  return wanted > chunk.length && wanted <= to - position ? await readFully(handle, position, wanted) : chunk
}

/**
 * Looks behind a bad frame at `position` for an intact frame of a later commit, which proves that the bad one was durable once. Returns
 * it, or null: then all from there on belongs to the last commit.
 */
export async function findLaterCommit(
  handle: FileHandle,
  bad: { readonly position: number; readonly next: number },
  size: number,
): Promise<{ readonly position: number; readonly offset: number } | null> {
  const rest = await readFully(handle, bad.position, size - bad.position)
  const offsetMax = bad.next + rest.length / FRAME_BYTES_MIN
  for (let at = 1; at + FRAME_BYTES_MIN <= rest.length; at += 1) {
    // The 48 bits of the offset sift almost every position out before a checksum is computed.
    const offset = frameOffset(rest, at)
    if (offset < bad.next || offset > offsetMax) continue
    const end = frameEnd(rest, at, rest.length)
    if (end < 0 || !frameIntact(rest, at, end)) continue
    if (frameCommitStart(rest, at) > bad.position) return { position: bad.position + at, offset }
  }
  return null
}
