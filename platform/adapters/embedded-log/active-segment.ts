// The segment that is written: appends whole commits and makes them durable, and brings the file back to what is known durable after a
// failure. It never assumes that bytes were written whose fsync failed: the kernel may have dropped them.
import { MeshgateError } from '../../errors.ts'
import { asLogError, readFully, syncDirectory, writeAll } from './file-layer.ts'
import type { FileHandle, FileLayer } from './file-layer.ts'
import { SEGMENT_HEADER_BYTES, decodeSegmentHeader, encodeSegmentHeader } from './segment-header.ts'
import type { SegmentHeader } from './segment-header.ts'
import { findLaterCommit } from './segment-scan.ts'
import { corrupt, readIndexFile, scanFrom, segmentAt, startOfSegment, writeIndexFile } from './segment.ts'
import type { LoadedSegment, Segment } from './segment.ts'
import type { SegmentExtent } from './segment-index.ts'

/** What a commit adds to the segment. */
export interface EncodedCommit {
  readonly frames: Buffer
  readonly first: number
  readonly next: number
  readonly firstTimestampUs: number
  readonly lastTimestampUs: number
  /** Offset and position of frames that the index may note. */
  readonly marks: readonly (readonly [offset: number, position: number])[]
}

export class ActiveSegment {
  readonly segment: Segment
  readonly #files: FileLayer
  #handle: FileHandle
  #loaded: LoadedSegment
  #indexedBytes: number
  /** The file may hold more than is known durable, or not even that may be in the page cache. */
  #suspect = false

  private constructor(files: FileLayer, segment: Segment, handle: FileHandle, loaded: LoadedSegment) {
    this.#files = files
    this.segment = segment
    this.#handle = handle
    this.#loaded = loaded
    this.#indexedBytes = loaded.extent.bytes
    segment.loaded = loaded
  }

  static async create(files: FileLayer, directory: string, header: SegmentHeader): Promise<ActiveSegment> {
    const segment = segmentAt(directory, { base: header.base, end: null, generation: 0 })
    const handle = await files.open(segment.path, 'w+')
    try {
      await writeAll(handle, encodeSegmentHeader(header), 0)
      await handle.datasync()
      await syncDirectory(files, directory)
    } catch (error) {
      await handle.close().catch(() => undefined)
      await files.unlink(segment.path).catch(() => undefined)
      throw asLogError(error, `Segment ${segment.path} cannot be created`)
    }
    return new ActiveSegment(files, segment, handle, startOfSegment(header.base, header.floorTimestampUs))
  }

  /** Opens the last segment and cuts a torn tail. Null where a crash interrupted its creation: then it holds nothing, and the one before is the last. */
  static async recover(files: FileLayer, segment: Segment): Promise<ActiveSegment | null> {
    const handle = await files.open(segment.path, 'r+')
    try {
      const { size } = await handle.stat()
      const header = decodeSegmentHeader(await readFully(handle, 0, SEGMENT_HEADER_BYTES))
      if (header === null) {
        if (size > SEGMENT_HEADER_BYTES) throw corrupt(segment, 0)
        await handle.close()
        return null
      }
      const known = (await readIndexFile(segment)) ?? startOfSegment(header.base, header.floorTimestampUs)
      if (known.extent.bytes > size) {
        const sizes = `${String(size)} bytes, of ${String(known.extent.bytes)} that were durable`
        throw new MeshgateError('LOG_CORRUPT', `${segment.path} has ${sizes}. Restore the file from a backup.`)
      }
      return new ActiveSegment(files, segment, handle, await recoverTail(handle, known, size))
    } catch (error) {
      await handle.close().catch(() => undefined)
      throw asLogError(error, `Segment ${segment.path} cannot be opened`)
    }
  }

  get extent(): SegmentExtent {
    return this.#loaded.extent
  }

  get empty(): boolean {
    return this.extent.bytes === SEGMENT_HEADER_BYTES
  }

  /** Resolves when the commit is durable. Where it rejects, nothing of it is in the log. */
  async append(commit: EncodedCommit): Promise<void> {
    await this.cut()
    try {
      this.#suspect = true
      await writeAll(this.#handle, commit.frames, this.extent.bytes)
      await this.#handle.datasync()
      this.#suspect = false
    } catch (error) {
      // At once, so that a full disk gets the partial commit's space back; if it fails, whoever writes or seals next tries again before.
      await this.#reopen().catch(() => undefined)
      throw asLogError(error, `Segment ${this.segment.path} cannot be written`)
    }
    for (const [offset, position] of commit.marks) this.#loaded.index.add(offset, position)
    const { next, lastTimestampUs } = commit
    const bytes = this.extent.bytes + commit.frames.length
    const firstTimestampUs = this.extent.firstTimestampUs ?? commit.firstTimestampUs
    this.#loaded = { index: this.#loaded.index, extent: { bytes, next, lastTimestampUs, firstTimestampUs } }
    this.segment.loaded = this.#loaded
  }

  /**
   * Takes out what a failed commit has left in the file, where that could not be done at once. To be done before another segment follows:
   * a sealed one is read to its end.
   */
  async cut(): Promise<void> {
    if (!this.#suspect) return
    try {
      await this.#reopen()
    } catch (error) {
      throw asLogError(error, `Segment ${this.segment.path} cannot be written`)
    }
  }

  /** Writes the index if the segment has grown by so much, so that opening after a crash scans what came later only. */
  async checkpoint(grownBytes: number): Promise<void> {
    if (this.extent.bytes - this.#indexedBytes < grownBytes) return
    const { bytes } = this.extent
    await writeIndexFile(this.#files, this.segment)
    this.#indexedBytes = bytes
  }

  /** The index is a cache: where it cannot be written, the next opening scans. It also takes whole frames of a failed commit as appended. */
  async close(): Promise<void> {
    await this.cut().catch(() => undefined)
    await this.checkpoint(1).catch(() => undefined)
    await this.#handle.close()
  }

  /** Back to what is known durable, by a new descriptor: on the old one an error may already have been reported and forgotten. */
  async #reopen(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
    this.#handle = await this.#files.open(this.segment.path, 'r+')
    await this.#handle.truncate(this.extent.bytes)
    await this.#handle.datasync()
    this.#suspect = false
  }
}

/** Scans on from what is known to the end of the last whole frame, and cuts what follows; steps over damage that was durable once. */
async function recoverTail(handle: FileHandle, from: LoadedSegment, size: number): Promise<LoadedSegment> {
  let known = await scanFrom(handle, from, size)
  while (known.extent.bytes < size) {
    const bad = { position: known.extent.bytes, next: known.extent.next }
    const later = await findLaterCommit(handle, bad, size)
    if (later === null) {
      await handle.truncate(known.extent.bytes)
      break
    }
    // Reading what is damaged is LOG_CORRUPT; what follows it was acknowledged too and stays, with an entry of the index to reach it by.
    known.index.addAlways(later.offset, later.position)
    known = await scanFrom(handle, { index: known.index, extent: { ...known.extent, bytes: later.position } }, size)
  }
  // Frames may be whole in the page cache and not yet on the disk.
  await handle.datasync()
  return known
}
