// Which of two values wins a cell at one write time, Cassandra's rule and the Store port's: null, then the greater by the unsigned bytes of
// its CQL encoding. That is not the order of the values (a negative int is greater than a positive one), but whoever follows it picks
// the same winner: the embedded store, and ingest, which merges rows in memory and must come to what the store comes to.
import type { Value } from '../schema/row.ts'
import type { ColumnType } from '../schema/tables.ts'
import { invariant } from './errors.ts'

const DAY_MS = 86_400_000

/** Positive where `left` wins over `right`, 0 where they are the same. Values are canonical; null is a tombstone. */
export function compareTied(type: ColumnType, left: Value, right: Value): number {
  // Mostly a write that comes again.
  if (left === right) return 0
  if (left === null || right === null) return left === null ? 1 : -1
  return Buffer.compare(cqlBytes(type, left), cqlBytes(type, right))
}

/** The value in its CQL encoding; it is canonical and not null. */
export function cqlBytes(type: ColumnType, value: Value): Buffer {
  if (type === 'json') return Buffer.from(JSON.stringify(value))
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0])
  if (typeof value === 'number') return numberBytes(type, value)
  invariant(typeof value === 'string', `${type} has no such value`)
  switch (type) {
    case 'bigint':
      return int64(BigInt(value))
    case 'timestamp':
      return int64(BigInt(Date.parse(value)))
    case 'decimal':
      return decimalBytes(value)
    case 'uuid':
      return Buffer.from(value.replaceAll('-', ''), 'hex')
    case 'date':
      return dateBytes(value)
    default:
      return Buffer.from(value)
  }
}

function numberBytes(type: ColumnType, value: number): Buffer {
  const bytes = Buffer.alloc(type === 'int' ? 4 : 8)
  if (type === 'int') bytes.writeInt32BE(value)
  else bytes.writeDoubleBE(value)
  return bytes
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}

/** Days, unsigned, of which the epoch is the middle one. */
function dateBytes(value: string): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(Date.parse(`${value}T00:00:00.000Z`) / DAY_MS + 2 ** 31)
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
