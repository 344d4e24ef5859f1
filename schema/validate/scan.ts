// @scan: a connection over a whole table, declared since it costs what it says.
import type { QueryOperation } from '../model.ts'
import { nullableType } from './field-types.ts'
import { namedTable, type Operation, operationBase, type OperationContext, operationName } from './operation-context.ts'
import { compileRelayArguments, isRelayArgument } from './relay-arguments.ts'

/** What pages are asked for by elsewhere. */
const OFFSETS = new Set(['limit', 'offset', 'skip', 'page', 'pageSize'])

export function compileScan(operation: Operation, context: OperationContext): QueryOperation | null {
  const { field } = operation
  for (const argument of field.arguments.filter((one) => !isRelayArgument(one))) {
    const message = `${operationName(field)} scans a whole table and takes the argument "${argument.name}", which would select rows of it.`
    const fix = OFFSETS.has(argument.name)
      ? 'Remove it: a page is asked for by first, and goes on after a cursor.'
      : 'Use @page with a table whose partition key has it, or remove the argument.'
    context.shapes.reporter.error('OPERATION_INVALID', argument.node.name, message, fix)
  }
  const sizes = compileRelayArguments(operation, context)
  const table = namedTable(operation, null, context)
  if (table === null) return null
  const { nullable } = nullableType(field.type)
  return { kind: 'scan', ...operationBase(operation, context), nullable, table: table.name, ...sizes }
}
