// Checks a value against its column's type and gives its one canonical form, so that equal values are equal bytes in every file.
import type { Value } from '../schema/row.ts'
import { schemaLimits } from '../schema/schema-limits.ts'
import type { ColumnType } from '../schema/tables.ts'

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/
const CANONICAL_DECIMAL = /^(?:0|-?(?:[1-9]\d*(?:\.\d*[1-9])?|0\.\d*[1-9]))$/
const BIGINT = /^-?\d{1,19}$/
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DATE = /^\d{4}-\d{2}-\d{2}$/
// Days that every month has; other days and years need a closer look.
const PLAIN_ISO = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/
const INT_MAX = 2_147_483_647

/** The canonical form of a value of the type, `undefined` where it is none. Null is not a value here. */
export function canonicalValue(type: ColumnType, value: Value): Value | undefined {
  switch (type) {
    case 'text':
      return typeof value === 'string' ? canonicalText(value) : undefined
    case 'int':
      return typeof value === 'number' && Number.isInteger(value) && value <= INT_MAX && value >= -INT_MAX - 1
        ? value + 0
        : undefined
    case 'bigint':
      return typeof value === 'string' ? canonicalBigint(value) : undefined
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? value + 0 : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'decimal':
      return typeof value === 'string' ? canonicalDecimal(value) : undefined
    case 'timestamp':
      return typeof value === 'string' && isIso(value) ? value : undefined
    case 'date':
      return typeof value === 'string' && DATE.test(value) && isIso(`${value}T00:00:00.000Z`) ? value : undefined
    case 'uuid':
      return typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined
    case 'json':
      return value
  }
}

/** What a value of the type looks like, for messages. */
export const VALUE_SHAPES: Readonly<Record<ColumnType, string>> = {
  text: 'a string',
  int: 'an integer of 32 bits',
  bigint: 'a string of digits, 64 bits signed',
  double: 'a finite number',
  boolean: 'true or false',
  decimal: `a string such as "-12.50", without exponent, of at most ${schemaLimits.decimalDigitsMax} digits`,
  timestamp: 'a UTC time such as "2026-01-02T03:04:05.000Z"',
  date: 'a date such as "2026-01-02"',
  uuid: 'a UUID',
  json: 'a JSON value',
}

// A lone surrogate has no UTF-8: Cassandra's driver writes U+FFFD in its place, and so does this store.
function canonicalText(value: string): string {
  return value.isWellFormed() ? value : value.toWellFormed()
}

function canonicalBigint(value: string): string | undefined {
  if (!BIGINT.test(value)) return undefined
  const number = BigInt(value)
  return BigInt.asIntN(64, number) === number ? number.toString() : undefined
}

// Arithmetic on digits takes the square of their number: the longest that a product may declare is far from where that hurts.
const DECIMAL_CHARACTERS_MAX = schemaLimits.decimalDigitsMax + '-0.'.length

function canonicalDecimal(value: string): string | undefined {
  if (value.length > DECIMAL_CHARACTERS_MAX) return undefined
  if (CANONICAL_DECIMAL.test(value)) return value
  const match = DECIMAL.exec(value)
  if (match === null) return undefined
  const whole = (match[2] ?? '').replace(/^0+(?=\d)/, '')
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  const magnitude = fraction === '' ? whole : `${whole}.${fraction}`
  return magnitude === '0' ? '0' : `${match[1] ?? ''}${magnitude}`
}

// Date.parse accepts 30 February and many other spellings; the way back shows whether it was the row form.
function isIso(value: string): boolean {
  if (PLAIN_ISO.test(value)) return true
  const time = Date.parse(value)
  return !Number.isNaN(time) && new Date(time).toISOString() === value
}
