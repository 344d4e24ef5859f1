// Cleaning of a source's value before it is typed, in the language's order: trim, emptyAsNull, case, default, parse.
import type { Extraction, Field, FieldType, LetterCase, Parse, ValueType } from '../model.ts'
import { canonicalDecimal, decimalOf, decimalToText, multiplyDecimals } from '../cel/decimal.ts'
import { ExactNumber } from './record-json.ts'
import { commonLogTime, dateTimeText } from './record-time.ts'
import { valueOfText } from './record-scalars.ts'

/** Undefined stays undefined (absent), null stays null, unless there is a default. */
export type Clean = (value: unknown) => unknown

/** The value cannot be parsed as declared: it is no value of the field. */
export class Unparsable {
  readonly value: unknown
  constructor(value: unknown) {
    this.value = value
  }
}

const titleCase = (text: string): string =>
  text
    .toLowerCase()
    .replace(/(^|[^\p{L}\p{N}'’])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())

function caseOf(letterCase: LetterCase): (text: string) => string {
  switch (letterCase) {
    case 'UPPER':
      return (text) => text.toUpperCase()
    case 'LOWER':
      return (text) => text.toLowerCase()
    case 'TITLE':
      return titleCase
  }
}

/** Null where the value needs no cleaning. */
export function compileCleaning(
  extraction: Extraction,
  type: FieldType,
  valueTypes: readonly ValueType[],
): Clean | null {
  const { trim, emptyAsNull, letterCase, defaultText, parse } = extraction
  const changeCase = letterCase === null ? null : caseOf(letterCase)
  const cleanText = (text: string): string | null => {
    const trimmed = trim ? text.trim() : text
    if (emptyAsNull && trimmed === '') return null
    return changeCase === null ? trimmed : changeCase(trimmed)
  }
  const cleansText = trim || emptyAsNull || changeCase !== null
  const defaultValue = defaultText === null ? null : parse === null ? valueOfText(type, defaultText) : defaultText
  const parser = parse === null ? null : compileParse(parse, type, valueTypes)
  if (!cleansText && defaultValue === null && parser === null) return null
  return (value) => {
    let cleaned = value
    if (cleansText) {
      if (typeof value === 'string') cleaned = cleanText(value)
      else if (Array.isArray(value)) cleaned = value.map((item) => (typeof item === 'string' ? cleanText(item) : item))
    }
    if ((cleaned === undefined || cleaned === null) && defaultValue !== null) cleaned = defaultValue
    return parser === null || cleaned === undefined || cleaned === null ? cleaned : parser(cleaned)
  }
}

function compileParse(parse: Parse, type: FieldType, valueTypes: readonly ValueType[]): Clean {
  switch (parse) {
    case 'RANGE':
      return compileRange(type, valueTypes)
    case 'COMMON_LOG_TIME':
      return parseCommonLogTime
    case 'EPOCH_MILLISECONDS':
      return parseEpoch(1)
    case 'EPOCH_SECONDS':
      return parseEpoch(1000)
    case 'NUMBER':
      return (value) => parseNumber(value, type)
    case 'BOOLEAN':
      return parseBoolean
    case 'COMMA_LIST':
      return parseCommaList(type)
  }
}

const truths: Readonly<Record<string, boolean>> = {
  y: true,
  yes: true,
  '1': true,
  true: true,
  n: false,
  no: false,
  '0': false,
  false: false,
}

function parseBoolean(value: unknown): unknown {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string' && typeof value !== 'number') return new Unparsable(value)
  const word = String(value).trim().toLowerCase()
  return Object.hasOwn(truths, word) ? truths[word] : new Unparsable(value)
}

/** A number as people write it: a currency's sign, thousands in threes, a percent sign. */
const writtenNumber = /^([-+]?)\s*[$€£¥]?\s*([-+]?)(\d{1,3}(?:,\d{3})+|\d+)?(\.\d*)?\s*%?$/

function decimalTextOf(written: string): string | null {
  const match = writtenNumber.exec(written.trim())
  if (match === null) return null
  const [, before = '', after = '', whole = '', fraction = ''] = match
  if (before !== '' && after !== '') return null
  return canonicalDecimal(`${before}${after}${whole.replaceAll(',', '')}${fraction}`)
}

function parseNumber(value: unknown, type: FieldType): unknown {
  if (typeof value !== 'string') return value
  const text = decimalTextOf(value)
  return text === null ? new Unparsable(value) : valueOfText(type, text)
}

function parseEpoch(unitMs: number): Clean {
  return (value) => {
    const text = value instanceof ExactNumber ? value.text : typeof value === 'string' ? value.trim() : value
    const canonical = typeof text === 'number' || typeof text === 'string' ? canonicalDecimal(String(text)) : null
    if (canonical === null) return new Unparsable(value)
    return epochText(canonical, unitMs) ?? new Unparsable(value)
  }
}

/** ISO text with the source's own digits, so that a version keeps them: `1767322945.5` s is `….500Z`, `1767322945` is `…45Z`. */
function epochText(canonical: string, unitMs: number): string | null {
  const seconds =
    unitMs === 1000 ? canonical : decimalToText(multiplyDecimals(decimalOf(canonical), decimalOf('0.001')))
  const negative = seconds.startsWith('-')
  const [whole = '0', fraction = ''] = seconds.split('.')
  if (whole.length > 13) return null
  const wholeSeconds = negative && fraction !== '' ? Number(whole) - 1 : Number(whole)
  const start = dateTimeText(wholeSeconds * 1000)
  if (start === null) return null
  // Milliseconds have three digits, zeros too.
  const digits = unitMs === 1 ? fraction.padEnd(3, '0') : fraction
  if (digits === '') return `${start.slice(0, 19)}Z`
  const complement =
    negative && fraction !== ''
      ? String(10n ** BigInt(digits.length) - BigInt(digits)).padStart(digits.length, '0')
      : digits
  return `${start.slice(0, 19)}.${complement}Z`
}

function parseCommonLogTime(value: unknown): unknown {
  const text = typeof value === 'string' ? commonLogTime(value.trim()) : null
  return text ?? new Unparsable(value)
}

function parseCommaList(type: FieldType): Clean {
  const item = type.kind === 'list' ? type.of : type
  return (value) => {
    if (Array.isArray(value)) return value
    if (typeof value !== 'string') return new Unparsable(value)
    if (value.trim() === '') return []
    return value.split(',').map((part) => valueOfText(item, part.trim()))
  }
}

const magnitudes: Readonly<Record<string, string>> = { '': '1', K: '1000', M: '1000000', B: '1000000000' }
const amount = '[$€£¥]?\\s*(\\d[\\d,]*(?:\\.\\d+)?)\\s*([KMB]?)'
const between = new RegExp(`^${amount}\\s*(?:-|–|to)\\s*${amount}$`, 'i')
const atLeast = new RegExp(`^(?:(?:≥|>=|>)\\s*)?${amount}\\s*(\\+?)$`, 'i')
const atMost = new RegExp(`^(?:≤|<=|<)\\s*${amount}$`, 'i')

function amountOf(digits: string | undefined, unit: string | undefined): string | null {
  const canonical = decimalTextOf(digits ?? '')
  const factor = magnitudes[(unit ?? '').toUpperCase()]
  if (canonical === null || factor === undefined) return null
  return decimalToText(multiplyDecimals(decimalOf(canonical), decimalOf(factor)))
}

/** `$30K - $50K`, `$150K +`, `> 10`, `< 10`; a single amount is both bounds. */
function bounds(text: string): { readonly min: string | null; readonly max: string | null } | null {
  const range = between.exec(text)
  if (range !== null) {
    const min = amountOf(range[1], range[2])
    const max = amountOf(range[3], range[4])
    return min === null || max === null ? null : { min, max }
  }
  const upper = atMost.exec(text)
  if (upper !== null) {
    const max = amountOf(upper[1], upper[2])
    return max === null ? null : { min: null, max }
  }
  const lower = atLeast.exec(text)
  const min = lower === null ? null : amountOf(lower[1], lower[2])
  if (lower === null || min === null) return null
  const open = lower[3] === '+' || /^[≥>]/.test(text)
  return { min, max: open ? null : min }
}

function compileRange(type: FieldType, valueTypes: readonly ValueType[]): Clean {
  const fields: readonly Field[] =
    type.kind === 'object' ? (valueTypes.find((valueType) => valueType.name === type.name)?.fields ?? []) : []
  const typeOf = (name: string): FieldType => {
    const field = fields.find((candidate) => candidate.name === name)
    return field?.kind === 'stored' ? field.type : { kind: 'scalar', scalar: 'Decimal' }
  }
  const [minType, maxType] = [typeOf('min'), typeOf('max')]
  return (value) => {
    if (typeof value !== 'string') return typeof value === 'object' ? value : new Unparsable(value)
    const range = bounds(value.trim())
    if (range === null) return new Unparsable(value)
    return {
      min: range.min === null ? null : valueOfText(minType, range.min),
      max: range.max === null ? null : valueOfText(maxType, range.max),
    }
  }
}
