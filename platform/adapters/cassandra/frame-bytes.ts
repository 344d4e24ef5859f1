// Bytes of a request of the native protocol, written one after another into one buffer that is used again for the next request.
import { types } from 'cassandra-driver'
import type { Encoder } from 'cassandra-driver/lib/requests.js'
import { cqlBytes } from '../../cell-order.ts'

const { dataTypes } = types

/** Larger than nearly all requests; what a larger one takes is let go with it. */
const KEPT_BYTES = 262_144
const kept = Buffer.allocUnsafeSlow(KEPT_BYTES)

/** Of one UTF-16 unit in UTF-8, at most. */
const UNIT_BYTES_MAX = 3
/** Calling native code costs more than this many characters. */
const SHORT_TEXT = 24
const SCALE_BYTES = 4
const INT24 = 2 ** 23
const SHORT_DECIMAL = 9
const DAY_MS = 86_400_000
const WORD = 2 ** 32
const WORD_MASK = 0xff_ff_ff_ffn
const UNSET = -2
const NULL = -1

export class FrameBytes {
  readonly #encoder: Encoder
  #bytes = kept
  #end = 0

  /** One at a time: another begins where `take` has ended this one. */
  constructor(encoder: Encoder) {
    this.#encoder = encoder
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#end))
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#end] = value
    this.#end += 1
  }

  int16(value: number): void {
    this.#reserve(2)
    this.#bytes[this.#end] = value >>> 8
    this.#bytes[this.#end + 1] = value
    this.#end += 2
  }

  int32(value: number): void {
    this.#reserve(4)
    this.#setInt32(this.#end, value)
    this.#end += 4
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** A value as toCql makes it, in its type's encoding, behind its length. */
  value(value: unknown, type: { readonly code: number } | undefined): void {
    const code = type?.code
    if (value === undefined) this.int32(UNSET)
    else if (value === null) this.int32(NULL)
    else if (typeof value === 'string' && (code === dataTypes.varchar || code === dataTypes.text)) this.#text(value)
    else if (typeof value === 'string' && code === dataTypes.decimal) this.#decimal(value)
    else if (typeof value === 'string' && code === dataTypes.date) this.#date(value)
    else if (typeof value === 'bigint' && code === dataTypes.bigint)
      this.#int64(Number(value >> 32n), Number(value & WORD_MASK))
    else if (typeof value === 'number' && code === dataTypes.timestamp) this.#int64(Math.floor(value / WORD), value)
    else if (typeof value === 'number' && code === dataTypes.int) this.#int(value)
    else this.#bytesOf(this.#encoder.encode(value, type))
  }

  #int64(high: number, low: number): void {
    this.int32(8)
    this.int32(high)
    this.int32(low)
  }

  #int(value: number): void {
    this.int32(4)
    this.int32(value)
  }

  /** Days, unsigned, of which the epoch is the middle one. */
  #date(value: string): void {
    this.#int(Date.parse(value) / DAY_MS + 2 ** 31)
  }

  #text(value: string): void {
    this.#reserve(4 + value.length * UNIT_BYTES_MAX)
    const start = this.#end + 4
    let end = value.length <= SHORT_TEXT ? this.#ascii(value, start) : -1
    if (end < 0) end = start + this.#bytes.write(value, start)
    this.#setInt32(this.#end, end - start)
    this.#end = end
  }

  /** Where it ends, -1 where there is more in it than ASCII. */
  #ascii(value: string, start: number): number {
    const bytes = this.#bytes
    for (let at = 0; at < value.length; at += 1) {
      const code = value.charCodeAt(at)
      if (code > 127) return -1
      bytes[start + at] = code
    }
    return start + value.length
  }

  /** Four bytes of scale, then the unscaled value in as few two's complement bytes as hold it. */
  #decimal(value: string): void {
    const unscaled = value.length <= SHORT_DECIMAL ? Number(value.replace('.', '')) : Number.NaN
    if (!(Math.abs(unscaled) < INT24)) return this.#bytesOf(cqlBytes('decimal', value))
    const point = value.indexOf('.')
    const size = unscaled >= -128 && unscaled < 128 ? 1 : unscaled >= -32_768 && unscaled < 32_768 ? 2 : 3
    this.int32(SCALE_BYTES + size)
    this.int32(point < 0 ? 0 : value.length - 1 - point)
    for (let at = size - 1; at >= 0; at -= 1) this.byte(unscaled >> (at * 8))
  }

  #bytesOf(bytes: Uint8Array): void {
    this.int32(bytes.length)
    this.append(bytes)
  }

  #setInt32(at: number, value: number): void {
    this.#bytes[at] = value >>> 24
    this.#bytes[at + 1] = value >>> 16
    this.#bytes[at + 2] = value >>> 8
    this.#bytes[at + 3] = value
  }

  #reserve(more: number): void {
    const needed = this.#end + more
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(needed * 2)
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
