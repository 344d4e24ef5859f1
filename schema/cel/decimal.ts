// Exact decimal arithmetic for expressions and checks: units × 10^-scale. Units are a number while that is exact (the common
// case costs no BigInt), else a bigint. The canonical text is model.ts's: no exponent, no trailing zeros, no `-0`.
import { schemaLimits } from '../schema-limits.ts'

type Units = number | bigint

/** A class, though it owns no state: the CEL library tells types apart by their constructor. */
export class DecimalValue {
  readonly units: Units
  readonly scale: number

  constructor(units: Units, scale: number) {
    this.units = units
    this.scale = scale
  }

  toString(): string {
    return decimalToText(this)
  }
}

const POWERS: readonly number[] = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)
const decimalPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/
const doublePattern = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/
/** Digits that every double holds exactly as an integer. */
const EXACT_DIGITS = 15

const narrowed = (units: bigint): Units =>
  units <= BigInt(Number.MAX_SAFE_INTEGER) && units >= -BigInt(Number.MAX_SAFE_INTEGER) ? Number(units) : units

/** Units at a scale that is `by` digits finer. */
function rescaled(units: Units, by: number): Units {
  if (by === 0) return units
  if (typeof units === 'number' && by <= EXACT_DIGITS) {
    const product = units * (POWERS[by] ?? 1)
    if (Number.isSafeInteger(product)) return product
  }
  return BigInt(units) * 10n ** BigInt(by)
}

/** The value of a canonical decimal text. */
export function decimalOf(canonical: string): DecimalValue {
  const point = canonical.indexOf('.')
  const scale = point < 0 ? 0 : canonical.length - point - 1
  if (canonical.length <= EXACT_DIGITS) {
    if (point < 0) return new DecimalValue(Number(canonical), 0)
    // Not Number(canonical) × 10^scale, which rounds: the digits as one integer.
    return new DecimalValue(Number(canonical.slice(0, point) + canonical.slice(point + 1)), scale)
  }
  const digits = point < 0 ? canonical : canonical.slice(0, point) + canonical.slice(point + 1)
  return new DecimalValue(narrowed(BigInt(digits)), scale)
}

/** The decimal that a finite double's shortest text says; up to 17 digits and an exponent to ±324. */
export function decimalOfDouble(value: number): DecimalValue {
  if (Number.isSafeInteger(value)) return new DecimalValue(value, 0)
  const text = String(value)
  if (!text.includes('e')) return decimalOf(text)
  const [, sign = '', integer = '0', fraction = '', exponent = '0'] = doublePattern.exec(text) ?? []
  const units = BigInt(sign + integer + fraction)
  const scale = fraction.length - Number(exponent)
  return scale >= 0 ? new DecimalValue(units, scale) : new DecimalValue(units * 10n ** BigInt(-scale), 0)
}

export function decimalToText(value: DecimalValue): string {
  if (value.scale === 0) return value.units === 0 ? '0' : String(value.units)
  const negative = value.units < 0
  const digits = String(negative ? -value.units : value.units).padStart(value.scale + 1, '0')
  const split = digits.length - value.scale
  let end = digits.length
  while (end > split && digits.charCodeAt(end - 1) === 48) end--
  const text = end === split ? digits.slice(0, split) : `${digits.slice(0, split)}.${digits.slice(split, end)}`
  return negative && text !== '0' ? `-${text}` : text
}

/** The canonical text of a decimal number's text; null where it is none, or has more digits than the limit. */
export function canonicalDecimal(text: string): string | null {
  const first = text.charCodeAt(0) === 45 ? 1 : 0
  const length = text.length
  if (length === first || length > schemaLimits.decimalDigitsMax) return canonicalDecimalSlow(text)
  let point = -1
  for (let at = first; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 48 && code <= 57) continue
    if (code !== 46 || point >= 0) return canonicalDecimalSlow(text)
    point = at
  }
  const integerEnd = point < 0 ? length : point
  if (integerEnd === first || (text.charCodeAt(first) === 48 && integerEnd > first + 1))
    return canonicalDecimalSlow(text)
  let end = length
  if (point >= 0) {
    while (text.charCodeAt(end - 1) === 48) end--
    if (end - 1 === point) end = point
  }
  if (first === 1 && end === 2 && text.charCodeAt(1) === 48) return '0'
  return end === length ? text : text.slice(0, end)
}

