// The variables that an expression of a type sees: its stored and computed fields, and on a field `value`, the field itself.
// Compiling a product and compiling its record codec share this, so that what one accepts the other can run.
import type { EnumType, Field, FieldType, ValueType } from '../model.ts'
import type { CelScope, CelVariable } from './compile-cel.ts'

export interface CelTypeContext {
  readonly valueTypes: readonly ValueType[]
  readonly enums: readonly EnumType[]
}

export interface CelScopeOptions {
  /** The field that a check stands on. Its `value` is never null: checks of null pass unseen. */
  readonly own?: { readonly type: FieldType }
  readonly expected?: FieldType
}

export const BOOLEAN: FieldType = { kind: 'scalar', scalar: 'Boolean' }

export function celScopeOf(fields: readonly Field[], types: CelTypeContext, options: CelScopeOptions = {}): CelScope {
  const variables = new Map<string, CelVariable>()
  for (const field of fields) {
    if (field.kind === 'stored' || field.kind === 'computed')
      variables.set(field.name, { type: field.type, nullable: field.nullable })
  }
  if (options.own !== undefined) variables.set('value', { type: options.own.type, nullable: false })
  const { valueTypes, enums } = types
  return options.expected === undefined
    ? { variables, valueTypes, enums }
    : { variables, valueTypes, enums, expected: options.expected }
}
