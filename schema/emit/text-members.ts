// Where a source has text only (cells of CSV, groups of a line's pattern): a record's members by name, dotted ones as paths, in what the
// types of the fields that read them need. What does not look like its type stays text, and the codec says what is wrong with it.
import type { Entity, Field, FieldType, Product, StoredField } from '../model.ts'

/** Members in; names twice are the caller's to exclude. Null is null. */
export type ReadTextMembers = (
  members: Iterable<readonly [name: string, text: string | null]>,
) => Record<string, unknown>

type ReadCell = (text: string) => unknown

interface Member {
  readonly path: readonly string[]
  readonly read: ReadCell
}

/**
 * Empty text is no value, except in a field of type String. Int, Float and Boolean become what JSON has for them; a member of a nested
 * type is JSON. Fields with `parse` take their text as it is. Members that no field reads stay text.
 */
export function compileTextMembers(product: Product, entity: Entity): ReadTextMembers {
  const known = new Map<string, Member>()
  addMembers(known, [], entity.fields, product)
  return (members) => {
    const record: Record<string, unknown> = {}
    for (const [name, text] of members) {
      const member = known.get(name)
      if (member === undefined) setOwn(record, name, text)
      else setAt(record, member.path, text === null ? null : member.read(text))
    }
    return record
  }
}

function addMembers(
  known: Map<string, Member>,
  prefix: readonly string[],
  fields: readonly Field[],
  product: Product,
): void {
  for (const field of fields) {
    if (field.kind !== 'stored') continue
    const path = [...prefix, ...field.extraction.path]
    const name = path.join('.')
    // The same place read by two fields: the first says what is in it. It also ends value types that hold themselves.
    if (known.has(name) || path.length > PATH_SEGMENTS_MAX) continue
    known.set(name, { path, read: cellReader(field) })
    const { type } = field
    if (type.kind !== 'object') continue
    const valueType = product.valueTypes.find((candidate) => candidate.name === type.name)
    addMembers(known, path, valueType?.fields ?? [], product)
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

// A member called `__proto__` is a member as any other.
function setOwn(record: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(record, name, { value, enumerable: true, writable: true, configurable: true })
}
