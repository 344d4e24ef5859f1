// The first bytes of a segment file: u64 magic with the format's version | f64 base offset | f64 append time (µs) of the last record before
// the segment, so that times go on increasing where retention has deleted everything | u32 0 | u32 crc32 of all before.
import { crc32 } from 'node:zlib'

export const SEGMENT_HEADER_BYTES = 32
const MAGIC = 0x0001_474f_4c47_4d00n

export interface SegmentHeader {
  readonly base: number
  readonly floorTimestampUs: number
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  bytes.writeBigUInt64LE(MAGIC, 0)
  bytes.writeDoubleLE(header.base, 8)
  bytes.writeDoubleLE(header.floorTimestampUs, 16)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  return bytes
}

/** Null where the bytes are no whole header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.readBigUInt64LE(0) !== MAGIC) return null
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return null
  return { base: bytes.readDoubleLE(8), floorTimestampUs: bytes.readDoubleLE(16) }
}
