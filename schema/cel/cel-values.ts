// How values cross between rows and CEL: `int` is a bigint, Decimal a DecimalValue, DateTime and Date a Date, a value type a
// wrapper whose getters convert a field when the expression reads it, so that what is not read costs nothing.
import type { Environment } from '@marcbachmann/cel-js'
import type { FieldType, ValueType } from '../model.ts'
import type { Row, Value } from '../row.ts'
import { decimalOf } from './decimal.ts'

export type ToCel = (value: Value) => unknown

/** Set when a null was read: an evaluation that fails on one is unknown, not false (as a SQL CHECK on NULL). */
export const nullRead = { seen: false }

/** Stands for a null list: CEL's static types have no nullable list, so it is an empty list that `== null` recognises. */
export const NULL_LIST: readonly never[] = Object.freeze([])

/** A symbol: fields may have any name. */
export const rowOf = Symbol('row')

/** Wraps a nested value; the field getters are on the prototype of the subclass made for its type. */
export class CelObject {
  readonly [rowOf]: Row | null
  constructor(row: Row | null) {
    this[rowOf] = row
  }
}

type CelObjectClass = new (row: Row | null) => CelObject

export interface CelTypes {
  /** The CEL type of a field. */
  nameOf(type: FieldType, nullable: boolean): string
  toCel(type: FieldType): ToCel
}

const identity: ToCel = (value) => value

function scalarTypeName(scalar: (FieldType & { kind: 'scalar' })['scalar']): string {
  switch (scalar) {
    case 'Int':
    case 'BigInt':
      return 'int'
    case 'Float':
      return 'double'
    case 'Boolean':
      return 'bool'
    case 'Decimal':
      return 'Decimal'
    case 'DateTime':
    case 'Date':
      return 'google.protobuf.Timestamp'
    case 'JSON':
      return 'dyn'
    default:
      return 'string'
  }
}

function scalarToCel(scalar: (FieldType & { kind: 'scalar' })['scalar']): ToCel {
  switch (scalar) {
    case 'Int':
    case 'BigInt':
      return (value) => BigInt(value as number | string)
    case 'Decimal':
      return (value) => decimalOf(value as string)
    case 'DateTime':
    case 'Date':
      return (value) => new Date(value as string)
    default:
      return identity
  }
}

/** One upper-case letter is a type parameter to the library, and lower-case names are its own types. */
const objectTypeName = (name: string): string => (/^[A-Z]\w/.test(name) ? name : `Type_${name}`)

function typeName(type: FieldType, nullable: boolean): string {
  switch (type.kind) {
    case 'scalar': {
      const name = scalarTypeName(type.scalar)
      return nullable && name !== 'dyn' ? `dyn<${name}>` : name
    }
    case 'enum':
      return nullable ? 'dyn<string>' : 'string'
    case 'object':
      return objectTypeName(type.name)
    case 'list':
      return `list<${typeName(type.of, type.itemsNullable)}>`
  }
}

/** Registers the value types in the environment. */
export function registerCelTypes(environment: Environment, valueTypes: readonly ValueType[]): CelTypes {
  const classes = new Map<string, CelObjectClass>(valueTypes.map((type) => [type.name, class extends CelObject {}]))

  const toCel = (type: FieldType): ToCel => {
    switch (type.kind) {
      case 'scalar':
        return scalarToCel(type.scalar)
      case 'enum':
        return identity
      case 'object': {
        const wrapper = classes.get(type.name) ?? CelObject
        return (value) => new wrapper(value as Row)
      }
      case 'list': {
        const item = toCel(type.of)
        const ofNull = nullOf(type.of)
        if (item === identity) return identity
        return (value) => (value as readonly Value[]).map((element) => (element === null ? ofNull() : item(element)))
      }
    }
  }

  const nullOf = (type: FieldType): (() => unknown) => {
    if (type.kind === 'list') return () => NULL_LIST
    if (type.kind !== 'object') return () => null
    const wrapper = classes.get(type.name) ?? CelObject
    return () => new wrapper(null)
  }

  for (const valueType of valueTypes) {
    const wrapper = classes.get(valueType.name)
    if (wrapper === undefined) continue
    const fields: Record<string, string> = {}
    for (const field of valueType.fields) {
      if (field.kind !== 'stored' && field.kind !== 'computed') continue
      // The library asks an object's constructor for its type.
      if (field.name === 'constructor') continue
      fields[field.name] = typeName(field.type, field.nullable)
      const convert = toCel(field.type)
      const ofNull = nullOf(field.type)
      const name = field.name
      Object.defineProperty(wrapper.prototype, name, {
        get(this: CelObject): unknown {
          const value = this[rowOf] === null ? null : this[rowOf][name]
          if (value !== undefined && value !== null) return convert(value)
          nullRead.seen = true
          return this[rowOf] === null ? undefined : ofNull()
        },
      })
    }
    environment.registerType(objectTypeName(valueType.name), { ctor: wrapper, fields })
  }
  registerNullComparisons(environment, valueTypes)

  return {
    nameOf: typeName,
    toCel: (type) => {
      const convert = toCel(type)
      const ofNull = nullOf(type)
      return (value) => {
        if (value !== null) return convert(value)
        nullRead.seen = true
        return ofNull()
      }
    },
  }
}

function registerNullComparisons(environment: Environment, valueTypes: readonly ValueType[]): void {
  for (const valueType of valueTypes) {
    const name = objectTypeName(valueType.name)
    environment.registerOperator(`${name} == null: bool`, (value: CelObject) => value[rowOf] === null)
    environment.registerOperator(`list<${name}> == null: bool`, (value: unknown) => value === NULL_LIST)
  }
  for (const name of ['string', 'int', 'double', 'bool', 'Decimal', 'google.protobuf.Timestamp']) {
    environment.registerOperator(`list<${name}> == null: bool`, (value: unknown) => value === NULL_LIST)
  }
}
