// @lookup: one entity by arguments that are the primary key of one of its tables.
import type { LookupOperation, QueryOperation, Table } from '../model.ts'
import { optionalTextOf } from '../parse/directive-values.ts'
import { nullableType } from './field-types.ts'
import {
  checkArgumentType,
  findArgumentField,
  type ColumnArgument,
  namedTable,
  type Operation,
  operationBase,
  type OperationContext,
  operationName,
  proposeTable,
} from './operation-context.ts'
import { keyColumns } from './tables.ts'

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item) => right.includes(item))
}

/** The columns that the arguments name; null where one is no field (reported). */
function columnsOf(operation: Operation, context: OperationContext): readonly ColumnArgument[] | null {
  const { field } = operation
  const { reporter } = context.shapes
  const columns: ColumnArgument[] = []
  for (const argument of field.arguments) {
    for (const directive of argument.directives.filter((one) => one.name === 'bound')) {
      const message = `@bound bounds a page, and ${operationName(field)} is a lookup.`
      reporter.error('DIRECTIVE_MISPLACED', directive.node, message, 'Remove it, or make the field a page.')
    }
    const column = findArgumentField(operation, argument, context)
    if (column === null) return null
    columns.push({ argument, field: column })
  }
  return columns
}

function reportNotServed(operation: Operation, names: readonly string[], context: OperationContext): void {
  const { field, entity } = operation
  const { reporter } = context.shapes
  const key = entity.keys.primary
  const at = field.node.name
  const keyText = entity.tables.tables.map((table) => `${table.name} (${keyColumns(table).join(', ')})`).join('; ')
  if (names.length === 0) {
    const [base] = entity.tables.tables
    const columns = base === undefined ? (key ?? []) : keyColumns(base)
    const text = columns.map((column) => `${column}: ${typeText(operation, column)}!`).join(', ')
    reporter.error(
      'ARGUMENT_MISSING',
      at,
      `${operationName(field)} is a lookup without arguments.`,
      `Write ${field.name}(${text}).`,
    )
    return
  }
  const message = `No table finds one "${entity.shape.name}" by ${names.join(', ')}, as ${operationName(field)} does; there are ${keyText}.`
  const holdsKey = key !== null && key.every((part) => names.includes(part))
  if (key !== null && holdsKey) {
    const rest = names.filter((name) => !key.includes(name))
    reporter.error(
      'OPERATION_NOT_SERVED',
      at,
      message,
      `${proposeTable(entity, key, rest)}, or remove the argument ${rest.join(', ')}.`,
    )
    return
  }
  const fix = `${proposeTable(entity, names, [])} and return ${entity.shape.name}Connection! by @page: several may have these values.`
  reporter.error('OPERATION_NOT_SERVED', at, message, fix)
}

function typeText(operation: Operation, column: string): string {
  const type = operation.entity.shape.fields.get(column)?.type
  return type?.kind === 'scalar' ? type.scalar : type?.kind === 'enum' ? type.name : 'ID'
}

function findTable(operation: Operation, names: readonly string[], context: OperationContext): Table | null {
  const { entity, directive, field } = operation
  const named = namedTable(operation, null, context)
  if (optionalTextOf(directive, 'table') !== null) {
    if (named === null || sameSet(keyColumns(named), names)) return named
    const message = `${operationName(field)} reads "${named.name}", whose key is ${keyColumns(named).join(', ')}, by ${names.join(', ') || 'nothing'}.`
    const text = keyColumns(named)
      .map((column) => `${column}: ${typeText(operation, column)}!`)
      .join(', ')
    context.shapes.reporter.error('OPERATION_NOT_SERVED', field.node.name, message, `Write ${field.name}(${text}).`)
    return null
  }
  const table = entity.tables.tables.find((one) => sameSet(keyColumns(one), names))
  // A broken table or key might be the one that serves it.
  if (table === undefined && entity.tables.complete && entity.keys.primary !== null)
    reportNotServed(operation, names, context)
  return table ?? null
}

export function compileLookup(operation: Operation, context: OperationContext): QueryOperation | null {
  const { field, entity } = operation
  const { reporter } = context.shapes
  const { nullable } = nullableType(field.type)
  if (!nullable) {
    const message = `${operationName(field)} is a lookup and never null, but there may be no such "${entity.shape.name}".`
    reporter.error('OPERATION_RETURN_TYPE', field.type, message, `Return ${entity.shape.name}, without "!".`)
  }
  const columns = columnsOf(operation, context)
  if (columns === null) return null
  const names = columns.map((column) => column.field.name)
  const table = findTable(operation, names, context)
  if (table === null) return null
  for (const column of columns) checkArgumentType(column, true, context)
  const bindings = keyColumns(table).map((column): LookupOperation['bindings'][number] => ({
    column,
    binding: { from: 'argument', argument: column },
  }))
  return { kind: 'lookup', ...operationBase(operation, context), nullable, table: table.name, bindings }
}
