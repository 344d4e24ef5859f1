// Emits the codec of an entity's records: envelope, JSON, extraction, cleaning, types, computed columns, checks, version.
// Everything that the product says is turned into closures once; decoding never throws, whatever the bytes.
import type { Entity, Field, Product, Source } from '../model.ts'
import type { Decoded, RawRecord, RecordCodec, Violation } from '../record.ts'
import type { RecordCode } from '../record-codes.ts'
import type { Row } from '../row.ts'
import { compileStorableCheck } from '../storable-row.ts'
import type { StorableCheck } from '../storable-row.ts'
import { emitTables } from './emit-tables.ts'
import { envelopeReader } from './record-envelope.ts'
import type { EnvelopeReader, Opened } from './record-envelope.ts'
import { decodeUtf8, mayHoldLongNumbers, parseJsonExactly } from './record-json.ts'
import { compileKeys } from './record-key.ts'
import type { RecordKeys } from './record-key.ts'
import { createLearnedParser } from './learned-parser.ts'
import { createObjectCompiler } from './record-object.ts'
import type { DecodeObject } from './record-object.ts'
import { compileLine } from './record-line.ts'
import type { ReadLine } from './record-line.ts'
import { parseInstant } from './record-time.ts'
import { createState, keepState, violate } from './record-state.ts'
import type { DecodeState, StateKeeper } from './record-state.ts'
import { compileVersion } from './record-version.ts'
import type { ReadVersion } from './record-version.ts'

interface CodecPlan {
  readonly source: Source
  /** Of format TEXT. */
  readonly readLine: ReadLine | null
  readonly key: readonly string[]
  readonly envelope: EnvelopeReader
  readonly keys: RecordKeys
  readonly decode: DecodeObject
  /** Only the key fields, of a row that is gone. */
  readonly decodeKey: DecodeObject
  readonly readVersion: ReadVersion
  /** Of each table, the base first. */
  readonly storable: readonly StorableCheck[]
  readonly states: StateKeeper
  readonly parse: Parse
}

type Parse = (text: string) => unknown

export function compileRecordCodec(product: Product, entity: Entity): RecordCodec {
  const { source } = entity
  if (source === null) throw new Error(`Invariant broken: ${entity.name} has no source, so no records`)
  const envelope = envelopeReader(source.envelope)
  const compileObject = createObjectCompiler(product)
  const { key } = entity
  const plan: CodecPlan = {
    source,
    readLine: source.format === 'TEXT' ? compileLine(product, entity, source) : null,
    key,
    envelope,
    keys: compileKeys(product, entity, source, envelope),
    decode: compileObject({
      fields: entity.fields,
      checks: entity.checks,
      entity: { key, partial: source.partial, whole: source.envelope === 'DERIVED' },
    }),
    decodeKey: compileObject({
      fields: keyAndItsReads(entity),
      checks: [],
      entity: { key, partial: true, whole: false },
    }),
    readVersion: compileVersion(product, entity, source),
    storable: storableChecks(product, entity),
    states: keepState(),
    parse: createLearnedParser(),
  }
  return {
    decode(record) {
      try {
        return decodeMessage(plan, record)
      } catch (error) {
        // Nesting that overflows the stack of JSON.parse's reviver ends here; there is nothing else that is known to throw.
        return reject('RECORD_UNPARSABLE', `The record cannot be read: ${error instanceof Error ? error.message : ''}.`)
      }
    },
    keyText: (row) => plan.keys.keyText(row),
    keyOf: (messageKey) => plan.keys.keyOf(messageKey),
  }
}

/** The key's fields, and those that a computed one is made of; what they are checked for matters no more when the row is gone. */
function keyAndItsReads(entity: Entity): readonly Field[] {
  const names = new Set<string>(entity.key)
  // A set may grow while it is walked: reads of reads are found too.
  for (const name of names) {
    const field = entity.fields.find((candidate) => candidate.name === name)
    if (field?.kind === 'computed') for (const read of field.expression.reads) names.add(read)
  }
  return entity.fields
    .filter((field) => names.has(field.name))
    .map((field) => (field.kind === 'stored' || field.kind === 'computed' ? { ...field, checks: [] } : field))
}

/** Every row has the key that its changes and tables are keyed by, whatever else was broken. */
function requireKey(names: readonly string[], row: Row, state: DecodeState): void {
  for (const name of names) {
    const value = row[name]
    if (value !== undefined && value !== null && value !== '') continue
    if (!state.violations.some((violation) => violation.field === name))
      violate(state, 'RECORD_KEY_MISSING', name, 'The key must have a value.')
  }
}

function storableChecks(product: Product, entity: Entity): readonly StorableCheck[] {
  const definitions = emitTables(product)
  return entity.tables.flatMap(({ name }) =>
    definitions.filter((definition) => definition.name === name).map(compileStorableCheck),
  )
}

/** A row that no store takes would stop its partition. */
function requireStorable(checks: readonly StorableCheck[], row: Row, state: DecodeState): void {
  for (const check of checks) {
    const problem = check(row)
    if (problem === null) continue
    const code = problem.kind === 'empty' ? 'RECORD_KEY_MISSING' : 'RECORD_KEY_TOO_LONG'
    violate(state, code, problem.column, problem.message)
  }
}

function reject(code: RecordCode, message: string, field: string | null = null): Decoded {
  return { kind: 'rejected', violations: [{ code, field, checkId: null, message }] }
}

