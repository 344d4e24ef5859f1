// Order-preserving encoding of one key value: comparing the bytes compares the values as Cassandra's type does. Every encoding is
// prefix-free, so components can stand in a row and any of them can be inverted for a descending column.
import type { ColumnType } from '../schema/tables.ts'
import { invariant } from './errors.ts'
import { type ByteSink, createByteSink, reserve, takeBytes, writeByte } from './byte-sink.ts'

// Text ends in 00 01; a NUL inside becomes 00 FF, which sorts after the end and so after every shorter text.
const ESCAPE = 0x00
const TERMINATOR = 0x01
const ESCAPED_NUL = 0xff
const DECIMAL_NEGATIVE = 0x01
const DECIMAL_ZERO = 0x02
const DECIMAL_POSITIVE = 0x03
const SIGN_BIT = 0x80
const DAY_MS = 86_400_000
const CENTER_32 = 2_147_483_648

/** Appends a canonical value (column-value.ts) of a key or index column. */
export function appendComponent(sink: ByteSink, type: ColumnType, value: unknown, descending: boolean): void {
  const start = sink.length
  if (typeof value === 'string') appendString(sink, type, value)
  else if (typeof value === 'number') appendNumber(sink, type, value)
  else {
    invariant(type === 'boolean' && typeof value === 'boolean', `no key encoding of ${type}`)
    writeByte(sink, value ? 1 : 0)
  }
  if (descending) invert(sink, start)
}

// Comparing never yields to other code, so one sink serves every call.
const compared = createByteSink()

/** Negative where `left` comes before `right` in ascending order. Both are canonical values of the type. */
export function compareKeyValues(type: ColumnType, left: unknown, right: unknown): number {
  if (left === right) return 0
  appendComponent(compared, type, left, false)
  const bytes = takeBytes(compared)
  appendComponent(compared, type, right, false)
  return Buffer.compare(bytes, takeBytes(compared))
}

function appendString(sink: ByteSink, type: ColumnType, value: string): void {
  switch (type) {
    case 'text':
      appendText(sink, value)
      return
    case 'bigint':
      appendInt64(sink, BigInt(value))
      return
    case 'decimal':
      appendDecimal(sink, value)
      return
    case 'timestamp':
      appendTime(sink, Date.parse(value))
      return
    case 'date':
      reserve(sink, 4)
      sink.bytes.writeUInt32BE(Date.parse(`${value}T00:00:00.000Z`) / DAY_MS + CENTER_32, sink.length)
      sink.length += 4
      return
    case 'uuid':
      appendUuid(sink, value)
      return
    default:
      invariant(false, `no key encoding of ${type}`)
  }
}

function appendNumber(sink: ByteSink, type: ColumnType, value: number): void {
  if (type === 'int') {
    reserve(sink, 4)
    sink.bytes.writeUInt32BE(value + CENTER_32, sink.length)
    sink.length += 4
    return
  }
  // Doubles are never keys, only index values: negatives have all bits flipped, the others the sign bit.
  invariant(type === 'double', `no key encoding of ${type}`)
  reserve(sink, 8)
  const start = sink.length
  sink.bytes.writeDoubleBE(value, start)
  sink.length += 8
  if (value < 0) invert(sink, start)
  else flipSign(sink, start)
}

function appendText(sink: ByteSink, value: string): void {
  // At most three UTF-8 bytes for a UTF-16 unit.
  reserve(sink, value.length * 3 + 2)
  const start = sink.length
  sink.length += sink.bytes.write(value, start, 'utf8')
  const nul = sink.bytes.indexOf(ESCAPE, start)
  if (nul >= 0 && nul < sink.length) escapeNuls(sink, start)
  reserve(sink, 2)
  sink.bytes[sink.length] = ESCAPE
  sink.bytes[sink.length + 1] = TERMINATOR
  sink.length += 2
}

function escapeNuls(sink: ByteSink, start: number): void {
  const text = Buffer.from(sink.bytes.subarray(start, sink.length))
  sink.length = start
  reserve(sink, text.length * 2)
  for (const byte of text) {
    writeByte(sink, byte)
    if (byte === ESCAPE) writeByte(sink, ESCAPED_NUL)
  }
}

function appendInt64(sink: ByteSink, value: bigint): void {
  reserve(sink, 8)
  sink.bytes.writeBigInt64BE(value, sink.length)
  flipSign(sink, sink.length)
  sink.length += 8
}

// The same bytes as of appendInt64, without a BigInt: times are within 2^53.
function appendTime(sink: ByteSink, ms: number): void {
  reserve(sink, 8)
  const high = Math.floor(ms / CENTER_32 / 2)
  sink.bytes.writeUInt32BE(high + CENTER_32, sink.length)
  sink.bytes.writeUInt32BE(ms - high * CENTER_32 * 2, sink.length + 4)
  sink.length += 8
}

// 0.d1d2d3… × 10^exponent: sign, exponent, digits two to a byte (1 to 100), end (0). Negatives have all but the sign inverted.
function appendDecimal(sink: ByteSink, value: string): void {
  const negative = value.startsWith('-')
  const [whole = '', fraction = ''] = (negative ? value.slice(1) : value).split('.')
  const leading = /^0*/.exec(whole + fraction)?.[0].length ?? 0
  const digits = (whole + fraction).slice(leading).replace(/0+$/, '')
  if (digits === '') {
    writeByte(sink, DECIMAL_ZERO)
    return
  }
  writeByte(sink, negative ? DECIMAL_NEGATIVE : DECIMAL_POSITIVE)
  const start = sink.length
  reserve(sink, 5 + digits.length)
  sink.bytes.writeUInt32BE(whole.length - leading + CENTER_32, start)
  sink.length += 4
  for (let at = 0; at < digits.length; at += 2) {
    writeByte(sink, Number(digits.slice(at, at + 2).padEnd(2, '0')) + 1)
  }
  writeByte(sink, 0)
  if (negative) invert(sink, start)
}

// Cassandra's UUIDType: the version first, then for version 1 its time (high part before middle before low), then the bytes.
function appendUuid(sink: ByteSink, value: string): void {
  const hex = value.replaceAll('-', '')
  const version = hex.charAt(12)
  const first = version === '1' ? hex.slice(12, 16) + hex.slice(8, 12) + hex.slice(0, 8) : hex.slice(0, 16)
  reserve(sink, 17)
  sink.length += sink.bytes.write(`0${version}${first}${hex.slice(16)}`, sink.length, 'hex')
}

function flipSign(sink: ByteSink, at: number): void {
  sink.bytes[at] = (sink.bytes[at] ?? 0) ^ SIGN_BIT
}

function invert(sink: ByteSink, start: number): void {
  for (let at = start; at < sink.length; at += 1) sink.bytes[at] = ~(sink.bytes[at] ?? 0) & 0xff
}
