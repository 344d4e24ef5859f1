// `__resolveReference`: an entity by one of its keys. Representations come unparsed from outside: keys are checked and brought into row
// form here. Another product's entity resolves from its key alone, without a read.
import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString, type GraphQLScalarType } from 'graphql'
import type { Entity, Field } from '../../schema/model.ts'
import type { Row, Value } from '../../schema/row.ts'
import { tableRow } from '../../schema/emit/table-rows.ts'
import { invariant } from '../../platform/errors.ts'
import { argumentError } from './argument-error.ts'
import type { RequestContext } from './request-context.ts'
import { rowScalars } from './row-scalars.ts'
import type { ServedProduct, ServedTable } from './served-product.ts'

/** Never throws: a bad representation costs its own entity and not the whole list. What is at hand comes at once. */
export type ReferenceResolver = (
  representation: Readonly<Record<string, unknown>>,
  context: RequestContext,
) => Row | Promise<Row | null>

const builtInScalars: Readonly<Record<string, GraphQLScalarType>> = {
  ID: GraphQLID,
  String: GraphQLString,
  Int: GraphQLInt,
  Float: GraphQLFloat,
  Boolean: GraphQLBoolean,
}

interface KeyField {
  readonly name: string
  parse(value: unknown): Value
}

interface EntityKey {
  readonly fields: readonly KeyField[]
  /** The table that has exactly this key; null for an entity of another product. */
  readonly table: ServedTable | null
}

function keyField(served: ServedProduct, entity: Entity, field: Field): KeyField {
  invariant(field.kind === 'stored' || field.kind === 'computed', `${entity.name}.${field.name} holds no value`)
  const { name, type } = field
  const where = `${entity.name}.${name}`
  if (type.kind === 'enum') {
    const values = new Set(
      served.product.enums.find((each) => each.name === type.name)?.values.map((each) => each.name),
    )
    return {
      name,
      parse(value) {
        if (typeof value === 'string' && values.has(value)) return value
        throw argumentError(`${where} of a representation is ${JSON.stringify(value)}, no value of ${type.name}`)
      },
    }
  }
  invariant(type.kind === 'scalar', `${where} is no scalar`)
  const scalar = builtInScalars[type.scalar] ?? rowScalars[type.scalar]
  invariant(scalar !== undefined, `no scalar ${type.scalar}`)
  return {
    name,
    parse(value) {
      try {
        return scalar.parseValue(value) as Value
      } catch {
        throw argumentError(`${where} of a representation is ${JSON.stringify(value)}, no ${type.scalar}`)
      }
    },
  }
}

/** The table whose rows the fields tell apart: its key is made of them, buckets included. */
function tableOfKey(served: ServedProduct, entity: Entity, names: readonly string[]): ServedTable | null {
  const wanted = new Set(names)
  const table = entity.tables.find((each) => {
    const columns = new Set([
      ...each.partitionKey.map((part) => part.field),
      ...each.clusteringKey.map((part) => part.field),
    ])
    return columns.size === wanted.size && [...columns].every((column) => wanted.has(column))
  })
  return table === undefined ? null : served.table(table.name)
}

function entityKeys(served: ServedProduct, entity: Entity): readonly EntityKey[] {
  const fields = new Map(entity.fields.map((field) => [field.name, field]))
  return entity.keys.flatMap((key) => {
    // Nested keys ("a { b }") can't be columns of a key; the compiler has said so.
    const names = key.fields.split(/[\s,]+/).filter((name) => name !== '')
    const known = names.flatMap((name) => fields.get(name) ?? [])
    if (!key.resolvable || known.length !== names.length) return []
    const table = tableOfKey(served, entity, names)
    if (table === null && entity.source !== null) return []
    return [{ fields: known.map((field) => keyField(served, entity, field)), table }]
  })
}

export function referenceResolverOf(served: ServedProduct, entity: Entity): ReferenceResolver {
  const keys = entityKeys(served, entity)
  const resolve: ReferenceResolver = (representation, context) => {
    const key = keys.find((each) => each.fields.every(({ name }) => (representation[name] ?? null) !== null))
    if (key === undefined) {
      const wanted = keys.map((each) => each.fields.map((field) => field.name).join(' ')).join('" or "')
      throw argumentError(`A representation of ${entity.name} needs the key "${wanted}"`)
    }
    const row = Object.fromEntries(key.fields.map((field) => [field.name, field.parse(representation[field.name])]))
    return key.table === null ? row : context.reads.get(key.table, tableRow(entity, key.table.table, row))
  }
  return (representation, context) => {
    try {
      return resolve(representation, context)
    } catch (error) {
      return Promise.reject(error)
    }
  }
}
