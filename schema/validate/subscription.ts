// @changes: live changes of an entity, filtered by arguments.
import type { SubscriptionOperation } from '../model.ts'
import { argumentPlace, itemPlace, textsOf } from '../parse/directive-values.ts'
import { nullableType } from './field-types.ts'
import {
  checkArgumentType,
  findArgumentField,
  type Operation,
  operationBase,
  type OperationContext,
  operationName,
} from './operation-context.ts'
import { shapeTypeText } from './shapes.ts'

const KINDS = ['CREATED', 'UPDATED', 'DELETED'] as const

function compileKinds(operation: Operation, context: OperationContext): SubscriptionOperation['on'] {
  const { directive, field, entity } = operation
  const { reporter } = context.shapes
  const written = textsOf(directive, 'on')
  if (written.length === 0) {
    const message = `${operationName(field)} is told of no change.`
    reporter.error('OPERATION_INVALID', argumentPlace(directive, 'on'), message, 'Name CREATED, UPDATED or DELETED.')
  }
  written.forEach((kind, index) => {
    if (written.indexOf(kind) === index) return
    reporter.error('NAME_DUPLICATE', itemPlace(directive, 'on', index), `${kind} stands in on twice.`, 'Name it once.')
  })
  const index = written.indexOf('DELETED')
  if (index >= 0) {
    const at = itemPlace(directive, 'on', index)
    if (!nullableType(field.type).nullable) {
      const message = `${operationName(field)} is told of deletes and never null, but a deleted "${entity.shape.name}" is null.`
      reporter.error('OPERATION_RETURN_TYPE', field.type, message, `Return ${entity.shape.name}, without "!".`)
    }
    if (entity.source?.immutableKeys === true) {
      const message = `${operationName(field)} is told of deletes, but immutableKeys promises that no "${entity.shape.name}" is deleted.`
      reporter.error('OPERATION_INVALID', at, message, 'Remove DELETED, or immutableKeys from @source.')
    }
  }
  return KINDS.filter((kind) => written.includes(kind))
}

export function compileSubscription(operation: Operation, context: OperationContext): SubscriptionOperation | null {
  const { field } = operation
  const { reporter } = context.shapes
  const on = operation.directive.broken ? [] : compileKinds(operation, context)
  const filters: { field: string; argument: string }[] = []
  for (const argument of field.arguments) {
    for (const directive of argument.directives.filter((one) => one.name === 'bound')) {
      const message = `@bound bounds a page, and ${operationName(field)} is a subscription.`
      reporter.error('DIRECTIVE_MISPLACED', directive.node, message, 'Remove it: a subscription filters by equality.')
    }
    const column = findArgumentField(operation, argument, context)
    if (column === null) continue
    const { type } = column
    if (type.kind === 'list' || type.kind === 'object' || (type.kind === 'scalar' && type.scalar === 'JSON')) {
      const message = `${operationName(field)} cannot filter by "${argument.name}", which is of type ${shapeTypeText(type)}.`
      reporter.error('ARGUMENT_TYPE', argument.node.name, message, 'Filter by a field with a single value.')
      continue
    }
    checkArgumentType({ argument, field: column }, false, context)
    filters.push({ field: argument.name, argument: argument.name })
  }
  const { nullable } = nullableType(field.type)
  return { kind: 'subscription', ...operationBase(operation, context), nullable, on, filters }
}
