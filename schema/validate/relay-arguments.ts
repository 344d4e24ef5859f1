// first, after, last and before of pages and scans, and how many rows a page has.
import { print } from 'graphql'
import type { ArgumentDeclaration } from '../parse/declarations.ts'
import { argumentPlace, numberOf } from '../parse/directive-values.ts'
import { schemaLimits } from '../schema-limits.ts'
import { type Operation, type OperationContext, operationName } from './operation-context.ts'

const TYPES: Readonly<Record<string, string>> = { first: 'Int', after: 'String', last: 'Int', before: 'String' }

export const isRelayArgument = (argument: ArgumentDeclaration): boolean => Object.hasOwn(TYPES, argument.name)

function checkType(argument: ArgumentDeclaration, operation: Operation, context: OperationContext): void {
  const wanted = TYPES[argument.name] ?? ''
  if (print(argument.node.type) === wanted) return
  const message = `The argument "${argument.name}" of ${operationName(operation.field)} is of type ${print(argument.node.type)}.`
  context.shapes.reporter.error(
    'ARGUMENT_TYPE',
    argument.node.type,
    message,
    `Declare it "${argument.name}: ${wanted}".`,
  )
}

function checkPresence(operation: Operation, context: OperationContext): void {
  const { field } = operation
  const names = new Set(field.arguments.map((argument) => argument.name))
  const missing = ['first', 'after'].filter((name) => !names.has(name))
  const half = names.has('last') === names.has('before') ? [] : [names.has('last') ? 'before' : 'last']
  const needed = [...missing, ...half]
  if (needed.length === 0) return
  const message = `${operationName(field)} lacks the argument${needed.length > 1 ? 's' : ''} ${needed.join(' and ')}, without which it cannot be paged.`
  const text = needed.map((name) => `${name}: ${TYPES[name]}`).join(', ')
  context.shapes.reporter.error('ARGUMENT_MISSING', field.node.name, message, `Add (${text}).`)
}

export interface PageSizes {
  readonly defaultFirst: number
  readonly maxFirst: number
}

export function compileRelayArguments(operation: Operation, context: OperationContext): PageSizes {
  const { field, directive } = operation
  const { reporter } = context.shapes
  checkPresence(operation, context)
  const relay = field.arguments.filter(isRelayArgument)
  for (const argument of relay) checkType(argument, operation, context)
  const maxFirst = numberOf(directive, 'maxFirst')
  const most = schemaLimits.pageFirstMax
  if (maxFirst < 1 || maxFirst > most) {
    const message = `maxFirst of ${operationName(field)} is ${maxFirst}.`
    reporter.error('PRODUCT_VALUE_INVALID', argumentPlace(directive, 'maxFirst'), message, `Write 1 to ${most}.`)
    return { defaultFirst: schemaLimits.pageFirstDefault, maxFirst: most }
  }
  const fallback = Math.min(schemaLimits.pageFirstDefault, maxFirst)
  const value = relay.find((argument) => argument.name === 'first')?.node.defaultValue
  if (value === undefined) return { defaultFirst: fallback, maxFirst }
  const defaultFirst = value.kind === 'IntValue' ? Number(value.value) : 0
  if (defaultFirst >= 1 && defaultFirst <= maxFirst) return { defaultFirst, maxFirst }
  const message = `The default of first is ${print(value)}, and ${operationName(field)} gives 1 to ${maxFirst} rows.`
  reporter.error('DEFAULT_INVALID', value, message, `Write a number from 1 to ${maxFirst}, or raise maxFirst.`)
  return { defaultFirst: fallback, maxFirst }
}
