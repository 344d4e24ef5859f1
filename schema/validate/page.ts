// @page: a connection from one partition of a table, or from an index. Decides which column each argument fills, and whether the table
// can serve that; where none can, names the table that would.
import type { Binding, PageOperation, Table } from '../model.ts'
import type { ArgumentDeclaration } from '../parse/declarations.ts'
import { argumentPlace, memberOf, optionalTextsOf, textOf, wholeDirective } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
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
import { compilePageParent, type PageParent, type ParentColumn } from './page-parent.ts'
import { compileRelayArguments, isRelayArgument } from './relay-arguments.ts'
import { findValueField } from './shapes.ts'

type BoundKind = PageOperation['bounds'][number]['is']
const BOUNDS: readonly BoundKind[] = ['GREATER', 'GREATER_OR_EQUAL', 'LESS', 'LESS_OR_EQUAL']

interface BoundArgument extends ColumnArgument {
  readonly is: BoundKind
}

interface PageArguments {
  readonly equal: readonly ColumnArgument[]
  readonly bounds: readonly BoundArgument[]
}

function findBound(operation: Operation, bound: Directive, context: OperationContext): ColumnArgument['field'] | null {
  const at = argumentPlace(bound, 'field')
  const query = { shape: operation.entity.shape, name: textOf(bound, 'field'), at, by: '@bound(field:)' }
  return findValueField(query, context.shapes.reporter)
}

/** Null where an argument is no field, or its @bound is broken (reported). */
function readPageArguments(operation: Operation, context: OperationContext): PageArguments | null {
  const { field } = operation
  const equal: ColumnArgument[] = []
  const bounds: BoundArgument[] = []
  let whole = true
  for (const argument of field.arguments) {
    const written = argument.directives.find((one) => one.name === 'bound')
    if (written === undefined && isRelayArgument(argument)) continue
    const bound = wholeDirective(argument.directives, 'bound')
    const broken = written !== undefined && bound === null
    const equalField = broken || bound !== null ? null : findArgumentField(operation, argument, context)
    const column = bound === null ? equalField : findBound(operation, bound, context)
    if (column === null) whole = false
    else if (bound === null) equal.push({ argument, field: column })
    else bounds.push({ argument, field: column, is: memberOf(bound, 'is', BOUNDS) })
  }
  return whole ? { equal, bounds } : null
}

function checkBounds(bounds: readonly BoundArgument[], context: OperationContext): void {
  const sides = new Map<string, ArgumentDeclaration>()
  for (const bound of bounds) {
    const side = bound.is.startsWith('GREATER') ? 'lower' : 'upper'
    const earlier = sides.get(`${bound.field.name} ${side}`)
    if (earlier !== undefined) {
      const message = `The arguments "${earlier.name}" and "${bound.argument.name}" are both a ${side} bound of "${bound.field.name}".`
      context.shapes.reporter.error('OPERATION_INVALID', bound.argument.node.name, message, 'Keep one of them.')
    }
    sides.set(`${bound.field.name} ${side}`, bound.argument)
    checkArgumentType(bound, false, context)
  }
}

/** False, and reported, where one argument fixes a field that another bounds: no one range is both. */
function checkBoundOnce({ equal, bounds }: PageArguments, context: OperationContext): boolean {
  const bound = bounds.find((one) => equal.some((column) => column.field.name === one.field.name))
  if (bound === undefined) return true
  const { name } = bound.field
  const message = `The argument "${name}" asks for one value of "${name}", which "${bound.argument.name}" bounds.`
  const fix = 'Remove one of them: two inclusive bounds that are equal ask for one value too.'
  context.shapes.reporter.error('OPERATION_INVALID', bound.argument.node.name, message, fix)
  return false
}

interface Plan {
  readonly access: PageOperation['access']
  /** Arguments that fill the partition or the index. */
  readonly filling: readonly ColumnArgument[]
  readonly equalities: readonly ColumnArgument[]
}

/** How the table serves the page; null where it does not. */
function planPage(table: Table, read: PageArguments, parent: readonly ParentColumn[]): Plan | null {
  const { equal, bounds } = read
  const partition = table.partitionKey.filter((part) => part.bucket === null).map((part) => part.column)
  const parentColumns = parent.map((pair) => pair.column)
  const filled = [...parentColumns, ...equal.map((column) => column.field.name)]
  if (
    partition.every((column) => filled.includes(column)) &&
    parentColumns.every((column) => partition.includes(column))
  ) {
    const rest = equal.filter((column) => !partition.includes(column.field.name))
    const prefix = table.clusteringKey.slice(0, rest.length).map((part) => part.field)
    const equalities = prefix.flatMap((name) => rest.filter((column) => column.field.name === name))
    const next = table.clusteringKey[rest.length]?.field
    const bounded = bounds.every((bound) => bound.field.name === next)
    if (equalities.length === rest.length && bounded) {
      return {
        access: 'partition',
        filling: equal.filter((column) => partition.includes(column.field.name)),
        equalities,
      }
    }
  }
  const [only, second] = filled
  const indexed = only !== undefined && second === undefined && table.indexes.includes(only) && bounds.length === 0
  return indexed ? { access: 'index', filling: equal, equalities: [] } : null
}

