// From declarations to shapes: which types are entities, what every field is, and whether its type exists.
import type { NamedTypeNode } from 'graphql'
import type { Declarations, FieldDeclaration, TypeDeclaration } from '../parse/declarations.ts'
import { schemaLimits } from '../schema-limits.ts'
import { directiveOf } from '../parse/directive-values.ts'
import type { Reporter } from '../parse/reporter.ts'
import { checkDerivedDirectives, ON_ENTITY, ON_FIELD } from './derived-directives.ts'
import {
  innermostNamed,
  isEntityDeclaration,
  nullableType,
  reportMisplaced,
  resolveNamedType,
  resolveValueType,
} from './field-types.ts'
import type { FieldRole, FieldShape, Shapes, TypeShape } from './shapes.ts'

const GOVERNANCE = ['subject', 'personal', 'mask', 'access']

/** Directives of the language that may stand beside each role. */
const ALLOWED: Readonly<Record<FieldRole, readonly string[]>> = {
  stored: ['from', 'check', ...ON_FIELD, ...GOVERNANCE],
  computed: ['computed', 'check', ...GOVERNANCE],
  reference: ['ref', 'access'],
  page: ['page', 'access'],
  unknown: [],
}

const ROLE_TEXT: Readonly<Record<FieldRole, string>> = {
  stored: 'a stored field',
  computed: 'a computed field',
  reference: 'a reference',
  page: 'a page',
  unknown: 'a field',
}

const QUERY_DIRECTIVES: Readonly<Record<string, string>> = { lookup: 'Query', scan: 'Query', changes: 'Subscription' }

function suggestPlace(name: string): string {
  const root = QUERY_DIRECTIVES[name]
  return root === undefined ? `Remove @${name}.` : `Move it to a field of ${root}.`
}

/** The role that the directives say; null where two contradict (reported). */
function declaredRole(field: FieldDeclaration, reporter: Reporter): FieldRole | null {
  const roles = (['computed', 'ref', 'page'] as const).filter((name) => directiveOf(field.directives, name) !== null)
  const [first, second] = roles
  if (first !== undefined && second !== undefined) {
    const at = directiveOf(field.directives, second)?.node ?? field.node.name
    const message = `"${field.owner}.${field.name}" has both @${first} and @${second}.`
    reporter.error('DIRECTIVE_CONFLICT', at, message, 'Keep one of them.')
    return null
  }
  return first === 'ref' ? 'reference' : (first ?? 'stored')
}

interface Resolution {
  readonly role: FieldRole
  readonly type: FieldShape['type']
  readonly target: string | null
}

const UNKNOWN: Resolution = { role: 'unknown', type: null, target: null }

function suggestReference(entity: string): string {
  const key = `${entity.charAt(0).toLowerCase()}${entity.slice(1)}Id`
  return `Add @ref(key: "${key}") and a field "${key}" that holds its key.`
}

/** A field whose innermost type is an entity or a connection. */
function resolveEntityField(
  field: FieldDeclaration,
  role: FieldRole,
  named: { kind: 'entity' | 'connection'; entity: string },
  reporter: Reporter,
): Resolution {
  const name = `"${field.owner}.${field.name}"`
  const { node } = nullableType(field.type)
  if (node.kind === 'ListType') {
    const [message, fix] =
      named.kind === 'entity'
        ? [
            `${name} is a list of entities, which no row holds.`,
            `Use a page: ${named.entity}Connection! @page(table: "...").`,
          ]
        : [`${name} is a list of connections.`, `Write ${named.entity}Connection!.`]
    reporter.error('FIELD_INVALID', node, message, fix)
    return UNKNOWN
  }
  if (named.kind === 'entity' && role !== 'reference') {
    const [message, fix] =
      role === 'page'
        ? [`${name} is a page but returns one "${named.entity}".`, `Write ${named.entity}Connection!.`]
        : role === 'computed'
          ? [`${name} is computed but is an entity.`, 'Compute the field that holds its key, and refer by @ref.']
          : [`${name} is an entity without a reference to it.`, suggestReference(named.entity)]
    reporter.error(role === 'stored' ? 'DIRECTIVE_MISSING' : 'FIELD_INVALID', node, message, fix)
    return UNKNOWN
  }
  if (named.kind === 'connection' && role !== 'page') {
    const message = `${name} is a connection without a page.`
    reporter.error('DIRECTIVE_MISSING', node, message, 'Add @page(table: "...") with the table that serves it.')
    return UNKNOWN
  }
  return { role, type: null, target: named.entity }
}

