// Decoders of a type's fields: extract, clean, type, compute, check, with every problem at once. Entities and the value types
// nested in them share this; a nested value is frozen, so its absent fields are null and never "unchanged".
import { canonicalDecimal } from '../cel/decimal.ts'
import type { Check, Field, FieldType, Parse, Product, ScalarName, StoredField } from '../model.ts'
import type { Value } from '../row.ts'
import { compileRule, failureText } from './record-checks.ts'
import type { Holds } from './record-checks.ts'
import { compileCleaning, Unparsable } from './record-cleaning.ts'
import type { Clean } from './record-cleaning.ts'
import { compileComputed, compileExpressionCheck, inOrderOfReads } from './record-expressions.ts'
import type { ComputedPlan, ExpressionCheck } from './record-expressions.ts'
import { isJsonObject } from './record-json.ts'
import type { JsonObject } from './record-json.ts'
import { coerceScalar, shown } from './record-scalars.ts'
import { failCheck, isFull, prefix, violate } from './record-state.ts'
import type { DecodeState } from './record-state.ts'

/** Undefined: the value is not of the type, and the reason is collected. The value is neither null nor undefined. */
type Decode = (value: unknown, state: DecodeState) => Value | undefined

export type DecodeObject = (source: JsonObject, state: DecodeState) => Record<string, Value>

/** The value at the field's path: undefined where absent, null where a step on the way is null. */
export type Read = (source: JsonObject) => unknown

interface FieldPlan {
  readonly name: string
  readonly nullable: boolean
  readonly isKey: boolean
  /** In a nested value and in a row of a fold, which are replaced whole. */
  readonly absentIsNull: boolean
  /** In a partial record. */
  readonly mayBeAbsent: boolean
  readonly read: Read
  readonly clean: Clean | null
  readonly parse: Parse | null
  readonly decode: Decode
  readonly rules: readonly { readonly check: Check; readonly holds: Holds }[]
}

interface ObjectPlan {
  readonly stored: readonly FieldPlan[]
  readonly computed: readonly (ComputedPlan & { readonly rules: FieldPlan['rules'] })[]
  readonly expressions: readonly ExpressionCheck[]
  readonly partial: boolean
}

export interface ObjectSource {
  readonly fields: readonly Field[]
  readonly checks: readonly Check[]
  /** The entity's own; null for a value type. `whole`: what a record lacks has no value, as in a nested one. */
  readonly entity: { readonly key: readonly string[]; readonly partial: boolean; readonly whole: boolean } | null
}

/** Member access; names that every object inherits (`constructor`) count only where the record has them itself. */
function member(name: string): (source: JsonObject) => unknown {
  if (!(name in Object.prototype)) return (source) => source[name]
  return (source) => (Object.hasOwn(source, name) ? source[name] : undefined)
}

export function compileRead(path: readonly string[]): Read {
  const [first, ...rest] = path.map(member)
  if (first === undefined) throw new Error('Invariant broken: a path has at least one segment')
  if (rest.length === 0) return first
  return (source) => {
    let value = first(source)
    for (const step of rest) {
      if (!isJsonObject(value)) return value === null ? null : undefined
      value = step(value)
    }
    return value
  }
}

interface ObjectCompiler {
  readonly product: Product
  /** Value types are compiled once, when first used. */
  readonly valueTypes: Map<string, { decode: DecodeObject | null }>
}

/** Compiles decoders of the product's types. */
export function createObjectCompiler(product: Product): (source: ObjectSource) => DecodeObject {
  const compiler: ObjectCompiler = { product, valueTypes: new Map() }
  return (source) => compileObject(compiler, source)
}

