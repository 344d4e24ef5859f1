// @check: one rule each, on a field that the rule fits; ids that name one check in the whole product.
import type { Check, CheckRule, FieldType, Interval } from '../model.ts'
import {
  argumentPlace,
  directivesOf,
  itemPlace,
  memberOf,
  optionalTextOf,
  optionalTextsOf,
  textOf,
} from '../parse/directive-values.ts'
import { parseInterval } from '../parse/interval.ts'
import { suggestName } from '../parse/nearest-name.ts'
import type { Directive } from '../parse/read-directives.ts'
import { schemaLimits } from '../schema-limits.ts'
import { BOOLEAN } from '../cel/cel-scope.ts'
import type { Expressions } from './expressions.ts'
import { patternDanger } from './pattern-safety.ts'
import { canonicalText, wantedText } from './scalar-texts.ts'
import { type FieldShape, type Shapes, shapeTypeText, type TypeShape } from './shapes.ts'

const RULES = ['range', 'pattern', 'oneOf', 'length', 'cel'] as const
type Rule = (typeof RULES)[number]

const NUMBERS = ['Int', 'Float', 'BigInt', 'Decimal']
const TEXTS = ['ID', 'String', 'UUID', 'EmailAddress', 'URL']

const scalarIn = (type: FieldType, names: readonly string[]): boolean =>
  type.kind === 'scalar' && names.includes(type.scalar)

const FITS: Readonly<Record<Rule, { readonly fits: (type: FieldType) => boolean; readonly wanted: string }>> = {
  range: { fits: (type) => scalarIn(type, NUMBERS), wanted: 'an Int, Float, BigInt or Decimal' },
  pattern: { fits: (type) => scalarIn(type, TEXTS), wanted: 'a text' },
  oneOf: {
    fits: (type) => type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'JSON'),
    wanted: 'a single value',
  },
  length: { fits: (type) => type.kind === 'list' || scalarIn(type, TEXTS), wanted: 'a text or a list' },
  cel: { fits: () => true, wanted: 'a field' },
}

interface CheckSource {
  readonly directive: Directive
  readonly shape: TypeShape
  /** Null for a check on the type. */
  readonly field: FieldShape | null
}

/** Checks of one product: compiles them and remembers their ids. */
export interface Checks {
  ofField(shape: TypeShape, field: FieldShape): readonly Check[]
  ofType(shape: TypeShape): readonly Check[]
}

function compileInterval(directive: Directive, rule: 'range' | 'length', shapes: Shapes): Interval | null {
  const text = textOf(directive, rule)
  const interval = parseInterval(text)
  const at = argumentPlace(directive, rule)
  if (interval === null) {
    shapes.reporter.error('INTERVAL_INVALID', at, `${rule}: "${text}" is no interval.`, suggestInterval(text))
    return null
  }
  if (interval === 'empty') {
    const message = `${rule}: "${text}" holds no value, so every record would fail.`
    shapes.reporter.error('INTERVAL_INVALID', at, message, 'Write the lower bound first, e.g. "[0,100]".')
    return null
  }
  const bounds = [interval.lower, interval.upper].filter((bound) => bound !== null)
  if (rule === 'length' && bounds.some((bound) => !/^\d+$/.test(bound))) {
    const message = `length: "${text}" has a bound that is no length.`
    shapes.reporter.error('INTERVAL_INVALID', at, message, 'Write whole numbers from 0, e.g. "[1,200]".')
    return null
  }
  return interval
}

function suggestInterval(text: string): string {
  const numbers = text.match(/-?\d+(?:\.\d+)?/g) ?? []
  const [lower, upper] = numbers
  if (numbers.length === 2) return `Write "[${lower},${upper}]".`
  if (numbers.length !== 1) return 'Write e.g. "[0,)", "(0,100]" or "(,1]".'
  return text.includes('<')
    ? `Write "(,${lower}${text.includes('=') ? ']' : ')'}".`
    : `Write "${text.includes('>') && !text.includes('=') ? '(' : '['}${lower},)".`
}

function compilePattern(directive: Directive, shapes: Shapes): string | null {
  const source = textOf(directive, 'pattern')
  const at = argumentPlace(directive, 'pattern')
  const report = (message: string, fix: string) => {
    shapes.reporter.error('CHECK_PATTERN', at, message, fix)
    return null
  }
  if (source.length > schemaLimits.patternCharactersMax) {
    return report(`The pattern has ${source.length} characters.`, `Write at most ${schemaLimits.patternCharactersMax}.`)
  }
  try {
    new RegExp(source, 'u')
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
    return report(
      `The pattern does not compile: ${reason}.`,
      'Write a JavaScript regular expression as with the flag u; escape only what must be.',
    )
  }
  const danger = patternDanger(source)
  if (danger === null) return source
  const fix =
    'Write it without choices in repeated groups, e.g. "[ab]*" for "(a|b)*" and "^[a-z]+(-[a-z]+)*$" for words with separators.'
  return report(`The pattern may take for ever on some texts: ${danger}.`, fix)
}

