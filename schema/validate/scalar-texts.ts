// Whether a text written in a product file (a default, a value of oneOf, an argument's default) is a value of a type. Decided by the very
// functions that decode records, so that what the compiler accepts ingest accepts too.
import { compileCleaning, Unparsable } from '../emit/record-cleaning.ts'
import { coerceScalar, valueOfText } from '../emit/record-scalars.ts'
import type { FieldType, Parse, ScalarName } from '../model.ts'
import { isValueRole, type Shapes } from './shapes.ts'

const EXAMPLES: Readonly<Record<ScalarName, string>> = {
  ID: 'a text that is not empty',
  String: 'a text',
  Int: 'a whole number of 32 bits, e.g. "0"',
  Float: 'a number, e.g. "0.5"',
  Boolean: '"true" or "false"',
  BigInt: 'a whole number of 64 bits, e.g. "0"',
  Decimal: 'a decimal number, e.g. "0.00"',
  DateTime: 'a time such as "2026-01-02T03:04:05Z"',
  Date: 'a date such as "2026-01-02"',
  UUID: 'a UUID such as "123e4567-e89b-12d3-a456-426614174000"',
  EmailAddress: 'an address such as "a@example.com"',
  URL: 'an address such as "https://example.com"',
  JSON: 'a JSON text, e.g. "{}"',
}

const PARSED_EXAMPLES: Readonly<Partial<Record<Parse, string>>> = {
  RANGE: 'a range such as "$30K - $50K"',
  COMMON_LOG_TIME: 'a time such as "10/Oct/2000:13:55:36 -0700"',
  EPOCH_MILLISECONDS: 'milliseconds since 1970, e.g. "0"',
  EPOCH_SECONDS: 'seconds since 1970, e.g. "0"',
  NUMBER: 'a number, e.g. "1,234.50"',
  BOOLEAN: '"yes" or "no"',
}

const enumValues = (name: string, shapes: Shapes): readonly string[] =>
  shapes.enums.get(name)?.values.map((value) => value.name.value) ?? []

/** Whether an object has the fields of the value type: stored ones of their types, null only where nullable. */
function isObjectOf(value: unknown, name: string, shapes: Shapes): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const members = new Map<string, unknown>(Object.entries(value))
  const fields = [...(shapes.types.get(name)?.fields.values() ?? [])].filter((field) => isValueRole(field.role))
  return fields.every((field) => {
    const member = members.get(field.name) ?? null
    if (member === null) return field.nullable || field.role === 'computed'
    return field.type === null || isOfType(member, field.type, shapes)
  })
}

function isOfType(value: unknown, type: FieldType, shapes: Shapes): boolean {
  if (value === null || value === undefined) return false
  switch (type.kind) {
    case 'scalar':
      return coerceScalar(type.scalar)(value, { sawNumber: false }) !== undefined
    case 'enum':
      return typeof value === 'string' && enumValues(type.name, shapes).includes(value)
    case 'list':
      if (!Array.isArray(value)) return false
      return value.every((item) => (item === null ? type.itemsNullable : isOfType(item, type.of, shapes)))
    case 'object':
      return isObjectOf(value, type.name, shapes)
  }
}

function exampleOf(type: FieldType, shapes: Shapes): string {
  switch (type.kind) {
    case 'scalar':
      return EXAMPLES[type.scalar]
    case 'enum':
      return `one of ${enumValues(type.name, shapes)
        .map((value) => `"${value}"`)
        .join(', ')}`
    case 'list':
      return 'a JSON list, e.g. "[]"'
    case 'object':
      return 'a JSON object with the fields of the type'
  }
}

/** What is wanted in place of the text; null where it is a value of the type. */
export function wantedText(text: string, type: FieldType, shapes: Shapes): string | null {
  return isOfType(valueOfText(type, text), type, shapes) ? null : exampleOf(type, shapes)
}

/** As `wantedText`, for the default of a field that is parsed: the default is parsed as a record's text would be. */
export function wantedDefault(text: string, type: FieldType, parse: Parse | null, shapes: Shapes): string | null {
  if (parse === null) return wantedText(text, type, shapes)
  const extraction = { path: [''], trim: false, emptyAsNull: false, letterCase: null, defaultText: text, parse }
  const value = compileCleaning(extraction, type, [])?.(undefined)
  // The bounds of a range are numbers by its parser; which may be missing is the record's matter.
  const fits = parse === 'RANGE' ? !(value instanceof Unparsable) : isOfType(value, type, shapes)
  if (fits) return null
  const item = type.kind === 'list' ? type.of : type
  return PARSED_EXAMPLES[parse] ?? `values separated by commas, each ${exampleOf(item, shapes)}`
}

/** The text of a value as rows have it (a time in UTC with milliseconds, a UUID in lower case), for comparing with rows. */
export function canonicalText(text: string, type: FieldType): string {
  if (type.kind !== 'scalar') return text
  const value = coerceScalar(type.scalar)(valueOfText(type, text), { sawNumber: false })
  return typeof value === 'string' ? value : text
}
