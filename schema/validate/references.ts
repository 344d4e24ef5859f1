// @ref: another entity by the key that sibling fields hold.
import type { ReferenceField } from '../model.ts'
import { argumentPlace, textOf, wholeDirective } from '../parse/directive-values.ts'
import type { EntityKeys } from './entity-keys.ts'
import { type FieldShape, findValueField, sameType, type Shapes, shapeTypeText, type TypeShape } from './shapes.ts'

type KeyFields = ReferenceField['keyFields']

interface Reference {
  readonly shape: TypeShape
  readonly field: FieldShape
  readonly target: TypeShape
  readonly key: readonly string[]
}

function suggestKey(reference: Reference): string {
  const { target, key } = reference
  const prefix = `${target.name.charAt(0).toLowerCase()}${target.name.slice(1)}`
  const names = key.map((field) => `${prefix}${field.charAt(0).toUpperCase()}${field.slice(1)}`)
  return names.join(' ')
}

function checkPart(reference: Reference, entityField: string, localField: string, shapes: Shapes): boolean {
  const { shape, field, target } = reference
  const directive = wholeDirective(field.declaration.directives, 'ref')
  if (directive === null) return false
  const at = argumentPlace(directive, 'key')
  const { reporter } = shapes
  const wanted = target.fields.get(entityField)?.type ?? null
  const mark = field.nullable ? '' : '!'
  const type = wanted === null ? 'ID' : shapeTypeText(wanted)
  const whereNothingIsNear = `Name the field that holds the key, or add "${localField}: ${type}${mark}" to "${shape.name}".`
  const local = findValueField({ shape, name: localField, at, by: '@ref(key:)', whereNothingIsNear }, reporter)
  if (local === null || wanted === null) return false
  if (!sameType(local.type, wanted)) {
    const message = `"${shape.name}.${localField}" is of type ${shapeTypeText(local.type)}, and the key "${target.name}.${entityField}" of type ${shapeTypeText(wanted)}.`
    reporter.error(
      'REFERENCE_INVALID',
      at,
      message,
      `Declare "${localField}: ${shapeTypeText(wanted)}${local.nullable ? '' : '!'}".`,
    )
    return false
  }
  if (local.nullable && !field.nullable) {
    const message = `"${shape.name}.${field.name}" is never null, but "${localField}", which holds its key, may be.`
    const fix = `Declare "${field.name}: ${target.name}" or "${localField}: ${shapeTypeText(wanted)}!".`
    reporter.error('REFERENCE_INVALID', field.declaration.node.name, message, fix)
    return false
  }
  return true
}

function compileReference(reference: Reference, shapes: Shapes): KeyFields | null {
  const { shape, field, target, key } = reference
  const directive = wholeDirective(field.declaration.directives, 'ref')
  if (directive === null) return null
  const locals = textOf(directive, 'key')
    .split(/[\s,]+/)
    .filter((name) => name !== '')
  if (locals.length !== key.length) {
    const message = `@ref(key:) of "${shape.name}.${field.name}" names ${locals.length} fields, and the key of "${target.name}" has ${key.length}: ${key.join(' ')}.`
    const at = argumentPlace(directive, 'key')
    shapes.reporter.error(
      'REFERENCE_INVALID',
      at,
      message,
      `Name the fields that hold it, in order, e.g. "${suggestKey(reference)}".`,
    )
    return null
  }
  const pairs = key.map((entityField, index) => ({ entityField, localField: locals[index] ?? '' }))
  const whole = pairs.map((pair) => checkPart(reference, pair.entityField, pair.localField, shapes))
  return whole.every(Boolean) ? pairs : null
}

/** Key fields of every reference, by its declaration's place in the shapes; a wrong one is missing. */
export function compileReferences(
  shapes: Shapes,
  keys: ReadonlyMap<string, EntityKeys>,
): ReadonlyMap<FieldShape, KeyFields> {
  const result = new Map<FieldShape, KeyFields>()
  for (const shape of shapes.types.values()) {
    for (const field of shape.fields.values()) {
      if (field.role !== 'reference' || field.target === null) continue
      const target = shapes.types.get(field.target)
      const key = keys.get(field.target)?.primary ?? null
      if (target === undefined || key === null) continue
      const pairs = compileReference({ shape, field, target, key }, shapes)
      if (pairs !== null) result.set(field, pairs)
    }
  }
  return result
}
