// Numeric intervals as checks write them: `[0,)`, `(0,100]`. Bounds are exact decimals.
import type { Interval } from '../model.ts'

const FORM = /^([[(])\s*(-?\d+(?:\.\d+)?)?\s*,\s*(-?\d+(?:\.\d+)?)?\s*([\])])$/

/** Digits without a sign, scaled to `scale` decimals. */
function scaled(decimal: string, scale: number): bigint {
  const negative = decimal.startsWith('-')
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.')
  const digits = BigInt(whole + fraction.padEnd(scale, '0'))
  return negative ? -digits : digits
}

export function compareDecimals(left: string, right: string): number {
  const scale = Math.max(left.split('.')[1]?.length ?? 0, right.split('.')[1]?.length ?? 0)
  const difference = scaled(left, scale) - scaled(right, scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** No leading zeros, no trailing zeros after the point, no `-0`. */
export function canonicalDecimal(text: string): string {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const digits = whole.replace(/^0+(?=\d)/, '')
  const decimals = fraction.replace(/0+$/, '')
  const magnitude = decimals === '' ? digits : `${digits}.${decimals}`
  return text.startsWith('-') && magnitude !== '0' ? `-${magnitude}` : magnitude
}

/** Null where the text is no interval; `empty` where no number lies in it. */
export function parseInterval(text: string): Interval | 'empty' | null {
  const match = FORM.exec(text.trim())
  if (match === null) return null
  const lower = match[2] === undefined ? null : canonicalDecimal(match[2])
  const upper = match[3] === undefined ? null : canonicalDecimal(match[3])
  const lowerInclusive = match[1] === '['
  const upperInclusive = match[4] === ']'
  if (lower !== null && upper !== null) {
    const order = compareDecimals(lower, upper)
    if (order > 0 || (order === 0 && !(lowerInclusive && upperInclusive))) return 'empty'
  }
  return {
    lower,
    lowerInclusive: lower !== null && lowerInclusive,
    upper,
    upperInclusive: upper !== null && upperInclusive,
  }
}
