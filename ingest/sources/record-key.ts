// The message key of a record on its way to a source topic: the value of the product's key field, as text. What the product cleans is
// cleaned first, so that all records of an entity get one key and with it one partition.
import type { Entity, FieldType, Product, Source } from '../../schema/model.ts'
import { compileRecordCodec } from '../../schema/emit/emit-record-codec.ts'
import { envelopeReader } from '../../schema/emit/record-envelope.ts'
import {
  decodeUtf8,
  ExactNumber,
  isJsonObject,
  mayHoldLongNumbers,
  parseJsonExactly,
  type JsonObject,
} from '../../schema/emit/record-json.ts'
import { compileRead, type Read } from '../../schema/emit/record-object.ts'
import { KEY_MEMBER } from '../../schema/emit/record-line.ts'
import { invariant } from '../../platform/errors.ts'
import { lineKeys } from './line-key.ts'

/** Key text of a record's bytes; null where it has none or is no record (ingest will say so). */
export type ReadKey = (value: Uint8Array) => string | null

/** A reader for the records of one file or body, in their order: keys of lines that have none in them depend on the lines before. */
export function compileKeyReaders(product: Product, entity: Entity): () => ReadKey {
  if (isKeyedByLine(entity)) return lineKeys
  const readKey = compileReadKey(product, entity)
  return () => readKey
}

function isKeyedByLine({ source, fields }: Entity): boolean {
  const field = fields.find(({ name }) => name === source?.keyField)
  return source?.format === 'TEXT' && field?.kind === 'stored' && field.extraction.path[0] === KEY_MEMBER
}

function compileReadKey(product: Product, entity: Entity): ReadKey {
  const { source } = entity
  invariant(source !== null, `${entity.name} has a source`)
  const field = entity.fields.find((candidate) => candidate.name === source.keyField)
  invariant(field?.kind === 'stored', `the key field ${source.keyField} of ${source.topic} is a stored field`)
  const { path, trim, emptyAsNull, letterCase, defaultText, parse } = field.extraction
  const cleaned = trim || emptyAsNull || letterCase !== null || defaultText !== null || parse !== null
  const inRecord = compileRead(path)
  if (!cleaned && keepsText(field.type) && source.format === 'JSON') return (value) => rawKey(value, source, inRecord)
  const codec = compileRecordCodec(product, entity)
  return (value) => {
    const decoded = codec.decode({ key: null, value, headers: {} })
    if (decoded.kind !== 'upsert') return source.format === 'JSON' ? rawKey(value, source, inRecord) : null
    return textOf(decoded.row[source.keyField])
  }
}

// Of other types one value has several spellings, and the codec knows the canonical one.
function keepsText(type: FieldType): boolean {
  return type.kind === 'enum' || (type.kind === 'scalar' && ['ID', 'String', 'Int'].includes(type.scalar))
}

function rawKey(value: Uint8Array, source: Source, read: Read): string | null {
  let parsed: unknown
  const text = textOfUtf8(value)
  if (text === null) return null
  const parse = mayHoldLongNumbers(text) ? parseJsonExactly : (JSON.parse as (json: string) => unknown)
  try {
    parsed = parse(text)
  } catch {
    return null
  }
  const record = unwrapped(parsed, source, parse)
  return record === null ? null : textOf(read(record))
}

function textOfUtf8(value: Uint8Array): string | null {
  try {
    return decodeUtf8(value)
  } catch {
    return null
  }
}

function unwrapped(message: unknown, source: Source, parse: (json: string) => unknown): JsonObject | null {
  const opened = envelopeReader(source.envelope).open(message, {}, parse)
  switch (opened.kind) {
    case 'record':
      return opened.record
    case 'delete':
      return opened.before
    case 'broken':
      // A CloudEvent in binary mode is the record itself; its attributes come in headers.
      return source.envelope === 'CLOUDEVENTS' && isJsonObject(message) ? message : null
  }
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value instanceof ExactNumber ? value.text : null
}
