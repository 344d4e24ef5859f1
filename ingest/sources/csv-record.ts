// CSV has text only: a row becomes the record that the product expects, by the columns' names (dotted ones are paths) and the types of the
// fields that read them. What does not look like its type stays text, and ingest says what is wrong with it.
import type { Entity, Field, FieldType, Product, StoredField } from '../../schema/model.ts'
import type { CsvRecord } from './csv.ts'

export type ReadCsvRecord = (row: CsvRecord) => object

type ReadCell = (text: string) => unknown

interface Column {
  readonly path: readonly string[]
  readonly read: ReadCell
}

/**
 * An empty cell is no value, except in a field of type String. Int, Float and Boolean become what JSON has for them; a cell of a nested
 * type is JSON. Fields with `parse` take their text as it is. Columns that no field reads stay text.
 */
export function compileCsvRecord(product: Product, entity: Entity): ReadCsvRecord {
  const columns = new Map<string, Column>()
  addColumns(columns, [], entity.fields, product)
  return (row) => {
    // Fields without names are rejected by ingest, with the reason.
    if (Array.isArray(row)) return row
    const record: Record<string, unknown> = {}
    for (const [name, text] of Object.entries(row)) {
      const column = columns.get(name)
      if (column === undefined) setOwn(record, name, text)
      else setAt(record, column.path, column.read(text))
    }
    return record
  }
}

function addColumns(
  columns: Map<string, Column>,
  prefix: readonly string[],
  fields: readonly Field[],
  product: Product,
): void {
  for (const field of fields) {
    if (field.kind !== 'stored') continue
    const path = [...prefix, ...field.extraction.path]
    const name = path.join('.')
    // The same place read by two fields: the first says what is in it. It also ends value types that hold themselves.
    if (columns.has(name) || path.length > PATH_SEGMENTS_MAX) continue
    columns.set(name, { path, read: cellReader(field) })
    const { type } = field
    if (type.kind !== 'object') continue
    const valueType = product.valueTypes.find((candidate) => candidate.name === type.name)
    addColumns(columns, path, valueType?.fields ?? [], product)
  }
}

/** Deeper than anybody writes in a header. */
const PATH_SEGMENTS_MAX = 8

function cellReader({ type, extraction }: StoredField): ReadCell {
  if (type.kind === 'scalar' && type.scalar === 'String') return (text) => text
  const read = extraction.parse === null ? readerOf(type) : (text: string): unknown => text
  return (text) => {
    const trimmed = extraction.trim ? text.trim() : text
    return trimmed === '' ? null : read(trimmed)
  }
}

function readerOf(type: FieldType): ReadCell {
  if (type.kind === 'enum') return (text) => text
  if (type.kind !== 'scalar' || type.scalar === 'JSON') return jsonCell
  switch (type.scalar) {
    case 'Int':
    case 'Float':
      return (text) => (JSON_NUMBER.test(text) ? Number(text) : text)
    case 'Boolean':
      return (text) => (text === 'true' ? true : text === 'false' ? false : text)
    default:
      // Their values are text in JSON too.
      return (text) => text
  }
}

/** RFC 8259 section 6. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function jsonCell(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

function setAt(record: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let target = record
  for (const name of path.slice(0, -1)) {
    const inner = Object.hasOwn(target, name) ? target[name] : undefined
    const isObject = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
    const next = isObject ? (inner as Record<string, unknown>) : {}
    if (!isObject) setOwn(target, name, next)
    target = next
  }
  setOwn(target, path.at(-1) ?? '', value)
}

// A column called `__proto__` is a column as any other.
function setOwn(record: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true })
}
