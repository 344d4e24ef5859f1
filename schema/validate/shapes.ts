// What every rule group looks at: the types of the file with their fields resolved. Where a thing is wrong, it is marked as unknown, and
// rules pass over what is unknown: one mistake gives one diagnostic.
import type { Declarations, EnumDeclaration, FieldDeclaration, TypeDeclaration } from '../parse/declarations.ts'
import type { Reporter } from '../parse/reporter.ts'
import { nearestName, suggestName } from '../parse/nearest-name.ts'
import type { FieldType } from '../model.ts'
import type { ASTNode } from 'graphql'

/** `unknown`: it was meant to be one of the others, and a diagnostic says why it is none. */
export type FieldRole = 'stored' | 'computed' | 'reference' | 'page' | 'unknown'

export interface FieldShape {
  readonly name: string
  readonly role: FieldRole
  readonly declaration: FieldDeclaration
  /** Of stored and computed fields; null for the others, and where the type is unknown. */
  readonly type: FieldType | null
  readonly nullable: boolean
  /** The entity that a reference or page is about. */
  readonly target: string | null
}

export interface TypeShape {
  readonly name: string
  readonly role: 'entity' | 'value'
  /** An entity with a source of its own (whole or broken). */
  readonly owned: boolean
  /** An entity with @fold: its rows are made from those of others. */
  readonly derived: boolean
  readonly declaration: TypeDeclaration
  readonly fields: ReadonlyMap<string, FieldShape>
}

export interface Shapes {
  readonly declarations: Declarations
  readonly reporter: Reporter
  readonly types: ReadonlyMap<string, TypeShape>
  readonly enums: ReadonlyMap<string, EnumDeclaration>
}

export function shapeTypeText(type: FieldType): string {
  switch (type.kind) {
    case 'scalar':
      return type.scalar
    case 'list':
      return `[${shapeTypeText(type.of)}${type.itemsNullable ? '' : '!'}]`
    default:
      return type.name
  }
}

export function sameType(left: FieldType, right: FieldType): boolean {
  return left.kind === right.kind && shapeTypeText(left) === shapeTypeText(right)
}

export const isValueRole = (role: FieldRole): boolean => role === 'stored' || role === 'computed'

/** Names of the fields that have values of their own. */
export function valueFieldNames(shape: TypeShape): readonly string[] {
  return [...shape.fields.values()].filter((field) => isValueRole(field.role)).map((field) => field.name)
}

export interface FieldQuery {
  readonly shape: TypeShape
  readonly name: string
  /** Where the name is written. */
  readonly at: ASTNode
  /** What names it, to begin the message with: `@source(key:)`. */
  readonly by: string
  /** The fix where no field has a name like it; else the fields are listed. */
  readonly whereNothingIsNear?: string
}

/**
 * The stored or computed field of that name. Reports a name that is no field, or a field without a value of its own;
 * null then, and where the field is unknown for another reason.
 */
export function findValueField(query: FieldQuery, reporter: Reporter): (FieldShape & { type: FieldType }) | null {
  const { shape, name, at, by } = query
  const field = shape.fields.get(name)
  if (field === undefined) {
    const message = `${by} names "${name}", which is no field of "${shape.name}".`
    const known = valueFieldNames(shape)
    const fix = nearestName(name, known) === null ? query.whereNothingIsNear : undefined
    reporter.error('FIELD_UNKNOWN', at, message, fix ?? suggestName(name, known))
    return null
  }
  if (field.role === 'reference' || field.role === 'page') {
    const message = `${by} names "${name}", which is a ${field.role} and has no value of its own in the row.`
    const locals = valueFieldNames(shape)
    reporter.error('FIELD_UNKNOWN', at, message, suggestName(name, locals))
    return null
  }
  return field.type === null ? null : { ...field, type: field.type }
}

/** `orderLines` → `order_lines`, for names of tables that fixes propose. */
export function snakeCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
}
