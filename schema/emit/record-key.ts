// Message keys: the text that an entity's key is on the changes topic, the key of a tombstone, and whether a message is keyed
// by what its record says. A key of one field is its text (a JSON string or a Debezium `{"id": …}` is read too), of several a JSON array.
import type { Entity, Product, Source, StoredField } from '../model.ts'
import { cellText } from '../row.ts'
import type { Row, Value } from '../row.ts'
import { compileCleaning, Unparsable } from './record-cleaning.ts'
import type { EnvelopeReader } from './record-envelope.ts'
import { decodeUtf8, isJsonObject, mayHoldLongNumbers, parseJsonExactly } from './record-json.ts'
import { compileRead } from './record-object.ts'
import { coerceScalar } from './record-scalars.ts'

export interface RecordKeys {
  keyText(row: Row): string
  keyOf(messageKey: Uint8Array): Row | null
  /** Whether the message key is the value of the source's key field. */
  matches(messageKey: Uint8Array, row: Row): boolean
}

/** Reads one key field's cell from a value, or from text that may be a number or a boolean; undefined where it is none. */
type ReadCell = (value: unknown) => Value | undefined

const NO_WATCH = { sawNumber: false }

function cellReader(field: StoredField, product: Product): ReadCell {
  const clean = compileCleaning(field.extraction, field.type, product.valueTypes)
  const { type } = field
  const names =
    type.kind === 'enum' ? product.enums.find((candidate) => candidate.name === type.name)?.values : undefined
  const isNumber = type.kind === 'scalar' && type.scalar === 'Int'
  return (value) => {
    const given = isNumber && typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value
    const cleaned = clean === null ? given : clean(given)
    if (cleaned === undefined || cleaned === null || cleaned === '' || cleaned instanceof Unparsable) return undefined
    if (type.kind === 'scalar') return coerceScalar(type.scalar)(cleaned, NO_WATCH)
    return names?.some((candidate) => candidate.name === cleaned) === true ? (cleaned as string) : undefined
  }
}

const jsonOf = (text: string): unknown => {
  try {
    // The reviver that keeps digits takes four times as long (1.0 µs against 0.2), and hardly any key has that many.
    return mayHoldLongNumbers(text) ? parseJsonExactly(text) : (JSON.parse(text) as unknown)
  } catch {
    return undefined
  }
}

const utf8Of = (bytes: Uint8Array): string | null => {
  try {
    return decodeUtf8(bytes)
  } catch {
    return null
  }
}

/** Compares without decoding: keys are mostly ASCII. */
function equalsAscii(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return false
  for (let at = 0; at < bytes.length; at++)
    if (bytes[at] !== text.charCodeAt(at) || text.charCodeAt(at) > 127) return false
  return true
}

interface KeyField {
  readonly name: string
  readonly path: readonly string[]
  readonly read: ReadCell
}

function keyFieldsOf(names: readonly string[], entity: Entity, product: Product): readonly KeyField[] {
  return names.flatMap((name) => {
    const field = entity.fields.find((candidate) => candidate.name === name)
    if (field?.kind !== 'stored') return []
    return [{ name, path: field.extraction.path, read: cellReader(field, product) }]
  })
}

/** The text of a key that has these fields, from a row. */
export const keyTextOf = (names: readonly string[]): ((row: Row) => string) => {
  const [only] = names
  if (names.length === 1 && only !== undefined) return (row) => cellText(row[only])
  return (row) => JSON.stringify(names.map((name) => row[name] ?? null))
}

/** Values of the fields in a message key, in their order; null where it does not parse. */
function valuesOf(text: string, fields: readonly KeyField[], envelope: EnvelopeReader): readonly Value[] | null {
  const isStructured = /^[[{"]/.test(text)
  const parsed = isStructured ? envelope.keyPayload(jsonOf(text)) : undefined
  const given = fields.map((field, index): unknown => {
    if (isJsonObject(parsed)) return compileRead(field.path)(parsed) ?? parsed[field.name]
    if (Array.isArray(parsed)) return parsed.length === fields.length ? parsed[index] : undefined
    return fields.length > 1 ? undefined : parsed
  })
  const [only] = fields
  const values = fields.map((field, index) => field.read(given[index]))
  if (values.every((value) => value !== undefined)) return values
  // Text that only looks like JSON is a key like any other.
  const value = fields.length === 1 ? only?.read(text) : undefined
  return value === undefined ? null : [value]
}

export function compileKeys(product: Product, entity: Entity, source: Source, envelope: EnvelopeReader): RecordKeys {
  const entityFields = keyFieldsOf(entity.key, entity, product)
  const keyText = keyTextOf(entity.key)
  const messageFields = keyFieldsOf([source.keyField], entity, product)
  const messageText = keyTextOf([source.keyField])
  return {
    keyText,
    keyOf(messageKey) {
      const text = utf8Of(messageKey)
      const values = text === null ? null : valuesOf(text, entityFields, envelope)
      if (values === null || values.length !== entity.key.length) return null
      return Object.fromEntries(entityFields.map((field, index) => [field.name, values[index] ?? null]))
    },
    matches(messageKey, row) {
      const expected = messageText(row)
      if (equalsAscii(messageKey, expected)) return true
      const text = utf8Of(messageKey)
      const values = text === null ? null : valuesOf(text, messageFields, envelope)
      if (values === null) return false
      return messageFields.every((field, index) => values[index] === row[field.name])
    },
  }
}