function proposePage(operation: Operation, read: PageArguments, parent: readonly ParentColumn[]): string | null {
  const by = [...parent.map((pair) => pair.column), ...read.equal.map((column) => column.field.name)]
  if (by.length === 0) return null
  const then = [...new Set(read.bounds.map((bound) => bound.field.name))]
  const named = textOf(operation.directive, 'table')
  const missing = !operation.entity.tables.names.includes(named)
  const proposal = proposeTable(operation.entity, [...new Set(by)], then, missing ? named : undefined)
  return missing ? `${proposal}.` : `${proposal} and name it in @page.`
}

function reportNotServed(operation: Operation, table: Table, proposal: string | null, context: OperationContext): void {
  const { field } = operation
  const partition = table.partitionKey.map((part) => part.column).join(', ')
  const clustering = table.clusteringKey.map((part) => part.field).join(', ')
  const key = clustering === '' ? `(${partition})` : `((${partition}), ${clustering})`
  const fix =
    proposal ??
    `Add an argument for each of ${partition}; or declare @scan(table: "${table.name}") to read the whole table.`
  const message = `The table "${table.name}", keyed by ${key}, cannot serve ${operationName(field)}.`
  context.shapes.reporter.error('OPERATION_NOT_SERVED', field.node.name, message, fix)
}

/** An equality that may be left out ends the prefix: nothing may be asked of the columns after it. */
function checkPlannedArguments(plan: Plan, read: PageArguments, context: OperationContext): void {
  plan.filling.forEach((column) => checkArgumentType(column, true, context))
  plan.equalities.forEach((column, index) => {
    const last = index === plan.equalities.length - 1 && read.bounds.length === 0
    checkArgumentType(column, !last, context)
  })
}

function checkDoubleBinding(
  operation: Operation,
  read: PageArguments,
  parent: readonly ParentColumn[],
  context: OperationContext,
): boolean {
  const doubled = read.equal.find((column) => parent.some((pair) => pair.column === column.field.name))
  if (doubled === undefined) return true
  const message = `"${doubled.argument.name}" of ${operationName(operation.field)} is filled by the entity itself.`
  context.shapes.reporter.error('OPERATION_INVALID', doubled.argument.node.name, message, 'Remove the argument.')
  return false
}

export function compilePage(
  operation: Operation,
  parent: PageParent | null,
  context: OperationContext,
): PageOperation | null {
  const { field, directive } = operation
  const { reporter } = context.shapes
  const sizes = compileRelayArguments(operation, context)
  if (parent === null && optionalTextsOf(directive, 'key') !== null) {
    const message = `${operationName(field)} has @page(key:), which is for pages of an entity.`
    reporter.error(
      'OPERATION_INVALID',
      argumentPlace(directive, 'key'),
      message,
      'Remove key, and take the columns as arguments.',
    )
  }
  const read = readPageArguments(operation, context)
  if (read !== null) checkBounds(read.bounds, context)
  const known = operation.entity.tables.tables.find((one) => one.name === textOf(directive, 'table')) ?? null
  const columns = parent === null ? [] : compilePageParent(operation, parent, known, context)
  const proposal = read === null || columns === null ? null : proposePage(operation, read, columns)
  const table = namedTable(operation, proposal, context)
  if (table === null || read === null || columns === null) return null
  if (!checkDoubleBinding(operation, read, columns, context) || !checkBoundOnce(read, context)) return null
  const plan = planPage(table, read, columns)
  if (plan === null) {
    reportNotServed(operation, table, proposal, context)
    return null
  }
  checkPlannedArguments(plan, read, context)
  const bucketed = table.partitionKey.find((part) => part.bucket !== null)
  const bindingOf = (column: string): Binding => {
    const pair = columns.find((one) => one.column === column)
    return pair === undefined ? { from: 'argument', argument: column } : { from: 'parent', field: pair.field }
  }
  const filled =
    plan.access === 'index'
      ? [...columns.map((pair) => pair.column), ...plan.filling.map((column) => column.field.name)]
      : table.partitionKey.filter((part) => part.bucket === null).map((part) => part.column)
  return {
    kind: 'page',
    ...operationBase(operation, context),
    table: table.name,
    access: plan.access,
    bindings: filled.map((column) => ({ column, binding: bindingOf(column) })),
    equalities: plan.equalities.map((column) => ({ field: column.field.name, argument: column.argument.name })),
    bounds: read.bounds.map((bound) => ({ field: bound.field.name, argument: bound.argument.name, is: bound.is })),
    bucketed:
      plan.access === 'partition' && bucketed !== undefined && bucketed.bucket !== null
        ? { field: bucketed.field, bucket: bucketed.bucket }
        : null,
    ...sizes,
  }
}
