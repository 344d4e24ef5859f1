// @aggregate: fields computed from a group's contributions, each with the type of what is aggregated and whether it always has a value.
import { BOOLEAN } from '../cel/cel-scope.ts'
import type { Aggregate, AggregateFunction, CelExpression, FieldType, ScalarName } from '../model.ts'
import { argumentPlace, memberOf, optionalTextOf, wholeDirective } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import { compileExpression, type TypedExpression } from './compile-expression.ts'
import { type EntityFolds, type FoldContext, foldNamed, type KnownFold } from './folds.ts'
import { isKeyableType } from './keyable.ts'
import { isNullOfNulls } from './null-probe.ts'
import { type FieldShape, shapeTypeText } from './shapes.ts'

const FUNCTIONS = [
  'COUNT', 'COUNT_DISTINCT', 'SUM', 'AVERAGE', 'MIN', 'MAX', 'FIRST', 'LAST', 'COLLECT',
] as const // prettier-ignore

const isOf = (type: FieldType, ...scalars: readonly ScalarName[]): boolean =>
  type.kind === 'scalar' && scalars.includes(type.scalar)

const holdsObject = (type: FieldType): boolean =>
  type.kind === 'object' || (type.kind === 'list' && holdsObject(type.of))

interface Rule {
  /** Whether a field of the type can hold the result. */
  readonly fits: (field: FieldType) => boolean
  readonly wanted: string
  /** What the expression must give for a field of the type; null: whatever it gives, if `takes` takes it. */
  readonly value: (field: FieldType) => FieldType | null
  readonly takes?: (value: FieldType) => boolean
  readonly takesText?: string
  /** Null where nothing contributes. */
  readonly mayBeNull: boolean
}

const ordered = (type: FieldType): boolean => isKeyableType(type) || isOf(type, 'Float')

const counting: Omit<Rule, 'takes' | 'takesText'> = {
  fits: (field) => isOf(field, 'Int', 'BigInt'),
  wanted: 'Int or BigInt',
  value: () => null,
  mayBeNull: false,
}

const RULES: Readonly<Record<AggregateFunction, Rule>> = {
  COUNT: counting,
  COUNT_DISTINCT: {
    ...counting,
    takes: (value) => value.kind === 'enum' || value.kind === 'scalar',
    takesText: 'single values',
  },
  SUM: {
    fits: (field) => isOf(field, 'Int', 'BigInt', 'Decimal', 'Float'),
    wanted: 'Int, BigInt, Decimal or Float',
    value: (field) => field,
    mayBeNull: false,
  },
  AVERAGE: {
    fits: (field) => isOf(field, 'Float'),
    wanted: 'Float',
    value: () => null,
    takes: (value) => isOf(value, 'Int', 'BigInt', 'Decimal', 'Float', 'JSON'),
    takesText: 'numbers',
    mayBeNull: true,
  },
  MIN: { fits: ordered, wanted: 'a single type with an order', value: (field) => field, mayBeNull: true },
  MAX: { fits: ordered, wanted: 'a single type with an order', value: (field) => field, mayBeNull: true },
  FIRST: { fits: (field) => !holdsObject(field), wanted: 'a scalar, an enum or a list of them', value: (field) => field, mayBeNull: true },
  LAST: { fits: (field) => !holdsObject(field), wanted: 'a scalar, an enum or a list of them', value: (field) => field, mayBeNull: true },
  COLLECT: {
    fits: (field) => field.kind === 'list' && ordered(field.of),
    wanted: 'a list of a single type with an order, e.g. [String!]',
    value: (field) => (field.kind === 'list' ? field.of : field),
    mayBeNull: false,
  },
} // prettier-ignore

interface Site {
  readonly field: FieldShape & { readonly type: FieldType }
  readonly name: string
  readonly directive: Directive
  readonly called: AggregateFunction
  readonly rule: Rule
  readonly fold: KnownFold
  readonly context: FoldContext
}

function compileValue(site: Site): TypedExpression | null {
  const { directive, called, rule, fold, field, name, context } = site
  const { reporter } = context.shapes
  const text = optionalTextOf(directive, 'cel')
  if (text === null || fold.scope === null) return null
  const place = argumentPlace(directive, 'cel')
  const expected = rule.value(field.type)
  const request = {
    text,
    place,
    scope: fold.scope,
    expected,
    declares: rule.mayBeNull,
    what: `The value of ${name}`,
  }
  const typed = compileExpression(request, reporter)
  const { takes, takesText = '' } = rule
  if (typed === null || typed.resultType === 'dyn' || takes === undefined || takes(typed.resultType)) return typed
  const message = `${called} of ${name} takes ${takesText}, and the expression gives ${shapeTypeText(typed.resultType)}.`
  reporter.error('CEL_RESULT_TYPE', place, message, `Write an expression that gives ${takesText}.`)
  return null
}

