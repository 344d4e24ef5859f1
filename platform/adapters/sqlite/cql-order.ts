// Cassandra's tie rule between two values of one write time: the greater by the unsigned bytes of its CQL encoding. That is not the
// order of the values (a negative int is greater than a positive one), but any store that follows it picks the same winner.
import type { Value } from '../../../schema/row.ts'
import type { ColumnType } from '../../../schema/tables.ts'

/** Negative, zero or positive, as the CQL bytes of `left` are less than, equal to or greater than those of `right`. Canonical values. */
export function compareCqlBytes(type: ColumnType, left: Value, right: Value): number {
  return Buffer.compare(cqlBytes(type, left), cqlBytes(type, right))
}

function cqlBytes(type: ColumnType, value: Value): Buffer {
  switch (type) {
    case 'text':
      return Buffer.from(String(value))
    case 'json':
      return Buffer.from(JSON.stringify(value))
    case 'int': {
      const bytes = Buffer.alloc(4)
      bytes.writeInt32BE(Number(value))
      return bytes
    }
    case 'bigint':
      return int64(BigInt(String(value)))
    case 'timestamp':
      return int64(BigInt(Date.parse(String(value))))
    case 'double': {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleBE(Number(value))
      return bytes
    }
    case 'boolean':
      return Buffer.from([value === true ? 1 : 0])
    case 'decimal':
      return decimalBytes(String(value))
    case 'date':
      // Days from a centre, unsigned: four-digit years in text order are the same order.
      return Buffer.from(String(value))
    case 'uuid':
      return Buffer.from(String(value).replaceAll('-', ''), 'hex')
  }
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

/** Four bytes of scale, then the unscaled value in as few two's complement bytes as hold it. */
function decimalBytes(value: string): Buffer {
  const [whole = '', fraction = ''] = value.split('.')
  const unscaled = BigInt(whole + fraction)
  let size = 1
  while (BigInt.asIntN(size * 8, unscaled) !== unscaled) size += 1
  const hex = BigInt.asUintN(size * 8, unscaled)
    .toString(16)
    .padStart(size * 2, '0')
  const scale = Buffer.alloc(4)
  scale.writeInt32BE(fraction.length)
  return Buffer.concat([scale, Buffer.from(hex, 'hex')])
}
