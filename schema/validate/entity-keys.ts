// The keys of entities: @key as Federation has it, each a list of fields with values of their own.
import { argumentPlace, directiveOf, directivesOf, flagOf, textOf, wholeDirective } from '../parse/directive-values.ts'
import type { Directive } from '../parse/read-directives.ts'
import type { Reporter } from '../parse/reporter.ts'
import { checkKeyable } from './keyable.ts'
import { type FieldShape, findValueField, type Shapes, type TypeShape } from './shapes.ts'

export interface EntityKey {
  readonly fields: readonly string[]
  readonly text: string
  readonly resolvable: boolean
  readonly directive: Directive
}

export interface EntityKeys {
  /** Fields of the first key; null where it is unknown. */
  readonly primary: readonly string[] | null
  readonly keys: readonly EntityKey[]
}

function compileKey(shape: TypeShape, directive: Directive, reporter: Reporter): EntityKey | null {
  const text = textOf(directive, 'fields').trim()
  const at = argumentPlace(directive, 'fields')
  if (/[^\w\s,]/.test(text)) {
    const message = `The key "${text}" of "${shape.name}" is not a list of fields.`
    reporter.error(
      'KEY_INVALID',
      at,
      message,
      'Write names of fields of the type, separated by spaces: a key holds no nested fields.',
    )
    return null
  }
  const fields = text.split(/[\s,]+/).filter((name) => name !== '')
  if (fields.length === 0) {
    reporter.error('KEY_INVALID', at, `The key of "${shape.name}" is empty.`, 'Write the name of a field, e.g. "id".')
    return null
  }
  const repeated = fields.find((name, index) => fields.indexOf(name) !== index)
  if (repeated !== undefined) {
    reporter.error('KEY_INVALID', at, `The key of "${shape.name}" names "${repeated}" twice.`, 'Name it once.')
    return null
  }
  let whole = true
  for (const name of fields) {
    const by = `@key(fields:)`
    const field = findValueField({ shape, name, at, by }, reporter)
    if (field === null || !checkKeyable(field, by, at, reporter)) whole = false
  }
  return whole ? { fields, text: fields.join(' '), resolvable: flagOf(directive, 'resolvable'), directive } : null
}

/** What this product knows beside a row of another: a row of its own, found by the key that both have. */
function checkForeignReference(
  shape: TypeShape,
  field: FieldShape,
  keys: readonly EntityKey[],
  { types, reporter }: Shapes,
): void {
  const directive = wholeDirective(field.declaration.directives, 'ref')
  if (directive === null || field.target === null) return
  const name = `"${shape.name}.${field.name}"`
  const locals = textOf(directive, 'key')
    .split(/[\s,]+/)
    .filter((local) => local !== '')
  // The entity comes by any of its keys, and then has no other fields.
  const unknown = locals.find((local) => !keys.every((key) => key.fields.includes(local)))
  if (unknown !== undefined) {
    const message = `${name} refers by "${unknown}", and of "${shape.name}", another product's, only the key is known here.`
    const fix =
      keys.length > 1
        ? `Refer by fields that every @key of "${shape.name}" has, or keep one @key.`
        : `Refer by ${(keys[0]?.fields ?? []).map((one) => `"${one}"`).join(' and ')}.`
    reporter.error('REFERENCE_INVALID', argumentPlace(directive, 'key'), message, fix)
  } else if (types.get(field.target)?.owned !== true) {
    const message = `${name} refers to "${field.target}", and both are entities of other products.`
    const fix = 'Refer to an entity of this product, or leave the reference to its owner.'
    reporter.error('REFERENCE_INVALID', field.declaration.node.name, message, fix)
  } else if (!field.nullable) {
    const message = `${name} is never null, and a "${shape.name}" may be without a "${field.target}".`
    const fix = `Declare it "${field.name}: ${field.target}".`
    reporter.error('REFERENCE_INVALID', field.declaration.node.type, message, fix)
  }
}

function reportForeignFields(shape: TypeShape, keys: readonly EntityKey[], shapes: Shapes): void {
  const { reporter } = shapes
  const keyFields = new Set(keys.flatMap((key) => key.fields))
  for (const field of shape.fields.values()) {
    if (field.role === 'page' || field.role === 'unknown') continue
    const name = `"${shape.name}.${field.name}"`
    if (field.role === 'reference') {
      checkForeignReference(shape, field, keys, shapes)
      continue
    }
    if (!keyFields.has(field.name)) {
      const message = `${name} belongs to an entity of another product, which has its values.`
      const fix = 'Remove the field (its owner serves it); or add @source and @table if this product owns the entity.'
      reporter.error('FIELD_INVALID', field.declaration.node.name, message, fix)
      continue
    }
    for (const directive of field.declaration.directives) {
      if (directive.passed !== null) continue
      const message = `@${directive.name} on ${name} says nothing: the entity belongs to another product.`
      reporter.error('DIRECTIVE_MISPLACED', directive.node, message, 'Remove it; the owner declares it.')
    }
  }
}

export function compileKeys(shapes: Shapes): ReadonlyMap<string, EntityKeys> {
  const { reporter } = shapes
  const result = new Map<string, EntityKeys>()
  for (const shape of shapes.types.values()) {
    if (shape.role !== 'entity') continue
    const written = directivesOf(shape.declaration.directives, 'key')
    const compiled = written.map((directive) => compileKey(shape, directive, reporter))
    const keys = compiled.filter((key) => key !== null)
    const first = directiveOf(shape.declaration.directives, 'key')
    const primary = first === null || first.broken ? null : (compiled[0]?.fields ?? null)
    result.set(shape.name, { primary, keys })
    const allKnown =
      first !== null && keys.length === shape.declaration.directives.filter((one) => one.name === 'key').length
    if (!shape.owned && allKnown) reportForeignFields(shape, keys, shapes)
  }
  return result
}
