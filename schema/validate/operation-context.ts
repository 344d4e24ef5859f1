// What the operations' rules share: the owned entities with their tables, and an operation's field with its parts.
import type { Argument, FieldType, ReferenceField, SourceLocation } from '../model.ts'
import type { ASTNode } from 'graphql'
import type { ArgumentDeclaration, FieldDeclaration } from '../parse/declarations.ts'
import type { Source, Table } from '../model.ts'
import { argumentPlace, optionalTextOf } from '../parse/directive-values.ts'
import { nearestName, suggestName } from '../parse/nearest-name.ts'
import type { Directive } from '../parse/read-directives.ts'
import { print } from 'graphql'
import type { EntityKeys } from './entity-keys.ts'
import { nullableType, resolveNamedType } from './field-types.ts'
import { wantedText } from './scalar-texts.ts'
import {
  type FieldShape,
  findValueField,
  type Shapes,
  shapeTypeText,
  snakeCase,
  type TypeShape,
  valueFieldNames,
} from './shapes.ts'
import type { EntityTables } from './tables.ts'

export interface OwnedEntity {
  readonly shape: TypeShape
  readonly keys: EntityKeys
  /** Null where it is broken. */
  readonly source: Source | null
  readonly tables: EntityTables
}

export interface OperationContext {
  readonly shapes: Shapes
  readonly entities: ReadonlyMap<string, OwnedEntity>
  readonly references: ReadonlyMap<FieldShape, ReferenceField['keyFields']>
}

/** An operation that is known to be about an entity of this product. */
export interface Operation {
  readonly field: FieldDeclaration
  readonly directive: Directive
  readonly entity: OwnedEntity
}

export const operationName = (field: FieldDeclaration): string => `"${field.owner}.${field.name}"`

export function operationBase(operation: Operation, context: OperationContext) {
  const { field, entity } = operation
  const location: SourceLocation = context.shapes.reporter.locate(field.node.name)
  const root = field.owner === 'Query' || field.owner === 'Subscription'
  const passed = field.directives.map((one) => one.passed).filter((text) => text !== null)
  return {
    name: field.name,
    description: field.description,
    entity: entity.shape.name,
    arguments: field.arguments.map(describeArgument),
    // Those of a page on an entity stand on its field in the model.
    ...(root ? { passedDirectives: passed } : {}),
    location,
  }
}

function describeArgument({ name, node }: ArgumentDeclaration): Argument {
  const defaultText = node.defaultValue === undefined ? null : print(node.defaultValue)
  return { name, description: node.description?.value ?? null, type: print(node.type), defaultText }
}

/** The table that the operation's directive names; null where it names none, or (reported unless it is only broken) there is none. */
export function namedTable(operation: Operation, proposal: string | null, context: OperationContext): Table | null {
  const { directive, entity } = operation
  const name = optionalTextOf(directive, 'table')
  if (name === null) return null
  const table = entity.tables.tables.find((one) => one.name === name)
  if (table !== undefined || entity.tables.names.includes(name) || !allTablesNamed(entity)) return table ?? null
  const near = nearestName(name, entity.tables.names)
  const others = entity.tables.names.map((one) => `"${one}"`).join(' or ')
  const fix = near !== null ? `Write "${near}".` : (proposal ?? `Write ${others}, or add the table.`)
  const message = `${operationName(operation.field)} reads the table "${name}", which "${entity.shape.name}" does not have.`
  context.shapes.reporter.error('TABLE_UNKNOWN', argumentPlace(directive, 'table'), message, fix)
  return null
}

/** False where some `@table` has no readable name, which might be the one looked for; or where there is none at all, which is reported. */
function allTablesNamed(entity: OwnedEntity): boolean {
  const written = entity.shape.declaration.directives.filter((one) => one.name === 'table')
  return written.length > 0 && written.length === entity.tables.names.length
}

export interface ColumnArgument {
  readonly argument: ArgumentDeclaration
  readonly field: FieldShape & { readonly type: FieldType }
}

