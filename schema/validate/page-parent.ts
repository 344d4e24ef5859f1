// Which columns an entity's page fills from the entity itself: by the @ref that points at it, or by @page(key:).
import type { Table } from '../model.ts'
import { argumentPlace, itemPlace, optionalTextsOf } from '../parse/directive-values.ts'
import type { EntityKeys } from './entity-keys.ts'
import { type Operation, type OperationContext, operationName } from './operation-context.ts'
import { findValueField, sameType, shapeTypeText, type TypeShape } from './shapes.ts'

export interface ParentColumn {
  readonly column: string
  /** Key field of the parent. */
  readonly field: string
}

export interface PageParent {
  readonly shape: TypeShape
  readonly keys: EntityKeys
}

function byNamedColumns(
  operation: Operation,
  parent: PageParent,
  columns: readonly string[],
  context: OperationContext,
): readonly ParentColumn[] | null {
  const { directive, field, entity } = operation
  const { reporter } = context.shapes
  const key = parent.keys.primary
  if (key === null) return null
  if (columns.length !== key.length) {
    const message = `@page(key:) of ${operationName(field)} names ${columns.length} columns, and the key of "${parent.shape.name}" has ${key.length}: ${key.join(' ')}.`
    reporter.error(
      'OPERATION_INVALID',
      argumentPlace(directive, 'key'),
      message,
      'Name one column for each field of the key, in order.',
    )
    return null
  }
  let whole = true
  const pairs = columns.map((column, index): ParentColumn => {
    const at = itemPlace(directive, 'key', index)
    const target = findValueField({ shape: entity.shape, name: column, at, by: '@page(key:)' }, reporter)
    const keyField = key[index] ?? ''
    const type = parent.shape.fields.get(keyField)?.type ?? null
    if (target === null || type === null) whole = false
    else if (!sameType(target.type, type)) {
      whole = false
      const message = `"${entity.shape.name}.${column}" is of type ${shapeTypeText(target.type)}, and the key "${parent.shape.name}.${keyField}" of type ${shapeTypeText(type)}.`
      reporter.error('OPERATION_INVALID', at, message, `Name a column of type ${shapeTypeText(type)}.`)
    }
    return { column, field: keyField }
  })
  return whole ? pairs : null
}

/** Null, and reported unless a reference is broken, where nothing or several things say which rows are the entity's. */
export function compilePageParent(
  operation: Operation,
  parent: PageParent,
  table: Table | null,
  context: OperationContext,
): readonly ParentColumn[] | null {
  const { directive, field, entity } = operation
  const { reporter } = context.shapes
  const named = optionalTextsOf(directive, 'key')
  if (named !== null) return byNamedColumns(operation, parent, named, context)
  const pointing = [...entity.shape.fields.values()].filter(
    (one) => one.role === 'reference' && one.target === parent.shape.name,
  )
  const compiled = pointing.map((reference) => ({ reference, pairs: context.references.get(reference) ?? null }))
  if (compiled.some((one) => one.pairs === null) || parent.keys.primary === null) return null
  const columns = compiled.map(({ reference, pairs }) => ({
    reference,
    pairs: (pairs ?? []).map((pair): ParentColumn => ({ column: pair.localField, field: pair.entityField })),
  }))
  if (columns.length === 0) {
    if ([...entity.shape.fields.values()].some((one) => one.role === 'unknown')) return null
    const partition = table?.partitionKey.filter((part) => part.bucket === null).map((part) => `"${part.column}"`) ?? []
    const key = partition.length === parent.keys.primary.length ? partition.join(', ') : '"..."'
    const message = `Nothing says which rows of "${entity.shape.name}" are a "${parent.shape.name}"'s, for ${operationName(field)}.`
    const fix = `Add key: [${key}] to @page, or give "${entity.shape.name}" a field of type ${parent.shape.name} with @ref.`
    reporter.error('OPERATION_INVALID', directive.node, message, fix)
    return null
  }
  const served = (pairs: readonly ParentColumn[]) =>
    table !== null &&
    (pairs.every((pair) => table.partitionKey.some((part) => part.column === pair.column)) ||
      (pairs.length === 1 && pairs.every((pair) => table.indexes.includes(pair.column))))
  const fitting = columns.filter((one) => served(one.pairs))
  const candidates = fitting.length > 0 ? fitting : columns
  const [only, second] = candidates
  if (only === undefined || second === undefined) return only?.pairs ?? null
  const names = candidates.map((one) => one.reference.name).join(' and ')
  const key = only.pairs.map((pair) => `"${pair.column}"`).join(', ')
  const message = `"${entity.shape.name}" refers to "${parent.shape.name}" by ${names}; ${operationName(field)} could mean each.`
  reporter.error('OPERATION_INVALID', directive.node, message, `Say which by key, e.g. key: [${key}].`)
  return null
}
