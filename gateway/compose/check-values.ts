// Whether a literal fits an input type. Custom scalars take anything.
import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  Kind,
  print,
  type GraphQLScalarType,
  type ObjectValueNode,
  type TypeNode,
  type ValueNode,
} from 'graphql'
import type { SubgraphModel, SubgraphType } from './subgraph-model.ts'

const SCALARS: ReadonlyMap<string, GraphQLScalarType> = new Map(
  [GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString].map((scalar) => [scalar.name, scalar]),
)

/** What is wrong with it, in words; null where it fits. */
export function invalidValue(model: SubgraphModel, type: TypeNode, value: ValueNode): string | null {
  if (value.kind === Kind.NULL) return type.kind === Kind.NON_NULL_TYPE ? `null is no ${print(type)}` : null
  if (type.kind === Kind.NON_NULL_TYPE) return invalidValue(model, type.type, value)
  if (type.kind === Kind.LIST_TYPE) {
    const items = value.kind === Kind.LIST ? value.values : [value]
    return items.map((item) => invalidValue(model, type.type, item)).find((wrong) => wrong !== null) ?? null
  }
  const wrong = `${print(value)} is no ${type.name.value}`
  const scalar = SCALARS.get(type.name.value)
  if (scalar !== undefined) return isScalar(scalar, value) ? null : wrong
  const named = model.types.get(type.name.value)
  if (named?.kind === 'enum') return value.kind === Kind.ENUM && named.values.has(value.value) ? null : wrong
  if (named?.kind !== 'input') return null
  return value.kind === Kind.OBJECT ? invalidObject(model, named, value) : wrong
}

function isScalar(scalar: GraphQLScalarType, value: ValueNode): boolean {
  try {
    scalar.parseLiteral(value)
    return true
  } catch {
    return false
  }
}

function invalidObject(model: SubgraphModel, type: SubgraphType, value: ObjectValueNode): string | null {
  const given = new Map(value.fields.map((field) => [field.name.value, field.value]))
  for (const { name, type: fieldType, defaultValue } of type.inputFields) {
    const fieldValue = given.get(name.value)
    given.delete(name.value)
    const wrong = fieldValue === undefined ? null : invalidValue(model, fieldType, fieldValue)
    if (wrong !== null) return `${type.name}.${name.value}: ${wrong}`
    if (fieldValue === undefined && fieldType.kind === Kind.NON_NULL_TYPE && defaultValue === undefined) {
      return `${type.name}.${name.value} is missing`
    }
  }
  const [unknown] = given.keys()
  return unknown === undefined ? null : `${type.name} has no field ${unknown}`
}
