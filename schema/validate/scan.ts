// @scan: a connection over a whole table, declared since it costs what it says.
import type { QueryOperation } from '../model.ts'
import { nullableType } from './field-types.ts'
import { namedTable, type Operation, operationBase, type OperationContext, operationName } from './operation-context.ts'
import { compileRelayArguments, isRelayArgument } from './relay-arguments.ts'

export function compileScan(operation: Operation, context: OperationContext): QueryOperation | null {
  const { field } = operation
  for (const argument of field.arguments.filter((one) => !isRelayArgument(one))) {
    const message = `${operationName(field)} scans a whole table and takes the argument "${argument.name}", which would select rows of it.`
    const fix = 'Use @page with a table whose partition key has it, or remove the argument.'
    context.shapes.reporter.error('OPERATION_INVALID', argument.node.name, message, fix)
  }
  const sizes = compileRelayArguments(operation, context)
  const table = namedTable(operation, null, context)
  if (table === null) return null
  const { nullable } = nullableType(field.type)
  return { kind: 'scan', ...operationBase(operation, context), nullable, table: table.name, ...sizes }
}
