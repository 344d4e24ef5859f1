// What a supergraph says of costs: @cost and @listSize of the GraphQL cost directives (IBM's draft), as Federation 2.9 composes them, by whatever
// names the supergraph has for them. Plain data, looked up by coordinate.
import { Kind, type DocumentNode, type FieldDefinitionNode } from 'graphql'
import { appliedDirectives, type DirectiveValues, type WithDirectives } from '../supergraph/directive-values.ts'
import { directiveName, findFeature, type LinkedFeature } from '../supergraph/linked-features.ts'

export interface ListSizeRule {
  readonly assumedSize: number | null
  readonly slicingArguments: readonly string[]
  /** Empty: the field itself is the list. */
  readonly sizedFields: readonly string[]
  readonly requireOneSlicingArgument: boolean
}

export interface FieldCostRule {
  /** Null: its type's. */
  readonly weight: number | null
  readonly listSize: ListSizeRule | null
  /** Of arguments by name, as far as they have one. */
  readonly arguments: ReadonlyMap<string, number>
}

export interface CostRules {
  /** Weights of types by name: objects, scalars, enums. */
  readonly types: ReadonlyMap<string, number>
  /** By `Type.field`. */
  readonly fields: ReadonlyMap<string, FieldCostRule>
  /** Weights of input fields by `Type.field`. */
  readonly inputs: ReadonlyMap<string, number>
}

const NONE: CostRules = { types: new Map(), fields: new Map(), inputs: new Map() }

interface Names {
  readonly cost: readonly string[]
  readonly listSize: readonly string[]
}

export function readCostRules(supergraph: DocumentNode, features: readonly LinkedFeature[]): CostRules {
  if (findFeature(features, 'cost') === null) return NONE
  const names: Names = {
    cost: [directiveName(features, 'cost', 'cost') ?? 'cost'],
    // Compositions print it without prefix and import.
    listSize: [directiveName(features, 'cost', 'listSize') ?? 'listSize', 'listSize'],
  }
  const types = new Map<string, number>()
  const fields = new Map<string, FieldCostRule>()
  const inputs = new Map<string, number>()
  for (const node of supergraph.definitions) {
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION:
        setWeight(types, node.name.value, weightOf(node, names))
        for (const field of node.fields ?? []) {
          const rule = readField(field, names)
          if (rule !== null) fields.set(`${node.name.value}.${field.name.value}`, rule)
        }
        break
      case Kind.SCALAR_TYPE_DEFINITION:
      case Kind.ENUM_TYPE_DEFINITION:
        setWeight(types, node.name.value, weightOf(node, names))
        break
      case Kind.INPUT_OBJECT_TYPE_DEFINITION:
        for (const field of node.fields ?? []) {
          setWeight(inputs, `${node.name.value}.${field.name.value}`, weightOf(field, names))
        }
        break
      default:
    }
  }
  return { types, fields, inputs }
}

function readField(field: FieldDefinitionNode, names: Names): FieldCostRule | null {
  const weight = weightOf(field, names)
  const [listSize] = names.listSize.flatMap((name) => appliedDirectives(field, name))
  const weights = new Map<string, number>()
  for (const argument of field.arguments ?? []) setWeight(weights, argument.name.value, weightOf(argument, names))
  if (weight === null && listSize === undefined && weights.size === 0) return null
  return { weight, listSize: listSize === undefined ? null : readListSize(listSize), arguments: weights }
}

function readListSize(values: DirectiveValues): ListSizeRule {
  return {
    assumedSize: numberIn(values['assumedSize']),
    slicingArguments: textsIn(values['slicingArguments']),
    sizedFields: textsIn(values['sizedFields']),
    requireOneSlicingArgument: values['requireOneSlicingArgument'] !== false,
  }
}

/** IBM's draft writes it as text, Federation as a number. Where subgraphs differ composition keeps the greatest. */
function weightOf(node: WithDirectives, { cost }: Names): number | null {
  const [applied] = cost.flatMap((name) => appliedDirectives(node, name))
  return applied === undefined ? null : numberIn(applied['weight'])
}

function setWeight(weights: Map<string, number>, name: string, weight: number | null): void {
  if (weight !== null) weights.set(name, weight)
}

function numberIn(value: unknown): number | null {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return Number.isFinite(number) ? number : null
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []
}
