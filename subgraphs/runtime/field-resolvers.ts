// How a field of an entity or nested value gets its value from a row: its own cell, a reference to another entity, or a page.
import type { GraphQLFieldResolver } from 'graphql'
import type { Field, PageField, ReferenceField } from '../../schema/model.ts'
import type { Row, Value } from '../../schema/row.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { readConnection, type PageArguments } from './connection.ts'
import { pageList } from './operation-list.ts'
import type { RequestContext } from './request-context.ts'
import { baseTable, cellOf, type ServedProduct } from './served-product.ts'

export type RowResolver = GraphQLFieldResolver<Row, RequestContext>

/** A cell; of an event's row, what the change did not write is as it is now. */
function currentCell(row: Row, column: string, context: RequestContext): Value | Promise<Value> {
  const { event } = context
  if (event === null || event.row !== row || Object.hasOwn(row, column)) return cellOf(row, column)
  return event.current().then((current) => (current === null ? null : cellOf(current, column)))
}

function cellResolver(type: string, name: string, nullable: boolean): RowResolver {
  const checked = (value: Value): Value => {
    if (value === null && !nullable) {
      throw new MeshgateError('ROW_INCOMPLETE', `A row of ${type} has no value for "${name}", which may not be null`)
    }
    return value
  }
  return (row, _args, context) => {
    const value = currentCell(row, name, context)
    return value instanceof Promise ? value.then(checked) : checked(value)
  }
}

function areThere(values: readonly (Value | Promise<Value>)[]): values is readonly Value[] {
  return !values.some((value) => value instanceof Promise)
}

function referenceResolver(served: ServedProduct, type: string, field: ReferenceField): RowResolver {
  const entity = served.entity(field.entity)
  const missing = (): null => {
    if (field.nullable) return null
    const message = `A row of ${type} refers to a ${field.entity} that does not exist, and "${field.name}" may not be null`
    throw new MeshgateError('ROW_INCOMPLETE', message)
  }
  const refer = (values: readonly Value[], context: RequestContext): Row | null | Promise<Row | null> => {
    const key: Record<string, Value> = {}
    for (const [index, { entityField }] of field.keyFields.entries()) {
      const value = values[index] ?? null
      if (value === null) return missing()
      key[entityField] = value
    }
    // Another product's entity is its key: who owns it resolves the rest.
    if (entity.source === null) return key
    return context.reads.get(baseTable(served, entity), key).then((found) => found ?? missing())
  }
  const columns = field.keyFields.map(({ localField }) => localField)
  return (row, _args, context) => {
    const values = columns.map((column) => currentCell(row, column, context))
    if (areThere(values)) return refer(values, context)
    return Promise.all(values.map(async (value) => value)).then((each) => refer(each, context))
  }
}

function pageResolver(served: ServedProduct, { page }: PageField): RowResolver {
  const parentFields = page.bindings.flatMap(({ binding }) => (binding.from === 'parent' ? [binding.field] : []))
  return async (row, args: PageArguments & Record<string, Value>, context) => {
    const parent: Record<string, Value> = {}
    for (const field of parentFields) parent[field] = await currentCell(row, field, context)
    return readConnection(served, pageList(served, page, args, parent), args)
  }
}

export function fieldResolver(served: ServedProduct, type: string, field: Field): RowResolver {
  switch (field.kind) {
    case 'stored':
    case 'computed':
      return cellResolver(type, field.name, field.nullable)
    case 'reference':
      return referenceResolver(served, type, field)
    case 'page':
      return pageResolver(served, field)
  }
}
