// @group: what a fold groups by. Together with the window's start it is the entity's key; every fold has an expression for each part.
import type { CelExpression, GroupField } from '../model.ts'
import { argumentPlace, directiveOf, directivesOf, optionalTextOf, textOf } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import { compileExpression } from './compile-expression.ts'
import { type EntityFolds, type FoldContext, foldNamed } from './folds.ts'
import { type FieldShape, type TypeShape } from './shapes.ts'

export interface Grouped {
  readonly shape: TypeShape
  /** Fields of the entity's key; null where it is unknown. */
  readonly key: readonly string[] | null
  readonly entity: EntityFolds
  readonly start: FieldShape | null
  /** A function makes the rows, whose keys only begin with the group. */
  readonly byFunction: boolean
}

/** The @group of a field by fold; undefined where a fold has none. */
function groupsOf(field: FieldShape, grouped: Grouped, context: FoldContext): (Directive | undefined)[] {
  const { reporter } = context.shapes
  const { entity } = grouped
  const found: (Directive | undefined)[] = entity.folds.map(() => undefined)
  for (const directive of directivesOf(field.declaration.directives, 'group')) {
    const every = optionalTextOf(directive, 'of') === null
    const one = every ? null : foldNamed(directive, 'of', entity, context)
    const folds = every ? found.map((_, index) => index) : one === null ? [] : [one]
    const twice = folds.find((index) => found[index] !== undefined)
    if (twice !== undefined) {
      const input = entity.folds[twice]?.input.name ?? ''
      const message = `"${grouped.shape.name}.${field.name}" has two @group for the fold of "${input}".`
      reporter.error('DIRECTIVE_CONFLICT', directive.node, message, 'Keep one, or name the fold of each in of.')
    }
    for (const index of folds) found[index] ??= directive
  }
  return found
}

function compileGroup(field: FieldShape, grouped: Grouped, context: FoldContext): GroupField | null {
  const { reporter } = context.shapes
  const { shape, entity } = grouped
  const name = `"${shape.name}.${field.name}"`
  const broken = field.declaration.directives.some((one) => one.name === 'group' && one.broken)
  const expressions = groupsOf(field, grouped, context).map((directive, index): CelExpression | null => {
    const fold = entity.folds[index]
    if (fold === undefined) return null
    if (directive === undefined) {
      const message = `${name} has no @group for the fold of "${fold.input.name}".`
      const fix = `Add @group(cel: "...", of: "${fold.input.name}").`
      if (!broken) reporter.error('FOLD_GROUP', field.declaration.node.name, message, fix)
      return null
    }
    if (fold.scope === null || field.type === null) return null
    const of = entity.folds.length > 1 ? ` for "${fold.input.name}"` : ''
    const request = {
      text: textOf(directive, 'cel'),
      place: argumentPlace(directive, 'cel'),
      scope: fold.scope,
      expected: field.type,
      declares: true,
      what: `The group ${name}${of}`,
    }
    return compileExpression(request, reporter)?.expression ?? null
  })
  const whole = expressions.filter((one) => one !== null)
  return whole.length === expressions.length ? { field: field.name, expressions: whole } : null
}

function checkKey(grouped: Grouped, groups: readonly FieldShape[], context: FoldContext): void {
  const { reporter } = context.shapes
  const { shape, key, start, byFunction } = grouped
  if (key === null) return
  const parts = new Set([...groups.map((field) => field.name), ...(start === null ? [] : [start.name])])
  const keyText = key.join(' ')
  for (const field of [...groups, ...(start === null ? [] : [start])]) {
    if (key.includes(field.name)) continue
    const by = field === start ? 'windowStart' : 'group'
    const at = directiveOf(field.declaration.directives, by)?.node ?? field.declaration.node.name
    const message = `"${shape.name}.${field.name}" tells groups apart and is not in the key (${keyText}).`
    reporter.error('FOLD_GROUP', at, message, `Write @key(fields: "${[...key, field.name].join(' ')}").`)
  }
  const others = key.filter((name) => !parts.has(name))
  const from = byFunction ? key.slice(parts.size) : []
  for (const name of others) {
    const field = shape.fields.get(name)
    if (field === undefined || from.includes(name) || field.role === 'unknown') continue
    const [message, fix] = byFunction
      ? [
          `"${shape.name}.${name}" stands in the key before what the fold groups by.`,
          'Put the fields with @group first in the key.',
        ]
      : [
          `"${shape.name}.${name}" is in the key and no part of what the fold groups by.`,
          `Add @group(cel: "...") to it, or remove it from the key.`,
        ]
    const at = directiveOf(shape.declaration.directives, 'key')?.node ?? shape.declaration.nameNode
    reporter.error('FOLD_GROUP', byFunction ? at : field.declaration.node.name, message, fix)
  }
}

/** In the order of the key; null where something is wrong. */
export function compileGroups(grouped: Grouped, context: FoldContext): readonly GroupField[] | null {
  const { shape, entity, key } = grouped
  const fields = [...shape.fields.values()].filter(
    (field) => directiveOf(field.declaration.directives, 'group') !== null && field.role === 'stored',
  )
  checkKey(grouped, fields, context)
  if (!entity.complete) return null
  const groups = fields.map((field) => compileGroup(field, grouped, context))
  const whole = groups.filter((one) => one !== null)
  if (key === null || whole.length < groups.length) return null
  return whole.toSorted((left, right) => key.indexOf(left.field) - key.indexOf(right.field))
}
