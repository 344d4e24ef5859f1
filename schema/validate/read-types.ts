// Types of what is read: scalars, enums, lists, and input types without @reads for nested values. No entity and no type of the graph
// is among them, and none contains itself.
import type { ASTNode, TypeNode } from 'graphql'
import type { FieldType, ValueType } from '../model.ts'
import type { InputDeclaration } from '../parse/declarations.ts'
import { directiveOf } from '../parse/directive-values.ts'
import { suggestName } from '../parse/nearest-name.ts'
import { isScalarName, scalarNames } from '../parse/scalars.ts'
import { schemaLimits } from '../schema-limits.ts'
import { scopeField } from './expressions.ts'
import { foreignScalar, nullableType } from './field-types.ts'
import type { Shapes } from './shapes.ts'

export interface ReadFieldShape {
  readonly name: string
  /** Null where it is wrong (reported). */
  readonly type: FieldType | null
  readonly nullable: boolean
  readonly declaration: InputDeclaration
  readonly node: ASTNode & { readonly type: TypeNode; readonly name: ASTNode }
}

export interface ReadTypeShapes {
  /** Fields of every input type, by its name. */
  readonly fields: ReadonlyMap<string, readonly ReadFieldShape[]>
  /** Input types that something is wrong with, or with a nested type of which. */
  readonly broken: ReadonlySet<string>
}

export const readsRows = (input: InputDeclaration): boolean => directiveOf(input.directives, 'reads') !== null

function nameType(node: ASTNode, name: string, shapes: Shapes): FieldType | null {
  const { declarations, reporter } = shapes
  if (isScalarName(name)) return { kind: 'scalar', scalar: name }
  if (declarations.enums.has(name)) return { kind: 'enum', name }
  const input = declarations.inputs.get(name)
  if (input !== undefined && !readsRows(input)) return { kind: 'object', name }
  if (input !== undefined) {
    const message = `"${name}" is rows of an entity, and a field holds a value.`
    const fix = 'Read the field that holds their key, and join them by @join; or remove @reads from the type.'
    reporter.error('READ_INVALID', node, message, fix)
    return null
  }
  if (declarations.types.has(name)) {
    const message = `"${name}" is a type of the graph, and an input type has none of them.`
    reporter.error('READ_INVALID', node, message, `Declare an input type with the fields of "${name}" that are read.`)
    return null
  }
  const nested = [...declarations.inputs.values()].filter((one) => !readsRows(one)).map((one) => one.name)
  const meant = foreignScalar(name)
  const known = [...nested, ...declarations.enums.keys(), ...scalarNames]
  const fix = meant === null ? suggestName(name, known) : `Write "${meant}".`
  reporter.error('TYPE_UNKNOWN', node, `There is no type "${name}" that can be read.`, fix)
  return null
}

function resolveType(node: TypeNode, shapes: Shapes, depth = 0): FieldType | null {
  const inner = nullableType(node).node
  if (inner.kind === 'NamedType') return nameType(inner, inner.name.value, shapes)
  if (depth >= schemaLimits.typeDepthMax) {
    const message = `Lists are nested more than ${schemaLimits.typeDepthMax} deep.`
    shapes.reporter.error('FIELD_INVALID', inner, message, 'Use an input type with a list instead.')
    return null
  }
  const of = resolveType(inner.type, shapes, depth + 1)
  return of === null ? null : { kind: 'list', of, itemsNullable: nullableType(inner.type).nullable }
}

function nestedName(type: FieldType | null): string | null {
  let inner = type
  while (inner?.kind === 'list') inner = inner.of
  return inner?.kind === 'object' ? inner.name : null
}

type Fields = ReadonlyMap<string, readonly ReadFieldShape[]>

const nestedNames = (fields: Fields, name: string): readonly string[] =>
  (fields.get(name) ?? []).map((field) => nestedName(field.type)).filter((nested) => nested !== null)

/** All that is nested in the type, itself only where it contains itself. */
export function nestedInside(fields: Fields, name: string): ReadonlySet<string> {
  const inside = new Set<string>(nestedNames(fields, name))
  // A set may grow while it is walked: what is nested deeper is found too.
  for (const nested of inside) for (const deeper of nestedNames(fields, nested)) inside.add(deeper)
  return inside
}

/** Names of types with more than the most inside one another; those that contain themselves count for none. */
function nestedTooDeep(fields: Fields, recursive: ReadonlySet<string>): ReadonlySet<string> {
  const most = schemaLimits.typeDepthMax
  const heights = new Map<string, number>()
  for (let round = 0; round <= most; round++) {
    for (const name of fields.keys()) {
      const below = nestedNames(fields, name).map((nested) => (recursive.has(nested) ? 0 : (heights.get(nested) ?? 0)))
      heights.set(name, Math.min(most + 1, 1 + Math.max(0, ...below)))
    }
  }
  return new Set([...heights].filter(([, height]) => height > most).map(([name]) => name))
}

export function buildReadTypes(shapes: Shapes): ReadTypeShapes {
  const { declarations, reporter } = shapes
  const fields = new Map<string, readonly ReadFieldShape[]>()
  for (const declaration of declarations.inputs.values()) {
    const list = [...declaration.fields.values()].map(({ name, node }) => {
      const { nullable } = nullableType(node.type)
      return { name, node, nullable, declaration, type: resolveType(node.type, shapes) }
    })
    fields.set(declaration.name, list)
  }
  const wrong = new Set<string>()
  for (const [name, list] of fields) if (list.some((field) => field.type === null)) wrong.add(name)
  const inputs = [...declarations.inputs.values()]
  const recursive = inputs.filter(({ name }) => nestedInside(fields, name).has(name))
  for (const { name, nameNode } of recursive) {
    wrong.add(name)
    reporter.error('TYPE_RECURSIVE', nameNode, `The input type "${name}" contains itself.`, 'Read a field less.')
  }
  const tooDeep = nestedTooDeep(fields, new Set(recursive.map(({ name }) => name)))
  for (const { name, nameNode } of inputs) {
    if (!tooDeep.has(name)) continue
    wrong.add(name)
    const message = `"${name}" has input types nested more than ${schemaLimits.typeDepthMax} deep.`
    reporter.error('TYPE_TOO_LARGE', nameNode, message, 'Read less of it.')
  }
  const broken = inputs
    .map(({ name }) => name)
    .filter((name) => wrong.has(name) || [...nestedInside(fields, name)].some((nested) => wrong.has(nested)))
  return { fields, broken: new Set(broken) }
}

/** The nested input types, as a model holds them and expressions see them. */
export function assembleReadTypes(types: ReadTypeShapes, shapes: Shapes): readonly ValueType[] {
  const { declarations, reporter } = shapes
  return [...declarations.inputs.values()]
    .filter((input) => !readsRows(input))
    .map(({ name, description, nameNode }) => ({
      name,
      description,
      fields: (types.fields.get(name) ?? []).flatMap((field) =>
        field.type === null
          ? []
          : [{ ...scopeField(field.name, field.type, field.nullable), location: reporter.locate(field.node.name) }],
      ),
      passedDirectives: [],
      location: reporter.locate(nameNode),
    }))
}
