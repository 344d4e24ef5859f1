// Values between rows and the driver. Rows hold canonical values (platform/column-value.ts); every value comes back as it was written.
import { types } from 'cassandra-driver'
import type { Value } from '../../../schema/row.ts'
import type { ColumnType } from '../../../schema/tables.ts'
import { canonicalValue } from '../../column-value.ts'
import { invariant } from '../../errors.ts'

/** Before the digits of a decimal. */
const SCALE_BYTES = 4

/** What the driver takes for a canonical value of the type; null clears a cell. */
export function toCql(type: ColumnType, value: Value): unknown {
  if (value === null) return null
  switch (type) {
    case 'timestamp':
      return typeof value === 'string' ? Date.parse(value) : value
    case 'json':
      return JSON.stringify(value)
    case 'text':
    case 'int':
    case 'bigint':
    case 'double':
    case 'boolean':
    case 'decimal':
    case 'date':
    case 'uuid':
      // The driver reads 64-bit integers, decimals, dates and uuids from their texts, exactly.
      return value
  }
}

/** The canonical value of what the driver gives; never of null. */
export function fromCql(type: ColumnType, value: unknown): Value {
  switch (type) {
    case 'text':
      return String(value)
    case 'int':
    case 'double':
      // Cassandra keeps -0, which equals 0 and is no value of its own here.
      return Number(value) + 0
    case 'boolean':
      return value === true
    case 'decimal':
      return canonicalOf(type, decimalText(value))
    case 'timestamp':
      invariant(value instanceof Date, 'the driver gives timestamps as Date')
      return value.toISOString()
    case 'json':
      // What toCql wrote.
      return JSON.parse(String(value)) as Value
    case 'bigint':
    case 'date':
    case 'uuid':
      return String(value)
  }
}

function decimalText(value: unknown): string {
  invariant(value instanceof types.BigDecimal, 'the driver gives decimals as BigDecimal')
  // Its toString takes 6 ms for 100 digits, 60 for 200 and more than 20 s for 400, in which nothing else runs.
  const bytes = types.BigDecimal.toBuffer(value)
  const scale = bytes.readInt32BE(0)
  const units = bytes.subarray(SCALE_BYTES)
  const unscaled = BigInt.asIntN(units.length * 8, BigInt(`0x${units.toString('hex')}`))
  if (scale <= 0) return `${unscaled}${'0'.repeat(-scale)}`
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** Others may have written the same number another way, with zeros at its end. */
function canonicalOf(type: ColumnType, text: string): Value {
  return canonicalValue(type, text) ?? text
}