function decodeMessage(plan: CodecPlan, raw: RawRecord): Decoded {
  if (raw.value === null && plan.source.envelope === 'DERIVED')
    return reject('RECORD_UNPARSABLE', "A derived entity's record must have a value.")
  if (raw.value === null) return decodeTombstone(plan, raw.key)
  let text: string
  try {
    text = decodeUtf8(raw.value)
  } catch {
    return reject('RECORD_UNPARSABLE', 'The message is not UTF-8.')
  }
  if (plan.readLine !== null) return decodeLine(plan, plan.readLine, raw.key, text)
  const state = plan.states.take()
  const decoded = decodeText(plan, raw, { text, parse: plan.parse, state })
  const isExact = !state.sawNumber || !mayHoldLongNumbers(text)
  plan.states.giveBack(state)
  if (isExact) return decoded
  return decodeText(plan, raw, { text, parse: parseJsonExactly, state: createState() })
}

function decodeTombstone(plan: CodecPlan, messageKey: Uint8Array | null): Decoded {
  if (messageKey === null) return reject('RECORD_KEY_MISSING', 'A message without value and key says nothing.')
  if (plan.key.length !== 1 || plan.key[0] !== plan.source.keyField)
    return reject(
      'RECORD_KEY_MISSING',
      `A tombstone is keyed by ${plan.source.keyField}, which does not tell which entities it deletes.`,
    )
  const key = plan.keys.keyOf(messageKey)
  if (key === null) return reject('RECORD_KEY_MISSING', "The tombstone's key is not the key of an entity.")
  const state = createState()
  requireStorable(plan.storable.slice(0, 1), key, state)
  if (state.violations.length > 0) return { kind: 'rejected', violations: state.violations }
  return { kind: 'delete', key, version: null, versionResolutionUs: 1 }
}

function decodeLine(plan: CodecPlan, readLine: ReadLine, messageKey: Uint8Array | null, text: string): Decoded {
  const line = readLine(text, messageKey)
  if (line.kind === 'unmatched') return reject('RECORD_LINE_UNMATCHED', line.message)
  return decodeUpsert(plan, messageKey, { kind: 'record', record: line.record }, createState())
}

interface TextToDecode {
  readonly text: string
  readonly parse: Parse
  readonly state: DecodeState
}

function decodeText(plan: CodecPlan, raw: RawRecord, { text, parse, state }: TextToDecode): Decoded {
  let opened: Opened
  try {
    opened = plan.envelope.open(parse(text), raw.headers, parse)
  } catch (error) {
    return reject(
      'RECORD_UNPARSABLE',
      `The message is not JSON: ${error instanceof Error ? error.message.slice(0, 120) : ''}`,
    )
  }
  if (opened.kind === 'broken') return reject('RECORD_UNPARSABLE', opened.message)
  if (opened.kind === 'delete') return decodeDelete(plan, raw.key, opened, state)
  return decodeUpsert(plan, raw.key, opened, state)
}

function decodeDelete(
  plan: CodecPlan,
  messageKey: Uint8Array | null,
  { before, version: enveloped }: Extract<Opened, { kind: 'delete' }>,
  state: DecodeState,
): Decoded {
  if (before === null) return decodeTombstone(plan, messageKey)
  const key = plan.decodeKey(before, state)
  requireKey(plan.key, key, state)
  requireStorable(plan.storable.slice(0, 1), key, state)
  if (state.violations.length > 0) return { kind: 'rejected', violations: state.violations }
  const version = plan.readVersion(before, enveloped)
  // Of others a row before without its version is deleted by the append time; a fold's has no other order.
  if (version.kind === 'invalid' && plan.source.envelope === 'DERIVED')
    return reject('RECORD_VERSION_INVALID', version.message)
  return version.kind === 'version'
    ? {
        kind: 'delete',
        key: keyOnly(plan.key, key),
        version: version.version,
        versionResolutionUs: version.resolutionUs,
      }
    : { kind: 'delete', key: keyOnly(plan.key, key), version: null, versionResolutionUs: 1 }
}

const keyOnly = (names: readonly string[], row: Row): Row =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]))

function decodeUpsert(
  plan: CodecPlan,
  messageKey: Uint8Array | null,
  { record, version: enveloped }: Extract<Opened, { kind: 'record' }>,
  state: DecodeState,
): Decoded {
  const { source } = plan
  const row = plan.decode(record, state)
  const version = plan.readVersion(record, enveloped)
  if (version.kind === 'invalid')
    violate(state, 'RECORD_VERSION_INVALID', source.version?.field ?? null, version.message)
  requireKey(plan.key, row, state)
  if (source.rekeyed) requireKey([source.keyField], row, state)
  if (state.violations.length === 0) requireStorable(plan.storable, row, state)
  if (messageKey !== null && state.violations.length === 0 && !plan.keys.matches(messageKey, row))
    violate(state, 'RECORD_KEY_MISMATCH', source.keyField, `The message's key is not ${source.keyField} of the record.`)
  if (state.violations.length > 0) return { kind: 'rejected', violations: state.violations }
  return {
    kind: 'upsert',
    row,
    version: version.kind === 'version' ? version.version : null,
    versionResolutionUs: version.kind === 'version' ? version.resolutionUs : 1,
    eventTimeMs: eventTimeOf(source, row),
    warnings: state.warnings.length === 0 ? NO_WARNINGS : state.warnings,
  }
}

const NO_WARNINGS: readonly Violation[] = []

function eventTimeOf(source: Source, row: Row): number | null {
  const value = source.timeField === null ? null : row[source.timeField]
  // Date.parse takes half a microsecond.
  return typeof value === 'string' ? (parseInstant(value)?.ms ?? null) : null
}
