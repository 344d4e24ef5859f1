// One record as bytes in a segment. Little endian:
//   u32 body length | u32 crc32 of the body, seeded with the length | body:
//   u32 commit start | u48 offset | u16 flags | u64 timestamp µs (two u32) | i32 key length | i32 value length | u32 headers length |
//   [f64 removable-from ms, where flag 1 is set] | key | value | headers: { u32 name length, name, u32 value length, value }…
// "Commit start" is where in the file the group commit began that wrote the frame: all before it was durable by then. It tells damage
// (a bad frame before a later commit's start) from a torn tail (a bad frame within the last commit).
import { crc32 } from 'node:zlib'
import type { AppendRecord, LogRecord } from '../../ports/event-log.ts'

const BODY_AT = 8
const KEY_AT = 40
/** Bytes of a frame beside key, value, headers. */
export const FRAME_BYTES_MIN = KEY_AT
const FLAG_REMOVABLE = 1
const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({})

export interface FrameStamp {
  readonly commitStart: number
  readonly offset: number
  readonly timestampUs: number
}

/** Writes a frame at `at`, returns where it ends. The buffer has room for `FRAME_BYTES_MIN + contentBytes(record)`. */
export function writeFrame(into: Buffer, at: number, record: AppendRecord, stamp: FrameStamp): number {
  const { key, value } = record
  into.writeUInt32LE(stamp.commitStart, at + 8)
  into.writeUIntLE(stamp.offset, at + 12, 6)
  into.writeUInt16LE(0, at + 18)
  into.writeUInt32LE(stamp.timestampUs % 0x1_0000_0000, at + 20)
  into.writeUInt32LE(Math.floor(stamp.timestampUs / 0x1_0000_0000), at + 24)
  into.writeInt32LE(key === null ? -1 : key.length, at + 28)
  into.writeInt32LE(value === null ? -1 : value.length, at + 32)
  let end = at + KEY_AT
  if (key !== null) {
    into.set(key, end)
    end += key.length
  }
  if (value !== null) {
    into.set(value, end)
    end += value.length
  }
  const headersAt = end
  if (record.headers !== undefined) end = writeHeaders(into, end, record.headers)
  into.writeUInt32LE(end - headersAt, at + 36)
  sealFrame(into, at, end)
  return end
}

function writeHeaders(into: Buffer, at: number, headers: Readonly<Record<string, string>>): number {
  let end = at
  for (const name of Object.keys(headers)) {
    const nameBytes = into.write(name, end + 4)
    into.writeUInt32LE(nameBytes, end)
    end += 4 + nameBytes
    const valueBytes = into.write(headers[name] ?? '', end + 4)
    into.writeUInt32LE(valueBytes, end)
    end += 4 + valueBytes
  }
  return end
}

function sealFrame(into: Buffer, at: number, end: number): void {
  const length = end - at - BODY_AT
  into.writeUInt32LE(length, at)
  into.writeUInt32LE(crc32(into.subarray(at + BODY_AT, end), length), at + 4)
}

/** Where the frame at `at` ends by its length, which is only to be trusted if `frameIntact`; -1 if it cannot be or passes `end`. */
export function frameEnd(bytes: Buffer, at: number, end: number): number {
  if (at + FRAME_BYTES_MIN > end) return -1
  const length = bytes.readUInt32LE(at)
  const frameEndsAt = at + BODY_AT + length
  return length < FRAME_BYTES_MIN - BODY_AT || frameEndsAt > end ? -1 : frameEndsAt
}

/** Bytes that the frame claims, so that a reader with too few of them knows how many to fetch. */
export function frameBytes(bytes: Buffer, at: number): number {
  return BODY_AT + bytes.readUInt32LE(at)
}

export function frameIntact(bytes: Buffer, at: number, frameEndsAt: number): boolean {
  return crc32(bytes.subarray(at + BODY_AT, frameEndsAt), frameEndsAt - at - BODY_AT) === bytes.readUInt32LE(at + 4)
}

export function frameCommitStart(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 8)
}

export function frameOffset(bytes: Buffer, at: number): number {
  return bytes.readUIntLE(at + 12, 6)
}

export function frameTimestampUs(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 24) * 0x1_0000_0000 + bytes.readUInt32LE(at + 20)
}

/** The record of an intact frame. Key and value are views of the buffer: no byte is copied. */
export function readFrame(bytes: Buffer, at: number): LogRecord {
  const keyLength = bytes.readInt32LE(at + 28)
  const valueLength = bytes.readInt32LE(at + 32)
  const headersLength = bytes.readUInt32LE(at + 36)
  const keyAt = at + KEY_AT + (removable(bytes, at) ? 8 : 0)
  const valueAt = keyAt + Math.max(keyLength, 0)
  const headersAt = valueAt + Math.max(valueLength, 0)
  return {
    offset: frameOffset(bytes, at),
    timestampUs: frameTimestampUs(bytes, at),
    key: keyLength < 0 ? null : bytes.subarray(keyAt, valueAt),
    value: valueLength < 0 ? null : bytes.subarray(valueAt, headersAt),
    headers: headersLength === 0 ? NO_HEADERS : readHeaders(bytes, headersAt, headersAt + headersLength),
  }
}

function readHeaders(bytes: Buffer, from: number, end: number): Readonly<Record<string, string>> {
  const entries: [string, string][] = []
  let at = from
  while (at < end) {
    const nameEnd = at + 4 + bytes.readUInt32LE(at)
    const valueEnd = nameEnd + 4 + bytes.readUInt32LE(nameEnd)
    entries.push([bytes.toString('utf8', at + 4, nameEnd), bytes.toString('utf8', nameEnd + 4, valueEnd)])
    at = valueEnd
  }
  return Object.fromEntries(entries)
}

function removable(bytes: Buffer, at: number): boolean {
  return (bytes.readUInt16LE(at + 18) & FLAG_REMOVABLE) !== 0
}

/** From when (ms) compaction may drop the tombstone; null until a pass has removed what it deletes. */
export function frameRemovableFromMs(bytes: Buffer, at: number): number | null {
  return removable(bytes, at) ? bytes.readDoubleLE(at + KEY_AT) : null
}

/** A copy of a tombstone's frame that may be dropped from `ms` on. */
export function withRemovableFrom(bytes: Buffer, at: number, frameEndsAt: number, ms: number): Buffer {
  const copy = Buffer.allocUnsafe(frameEndsAt - at + 8)
  bytes.copy(copy, 0, at, at + KEY_AT)
  copy.writeUInt16LE(FLAG_REMOVABLE, 18)
  copy.writeDoubleLE(ms, KEY_AT)
  bytes.copy(copy, KEY_AT + 8, at + KEY_AT, frameEndsAt)
  sealFrame(copy, 0, copy.length)
  return copy
}