function compileObject(compiler: ObjectCompiler, { fields, checks, entity }: ObjectSource): DecodeObject {
  const types = compiler.product
  const stored = fields.filter((field) => field.kind === 'stored')
  const computed = fields.filter((field) => field.kind === 'computed')
  const onFields = [...stored, ...computed].flatMap((field) =>
    field.checks.map((check) => compileExpressionCheck({ check, field, fields, types })),
  )
  const onType = checks.map((check) => compileExpressionCheck({ check, field: null, fields, types }))
  const plan: ObjectPlan = {
    stored: stored.map((field) => compileField(compiler, field, entity)),
    computed: inOrderOfReads(computed.map((field) => compileComputed(field, fields, types))).map((computedPlan) => ({
      ...computedPlan,
      rules: rulesOf(computedPlan.field.checks, computedPlan.field.type),
    })),
    expressions: [...onFields, ...onType].filter((check) => check !== null),
    partial: entity?.partial ?? false,
  }
  return (record, state) => decodeObject(plan, record, state)
}

function compileField(compiler: ObjectCompiler, field: StoredField, entity: ObjectSource['entity']): FieldPlan {
  return {
    name: field.name,
    nullable: field.nullable,
    isKey: entity?.key.includes(field.name) ?? false,
    absentIsNull: entity === null || entity.whole,
    mayBeAbsent: entity?.partial ?? false,
    read: compileRead(field.extraction.path),
    clean: compileCleaning(field.extraction, field.type, compiler.product.valueTypes),
    parse: field.extraction.parse,
    decode: compileType(compiler, field.type),
    rules: rulesOf(field.checks, field.type),
  }
}

function compileType(compiler: ObjectCompiler, type: FieldType): Decode {
  switch (type.kind) {
    case 'scalar': {
      const coerce = coerceScalar(type.scalar)
      return (value, state) => coerce(value, state) ?? refuse(state, value, type.scalar, readBy(value, type.scalar))
    }
    case 'enum': {
      const names = compiler.product.enums.find((candidate) => candidate.name === type.name)?.values ?? []
      const allowed = new Set<unknown>(names.map((value) => value.name))
      const cased = (value: unknown): string | null =>
        typeof value === 'string' && allowed.has(value.trim().toUpperCase()) ? 'trim: true, case: UPPER' : null
      return (value, state) => (allowed.has(value) ? (value as string) : refuse(state, value, type.name, cased(value)))
    }
    case 'object': {
      const valueType = compileValueType(compiler, type.name)
      return (value, state) =>
        isJsonObject(value) && valueType.decode !== null
          ? valueType.decode(value, state)
          : refuse(state, value, type.name)
    }
    case 'list':
      return listDecoder(compileType(compiler, type.of), type.itemsNullable)
  }
}

function compileValueType(compiler: ObjectCompiler, name: string): { readonly decode: DecodeObject | null } {
  const known = compiler.valueTypes.get(name)
  if (known !== undefined) return known
  const slot: { decode: DecodeObject | null } = { decode: null }
  compiler.valueTypes.set(name, slot)
  const valueType = compiler.product.valueTypes.find((candidate) => candidate.name === name)
  if (valueType === undefined) throw new Error(`Invariant broken: no value type ${name}`)
  slot.decode = compileObject(compiler, { fields: valueType.fields, checks: [], entity: null })
  return slot
}

function rulesOf(checks: readonly Check[], type: FieldType): FieldPlan['rules'] {
  return checks.flatMap((check) => {
    const holds = compileRule(check, type)
    return holds === null ? [] : [{ check, holds }]
  })
}

/** `cleaning`: what of @from would make it one. */
function refuse(state: DecodeState, value: unknown, typeName: string, cleaning: string | null = null): undefined {
  const hint = cleaning === null ? '' : ` @from(${cleaning}) would read it.`
  violate(state, 'RECORD_FIELD_TYPE', null, `Must be ${typeName}; it is ${shown(value)}.${hint}`)
}

/** A text that the scalar takes only where the product says how it is parsed: the first thing to meet with CSV. */
function readBy(value: unknown, scalar: ScalarName): string | null {
  if (typeof value !== 'string') return null
  if (scalar === 'Boolean') return /^\s*(?:true|false)\s*$/i.test(value) ? 'parse: BOOLEAN' : null
  if (scalar !== 'Int' && scalar !== 'Float') return null
  const number = canonicalDecimal(value.trim())
  return number === null || (scalar === 'Int' && number.includes('.')) ? null : 'parse: NUMBER'
}

