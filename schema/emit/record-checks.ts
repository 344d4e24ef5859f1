// Checks of a field's value as plain functions: range, pattern, one-of, length. Expressions are compiled where the type's
// fields are known (record-object.ts). On a list, all but `length` hold for every item.
import type { Check, FieldType, Interval } from '../model.ts'
import { cellText } from '../row.ts'
import type { Value } from '../row.ts'
import { canonicalDecimal, compareDecimalTexts } from '../cel/decimal.ts'
import { shown } from './record-scalars.ts'

/** The value is canonical and not null. */
export type Holds = (value: Value) => boolean

function within(interval: Interval, compare: (value: Value, bound: string) => number): Holds {
  const { lower, lowerInclusive, upper, upperInclusive } = interval
  return (value) => {
    if (lower !== null) {
      const order = compare(value, lower)
      if (order < 0 || (order === 0 && !lowerInclusive)) return false
    }
    if (upper !== null) {
      const order = compare(value, upper)
      if (order > 0 || (order === 0 && !upperInclusive)) return false
    }
    return true
  }
}

/** Intervals of numbers that doubles hold exactly: no text is read per record. */
function withinNumbers(interval: Interval, numberOf: (value: Value) => number): Holds {
  const lower = interval.lower === null ? -Infinity : Number(interval.lower)
  const upper = interval.upper === null ? Infinity : Number(interval.upper)
  const { lowerInclusive, upperInclusive } = interval
  return (value) => {
    const number = numberOf(value)
    return (lowerInclusive ? number >= lower : number > lower) && (upperInclusive ? number <= upper : number < upper)
  }
}

const isShort = (bound: string | null): boolean => bound === null || bound.length <= 15

function rangeOf(interval: Interval, type: FieldType): Holds {
  const isExactText = type.kind === 'scalar' && (type.scalar === 'Decimal' || type.scalar === 'BigInt')
  if (!isExactText) return withinNumbers(openWhereUnbounded(interval), (value) => value as number)
  const { lower, lowerInclusive, upper } = interval
  // The commonest range of money needs the sign only.
  if (lower === '0' && upper === null)
    return (value) => (value as string).charCodeAt(0) !== 45 && (lowerInclusive || value !== '0')
  const exact = within(interval, (value, bound) => compareDecimalTexts(value as string, bound))
  if (!isShort(interval.lower) || !isShort(interval.upper)) return exact
  const fast = withinNumbers(openWhereUnbounded(interval), Number)
  return (value) => ((value as string).length <= 15 ? fast(value) : exact(value))
}

const openWhereUnbounded = (interval: Interval): Interval => ({
  ...interval,
  lowerInclusive: interval.lower === null || interval.lowerInclusive,
  upperInclusive: interval.upper === null || interval.upperInclusive,
})

/** Characters as people count them: code points. */
function characters(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0xd800 && code <= 0xdbff) count--
  }
  return count
}

const lengthOf = (value: Value): number =>
  typeof value === 'string' ? characters(value) : Array.isArray(value) ? value.length : 0

function oneOf(values: readonly string[], type: FieldType): Holds {
  const isNumeric = type.kind === 'scalar' && ['Int', 'Float', 'BigInt', 'Decimal'].includes(type.scalar)
  const allowed = new Set(isNumeric ? values.map((value) => canonicalDecimal(value) ?? value) : values)
  if (!isNumeric) return (value) => allowed.has(cellText(value))
  return (value) => allowed.has(typeof value === 'number' ? (canonicalDecimal(String(value)) ?? '') : cellText(value))
}

/** The function of a check that needs no expression; null for `cel`. */
export function compileRule(check: Check, type: FieldType): Holds | null {
  const { rule } = check
  if (rule.kind === 'cel') return null
  if (rule.kind === 'length') return withinNumbers(openWhereUnbounded(rule.interval), lengthOf)
  const item = type.kind === 'list' ? type.of : type
  const holds = compileItemRule(rule, item)
  if (type.kind !== 'list') return holds
  return (value) => (value as readonly Value[]).every((element) => element === null || holds(element))
}

function compileItemRule(rule: Exclude<Check['rule'], { kind: 'cel' | 'length' }>, type: FieldType): Holds {
  switch (rule.kind) {
    case 'range':
      return rangeOf(rule.interval, type)
    case 'pattern': {
      const pattern = new RegExp(rule.source, 'u')
      return (value) => pattern.test(cellText(value))
    }
    case 'oneOf':
      return oneOf(rule.values, type)
  }
}

const interval = ({ lower, lowerInclusive, upper, upperInclusive }: Interval): string =>
  `${lowerInclusive ? '[' : '('}${lower ?? ''},${upper ?? ''}${upperInclusive ? ']' : ')'}`

/** What a rule demands, for the message of its violation. */
function describeRule(check: Check): string {
  const { rule } = check
  switch (rule.kind) {
    case 'range':
      return `in ${interval(rule.interval)}`
    case 'length':
      return `of a length in ${interval(rule.interval)}`
    case 'pattern':
      return `of the pattern ${rule.source}`
    case 'oneOf':
      return `one of ${rule.values.join(', ')}`
    case 'cel':
      return `such that ${rule.expression.source}`
  }
}

/** What is told of a record that the check does not hold for. `value`: the field's; undefined for a check of the whole record. */
export function failureText(check: Check, value: Value | undefined): string {
  // The author's message may be a sentence of its own.
  const what = (check.message ?? `Must be ${describeRule(check)}`).trimEnd().replace(/\.$/, '')
  return value === undefined ? `${what}.` : `${what}; it is ${shown(value)}.`
}
