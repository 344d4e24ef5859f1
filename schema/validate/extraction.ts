// @from: where in the record a field lies, and whether it can be cleaned and parsed as declared.
import type { Extraction, FieldType, LetterCase, Parse } from '../model.ts'
import { argumentPlace, directiveOf, flagOf, optionalTextOf, wholeDirective } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import { wantedDefault } from './scalar-texts.ts'
import { type FieldShape, type Shapes, shapeTypeText } from './shapes.ts'

const NUMBERS = ['Int', 'Float', 'BigInt', 'Decimal']
const TIMES = ['DateTime', 'Date']
const TEXTS = ['ID', 'String', 'UUID', 'EmailAddress', 'URL']

const isScalarOf = (type: FieldType, scalars: readonly string[]): boolean =>
  type.kind === 'scalar' && scalars.includes(type.scalar)

function isRange(type: FieldType, shapes: Shapes): boolean {
  if (type.kind !== 'object') return false
  const fields = shapes.types.get(type.name)?.fields
  const bounds = [fields?.get('min'), fields?.get('max')]
  if (fields?.size !== 2) return false
  // The parser fills `min` and `max` by these names.
  if (bounds.some((bound) => bound !== undefined && directiveOf(bound.declaration.directives, 'from') !== null))
    return false
  return bounds.every((bound) => bound !== undefined && (bound.type === null || isScalarOf(bound.type, NUMBERS)))
}

const TARGETS: Readonly<
  Record<Parse, { readonly fits: (type: FieldType, shapes: Shapes) => boolean; readonly wanted: string }>
> = {
  RANGE: {
    fits: isRange,
    wanted: 'a value type with the two numeric fields "min" and "max", e.g. type Range { min: Int max: Int }',
  },
  COMMON_LOG_TIME: { fits: (type) => isScalarOf(type, ['DateTime']), wanted: 'a DateTime' },
  EPOCH_MILLISECONDS: { fits: (type) => isScalarOf(type, TIMES), wanted: 'a DateTime or Date' },
  EPOCH_SECONDS: { fits: (type) => isScalarOf(type, TIMES), wanted: 'a DateTime or Date' },
  NUMBER: { fits: (type) => isScalarOf(type, NUMBERS), wanted: 'an Int, Float, BigInt or Decimal' },
  BOOLEAN: { fits: (type) => isScalarOf(type, ['Boolean']), wanted: 'a Boolean' },
  COMMA_LIST: {
    fits: (type) =>
      type.kind === 'list' && (type.of.kind === 'enum' || (type.of.kind === 'scalar' && type.of.scalar !== 'JSON')),
    wanted: 'a list of single values, e.g. [String!]',
  },
}

const PARSES = [
  'RANGE',
  'COMMON_LOG_TIME',
  'EPOCH_MILLISECONDS',
  'EPOCH_SECONDS',
  'NUMBER',
  'BOOLEAN',
  'COMMA_LIST',
] as const
const CASES = ['UPPER', 'LOWER', 'TITLE'] as const

function optionalMember<Member extends string>(
  directive: Directive,
  name: string,
  members: readonly Member[],
): Member | null {
  const text = optionalTextOf(directive, name)
  return members.find((member) => member === text) ?? null
}

function checkCleaning(field: FieldShape, type: FieldType, directive: Directive, shapes: Shapes): void {
  const { reporter } = shapes
  const name = `"${field.declaration.owner}.${field.name}"`
  const parse = optionalMember<Parse>(directive, 'parse', PARSES)
  const letterCase = optionalMember<LetterCase>(directive, 'case', CASES)
  // A list's items are cleaned one by one.
  const item = type.kind === 'list' ? type.of : type
  const text = (isScalarOf(item, TEXTS) || item.kind === 'enum') && (parse === null || parse === 'COMMA_LIST')
  if (parse !== null && !TARGETS[parse].fits(type, shapes)) {
    const message = `parse: ${parse} cannot make ${name}, which is of type ${shapeTypeText(type)}.`
    reporter.error(
      'FROM_INVALID',
      argumentPlace(directive, 'parse'),
      message,
      `Give the field ${TARGETS[parse].wanted}.`,
    )
    return
  }
  if (letterCase !== null && !text) {
    const message = `case: ${letterCase} says nothing of ${name}, which is of type ${shapeTypeText(type)}.`
    reporter.error('FROM_INVALID', argumentPlace(directive, 'case'), message, 'Remove case.')
  }
  const whole = item.kind === 'object' || item.kind === 'list' || isScalarOf(item, ['JSON'])
  for (const flag of ['trim', 'emptyAsNull']) {
    if (parse !== null || !whole || !flagOf(directive, flag)) continue
    const message = `${flag} cleans a text, and ${name} is of type ${shapeTypeText(type)}.`
    reporter.error(
      'FROM_INVALID',
      argumentPlace(directive, flag),
      message,
      `Remove ${flag}, or say how to parse the text.`,
    )
  }
  const defaultText = optionalTextOf(directive, 'default')
  const wanted = defaultText === null ? null : wantedDefault(defaultText, type, parse, shapes)
  if (wanted !== null) {
    const message = `The default "${defaultText}" is no value of ${name}, which is of type ${shapeTypeText(type)}.`
    reporter.error('DEFAULT_INVALID', argumentPlace(directive, 'default'), message, `Write ${wanted}.`)
  }
}

export function compileExtraction(field: FieldShape, shapes: Shapes): Extraction {
  const plain: Extraction = {
    path: [field.name],
    trim: false,
    emptyAsNull: false,
    letterCase: null,
    defaultText: null,
    parse: null,
  }
  const directive = wholeDirective(field.declaration.directives, 'from')
  if (directive === null) return plain
  const source = optionalTextOf(directive, 'field')
  const path = source === null ? [field.name] : source.split('.')
  if (path.some((segment) => segment.trim() === '')) {
    const message = `@from(field:) is "${source}", which has an empty segment.`
    const fix = 'Write a name or a dotted path in the record, e.g. "customer.id".'
    shapes.reporter.error('FROM_INVALID', argumentPlace(directive, 'field'), message, fix)
  }
  if (field.type !== null) checkCleaning(field, field.type, directive, shapes)
  return {
    path,
    trim: flagOf(directive, 'trim'),
    emptyAsNull: flagOf(directive, 'emptyAsNull'),
    letterCase: optionalMember<LetterCase>(directive, 'case', CASES),
    defaultText: optionalTextOf(directive, 'default'),
    parse: optionalMember<Parse>(directive, 'parse', PARSES),
  }
}