function resolveField(
  field: FieldDeclaration,
  role: FieldRole,
  declarations: Declarations,
  reporter: Reporter,
): Resolution {
  const innermost: NamedTypeNode = innermostNamed(field.type)
  const named = resolveNamedType(innermost, declarations, reporter)
  if (named === null) return UNKNOWN
  if (named.kind !== 'value') return resolveEntityField(field, role, named, reporter)
  if (role === 'reference' || role === 'page') {
    const wanted = role === 'reference' ? 'an entity' : 'a connection'
    const fix = role === 'reference' ? 'Write the name of a type with @key.' : 'Write FooConnection! for an entity Foo.'
    const message = `"${field.owner}.${field.name}" is ${ROLE_TEXT[role]} but its type is not ${wanted}.`
    reporter.error('FIELD_INVALID', innermost, message, fix)
    return UNKNOWN
  }
  const type = resolveValueType(field.type, declarations, reporter)
  return type === null ? UNKNOWN : { role, type, target: null }
}

function buildField(field: FieldDeclaration, declarations: Declarations, reporter: Reporter): FieldShape {
  const astray = field.directives.find((one) => QUERY_DIRECTIVES[one.name] !== undefined)
  // What was meant for Query needs no advice on how to become a field of an entity.
  const role = astray === undefined ? declaredRole(field, reporter) : null
  if (astray !== undefined) {
    const where = { text: `"${field.owner}.${field.name}", a field of a type`, fix: suggestPlace }
    reportMisplaced([astray], [], where, reporter)
  }
  const resolved = role === null ? UNKNOWN : resolveField(field, role, declarations, reporter)
  const { name } = field
  if (role !== null) {
    const where = { text: `${ROLE_TEXT[role]} ("${field.owner}.${name}")`, fix: suggestPlace }
    reportMisplaced(field.directives, ALLOWED[role], where, reporter)
  }
  if (resolved.role !== 'unknown' && role !== 'page') {
    for (const argument of field.arguments) {
      const message = `"${field.owner}.${name}" takes an argument, and only pages and fields of Query and Subscription do.`
      reporter.error('FIELD_INVALID', argument.node.name, message, `Remove the argument "${argument.name}".`)
    }
  }
  return { name, declaration: field, nullable: nullableType(field.type).nullable, ...resolved }
}

function reportTypeDirectives(
  type: TypeDeclaration,
  role: TypeShape['role'],
  owned: boolean,
  reporter: Reporter,
): void {
  if (role === 'value') {
    const fix = (name: string) =>
      name === 'check'
        ? 'Put it on the entity: e.g. cel: "lines.all(l, ...)", or on a field of the value type.'
        : ON_ENTITY.includes(name)
          ? 'Put it on the entity that is made by @fold.'
          : 'Put it on the fields of the type.'
    reportMisplaced(type.directives, [], { text: `the value type "${type.name}"`, fix }, reporter)
    return
  }
  if (directiveOf(type.directives, 'key') === null) {
    const key = type.fields.has('id') ? 'id' : ([...type.fields.keys()][0] ?? 'id')
    reporter.error(
      'DIRECTIVE_MISSING',
      type.nameNode,
      `The entity "${type.name}" has no key.`,
      `Add @key(fields: "${key}").`,
    )
  }
  if (!owned) {
    const fix = () => 'Add @source if this product owns the entity, or remove it.'
    const text = `"${type.name}", an entity of another product (it has no @source)`
    reportMisplaced(type.directives, [], { text, fix }, reporter)
  }
}

