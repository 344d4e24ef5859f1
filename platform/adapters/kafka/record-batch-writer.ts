// Encodes records as one record batch (grammar: record-batch-reader.ts). Made once and sent again unchanged: producer, epoch and sequence in
// its head are what lets the broker recognise a repeat.
import { constants, zstdCompressSync } from 'node:zlib'
import type { AppendRecord } from '../../ports/event-log.ts'
import { CODECS } from './compression.ts'
import { crc32c } from './crc32c.ts'

export interface ProducerIdentity {
  readonly producerId: bigint
  readonly epoch: number
}

export interface BatchHead {
  readonly producer: ProducerIdentity
  readonly sequence: number
  /** Milliseconds since 1970; counts only in topics that keep the time of creation. */
  readonly timestampMs: number
}

/** What a record takes beside its content, at most: lengths and deltas. */
export const RECORD_OVERHEAD_BYTES = 32

/** Half of the time of the default level, for JSON of the same size. */
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

const HEADER_BYTES = 61
const CRC_AT = 17
const CRC_START = 21
const LENGTH_START = 12

export function encodeBatch(records: readonly AppendRecord[], head: BatchHead): Buffer {
  const plain = encodeRecords(records)
  const squeezed = zstdCompressSync(plain, COMPRESSION)
  const [codec, body] = squeezed.length < plain.length ? [CODECS.zstd, squeezed] : [CODECS.none, plain]
  const batch = Buffer.allocUnsafe(HEADER_BYTES + body.length)
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - LENGTH_START, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(codec, 21)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(head.timestampMs), 27)
  batch.writeBigInt64BE(BigInt(head.timestampMs), 35)
  batch.writeBigInt64BE(head.producer.producerId, 43)
  batch.writeInt16BE(head.producer.epoch, 51)
  batch.writeInt32BE(head.sequence, 53)
  batch.writeInt32BE(records.length, 57)
  batch.set(body, HEADER_BYTES)
  batch.writeUInt32BE(crc32c(batch.subarray(CRC_START)), CRC_AT)
  return batch
}

interface Encodable {
  readonly record: AppendRecord
  readonly headers: readonly (readonly [Buffer, Buffer])[]
  readonly bodyBytes: number
}

function encodeRecords(records: readonly AppendRecord[]): Buffer {
  const encodables = records.map(measured)
  const bytes = encodables.reduce((sum, { bodyBytes }) => sum + varintBytes(bodyBytes) + bodyBytes, 0)
  const into = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const [index, { record, headers, bodyBytes }] of encodables.entries()) {
    at = writeVarint(into, at, bodyBytes)
    into[at] = 0
    into[at + 1] = 0
    at = writeVarint(into, at + 2, index)
    at = writeBytes(into, at, record.key)
    at = writeBytes(into, at, record.value)
    at = writeVarint(into, at, headers.length)
    for (const [name, value] of headers) at = writeBytes(into, writeBytes(into, at, name), value)
  }
  return into
}

function measured(record: AppendRecord, index: number): Encodable {
  const headers = Object.entries(record.headers ?? {}).map(
    ([name, value]) => [Buffer.from(name), Buffer.from(value)] as const,
  )
  let bodyBytes = 2 + varintBytes(index) + lengthOf(record.key) + lengthOf(record.value) + varintBytes(headers.length)
  for (const [name, value] of headers) bodyBytes += lengthOf(name) + lengthOf(value)
  return { record, headers, bodyBytes }
}

function lengthOf(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length
}

function writeBytes(into: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(into, at, -1)
  const start = writeVarint(into, at, bytes.length)
  into.set(bytes, start)
  return start + bytes.length
}

/** Of a 32-bit value, zigzag. */
function writeVarint(into: Buffer, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let end = at
  for (; rest > 0x7f; rest >>>= 7) {
    into[end] = (rest & 0x7f) | 0x80
    end += 1
  }
  into[end] = rest
  return end + 1
}

function varintBytes(value: number): number {
  const bits = 32 - Math.clz32(((value << 1) ^ (value >> 31)) >>> 0)
  return Math.max(1, Math.ceil(bits / 7))
}
