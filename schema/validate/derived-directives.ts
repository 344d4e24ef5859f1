// Directives of derived entities on others, and of others on derived entities: what stands where it means nothing.
import { directiveOf } from '../parse/directive-values.ts'
import type { Reporter } from '../parse/reporter.ts'
import type { FieldShape, TypeShape } from './shapes.ts'

export const ON_ENTITY = ['join', 'window', 'foldBy', 'emit']
export const ON_FIELD = ['group', 'windowStart', 'windowEnd', 'aggregate']

function reportWithoutFold(shape: TypeShape, reporter: Reporter): void {
  const needed = shape.declaration.directives.filter((one) => shape.role === 'entity' && ON_ENTITY.includes(one.name))
  for (const directive of needed) {
    const message = `"${shape.name}" has @${directive.name} and no @fold.`
    const fix = 'Add @fold(input: "...") with the input type that it is made from, or remove it.'
    reporter.error('DIRECTIVE_MISSING', directive.node, message, fix)
  }
  for (const field of shape.fields.values()) {
    for (const directive of field.declaration.directives) {
      if (!ON_FIELD.includes(directive.name) || field.role === 'unknown') continue
      const what = shape.role === 'entity' ? `"${shape.name}", which has no @fold` : `the value type "${shape.name}"`
      const message = `@${directive.name} means nothing on a field of ${what}.`
      const fix = shape.role === 'entity' ? `Add @fold(input: "...") to "${shape.name}", or remove it.` : 'Remove it.'
      reporter.error('DIRECTIVE_MISPLACED', directive.node, message, fix)
    }
  }
}

/** The value type within the field whose fields lie elsewhere in a record; null where there is none. */
function cleanedInside(field: FieldShape, types: ReadonlyMap<string, TypeShape>, seen: Set<string>): string | null {
  let type = field.type
  while (type?.kind === 'list') type = type.of
  const nested = type?.kind === 'object' ? types.get(type.name) : undefined
  if (nested === undefined || seen.has(nested.name)) return null
  seen.add(nested.name)
  for (const inner of nested.fields.values()) {
    if (directiveOf(inner.declaration.directives, 'from') !== null) return nested.name
    const deeper = cleanedInside(inner, types, seen)
    if (deeper !== null) return deeper
  }
  return null
}

/** What the fold gives is the row already: there is nothing to find or clean. */
function reportCleaning(shape: TypeShape, types: ReadonlyMap<string, TypeShape>, reporter: Reporter): void {
  for (const field of shape.fields.values()) {
    const from = directiveOf(field.declaration.directives, 'from')
    if (from !== null && field.role === 'stored') {
      const message = `@from means nothing on "${shape.name}.${field.name}": its value comes from a fold.`
      reporter.error('DIRECTIVE_MISPLACED', from.node, message, 'Clean the value in the product that is read.')
    }
    const nested = cleanedInside(field, types, new Set())
    if (nested === null) continue
    const message = `"${shape.name}.${field.name}" comes from a fold, and its type "${nested}" says by @from where its fields are in a record.`
    const fix = `Give it a value type without @from.`
    reporter.error('FIELD_INVALID', field.declaration.node.type, message, fix)
  }
}

export function checkDerivedDirectives(types: ReadonlyMap<string, TypeShape>, reporter: Reporter): void {
  for (const shape of types.values()) {
    if (shape.derived) reportCleaning(shape, types, reporter)
    else reportWithoutFold(shape, reporter)
  }
}
