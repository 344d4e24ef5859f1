// @fold and @join: what a derived entity is made from, each fold with the variables that its expressions have.
import type { CelScope } from '../cel/compile-cel.ts'
import { BOOLEAN } from '../cel/cel-scope.ts'
import { foldScope, type FoldScopeTypes } from '../fold/fold-scope.ts'
import type { CelExpression, Fold, FoldJoin, ReadInput } from '../model.ts'
import type { ASTNode } from 'graphql'
import {
  argumentPlace,
  directivesOf,
  flagOf,
  itemPlace,
  optionalTextOf,
  textOf,
  textsOf,
} from '../parse/directive-values.ts'
import { suggestName } from '../parse/nearest-name.ts'
import type { Directive } from '../parse/read-directives.ts'
import { compileExpression } from './compile-expression.ts'
import { enumsInScope } from './expressions.ts'
import { findInput, type Reads } from './read-inputs.ts'
import { type Shapes, shapeTypeText, type TypeShape } from './shapes.ts'

export interface FoldContext {
  readonly shapes: Shapes
  readonly reads: Reads
  readonly types: FoldScopeTypes
}

export function foldContext(shapes: Shapes, reads: Reads): FoldContext {
  return { shapes, reads, types: { reads: reads.inputs, readTypes: reads.types, enums: enumsInScope(shapes) } }
}

/** A fold that is known; its expressions may still be wrong. */
export interface KnownFold {
  readonly directive: Directive
  readonly input: ReadInput
  readonly fold: Fold
  /** Of all expressions but those of its joins' keys; null where something of it is wrong, and nothing can be said of them. */
  readonly scope: CelScope | null
  readonly timed: boolean
}

export interface EntityFolds {
  /** Whole only where `complete`. */
  readonly folds: readonly KnownFold[]
  /** Every @fold is known: a name that is none of theirs is wrong. */
  readonly complete: boolean
}

/** A variable's name in CEL, where its words are none. */
const VARIABLE = /^[A-Za-z_]\w*$/
const CEL_WORDS = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(
    ' ',
  ),
)

function checkVariable(directive: Directive, known: ReadonlySet<string>, context: FoldContext): boolean {
  const { reporter } = context.shapes
  const name = textOf(directive, 'as')
  const at = argumentPlace(directive, 'as')
  if (!VARIABLE.test(name) || CEL_WORDS.has(name)) {
    reporter.error('NAME_INVALID', at, `"${name}" cannot be a variable.`, 'Write a name such as "line".')
    return false
  }
  if (!known.has(name)) return true
  const message = `@${directive.name} calls its ${directive.name === 'fold' ? 'element' : 'row'} "${name}", which another variable is called.`
  reporter.error('FOLD_INVALID', at, message, 'Choose another name in as.')
  return false
}

/** The list whose elements contribute; undefined where it is wrong. */
function compileEach(directive: Directive, input: ReadInput, context: FoldContext): Fold['each'] | undefined {
  const { reporter } = context.shapes
  const name = optionalTextOf(directive, 'each')
  if (name === null) {
    if (argumentPlace(directive, 'as') === directive.node) return null
    const message = '@fold(as:) names the element of a list, and there is no each.'
    reporter.error('FOLD_INVALID', argumentPlace(directive, 'as'), message, 'Name the list in each, or remove as.')
    return undefined
  }
  const field = input.fields.find((one) => one.name === name)
  const at = argumentPlace(directive, 'each')
  const lists = input.fields.filter((one) => one.type.kind === 'list').map((one) => one.name)
  if (field === undefined) {
    const message = `@fold(each:) names "${name}", which is no field of "${input.name}".`
    reporter.error('FIELD_UNKNOWN', at, message, suggestName(name, lists))
    return undefined
  }
  if (field.type.kind !== 'list') {
    const message = `@fold(each:) names "${name}", whose type ${shapeTypeText(field.type)} is no list.`
    reporter.error('FOLD_INVALID', at, message, lists.length === 0 ? 'Remove each.' : suggestName(name, lists))
    return undefined
  }
  const known = new Set(input.fields.map((one) => one.name))
  return checkVariable(directive, known, context) ? { field: name, as: textOf(directive, 'as') } : undefined
}

function checkKeyCount(directive: Directive, joined: ReadInput, context: FoldContext): boolean {
  const count = textsOf(directive, 'key').length
  if (count === joined.key.length) return true
  const message = `@join(key:) has ${count} expressions, and the key of "${joined.entity}" ${joined.key.length} fields.`
  const fix = `Write one for each of ${joined.key.join(', ')}.`
  context.shapes.reporter.error('FOLD_INVALID', argumentPlace(directive, 'key'), message, fix)
  return false
}

function compileKey(
  directive: Directive,
  joined: ReadInput,
  {
    scope,
    later,
    context,
  }: { readonly scope: CelScope; readonly later: readonly Directive[]; readonly context: FoldContext },
): readonly CelExpression[] | null {
  const elsewhere = new Map(
    later.map((one) => [textOf(one, 'as'), `Put the @join of "${textOf(one, 'as')}" before this one.`]),
  )
  const compiled = textsOf(directive, 'key').map((text, index) => {
    const field = joined.fields.find((one) => one.name === joined.key[index])
    const what = `The key of the join "${textOf(directive, 'as')}"`
    const place = itemPlace(directive, 'key', index)
    const request = { text, place, scope, expected: field?.type ?? null, what, elsewhere }
    return compileExpression(request, context.shapes.reporter)?.expression ?? null
  })
  const whole = compiled.filter((one) => one !== null)
  return whole.length === compiled.length ? whole : null
}

