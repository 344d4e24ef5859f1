// Which of two values wins a cell at one write time: the greater by the bytes of its CQL encoding, Cassandra's rule and the Store port's.
// Ingest merges rows in memory and must come to the result that the store comes to.
import type { Value } from '../schema/row.ts'
import type { ColumnType } from '../schema/tables.ts'

/** Whether `challenger` replaces `holder`, both written at the same time. Null (a tombstone) wins over any value. */
export function winsTie(type: ColumnType, challenger: Value, holder: Value): boolean {
  if (holder === null) return false
  if (challenger === null) return true
  return compareEncoded(type, challenger, holder) > 0
}

function compareEncoded(type: ColumnType, left: Value, right: Value): number {
  switch (type) {
    case 'int':
      return (Number(left) >>> 0) - (Number(right) >>> 0)
    case 'bigint':
      return compareUnsigned64(BigInt(textOf(left)), BigInt(textOf(right)))
    case 'timestamp':
      return compareUnsigned64(BigInt(Date.parse(textOf(left))), BigInt(Date.parse(textOf(right))))
    case 'boolean':
      return Number(left) - Number(right)
    case 'double':
      return Buffer.compare(doubleBytes(Number(left)), doubleBytes(Number(right)))
    case 'decimal':
      return Buffer.compare(decimalBytes(textOf(left)), decimalBytes(textOf(right)))
    case 'json':
      return Buffer.compare(Buffer.from(JSON.stringify(left)), Buffer.from(JSON.stringify(right)))
    // A date is encoded as days from -2^31 on and a lower-case uuid as its bytes: both order as their text does.
    case 'date':
    case 'uuid':
    case 'text':
      return Buffer.compare(Buffer.from(textOf(left)), Buffer.from(textOf(right)))
  }
}

function textOf(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function compareUnsigned64(left: bigint, right: bigint): number {
  const a = BigInt.asUintN(64, left)
  const b = BigInt.asUintN(64, right)
  return a < b ? -1 : a > b ? 1 : 0
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

/** CQL decimal: the scale in four bytes, then the unscaled integer, two's complement, big-endian, as short as it can be. */
function decimalBytes(text: string): Buffer {
  const point = text.indexOf('.')
  const scale = point === -1 ? 0 : text.length - point - 1
  const unscaled = BigInt(text.replace('.', ''))
  let length = 1
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length += 1
  const bytes = Buffer.alloc(4 + length)
  bytes.writeInt32BE(scale)
  bytes.write(
    BigInt.asUintN(length * 8, unscaled)
      .toString(16)
      .padStart(length * 2, '0'),
    4,
    'hex',
  )
  return bytes
}
