// Whether a text written in a product file (a default, a value of oneOf) is a value of a scalar.
import type { FieldType, Parse, ScalarName } from '../model.ts'
import type { EnumDeclaration } from '../parse/declarations.ts'

const INTEGER = /^-?\d+$/
const DECIMAL = /^-?\d+(?:\.\d+)?$/
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const DATE_TIME =
  /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/
const INT_MAX = 2n ** 31n
const BIGINT_MAX = 2n ** 63n

function isDate(text: string): boolean {
  const match = DATE.exec(text)
  if (match === null) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text
}

const within = (text: string, limit: bigint): boolean =>
  INTEGER.test(text) && BigInt(text) >= -limit && BigInt(text) < limit

const SCALARS: Readonly<Record<ScalarName, { readonly is: (text: string) => boolean; readonly example: string }>> = {
  ID: { is: (text) => text !== '', example: 'a text that is not empty' },
  String: { is: () => true, example: 'a text' },
  Int: { is: (text) => within(text, INT_MAX), example: 'a whole number of 32 bits, e.g. "0"' },
  Float: { is: (text) => text.trim() !== '' && Number.isFinite(Number(text)), example: 'a number, e.g. "0.5"' },
  Boolean: { is: (text) => text === 'true' || text === 'false', example: '"true" or "false"' },
  BigInt: { is: (text) => within(text, BIGINT_MAX), example: 'a whole number of 64 bits, e.g. "0"' },
  Decimal: { is: (text) => DECIMAL.test(text), example: 'a decimal number, e.g. "0.00"' },
  DateTime: {
    is: (text) => DATE_TIME.test(text) && isDate(text.slice(0, 10)),
    example: 'a time such as "2026-01-02T03:04:05Z"',
  },
  Date: { is: isDate, example: 'a date such as "2026-01-02"' },
  UUID: {
    is: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
    example: 'a UUID such as "123e4567-e89b-12d3-a456-426614174000"',
  },
  EmailAddress: { is: (text) => /^[^\s@]+@[^\s@]+$/.test(text), example: 'an address such as "a@example.com"' },
  URL: { is: (text) => URL.canParse(text), example: 'an address such as "https://example.com"' },
  JSON: { is: isJson, example: 'a JSON text, e.g. "{}"' },
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const PARSED: Readonly<Partial<Record<Parse, { readonly is: RegExp; readonly example: string }>>> = {
  RANGE: { is: /\d/, example: 'a range such as "$30K - $50K"' },
  EPOCH_MILLISECONDS: { is: /^-?\d+$/, example: 'milliseconds since 1970, e.g. "0"' },
  EPOCH_SECONDS: { is: /^-?\d+(?:\.\d+)?$/, example: 'seconds since 1970, e.g. "0"' },
  NUMBER: { is: /^[^\d]*\d[\d,]*(?:\.\d+)?[^\d]*$/, example: 'a number, e.g. "1,234.50"' },
  BOOLEAN: { is: /^(?:y|n|yes|no|1|0|true|false)$/i, example: '"yes" or "no"' },
}

/** What is wanted in place of the text; null where it is a value of the type. */
export function wantedText(
  text: string,
  type: FieldType,
  parse: Parse | null,
  enums: ReadonlyMap<string, EnumDeclaration>,
): string | null {
  const parsed = parse === null ? undefined : PARSED[parse]
  if (parsed !== undefined) return parsed.is.test(text.trim()) ? null : parsed.example
  if (type.kind === 'list' && parse === 'COMMA_LIST') {
    const items = text.split(',').map((item) => item.trim())
    return items.map((item) => wantedText(item, type.of, null, enums)).find((wanted) => wanted !== null) ?? null
  }
  if (type.kind === 'enum') {
    const values = enums.get(type.name)?.values.map((value) => value.name.value) ?? []
    return values.includes(text) ? null : `one of ${values.map((value) => `"${value}"`).join(', ')}`
  }
  if (type.kind !== 'scalar') return 'no default: such a field has none'
  const scalar = SCALARS[type.scalar]
  return scalar.is(text) ? null : scalar.example
}
