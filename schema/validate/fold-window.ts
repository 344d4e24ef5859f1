// @window with @windowStart and @windowEnd: which windows there are, and the fields that hold their bounds.
import type { FoldWindow } from '../model.ts'
import { argumentPlace, directiveOf, optionalTextOf, wholeDirective } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { schemaLimits } from '../schema-limits.ts'
import type { KnownFold } from './folds.ts'
import { type FieldShape, shapeTypeText, type TypeShape } from './shapes.ts'
import { durationOf } from './source.ts'

export interface EntityWindow {
  /** Null where there is none, or a broken one. */
  readonly window: FoldWindow | null
  readonly keptForMs: number | null
  readonly declared: boolean
  readonly start: FieldShape | null
  readonly end: FieldShape | null
}

function compileDurations(directive: Directive, reporter: Reporter): FoldWindow | null {
  const given = ['size', 'every', 'gap'].filter((name) => optionalTextOf(directive, name) !== null)
  const asked = given.join(' ')
  if (asked !== 'size' && asked !== 'size every' && asked !== 'gap') {
    const message = asked === '' ? '@window says nothing.' : `@window with ${given.join(' and ')} is no kind of window.`
    const fix = 'Write size for tumbling windows, size and every for sliding ones, or gap for sessions.'
    reporter.error('FOLD_WINDOW', directive.node, message, fix)
    return null
  }
  const size = durationOf(directive, 'size', reporter)
  const every = durationOf(directive, 'every', reporter)
  const gap = durationOf(directive, 'gap', reporter)
  if (asked === 'gap') return gap === null ? null : { kind: 'session', gapMs: gap }
  if (size === null) return null
  if (asked === 'size') return { kind: 'tumbling', sizeMs: size }
  if (every === null) return null
  const at = argumentPlace(directive, 'every')
  if (every >= size) {
    const message = 'Sliding windows that begin so seldom do not overlap.'
    reporter.error('FOLD_WINDOW', at, message, 'Write a shorter every, or remove it for tumbling windows.')
    return null
  }
  const windows = Math.ceil(size / every)
  if (windows > schemaLimits.foldGroupsOfRowMax) {
    const message = `Every row would be in ${windows} windows.`
    const fix = `Write a longer every: at most ${schemaLimits.foldGroupsOfRowMax} windows may overlap.`
    reporter.error('FOLD_WINDOW', at, message, fix)
    return null
  }
  return { kind: 'sliding', sizeMs: size, everyMs: every }
}

function compileKeptFor(directive: Directive, window: FoldWindow | null, reporter: Reporter): number | null {
  const keptFor = durationOf(directive, 'keptFor', reporter)
  if (keptFor === null || window === null || window.kind !== 'session') return keptFor
  const message = 'Sessions have no end before which something may not still join them, and cannot be closed.'
  const fix = 'Remove keptFor, or write windows with size.'
  reporter.error('FOLD_WINDOW', argumentPlace(directive, 'keptFor'), message, fix)
  return null
}

function findBound(shape: TypeShape, name: 'windowStart' | 'windowEnd', windowed: boolean, reporter: Reporter) {
  const fields = [...shape.fields.values()].filter((field) => directiveOf(field.declaration.directives, name) !== null)
  const [first, second] = fields
  if (second !== undefined) {
    const at = directiveOf(second.declaration.directives, name)?.node ?? second.declaration.node
    reporter.error('FOLD_WINDOW', at, `"${shape.name}" has two fields with @${name}.`, 'Keep one of them.')
  }
  if (first === undefined) return null
  const at = directiveOf(first.declaration.directives, name)?.node ?? first.declaration.node
  if (!windowed) {
    const message = `"${shape.name}.${first.name}" is a window's bound, and "${shape.name}" has no window.`
    reporter.error('FOLD_WINDOW', at, message, `Add @window(size: "PT1H") to "${shape.name}", or remove @${name}.`)
  }
  const { type } = first
  const fits = type === null || (type.kind === 'scalar' && type.scalar === 'DateTime')
  if (!fits || (first.nullable && type !== null)) {
    const is = fits ? 'and nullable' : `a DateTime, and of type ${shapeTypeText(type)}`
    const message = `"${shape.name}.${first.name}" is a window's bound, ${is}.`
    reporter.error('FOLD_WINDOW', first.declaration.node.type, message, `Declare it "${first.name}: DateTime!".`)
  }
  return first
}

export function compileWindow(shape: TypeShape, folds: readonly KnownFold[], reporter: Reporter): EntityWindow {
  const declared = directiveOf(shape.declaration.directives, 'window')
  const directive = wholeDirective(shape.declaration.directives, 'window')
  const window = directive === null ? null : compileDurations(directive, reporter)
  const keptForMs = directive === null ? null : compileKeptFor(directive, window, reporter)
  const start = findBound(shape, 'windowStart', declared !== null, reporter)
  const end = findBound(shape, 'windowEnd', declared !== null, reporter)
  if (directive !== null) {
    for (const fold of folds) {
      if (fold.timed) continue
      const message = `"${shape.name}" has windows, and the fold of "${fold.input.name}" does not say when something happened.`
      reporter.error('FOLD_WINDOW', fold.directive.node, message, 'Add time: with a DateTime or Date of the row.')
    }
    if (start === null) {
      const message = `"${shape.name}" has windows, and no field that tells them apart.`
      const fix = 'Add "windowStart: DateTime! @windowStart", and windowStart to the key.'
      reporter.error('FOLD_WINDOW', directive.node, message, fix)
    }
  }
  return { window, keptForMs, declared: declared !== null, start, end }
}
