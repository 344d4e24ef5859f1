// The way back: what a CEL value is as a cell, and whether an expression's type can fill a field of a type.
import type { EnumType, FieldType } from '../model.ts'
import type { Value } from '../row.ts'
import { CelFailure } from './cel-failure.ts'
import { CelObject, NULL_LIST, rowOf } from './cel-values.ts'
import { canonicalDecimal, DecimalValue, decimalToText } from './decimal.ts'

export type FromCel = (value: unknown) => Value

/** What the library calls a type: `int`, `dyn<Decimal>`, `list<OrderLine>`. */
const unwrapped = (celType: string): string => /^dyn<(.+)>$/.exec(celType)?.[1] ?? celType
const itemType = (celType: string): string | null =>
  celType === 'list' ? 'dyn' : (/^list<(.+)>$/.exec(celType)?.[1] ?? null)

/** The field type that a CEL type naturally is; `dyn` where there is none. */
export function fieldTypeOf(celType: string, isValueType: (name: string) => boolean): FieldType | 'dyn' {
  const name = unwrapped(celType)
  switch (name) {
    case 'string':
      return { kind: 'scalar', scalar: 'String' }
    case 'int':
      return { kind: 'scalar', scalar: 'BigInt' }
    case 'double':
      return { kind: 'scalar', scalar: 'Float' }
    case 'bool':
      return { kind: 'scalar', scalar: 'Boolean' }
    case 'Decimal':
      return { kind: 'scalar', scalar: 'Decimal' }
    case 'google.protobuf.Timestamp':
      return { kind: 'scalar', scalar: 'DateTime' }
  }
  const item = itemType(name)
  if (item !== null) {
    const of = fieldTypeOf(item, isValueType)
    return of === 'dyn' ? 'dyn' : { kind: 'list', of, itemsNullable: item.startsWith('dyn<') }
  }
  return isValueType(name) ? { kind: 'object', name } : 'dyn'
}

/** CEL types that fill a scalar, exactly. A double is no Decimal: money is never a float. */
const sources: Readonly<Record<string, readonly string[]>> = {
  Int: ['int'],
  BigInt: ['int'],
  Float: ['double', 'int'],
  Boolean: ['bool'],
  Decimal: ['Decimal', 'int'],
  DateTime: ['google.protobuf.Timestamp'],
  Date: ['google.protobuf.Timestamp'],
  JSON: ['string', 'double', 'int', 'bool'],
}

/** Whether an expression of the CEL type can fill a field of the type; `dyn` is decided when it is evaluated. */
export function celFills(celType: string, type: FieldType): boolean {
  const name = unwrapped(celType)
  if (name === 'dyn' || name === 'null') return true
  switch (type.kind) {
    case 'scalar':
      return (sources[type.scalar] ?? ['string']).includes(name)
    case 'enum':
      return name === 'string'
    case 'object':
      return name === type.name || name === `Type_${type.name}`
    case 'list': {
      const item = itemType(name)
      return item !== null && (item === 'T' || celFills(item, type.of))
    }
  }
}

const refuse = (value: unknown, what: string): never => {
  const isPlain = value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
  throw new CelFailure(`the result${isPlain ? ` ${String(value).slice(0, 40)}` : ''} is no ${what}`)
}

function intFromCel(value: unknown): Value {
  if (typeof value !== 'bigint') return refuse(value, 'Int')
  const number = Number(value)
  return number === (number | 0) ? number : refuse(value, '32-bit Int')
}

function decimalFromCel(value: unknown): Value {
  if (value instanceof DecimalValue)
    return canonicalDecimal(decimalToText(value)) ?? refuse(value, 'Decimal of bounded digits')
  return typeof value === 'bigint' ? String(value) : refuse(value, 'Decimal')
}

function timeFromCel(value: unknown, digits: number): Value {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) return refuse(value, 'time')
  const year = value.getUTCFullYear()
  return year >= 0 && year <= 9999 ? value.toISOString().slice(0, digits) : refuse(value, 'time of the years 0 to 9999')
}

/** What numbers of JSON do not hold exactly is text. */
function jsonFromCel(value: unknown): Value {
  if (value === NULL_LIST) return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (value instanceof DecimalValue) return decimalFromCel(value)
  if (value instanceof Date) return timeFromCel(value, 24)
  if (value instanceof CelObject) return value[rowOf]
  return Array.isArray(value) ? value.map(jsonFromCel) : (value as Value)
}

/** Converter of results into cells of the type; throws CelFailure where the value does not fit. */
export function fromCel(type: FieldType, enums: readonly EnumType[]): FromCel {
  if (type.kind === 'list') {
    const item = fromCel(type.of, enums)
    return (value) => {
      if (value === NULL_LIST) return null
      if (!Array.isArray(value)) return refuse(value, 'list')
      return value.map((element) => (element === null && type.itemsNullable ? null : item(element)))
    }
  }
  if (type.kind === 'object') return (value) => (value instanceof CelObject ? value[rowOf] : refuse(value, type.name))
  if (type.kind === 'enum') {
    const names = new Set(enums.find((candidate) => candidate.name === type.name)?.values.map((value) => value.name))
    return (value) => (typeof value === 'string' && names.has(value) ? value : refuse(value, type.name))
  }
  switch (type.scalar) {
    case 'Int':
      return intFromCel
    case 'BigInt':
      return (value) => (typeof value === 'bigint' ? String(value) : refuse(value, 'BigInt'))
    case 'Float':
      return (value) => {
        const number = typeof value === 'bigint' ? Number(value) : value
        return typeof number === 'number' && Number.isFinite(number) ? number : refuse(value, 'finite Float')
      }
    case 'Boolean':
      return (value) => (typeof value === 'boolean' ? value : refuse(value, 'Boolean'))
    case 'Decimal':
      return decimalFromCel
    case 'DateTime':
      return (value) => timeFromCel(value, 24)
    case 'Date':
      return (value) => timeFromCel(value, 10)
    case 'JSON':
      return jsonFromCel
    default:
      return (value) => (typeof value === 'string' ? value : refuse(value, type.scalar))
  }
}
