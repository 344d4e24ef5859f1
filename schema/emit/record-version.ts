// The version of a record (which of a key's records is newer) and its event time, from the fields that the source names.
import type { Entity, Product, Source } from '../model.ts'
import { canonicalDecimal } from '../cel/decimal.ts'
import { compileCleaning } from './record-cleaning.ts'
import { ExactNumber } from './record-json.ts'
import type { JsonObject } from './record-json.ts'
import { compileRead } from './record-object.ts'
import { shown } from './record-scalars.ts'
import { parseInstant } from './record-time.ts'

export type Version =
  | { readonly kind: 'none' }
  | { readonly kind: 'version'; readonly version: number; readonly resolutionUs: number }
  | { readonly kind: 'invalid'; readonly message: string }

/** `enveloped`: the version that the envelope has. */
export type ReadVersion = (record: JsonObject, enveloped: unknown) => Version

const NONE: Version = { kind: 'none' }

function sequenceOf(value: unknown): Version {
  const text =
    value instanceof ExactNumber
      ? value.text
      : typeof value === 'number' || typeof value === 'string'
        ? String(value)
        : ''
  const canonical = canonicalDecimal(text)
  const number = canonical === null || canonical.includes('.') ? -1 : Number(canonical)
  if (number >= 0 && Number.isSafeInteger(number)) return { kind: 'version', version: number, resolutionUs: 1 }
  return { kind: 'invalid', message: `Must be an integer from 0 to 2^53 - 1; it is ${shown(value)}.` }
}

function timeOf(value: unknown): Version {
  const instant = typeof value === 'string' ? parseInstant(value) : null
  const version = instant === null ? -1 : instant.ms * 1000 + instant.microseconds
  if (instant !== null && version >= 0 && Number.isSafeInteger(version))
    return { kind: 'version', version, resolutionUs: instant.resolutionUs }
  return { kind: 'invalid', message: `Must be a time from 1970 to 2255; it is ${shown(value)}.` }
}

/** Reads the version before the field is typed: a DateTime keeps milliseconds only, a version all digits of its source to the µs. */
export function compileVersion(product: Product, entity: Entity, source: Source): ReadVersion {
  // Upserts and deletes of a fold alike, so that they are ordered among one another: µs since 1970 that the fold counts.
  if (source.envelope === 'DERIVED') return (_, enveloped) => sequenceOf(enveloped)
  const { version } = source
  const field = entity.fields.find((candidate) => candidate.name === version?.field)
  if (version === null || field?.kind !== 'stored') return () => NONE
  const read = compileRead(field.extraction.path)
  const clean = compileCleaning(field.extraction, field.type, product.valueTypes)
  const versionOf = version.kind === 'TIME' ? timeOf : sequenceOf
  return (record) => {
    const value = clean === null ? read(record) : clean(read(record))
    if (value === undefined || value === null) return { kind: 'invalid', message: 'The version must have a value.' }
    return versionOf(value)
  }
}
