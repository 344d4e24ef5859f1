// The variables that an expression of a type sees: its stored and computed fields, and on a field `value`, the field itself.
// Compiling a product and compiling its record codec share this, so that what one accepts the other can run.
import type { EnumType, Field, FieldType, ValueType } from '../model.ts'
import type { CelScope, CelVariable } from './compile-cel.ts'

export interface CelTypeContext {
  readonly valueTypes: readonly ValueType[]
  readonly enums: readonly EnumType[]
}

export interface CelScopeOptions {
  /** The field that a check stands on: `value` is its value, unless a field has that name. */
  readonly own?: CelVariable
  readonly expected?: FieldType
}

export const BOOLEAN: FieldType = { kind: 'scalar', scalar: 'Boolean' }

export function celScopeOf(fields: readonly Field[], types: CelTypeContext, options: CelScopeOptions = {}): CelScope {
  const variables = new Map<string, CelVariable>()
  for (const field of fields) {
    if (field.kind === 'stored' || field.kind === 'computed')
      variables.set(field.name, { type: field.type, nullable: field.nullable })
  }
  const { own } = options
  if (own !== undefined && !variables.has('value')) variables.set('value', { type: own.type, nullable: own.nullable })
  const { valueTypes, enums } = types
  return options.expected === undefined
    ? { variables, valueTypes, enums }
    : { variables, valueTypes, enums, expected: options.expected }
}