function listDecoder(decodeItem: Decode, itemsNullable: boolean): Decode {
  return (value, state) => {
    if (!Array.isArray(value)) return refuse(state, value, 'a list')
    const items: Value[] = []
    const failuresBefore = state.violations.length
    for (let at = 0; at < value.length && !isFull(state); at++) {
      const item: unknown = value[at]
      const violationsBefore = state.violations.length
      const warningsBefore = state.warnings.length
      if (item === null) {
        if (itemsNullable) items.push(null)
        else violate(state, 'RECORD_FIELD_MISSING', null, 'An item of the list must not be null.')
      } else {
        const decoded = decodeItem(item, state)
        if (decoded !== undefined) items.push(decoded)
      }
      if (state.violations.length > violationsBefore || state.warnings.length > warningsBefore)
        prefix(state, violationsBefore, warningsBefore, at)
    }
    return state.violations.length > failuresBefore || items.length < value.length ? undefined : items
  }
}

function decodeObject(plan: ObjectPlan, record: JsonObject, state: DecodeState): Record<string, Value> {
  const cells: Record<string, Value> = {}
  const violationsBefore = state.violations.length
  for (const field of plan.stored) decodeField(field, record, cells, state)
  const failed = state.violations.length > violationsBefore
  for (const computed of plan.computed) {
    if (!canRead(plan, computed.reads, cells, failed)) continue
    computed.compute(cells, state)
    const value = cells[computed.field.name]
    if (value !== undefined && value !== null) runRules(computed.rules, computed.field.name, value, state)
  }
  for (const check of plan.expressions) if (canRead(plan, check.reads, cells, failed)) check.run(cells, state)
  return cells
}

/**
 * Whether an expression may run: in a partial record only when all that it reads is there; where a field was broken not on what
 * is missing because of it; else an absent field counts as null.
 */
function canRead(plan: ObjectPlan, reads: readonly string[], cells: Record<string, Value>, failed: boolean): boolean {
  if (!plan.partial && !failed) return true
  for (const name of reads) if (cells[name] === undefined) return false
  return true
}

function decodeField(field: FieldPlan, record: JsonObject, cells: Record<string, Value>, state: DecodeState): void {
  let value = field.read(record)
  if (field.clean !== null) value = field.clean(value)
  if (value === undefined || value === null || (field.isKey && value === '')) {
    missing(field, value === null, cells, state)
    return
  }
  const violationsBefore = state.violations.length
  const warningsBefore = state.warnings.length
  const decoded =
    value instanceof Unparsable
      ? refuse(state, value.value, `readable by parse: ${field.parse ?? ''}`)
      : field.decode(value, state)
  if (state.violations.length > violationsBefore || state.warnings.length > warningsBefore)
    prefix(state, violationsBefore, warningsBefore, field.name)
  if (decoded === undefined || state.violations.length > violationsBefore) return
  cells[field.name] = decoded
  if (field.rules.length > 0) runRules(field.rules, field.name, decoded, state)
}

function missing(field: FieldPlan, isNull: boolean, cells: Record<string, Value>, state: DecodeState): void {
  if (field.isKey) violate(state, 'RECORD_KEY_MISSING', field.name, 'The key must have a value.')
  else if (field.nullable) {
    if (isNull || field.absentIsNull) cells[field.name] = null
  } else if (isNull) violate(state, 'RECORD_FIELD_MISSING', field.name, 'Must not be null.')
  else if (!field.mayBeAbsent) violate(state, 'RECORD_FIELD_MISSING', field.name, 'Must be in the record.')
}

function runRules(rules: FieldPlan['rules'], name: string, value: Value, state: DecodeState): void {
  for (const { check, holds } of rules) {
    if (!holds(value)) failCheck(state, check, name, failureText(check, value))
  }
}