function compileOneOf(directive: Directive, type: FieldType, shapes: Shapes): readonly string[] {
  const values = optionalTextsOf(directive, 'oneOf') ?? []
  const { reporter } = shapes
  if (values.length === 0) {
    reporter.error(
      'PRODUCT_VALUE_INVALID',
      argumentPlace(directive, 'oneOf'),
      'oneOf allows no value, so every record would fail.',
      'Name the values allowed.',
    )
  }
  values.forEach((value, index) => {
    const wanted = wantedText(value, type, shapes)
    const at = itemPlace(directive, 'oneOf', index)
    if (values.indexOf(value) !== index) {
      reporter.error('NAME_DUPLICATE', at, `oneOf names "${value}" twice.`, 'Name it once.')
    } else if (wanted !== null) {
      const known =
        type.kind === 'enum' ? (shapes.enums.get(type.name)?.values.map((one) => one.name.value) ?? []) : null
      const fix = known === null ? `Write ${wanted}.` : suggestName(value, known)
      reporter.error('CHECK_RULE_TYPE', at, `oneOf names "${value}", which is no value of ${shapeTypeText(type)}.`, fix)
    }
  })
  return values.map((value) => canonicalText(value, type))
}

function compileRule(source: CheckSource, rule: Rule, shapes: Shapes, expressions: Expressions): CheckRule | null {
  const { directive, field, shape } = source
  if (rule === 'cel') {
    const what = `The check "${textOf(directive, 'id')}"`
    const value = field === null ? {} : { value: field }
    const expression = expressions.compile({ directive, shape, ...value, expected: BOOLEAN, what })
    return expression === null ? null : { kind: 'cel', expression }
  }
  if (field === null || field.type === null) return null
  // A list's items are checked one by one, save for its length.
  const { type } = field
  const checked = field.type.kind === 'list' && rule !== 'length' ? field.type.of : field.type
  if (!FITS[rule].fits(checked)) {
    const message = `${rule} checks ${FITS[rule].wanted}, and "${shape.name}.${field.name}" is of type ${shapeTypeText(field.type)}.`
    const fits = RULES.filter((one) => one !== rule && FITS[one].fits(one === 'length' ? type : checked))
    shapes.reporter.error('CHECK_RULE_TYPE', argumentPlace(directive, rule), message, `Use ${fits.join(' or ')}.`)
    return null
  }
  if (rule === 'oneOf') return { kind: 'oneOf', values: compileOneOf(directive, checked, shapes) }
  if (rule === 'pattern') {
    const pattern = compilePattern(directive, shapes)
    return pattern === null ? null : { kind: 'pattern', source: pattern }
  }
  const interval = compileInterval(directive, rule, shapes)
  return interval === null ? null : { kind: rule, interval }
}

/** The one rule of the check; null, and reported, where there is none or several. */
function onlyRule(source: CheckSource, shapes: Shapes): Rule | null {
  const { directive, field } = source
  const id = textOf(directive, 'id')
  const given = RULES.filter((rule) => directive.values[rule] !== null)
  const [rule, second] = given
  if (rule === undefined) {
    const rules = field === null ? 'cel' : 'one of range, pattern, oneOf, length and cel'
    shapes.reporter.error('CHECK_RULE_COUNT', directive.node, `The check "${id}" has no rule.`, `Add ${rules}.`)
    return null
  }
  if (second !== undefined) {
    const message = `The check "${id}" has ${given.length} rules: ${given.join(', ')}.`
    shapes.reporter.error('CHECK_RULE_COUNT', directive.node, message, 'Write a check with an id of its own for each.')
    return null
  }
  if (field === null && rule !== 'cel') {
    const message = `The check "${id}" stands on a type and has ${rule}, which checks a field.`
    shapes.reporter.error(
      'CHECK_RULE_TYPE',
      argumentPlace(directive, rule),
      message,
      'Move it to the field, or write it as cel.',
    )
    return null
  }
  return rule
}

export function createChecks(shapes: Shapes, expressions: Expressions): Checks {
  const { reporter } = shapes
  const lines = new Map<string, number>()

  const checkId = (directive: Directive): void => {
    const id = textOf(directive, 'id')
    const at = argumentPlace(directive, 'id')
    const line = lines.get(id)
    if (line !== undefined) {
      const message = `The check "${id}" is declared on line ${line} already.`
      reporter.error('NAME_DUPLICATE', at, message, 'Give each check an id of its own: rejected records name it.')
      return
    }
    lines.set(id, reporter.locate(at).line)
    if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(id)) return
    const proposal = id
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^[-0-9]+|-+$/g, '')
    const fix = proposal === '' ? 'Write e.g. "total-positive".' : `Write "${proposal}".`
    reporter.error('NAME_INVALID', at, `The check's id "${id}" is not kebab case.`, fix)
  }

  const compile = (source: CheckSource): Check | null => {
    const { directive } = source
    checkId(directive)
    const only = onlyRule(source, shapes)
    const rule = only === null ? null : compileRule(source, only, shapes, expressions)
    if (rule === null) return null
    return {
      id: textOf(directive, 'id'),
      rule,
      message: optionalTextOf(directive, 'message'),
      onFail: memberOf(directive, 'onFail', ['REJECT', 'WARN']),
      location: reporter.locate(directive.node),
    }
  }
  const compileAll = (directives: readonly Directive[], source: Omit<CheckSource, 'directive'>): readonly Check[] =>
    directivesOf(directives, 'check')
      .map((directive) => compile({ directive, ...source }))
      .filter((check) => check !== null)

  return {
    ofField: (shape, field) => compileAll(field.declaration.directives, { shape, field }),
    ofType: (shape) => compileAll(shape.declaration.directives, { shape, field: null }),
  }
}
