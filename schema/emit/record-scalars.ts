// Coercion of a record's values to the scalars' row representations (model.ts). Strict where JSON has the type (Int, Float,
// Boolean take no text: `@from(parse:)` says how text becomes one), exact where it has not (Decimal and BigInt from text or number).
import type { FieldType, ScalarName } from '../model.ts'
import type { Value } from '../row.ts'
import { canonicalDecimal } from '../cel/decimal.ts'
import { schemaLimits } from '../schema-limits.ts'
import { ExactNumber, plainJson } from './record-json.ts'
import { canonicalDate, canonicalDateTime } from './record-time.ts'

/** Whether a double reached a scalar that must be exact: its digits may have been rounded, and the text decides. */
export interface NumberWatch {
  sawNumber: boolean
}

/** Undefined: the value is not of the type. The value is neither null nor undefined. */
export type Coerce = (value: unknown, watch: NumberWatch) => Value | undefined

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** HTML's e-mail pattern: what a form would accept, linear in time. */
const emailPattern =
  /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,20}$/i
const integerPattern = /^-?\d{1,19}$/

const finite = (value: unknown): number | undefined => {
  const number = value instanceof ExactNumber ? Number(value.text) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Text that UTF-8 can carry: half a surrogate pair would come back as another character. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value.isWellFormed() ? value : undefined

function coerceInt(value: unknown): Value | undefined {
  const number = finite(value)
  return number !== undefined && number === (number | 0) ? number | 0 : undefined
}

function coerceBigInt(value: unknown, watch: NumberWatch): Value | undefined {
  const digits = exactText(value, watch)
  if (digits === undefined) return undefined
  const canonical = integerPattern.test(digits) ? digits : (canonicalDecimal(digits) ?? '')
  if (!integerPattern.test(canonical)) return undefined
  const integer = BigInt(canonical)
  return BigInt.asIntN(64, integer) === integer ? String(integer) : undefined
}

/** The digits of a number or of a text that may be one. */
function exactText(value: unknown, watch: NumberWatch): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof ExactNumber) return value.text
  if (typeof value !== 'number') return undefined
  watch.sawNumber = true
  return String(value)
}

function coerceDecimal(value: unknown, watch: NumberWatch): Value | undefined {
  const digits = exactText(value, watch)
  return digits === undefined ? undefined : (canonicalDecimal(digits) ?? undefined)
}

function coerceId(value: unknown, watch: NumberWatch): Value | undefined {
  if (typeof value === 'string') return text(value)
  const digits = exactText(value, watch)
  const canonical = digits === undefined ? null : canonicalDecimal(digits)
  return canonical === null || canonical.includes('.') ? undefined : canonical
}

function coerceUrl(value: unknown): Value | undefined {
  const url = text(value)
  return url !== undefined && URL.canParse(url) ? url : undefined
}

const coercions: Readonly<Record<ScalarName, Coerce>> = {
  ID: coerceId,
  String: text,
  Int: coerceInt,
  Float: (value) => {
    const number = finite(value)
    return number === undefined ? undefined : number + 0 // -0 is 0
  },
  Boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  BigInt: coerceBigInt,
  Decimal: coerceDecimal,
  DateTime: (value) => (typeof value === 'string' ? (canonicalDateTime(value) ?? undefined) : undefined),
  Date: (value) => (typeof value === 'string' ? (canonicalDate(value) ?? undefined) : undefined),
  UUID: (value) => (typeof value === 'string' && uuidPattern.test(value) ? value.toLowerCase() : undefined),
  EmailAddress: (value) => (typeof value === 'string' && emailPattern.test(value) ? value : undefined),
  URL: coerceUrl,
  JSON: (value) => plainJson(value) as Value | undefined,
}

export const coerceScalar = (scalar: ScalarName): Coerce => coercions[scalar]

const numberText = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** What a text stands for where the source can only send text (defaults, items of comma lists, parsed numbers); itself where it stands for nothing else. */
export function valueOfText(type: FieldType, source: string): unknown {
  if (type.kind === 'scalar') {
    if ((type.scalar === 'Int' || type.scalar === 'Float') && numberText.test(source)) return Number(source)
    if (type.scalar === 'Boolean' && (source === 'true' || source === 'false')) return source === 'true'
    if (type.scalar !== 'JSON') return source
  }
  if (type.kind === 'enum') return source
  try {
    return JSON.parse(source)
  } catch {
    return source
  }
}

/** A value as a violation repeats it, shortened. */
export function shown(value: unknown): string {
  const max = schemaLimits.violationValueCharactersMax
  if (value instanceof ExactNumber) return value.text.slice(0, max)
  if (typeof value === 'string') return JSON.stringify(value.length > max ? `${value.slice(0, max)}…` : value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