/** Joins of a fold in order; null where one is wrong. */
function compileJoins(
  directives: readonly Directive[],
  fold: Pick<Fold, 'input' | 'each'>,
  input: ReadInput,
  context: FoldContext,
): readonly FoldJoin[] | null {
  const joins: FoldJoin[] = []
  const names = new Set(input.fields.map((one) => one.name))
  if (fold.each !== null) names.add(fold.each.as)
  let whole = true
  for (const [index, directive] of directives.entries()) {
    const joined = findInput(directive, 'input', context.reads, context.shapes)
    const named = checkVariable(directive, names, context)
    names.add(textOf(directive, 'as'))
    // A join that is not known leaves a variable out that later ones may use.
    const scope = foldScope({ ...fold, joins }, context.types)
    const counted = joined !== null && checkKeyCount(directive, joined, context)
    const later = directives.slice(index + 1)
    const key = counted && whole ? compileKey(directive, joined, { scope, later, context }) : null
    if (joined === null || !named || key === null) whole = false
    else joins.push({ input: joined.name, as: textOf(directive, 'as'), key, optional: flagOf(directive, 'optional') })
  }
  return whole ? joins : null
}

function compileConditions(directive: Directive, scope: CelScope, context: FoldContext): Pick<Fold, 'where' | 'time'> {
  const expression = (argument: string, expected: Parameters<typeof compileExpression>[0]['expected']) => {
    const text = optionalTextOf(directive, argument)
    if (text === null) return null
    const what = `@fold(${argument}:) of "${textOf(directive, 'input')}"`
    const request = { text, place: argumentPlace(directive, argument), scope, expected, what }
    return compileExpression(request, context.shapes.reporter)?.expression ?? null
  }
  const where = expression('where', BOOLEAN)
  // A Date is midnight UTC, so that what gives one gives a DateTime as well.
  const time = expression('time', { kind: 'scalar', scalar: 'DateTime' })
  return { where, time: time === null ? null : { expression: time, scalar: 'DateTime' } }
}

/** The fold that a directive is for; null (reported unless some fold is wrong) where that is not known. */
export function foldNamed(
  directive: Directive,
  argument: 'to' | 'of',
  entity: EntityFolds,
  context: FoldContext,
): number | null {
  const { reporter } = context.shapes
  const name = optionalTextOf(directive, argument)
  const names = entity.folds.map((one) => one.input.name)
  const index = name === null ? (names.length === 1 && entity.complete ? 0 : -1) : names.indexOf(name)
  if (index >= 0) return index
  if (!entity.complete) return null
  const at: ASTNode = argumentPlace(directive, argument)
  const [message, fix] =
    name === null
      ? [
          `@${directive.name} does not say which of ${names.length} folds it is for.`,
          `Add ${argument}: with one of ${names.map((one) => `"${one}"`).join(', ')}.`,
        ]
      : [`@${directive.name}(${argument}:) names "${name}", which the entity does not fold.`, suggestName(name, names)]
  reporter.error('FOLD_INVALID', at, message, fix)
  return null
}

/** Folds of the entity with their joins and conditions. */
export function compileFolds(shape: TypeShape, context: FoldContext): EntityFolds {
  const { reporter } = context.shapes
  const { directives } = shape.declaration
  const written = directivesOf(directives, 'fold')
  const inputs = new Map<string, Directive>()
  const found: { directive: Directive; input: ReadInput; each: Fold['each'] | undefined }[] = []
  for (const directive of written) {
    const name = textOf(directive, 'input')
    if (inputs.has(name)) {
      const message = `"${shape.name}" folds "${name}" twice.`
      const fix = 'Declare another input type that reads the same entity, so that expressions can tell them apart.'
      reporter.error('FOLD_INVALID', argumentPlace(directive, 'input'), message, fix)
      continue
    }
    inputs.set(name, directive)
    const input = findInput(directive, 'input', context.reads, context.shapes)
    if (input !== null) found.push({ directive, input, each: compileEach(directive, input, context) })
  }
  const complete = found.length === directives.filter((one) => one.name === 'fold').length
  const location = (directive: Directive) => reporter.locate(directive.node)
  const folds = found.map(({ directive, input, each }): KnownFold => {
    const required = flagOf(directive, 'required')
    const endedStay = flagOf(directive, 'endedStay')
    const own = { input: input.name, where: null, time: null, required, endedStay }
    const fold = { ...own, joins: [], location: location(directive) }
    return { directive, input, fold: { ...fold, each: each ?? null }, scope: null, timed: false }
  })
  const known: EntityFolds = { folds, complete }
  const joinsOf = directivesOf(directives, 'join').map((directive) => ({
    directive,
    fold: foldNamed(directive, 'to', known, context),
  }))
  const brokenJoin = directives.some((one) => one.name === 'join' && one.broken)
  const completed = folds.map((one, index): KnownFold => {
    const own = joinsOf.filter(({ fold }) => fold === index).map(({ directive }) => directive)
    const joins = compileJoins(own, one.fold, one.input, context)
    const timed = optionalTextOf(one.directive, 'time') !== null
    const astray = brokenJoin || joinsOf.some(({ fold }) => fold === null)
    if (joins === null || astray || found[index]?.each === undefined) return { ...one, timed }
    const scope = foldScope({ ...one.fold, joins }, context.types)
    const conditions = compileConditions(one.directive, scope, context)
    return { ...one, fold: { ...one.fold, ...conditions, joins }, scope, timed }
  })
  return { folds: completed, complete }
}
