// The sparse index of a segment: every so many bytes, which offset begins where; and up to where the segment was durable when the index
// was written. Its file is a cache with a checksum: it can always be made anew by scanning the segment, and on opening it saves that scan.
import { crc32 } from 'node:zlib'
import { limits } from '../../limits.ts'

const MAGIC = 0x3158_474d
const HEADER_BYTES = 40

/** What is known of a segment up to `bytes`, all of which is whole frames. */
export interface SegmentExtent {
  readonly bytes: number
  /** The offset after the last record. */
  readonly next: number
  /** Append time of the last record, or of the one before the segment where it has none. */
  readonly lastTimestampUs: number
  /** Append time of the first record; null where there is none. */
  readonly firstTimestampUs: number | null
}

export class SegmentIndex {
  /** offset, position, offset, position… ascending. */
  readonly #entries: number[]
  #nextEntryAt: number

  constructor(entries: number[] = []) {
    this.#entries = entries
    this.#nextEntryAt = entries.length === 0 ? 0 : (entries.at(-1) ?? 0) + limits.logIndexIntervalBytes
  }

  /** Notes that a frame begins at `position`, if the last entry is far enough behind. */
  add(offset: number, position: number): void {
    if (position >= this.#nextEntryAt) this.addAlways(offset, position)
  }

  addAlways(offset: number, position: number): void {
    this.#entries.push(offset, position)
    this.#nextEntryAt = position + limits.logIndexIntervalBytes
  }

  /** The position of the last entry at or before the offset; null if there is none. */
  floor(offset: number): number | null {
    let low = 0
    let high = this.#entries.length / 2
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle * 2] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low === 0 ? null : (this.#entries[low * 2 - 1] ?? null)
  }

  encode(extent: SegmentExtent): Buffer {
    const bytes = Buffer.alloc(HEADER_BYTES + this.#entries.length * 8)
    bytes.writeUInt32LE(MAGIC, 4)
    bytes.writeDoubleLE(extent.bytes, 8)
    bytes.writeDoubleLE(extent.next, 16)
    bytes.writeDoubleLE(extent.lastTimestampUs, 24)
    bytes.writeDoubleLE(extent.firstTimestampUs ?? -1, 32)
    this.#entries.forEach((entry, at) => bytes.writeDoubleLE(entry, HEADER_BYTES + at * 8))
    bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0)
    return bytes
  }

  /** Null where the bytes are no whole index. */
  static decode(bytes: Buffer): { index: SegmentIndex; extent: SegmentExtent } | null {
    if (bytes.length < HEADER_BYTES || (bytes.length - HEADER_BYTES) % 16 !== 0) return null
    if (bytes.readUInt32LE(4) !== MAGIC || crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) return null
    const entries: number[] = []
    for (let at = HEADER_BYTES; at < bytes.length; at += 8) entries.push(bytes.readDoubleLE(at))
    const first = bytes.readDoubleLE(32)
    const extent: SegmentExtent = {
      bytes: bytes.readDoubleLE(8),
      next: bytes.readDoubleLE(16),
      lastTimestampUs: bytes.readDoubleLE(24),
      firstTimestampUs: first < 0 ? null : first,
    }
    return { index: new SegmentIndex(entries), extent }
  }
}