function buildType(type: TypeDeclaration, declarations: Declarations, reporter: Reporter): TypeShape {
  const entity = isEntityDeclaration(type.directives)
  const role = entity ? 'entity' : 'value'
  // @table or @fold without @source: the author owns it and forgot the source; every other rule still applies.
  const owned = entity && ['source', 'table', 'fold'].some((name) => directiveOf(type.directives, name) !== null)
  const derived = directiveOf(type.directives, 'fold') !== null
  if (owned && directiveOf(type.directives, 'source') === null) {
    const topic = `${type.name.charAt(0).toLowerCase()}${type.name.slice(1)}s`
    const fix = `Add @source(topic: "<domain>.${topic}", key: "id").`
    const has = directiveOf(type.directives, 'table') !== null ? 'table' : 'fold'
    reporter.error('DIRECTIVE_MISSING', type.nameNode, `The entity "${type.name}" has a ${has} but no source.`, fix)
  }
  reportTypeDirectives(type, role, owned, reporter)
  const fields = new Map<string, FieldShape>()
  for (const field of type.fields.values()) {
    const shape = buildField(field, declarations, reporter)
    if (role === 'value' && shape.role === 'page') {
      const message = `"${type.name}.${field.name}" is a page, and only entities have pages.`
      reporter.error('FIELD_INVALID', field.node.name, message, 'Move it to the entity.')
      fields.set(field.name, { ...shape, role: 'unknown' })
    } else fields.set(field.name, shape)
  }
  return { name: type.name, role, owned, derived, declaration: type, fields }
}

/** The value type in the field, also in a list; null where there is none. */
function nestedType(field: FieldShape): string | null {
  let type = field.type
  while (type?.kind === 'list') type = type.of
  return type?.kind === 'object' ? type.name : null
}

function nestedTypes(types: ReadonlyMap<string, TypeShape>, name: string): readonly string[] {
  return [...(types.get(name)?.fields.values() ?? [])].map(nestedType).filter((nested) => nested !== null)
}

/** Value types nested too deep. The nesting is cut there, so that no later walk over types is deep. */
function cutDepth(types: Map<string, TypeShape>, recursive: ReadonlySet<string>, reporter: Reporter): void {
  const most = schemaLimits.typeDepthMax
  const heights = new Map<string, number>()
  for (let round = 0; round <= most; round++) {
    for (const name of types.keys()) {
      const below = nestedTypes(types, name).map((nested) => (recursive.has(nested) ? 0 : (heights.get(nested) ?? 0)))
      heights.set(name, Math.min(most + 1, 1 + Math.max(0, ...below)))
    }
  }
  for (const type of types.values()) {
    if ((heights.get(type.name) ?? 0) <= most) continue
    const message = `"${type.name}" has value types nested more than ${most} deep.`
    reporter.error(
      'TYPE_TOO_LARGE',
      type.declaration.nameNode,
      message,
      'Put the fields of some of them into one type.',
    )
    const fields = [...type.fields].map(([name, field]): [string, FieldShape] => [
      name,
      nestedType(field) === null ? field : { ...field, role: 'unknown', type: null },
    ])
    types.set(type.name, { ...type, fields: new Map(fields) })
  }
}

/** Value types that contain themselves: rows would have no end, and neither would the walks over their types. */
function reportRecursion(types: ReadonlyMap<string, TypeShape>, reporter: Reporter): ReadonlySet<string> {
  const recursive = new Set<string>()
  for (const type of types.values()) {
    if (type.role !== 'value') continue
    const seen = new Set<string>()
    const open = [...nestedTypes(types, type.name)]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue
      seen.add(name)
      open.push(...nestedTypes(types, name))
    }
    if (!seen.has(type.name)) continue
    recursive.add(type.name)
    const fix = 'Make one of the types in the circle an entity with @key, and refer to it by @ref.'
    reporter.error('TYPE_RECURSIVE', type.declaration.nameNode, `The value type "${type.name}" contains itself.`, fix)
  }
  return recursive
}

export function buildShapes(declarations: Declarations, reporter: Reporter): Shapes {
  const types = new Map<string, TypeShape>()
  for (const type of declarations.types.values()) types.set(type.name, buildType(type, declarations, reporter))
  cutDepth(types, reportRecursion(types, reporter), reporter)
  checkDerivedDirectives(types, reporter)
  return { declarations, reporter, types, enums: declarations.enums }
}
