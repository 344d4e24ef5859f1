// Derived entities: what of @fold, @window, @group, @aggregate, @foldBy and @emit makes one together, and that every field has a value.
import type { Derivation } from '../model.ts'
import {
  argumentPlace,
  directiveOf,
  flagOf,
  optionalTextOf,
  textOf,
  wholeDirective,
} from '../parse/directive-values.ts'
import type { Reporter } from '../parse/reporter.ts'
import { compileAggregate } from './aggregates.ts'
import { compileGroups } from './fold-groups.ts'
import { compileWindow } from './fold-window.ts'
import { compileFolds, foldContext, type FoldContext, type KnownFold } from './folds.ts'
import { type Reads, reportUnusedInputs } from './read-inputs.ts'
import type { FieldShape, Shapes, TypeShape } from './shapes.ts'
import { durationOf } from './source.ts'

/** What gives a field its value: each of these by itself. */
const GIVERS = ['group', 'windowStart', 'windowEnd', 'aggregate'] as const

function checkGivers(shape: TypeShape, byFunction: boolean, reporter: Reporter): void {
  for (const field of shape.fields.values()) {
    if (field.role !== 'stored') continue
    const name = `"${shape.name}.${field.name}"`
    const given = GIVERS.filter((giver) => directiveOf(field.declaration.directives, giver) !== null)
    const [first, second] = given
    const directive = second === undefined ? null : directiveOf(field.declaration.directives, second)
    if (directive !== null) {
      const message = `${name} has both @${first ?? ''} and @${second ?? ''}.`
      reporter.error('DIRECTIVE_CONFLICT', directive.node, message, 'Keep one of them.')
    }
    const aggregate = directiveOf(field.declaration.directives, 'aggregate')
    if (byFunction && aggregate !== null) {
      const message = `${name} has an @aggregate, and the rows of "${shape.name}" come from a function.`
      reporter.error('FOLD_AGGREGATE', aggregate.node, message, 'Remove it, or do without @foldBy.')
    }
    if (byFunction || first !== undefined) continue
    const message = `${name} has no value: nothing of the fold gives it one.`
    const fix = 'Add @group, @aggregate or @computed; or give the entity a function by @foldBy.'
    reporter.error('FOLD_AGGREGATE', field.declaration.node.name, message, fix)
  }
}

function compileFunction(shape: TypeShape, folds: readonly KnownFold[], reporter: Reporter): Derivation['function'] {
  const directive = wholeDirective(shape.declaration.directives, 'foldBy')
  if (directive === null) return null
  const name = textOf(directive, 'function')
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    const message = `"${name}" is no name of a function.`
    reporter.error('NAME_INVALID', argumentPlace(directive, 'function'), message, 'Write e.g. "dailyRevenue".')
  }
  const ordered = flagOf(directive, 'ordered')
  for (const fold of ordered ? folds.filter((one) => !one.timed) : []) {
    const message = `The function "${name}" goes by time, and the fold of "${fold.input.name}" has none.`
    const fix = 'Add time: to the @fold, a DateTime or Date of the row.'
    reporter.error('FOLD_INVALID', fold.directive.node, message, fix)
  }
  return { name, ordered }
}

function compileEntity(shape: TypeShape, key: readonly string[] | null, context: FoldContext): Derivation | null {
  const { reporter } = context.shapes
  const { directives } = shape.declaration
  const entity = compileFolds(shape, context)
  const { window, keptForMs, declared, start, end } = compileWindow(shape, entity.folds, reporter)
  const byFunction = directiveOf(directives, 'foldBy') !== null
  const made = compileFunction(shape, entity.folds, reporter)
  const groups = compileGroups({ shape, key, entity, start, byFunction }, context)
  checkGivers(shape, byFunction, reporter)
  const fields = [...shape.fields.values()].filter((field) => isAggregate(field) && !byFunction)
  const aggregates = fields.map((field) => compileAggregate(field, shape.name, entity, context))
  const emit = wholeDirective(directives, 'emit')
  const everyMs = emit === null ? null : durationOf(emit, 'every', reporter)
  const whole = aggregates.filter((one) => one !== null)
  if (!entity.complete || groups === null || whole.length < aggregates.length || (declared && window === null))
    return null
  return {
    folds: entity.folds.map((one) => one.fold),
    groups,
    window,
    windowStartField: start?.name ?? null,
    windowEndField: end?.name ?? null,
    aggregates: whole,
    function: made,
    everyMs,
    keptForMs,
  }
}

const isAggregate = (field: FieldShape): boolean =>
  field.role === 'stored' && directiveOf(field.declaration.directives, 'aggregate') !== null

/** By the entity's name; one that is wrong is missing. */
export function compileDerivations(
  shapes: Shapes,
  reads: Reads,
  keyOf: (entity: string) => readonly string[] | null,
): ReadonlyMap<string, Derivation> {
  const context = foldContext(shapes, reads)
  const found = new Map<string, Derivation>()
  const used = new Set<string>()
  const known = new Set(shapes.declarations.inputs.keys())
  let mayUseMore = false
  for (const shape of shapes.types.values()) {
    for (const directive of shape.declaration.directives) {
      if (directive.name !== 'fold' && directive.name !== 'join') continue
      const name = directive.broken ? null : optionalTextOf(directive, 'input')
      // A name that is none may be meant to be any.
      if (name === null || !known.has(name)) mayUseMore = true
      else used.add(name)
    }
    if (!shape.derived) continue
    const derivation = compileEntity(shape, keyOf(shape.name), context)
    if (derivation !== null) found.set(shape.name, derivation)
  }
  if (!mayUseMore) reportUnusedInputs(reads, used, shapes)
  return found
}