/** Signs, exponents, leading zeros, a bare point. */
function canonicalDecimalSlow(text: string): string | null {
  if (text.length > schemaLimits.decimalDigitsMax * 2) return null
  const match = decimalPattern.exec(text)
  if (match === null) return null
  const [, sign = '', integer = '', fraction = '', exponentText = '0'] = match
  if (integer === '' && fraction === '') return null
  const scale = fraction.length - Number(exponentText)
  const digits = (integer + fraction).replace(/^0+/, '')
  if (digits === '') return '0'
  if (Math.max(digits.length, scale, digits.length - scale) > schemaLimits.decimalDigitsMax) return null
  const units = BigInt(sign === '-' ? `-${digits}` : digits)
  return decimalToText(scale >= 0 ? new DecimalValue(units, scale) : new DecimalValue(units * 10n ** BigInt(-scale), 0))
}

export function addDecimals(a: DecimalValue, b: DecimalValue): DecimalValue {
  const scale = Math.max(a.scale, b.scale)
  const left = rescaled(a.units, scale - a.scale)
  const right = rescaled(b.units, scale - b.scale)
  if (typeof left === 'number' && typeof right === 'number') {
    const sum = left + right
    if (Number.isSafeInteger(sum)) return new DecimalValue(sum, scale)
  }
  return new DecimalValue(narrowed(BigInt(left) + BigInt(right)), scale)
}

export const negateDecimal = (a: DecimalValue): DecimalValue => new DecimalValue(a.units === 0 ? 0 : -a.units, a.scale)

export const subtractDecimals = (a: DecimalValue, b: DecimalValue): DecimalValue => addDecimals(a, negateDecimal(b))

export function multiplyDecimals(a: DecimalValue, b: DecimalValue): DecimalValue {
  const scale = a.scale + b.scale
  if (typeof a.units === 'number' && typeof b.units === 'number') {
    const product = a.units * b.units
    if (Number.isSafeInteger(product)) return new DecimalValue(product === 0 ? 0 : product, scale)
  }
  return new DecimalValue(narrowed(BigInt(a.units) * BigInt(b.units)), scale)
}

/** To so many digits behind the point (negative: before it); half a unit goes away from zero, as SQL's ROUND has it. */
export function roundDecimal(value: DecimalValue, digits: number): DecimalValue {
  const dropped = value.scale - digits
  if (dropped <= 0) return value
  const divisor = 10n ** BigInt(dropped)
  const units = BigInt(value.units)
  const rest = units % divisor
  const away = (rest < 0n ? -rest : rest) * 2n >= divisor ? (units < 0n ? -1n : 1n) : 0n
  const rounded = units / divisor + away
  return digits >= 0
    ? new DecimalValue(narrowed(rounded), digits)
    : new DecimalValue(narrowed(rounded * 10n ** BigInt(-digits)), 0)
}

/** More than any double's own: what follows them is told by one digit more. */
const QUOTIENT_DIGITS = 40

/** The double nearest to the exact quotient; `b` is not zero. */
export function divideDecimals(a: DecimalValue, b: DecimalValue): number {
  const scale = Math.max(a.scale, b.scale)
  const dividend = rescaled(a.units, scale - a.scale)
  const divisor = rescaled(b.units, scale - b.scale)
  // Integers that doubles hold: one division rounds once.
  if (typeof dividend === 'number' && typeof divisor === 'number') return dividend === 0 ? 0 : dividend / divisor
  const shift = QUOTIENT_DIGITS + Math.max(0, String(divisor).length - String(dividend).length)
  const shifted = BigInt(dividend) * 10n ** BigInt(shift)
  const sticky = shifted % BigInt(divisor) === 0n ? '0' : '1'
  return Number(`${shifted / BigInt(divisor)}${sticky}e-${shift + 1}`)
}

/** Negative, zero or positive, as `a` is below, equal to or above `b`. */
export function compareDecimals(a: DecimalValue, b: DecimalValue): number {
  const scale = Math.max(a.scale, b.scale)
  const left = rescaled(a.units, scale - a.scale)
  const right = rescaled(b.units, scale - b.scale)
  return left < right ? -1 : left > right ? 1 : 0
}

/** As compareDecimals, of canonical texts. Up to 15 digits order like their doubles. */
export function compareDecimalTexts(a: string, b: string): number {
  if (a.length <= EXACT_DIGITS && b.length <= EXACT_DIGITS) return Number(a) - Number(b)
  return compareDecimals(decimalOf(a), decimalOf(b))
}
