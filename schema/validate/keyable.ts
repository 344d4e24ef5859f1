// Which fields can be part of a key: an entity's, a partition's or a clustering key.
import type { ASTNode } from 'graphql'
import type { FieldType } from '../model.ts'
import type { Reporter } from '../parse/reporter.ts'
import { type FieldShape, shapeTypeText } from './shapes.ts'

const UNKEYABLE_SCALARS = new Set(['Float', 'Boolean', 'JSON'])

export const isKeyableType = (type: FieldType): boolean =>
  type.kind === 'enum' || (type.kind === 'scalar' && !UNKEYABLE_SCALARS.has(type.scalar))

/** Reports why the field cannot be part of a key; true where it can. */
export function checkKeyable(field: FieldShape, by: string, at: ASTNode, reporter: Reporter): boolean {
  const { type, declaration } = field
  if (type === null) return false
  const name = `"${declaration.owner}.${field.name}"`
  if (!isKeyableType(type)) {
    const nested = type.kind === 'list' || type.kind === 'object'
    const message = `${by} has ${name}, whose type ${shapeTypeText(type)} cannot be part of a key.`
    const fix = nested
      ? 'Use a field with a single value.'
      : 'Use an ID, String, Int, BigInt, Decimal, DateTime, Date, UUID or enum.'
    reporter.error('KEY_FIELD_TYPE', at, message, fix)
    return false
  }
  if (field.nullable) {
    // At the field and in the same words for every key it is in: one change mends them all.
    const message = `${name} is part of a key and nullable.`
    reporter.error(
      'KEY_FIELD_TYPE',
      declaration.node.type,
      message,
      `Declare it "${field.name}: ${shapeTypeText(type)}!"; if it may be missing, find rows by @table(index:) instead.`,
    )
    return false
  }
  return true
}
