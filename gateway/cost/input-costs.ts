// What values of arguments cost: input objects 1 and scalars nothing, unless @cost says otherwise; a list what its elements cost.
import {
  getNamedType,
  isInputObjectType,
  Kind,
  valueFromASTUntyped,
  type GraphQLInputType,
  type GraphQLSchema,
  type ValueNode,
} from 'graphql'
import type { CostRules } from './cost-rules.ts'
import type { InputTemplate } from './operation-cost.ts'

export interface InputCosts {
  /** Whether a value of the type can cost anything. */
  readonly isFree: (type: GraphQLInputType) => boolean
  /** `weight` is the argument's own. */
  readonly costOf: (typeName: string, weight: number | null, value: unknown) => number
}

export function createInputCosts(schema: GraphQLSchema, rules: CostRules): InputCosts {
  const costOf: InputCosts['costOf'] = (typeName, weight, value) => {
    if (value === null || value === undefined) return 0
    if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + costOf(typeName, weight, item), 0)
    const type = schema.getType(typeName)
    const own = weight ?? rules.types.get(typeName) ?? (isInputObjectType(type) ? 1 : 0)
    if (!isInputObjectType(type) || typeof value !== 'object') return own
    const fields = type.getFields()
    return Object.entries(value).reduce((sum, [name, inner]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (field === undefined) return sum
      const fieldWeight = rules.inputs.get(`${typeName}.${name}`) ?? null
      return sum + costOf(getNamedType(field.type).name, fieldWeight, inner)
    }, own)
  }
  return {
    costOf,
    isFree: (type) => {
      const named = getNamedType(type)
      return !isInputObjectType(named) && !rules.types.has(named.name)
    },
  }
}

export function inputTemplate(value: ValueNode): InputTemplate {
  if (!hasVariables(value)) return { kind: 'value', value: valueFromASTUntyped(value) }
  switch (value.kind) {
    case Kind.VARIABLE:
      return { kind: 'variable', name: value.name.value }
    case Kind.LIST:
      return { kind: 'list', items: value.values.map(inputTemplate) }
    case Kind.OBJECT:
      return { kind: 'object', fields: value.fields.map((field) => [field.name.value, inputTemplate(field.value)]) }
    default:
      return { kind: 'value', value: valueFromASTUntyped(value) }
  }
}

function hasVariables(value: ValueNode): boolean {
  if (value.kind === Kind.VARIABLE) return true
  if (value.kind === Kind.LIST) return value.values.some(hasVariables)
  return value.kind === Kind.OBJECT && value.fields.some((field) => hasVariables(field.value))
}