function compileWhere(site: Site): CelExpression | null {
  const { directive, fold, name, context } = site
  const text = optionalTextOf(directive, 'where')
  if (text === null || fold.scope === null) return null
  const place = argumentPlace(directive, 'where')
  const request = { text, place, scope: fold.scope, expected: BOOLEAN, what: `The condition of ${name}` }
  return compileExpression(request, context.shapes.reporter)?.expression ?? null
}

/** Why the field may have no value though the group is there; null where it always has one. */
function emptyBecause(site: Site, value: TypedExpression, foldCount: number): string | null {
  const { fold } = site
  if (optionalTextOf(site.directive, 'where') !== null) return 'nothing may fulfil its condition'
  if (foldCount > 1 && !fold.fold.required) return `a group may have no row of "${fold.input.name}"`
  const optional = fold.fold.joins.filter((join) => join.optional).map((join) => join.as)
  if (fold.scope === null) return null
  const { compiled } = value
  if (!compiled.resultNullable && !isNullOfNulls(compiled, fold.scope)) return null
  const reads = compiled.reads.find((name) => optional.includes(name))
  return reads === undefined ? 'its expression may give null' : `there may be no "${reads}"`
}

function checkSite(site: Site): boolean {
  const { field, name, directive, called, rule, fold, context } = site
  const { reporter } = context.shapes
  let right = true
  if (!rule.fits(field.type)) {
    right = false
    const message = `${name} is of type ${shapeTypeText(field.type)}, which holds no ${called}.`
    reporter.error('FOLD_AGGREGATE', field.declaration.node.type, message, `Declare it ${rule.wanted}.`)
  }
  if (called !== 'COUNT' && optionalTextOf(directive, 'cel') === null) {
    right = false
    const message = `${called} of ${name} does not say of what.`
    reporter.error('FOLD_AGGREGATE', directive.node, message, 'Add cel: with the value of a row (element).')
  }
  if ((called === 'FIRST' || called === 'LAST') && !fold.timed) {
    right = false
    const message = `${called} of ${name} goes by time, and the fold of "${fold.input.name}" has none.`
    reporter.error('FOLD_AGGREGATE', directive.node, message, 'Add time: to the @fold, a DateTime or Date of the row.')
  }
  return right
}

/** Null where something is wrong. */
export function compileAggregate(
  field: FieldShape,
  owner: string,
  entity: EntityFolds,
  context: FoldContext,
): Aggregate | null {
  const { reporter } = context.shapes
  const directive = wholeDirective(field.declaration.directives, 'aggregate')
  if (directive === null || field.type === null) return null
  const index = foldNamed(directive, 'of', entity, context)
  const fold = index === null ? undefined : entity.folds[index]
  if (index === null || fold === undefined) return null
  const called = memberOf(directive, 'function', FUNCTIONS)
  const name = `"${owner}.${field.name}"`
  const rule = RULES[called]
  const site: Site = { field: { ...field, type: field.type }, name, directive, called, rule, fold, context }
  if (!checkSite(site)) return null
  const value = compileValue(site)
  const where = compileWhere(site)
  if (value !== null && rule.mayBeNull && !field.nullable) {
    const because = emptyBecause(site, value, entity.folds.length)
    const message = `${name} is never null, and its ${called} may be: ${because ?? ''}.`
    const fix = `Declare it "${field.name}: ${shapeTypeText(field.type)}".`
    if (because !== null) reporter.error('FOLD_AGGREGATE', field.declaration.node.type, message, fix)
  }
  return {
    field: field.name,
    function: called,
    fold: index,
    value: value?.expression ?? null,
    valueType: value === null ? null : valueTypeOf(rule.value(field.type), value),
    where,
  }
}

function valueTypeOf(expected: FieldType | null, value: TypedExpression): FieldType {
  if (expected !== null) return expected
  return value.resultType === 'dyn' ? { kind: 'scalar', scalar: 'JSON' } : value.resultType
}
