// Numeric intervals as checks write them: `[0,)`, `(0,100]`. Bounds are exact decimals.
import { canonicalDecimal, compareDecimalTexts } from '../cel/decimal.ts'
import type { Interval } from '../model.ts'

const FORM = /^([[(])\s*(-?\d+(?:\.\d+)?)?\s*,\s*(-?\d+(?:\.\d+)?)?\s*([\])])$/

/** Null where the text is no interval; `empty` where no number lies in it. */
export function parseInterval(text: string): Interval | 'empty' | null {
  const match = FORM.exec(text.trim())
  if (match === null) return null
  const lower = match[2] === undefined ? null : canonicalDecimal(match[2])
  const upper = match[3] === undefined ? null : canonicalDecimal(match[3])
  // A bound of more digits than a Decimal may have.
  if ((lower === null) !== (match[2] === undefined) || (upper === null) !== (match[3] === undefined)) return null
  const lowerInclusive = match[1] === '['
  const upperInclusive = match[4] === ']'
  if (lower !== null && upper !== null) {
    const order = compareDecimalTexts(lower, upper)
    if (order > 0 || (order === 0 && !(lowerInclusive && upperInclusive))) return 'empty'
  }
  return {
    lower,
    lowerInclusive: lower !== null && lowerInclusive,
    upper,
    upperInclusive: upper !== null && upperInclusive,
  }
}