/** The field of the entity that an argument names; null (reported) where there is none with a value of its own. */
export function findArgumentField(
  operation: Operation,
  argument: ArgumentDeclaration,
  context: OperationContext,
): ColumnArgument['field'] | null {
  const { shape } = operation.entity
  const { reporter } = context.shapes
  const at = argument.node.name
  const by = `The argument "${argument.name}" of ${operationName(operation.field)}`
  if (shape.fields.has(argument.name)) return findValueField({ shape, name: argument.name, at, by }, reporter)
  const fix = suggestName(argument.name, valueFieldNames(shape))
  reporter.error('ARGUMENT_UNKNOWN', at, `${by} is no field of "${shape.name}".`, fix)
  return null
}

/** The argument's own type; null (reported) where it is no single value. */
function argumentType(argument: ArgumentDeclaration, context: OperationContext): FieldType | null {
  const { shapes } = context
  const { node } = nullableType(argument.node.type)
  if (node.kind === 'ListType') return { kind: 'list', of: { kind: 'scalar', scalar: 'JSON' }, itemsNullable: true }
  const named = resolveNamedType(node, shapes.declarations, shapes.reporter)
  if (named === null) return null
  return named.kind === 'value' ? named.type : { kind: 'object', name: named.entity }
}

/** Whether the argument has its column's type, and a default of it. */
export function checkArgumentType(column: ColumnArgument, required: boolean, context: OperationContext): void {
  const { argument, field } = column
  const { reporter } = context.shapes
  const type = argumentType(argument, context)
  if (type === null) return
  const wanted = shapeTypeText(field.type)
  const declaration = `"${argument.name}: ${wanted}${required ? '!' : ''}"`
  const at: ASTNode = argument.node.type
  if (type.kind !== field.type.kind || shapeTypeText(type) !== wanted) {
    const message = `The argument "${argument.name}" is of type ${print(at)}, and "${field.declaration.owner}.${field.name}" of type ${wanted}.`
    reporter.error('ARGUMENT_TYPE', at, message, `Declare it ${declaration}.`)
    return
  }
  if (required && nullableType(argument.node.type).nullable) {
    const message = `The argument "${argument.name}" may be left out, and nothing can be read without it.`
    reporter.error('ARGUMENT_TYPE', at, message, `Declare it ${declaration}.`)
  }
  const value = argument.node.defaultValue
  if (value === undefined || value.kind === 'NullValue') return
  const text = 'value' in value ? String(value.value) : null
  if (text !== null && wantedText(text, field.type, context.shapes) === null) return
  const message = `The default ${print(value)} of the argument "${argument.name}" is no value of ${wanted}.`
  reporter.error('DEFAULT_INVALID', value, message, 'Write a value of the type, or no default.')
}

const list = (fields: readonly string[]): string => fields.map((field) => `"${field}"`).join(', ')

/** The `@table` line that would serve reads by these fields, in this order. */
export function proposeTable(
  entity: OwnedEntity,
  by: readonly string[],
  then: readonly string[],
  named?: string,
): string {
  const key = entity.keys.primary ?? []
  const time = entity.source?.timeField ?? null
  const ordered = then.length > 0 ? then : time === null ? [] : [time]
  const clustering = [...ordered, ...key].filter(
    (field, index, all) => !by.includes(field) && all.indexOf(field) === index,
  )
  const parts = clustering.map((field) => {
    const type = entity.shape.fields.get(field)?.type
    const isTime = type?.kind === 'scalar' && (type.scalar === 'DateTime' || type.scalar === 'Date')
    return isTime ? `"${field} desc"` : `"${field}"`
  })
  const base = entity.tables.names[0] ?? `${snakeCase(entity.shape.name)}s`
  const name = named ?? `${base}_by_${by.map(snakeCase).join('_and_')}`
  const clusteringKey = parts.length === 0 ? '' : `, clusteringKey: [${parts.join(', ')}]`
  return `Add @table(name: "${name}", partitionKey: [${list(by)}]${clusteringKey}) to "${entity.shape.name}"`
}
