// Types of fields by name: scalars, enums, value types, entities and the connections made for them.
import type { ASTNode, NamedTypeNode, TypeNode } from 'graphql'
import type { FieldType } from '../model.ts'
import type { Declarations } from '../parse/declarations.ts'
import { directiveOf } from '../parse/directive-values.ts'
import { nearestName } from '../parse/nearest-name.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { isScalarName, scalarNames } from '../parse/scalars.ts'
import { schemaLimits } from '../schema-limits.ts'

const ENTITY_DIRECTIVES = ['key', 'source', 'table', 'rowFilter', 'fold']

/** A type with `@key`, or with a directive that only an entity can have (the missing `@key` is reported elsewhere). */
export function isEntityDeclaration(directives: readonly Directive[]): boolean {
  return ENTITY_DIRECTIVES.some((name) => directiveOf(directives, name) !== null)
}

export type NamedType =
  | { readonly kind: 'value'; readonly type: FieldType }
  | { readonly kind: 'entity' | 'connection'; readonly entity: string }

const CONNECTION = /^(.+)Connection$/

/** What people write for the language's scalars. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  string: 'String',
  text: 'String',
  varchar: 'String',
  integer: 'Int',
  long: 'BigInt',
  bigint: 'BigInt',
  double: 'Float',
  real: 'Float',
  number: 'Decimal',
  numeric: 'Decimal',
  money: 'Decimal',
  bool: 'Boolean',
  timestamp: 'DateTime',
  email: 'EmailAddress',
  uri: 'URL',
  object: 'JSON',
  any: 'JSON',
}

/** The scalar that is called so elsewhere; null where there is none. */
export function foreignScalar(name: string): string | null {
  const foreign = name.toLowerCase()
  return Object.hasOwn(FOREIGN_NAMES, foreign) ? (FOREIGN_NAMES[foreign] ?? null) : null
}

function reportUnknown(node: NamedTypeNode, declarations: Declarations, reporter: Reporter): null {
  const name = node.name.value
  if (declarations.inputs.has(name)) {
    const message = `"${name}" is an input type: it says what is read of other products, and the graph does not have it.`
    const fix = 'Write a scalar, an enum or a type; arguments are declared one by one.'
    reporter.error('FIELD_INVALID', node, message, fix)
    return null
  }
  const known = [...declarations.types.keys(), ...declarations.enums.keys(), ...scalarNames]
  const meant = foreignScalar(name) ?? nearestName(name, known)
  const connection = CONNECTION.exec(name)?.[1]
  const fix =
    connection !== undefined
      ? `Declare the entity "${connection}", or write the connection of one that is declared.`
      : meant !== null
        ? `Write "${meant}".`
        : `Declare "type ${name}", or write one of ${scalarNames.join(', ')}.`
  reporter.error('TYPE_UNKNOWN', node, `There is no type "${name}".`, fix)
  return null
}

/** Null, and reported, where there is no such type. */
export function resolveNamedType(
  node: NamedTypeNode,
  declarations: Declarations,
  reporter: Reporter,
): NamedType | null {
  const name = node.name.value
  if (isScalarName(name)) return { kind: 'value', type: { kind: 'scalar', scalar: name } }
  if (declarations.enums.has(name)) return { kind: 'value', type: { kind: 'enum', name } }
  const declared = declarations.types.get(name)
  if (declared !== undefined) {
    if (isEntityDeclaration(declared.directives)) return { kind: 'entity', entity: name }
    return { kind: 'value', type: { kind: 'object', name } }
  }
  const entity = CONNECTION.exec(name)?.[1]
  if (entity !== undefined && declarations.types.has(entity)) return { kind: 'connection', entity }
  return reportUnknown(node, declarations, reporter)
}

export function nullableType(node: TypeNode): {
  readonly node: Exclude<TypeNode, { kind: 'NonNullType' }>
  readonly nullable: boolean
} {
  return node.kind === 'NonNullType' ? { node: node.type, nullable: false } : { node, nullable: true }
}

export function innermostNamed(node: TypeNode): NamedTypeNode {
  return node.kind === 'NamedType' ? node : innermostNamed(node.type)
}

/** A value's type; null where it is unknown or holds an entity (`reportEntity` says so then). */
export function resolveValueType(
  node: TypeNode,
  declarations: Declarations,
  reporter: Reporter,
  depth = 0,
): FieldType | null {
  const inner = nullableType(node).node
  if (inner.kind === 'ListType') {
    if (depth >= schemaLimits.typeDepthMax) {
      const message = `Lists are nested more than ${schemaLimits.typeDepthMax} deep.`
      reporter.error('FIELD_INVALID', inner, message, 'Use a value type with a list instead.')
      return null
    }
    const of = resolveValueType(inner.type, declarations, reporter, depth + 1)
    return of === null ? null : { kind: 'list', of, itemsNullable: nullableType(inner.type).nullable }
  }
  const named = resolveNamedType(inner, declarations, reporter)
  return named?.kind === 'value' ? named.type : null
}

/** Reports directives of the language that say nothing on such a field. `allowed` names those that do. */
export function reportMisplaced(
  directives: readonly Directive[],
  allowed: readonly string[],
  where: { readonly text: string; readonly fix: (name: string) => string },
  reporter: Reporter,
): void {
  for (const directive of directives) {
    if (directive.passed !== null || allowed.includes(directive.name)) continue
    const at: ASTNode = directive.node
    reporter.error(
      'DIRECTIVE_MISPLACED',
      at,
      `@${directive.name} means nothing on ${where.text}.`,
      where.fix(directive.name),
    )
  }
}
