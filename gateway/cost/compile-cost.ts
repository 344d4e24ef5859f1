// From a planned operation to what it costs: every field of an object type weighs 1 and every leaf nothing unless @cost says otherwise, each as
// often as the lists above it may be long. Fields of one response key count once, and of the types that an object may be the dearest.
import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLOutputType,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'
import type { SelectedOperation } from '../plan/operation.ts'
import { invariant } from '../../platform/errors.ts'
import type { CostRules, FieldCostRule, ListSizeRule } from './cost-rules.ts'
import { createInputCosts, inputTemplate, type InputCosts } from './input-costs.ts'
import {
  costOfField,
  pathInto,
  type FieldCost,
  type InputCost,
  type OperationCost,
  type RequiredSlice,
  type Size,
} from './operation-cost.ts'
import { readSize, requiredSlice } from './list-sizes.ts'

export interface CostContext {
  readonly schema: GraphQLSchema
  readonly rules: CostRules
  /** Elements of a list of which nothing is said. */
  readonly listSize: number
}

interface Compiling extends CostContext {
  readonly selected: SelectedOperation
  /** Of the variables that @skip and @include name. */
  readonly conditions: Readonly<Record<string, unknown>>
  readonly inputs: InputCosts
  readonly slices: RequiredSlice[]
}

type Selections = readonly SelectionSetNode[]

/** A size that the field above gives to lists below it: @listSize(sizedFields:). */
interface Above {
  readonly path: readonly string[]
  readonly sized: ReadonlyMap<string, Size>
}

/** The operation is valid and its plan within its limits: nothing here grows beyond what was planned. */
export function compileCost(
  context: CostContext,
  selected: SelectedOperation,
  conditions: Readonly<Record<string, unknown>>,
): OperationCost {
  const inputs = createInputCosts(context.schema, context.rules)
  const compiling: Compiling = { ...context, selected, conditions, inputs, slices: [] }
  const root = context.schema.getRootType(selected.operation.operation)
  invariant(root, 'a valid operation has a root type')
  const fields = compileFields(compiling, root, [selected.operation.selectionSet], { path: [], sized: new Map() })
  const { slices } = compiling
  if (fields.some(({ kind }) => kind === 'varying')) return { kind: 'varying', fields, slices }
  const total = fields.reduce((sum, field) => sum + costOfField(field, {}, inputs.costOf), 0)
  return {
    kind: 'fixed',
    total: Math.min(total, Number.MAX_SAFE_INTEGER),
    path: pathInto(fields, null, {}, inputs.costOf),
    slices,
  }
}

function compileFields(
  compiling: Compiling,
  type: GraphQLCompositeType,
  selections: Selections,
  above: Above,
): FieldCost[] {
  const costs: FieldCost[] = []
  for (const [key, nodes] of collectFields(compiling, type, selections)) {
    const cost = compileField(compiling, type, { key, nodes }, above)
    if (cost !== null) costs.push(cost)
  }
  return costs
}

interface AskedField {
  readonly key: string
  /** Selected under one response key: they ask the same. */
  readonly nodes: readonly FieldNode[]
}

function compileField(
  compiling: Compiling,
  type: GraphQLCompositeType,
  { key, nodes }: AskedField,
  above: Above,
): FieldCost | null {
  const [node] = nodes
  const field = node && 'getFields' in type ? type.getFields()[node.name.value] : undefined
  // __typename and introspection are answered here: nobody else is asked.
  if (node === undefined || field === undefined) return null
  const rule = ruleOf(compiling, type, field.name)
  const path = [...above.path, key]
  const sized = sizedBy(compiling, { node, field, listSize: rule?.listSize ?? null }, path)
  const named = getNamedType(field.type)
  const below = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const inner = isCompositeType(named)
    ? compileObject(compiling, named, below, { path, sized: sized.fields })
    : NO_FIELDS
  const varying: FieldCost = {
    kind: 'varying',
    key,
    weight: rule?.weight ?? typeWeight(compiling, named.name),
    size: sized.own ?? above.sized.get(field.name) ?? usualSize(compiling, field.type),
    inputs: inputCosts(compiling, field, { node, rule }),
    ...inner,
  }
  return fold(varying, compiling)
}

const NO_FIELDS: Pick<FieldCost & { kind: 'varying' }, 'fields' | 'alternatives'> = { fields: [], alternatives: [] }

/** Where fragments are for some of the types only, each type has its own fields. */
function compileObject(
  compiling: Compiling,
  type: GraphQLCompositeType,
  selections: Selections,
  above: Above,
): typeof NO_FIELDS {
  if (!isAbstractType(type) || !isNarrowed(compiling, type, selections)) {
    return { fields: compileFields(compiling, type, selections, above), alternatives: [] }
  }
  const alternatives = compiling.schema
    .getPossibleTypes(type)
    .map((possible) => compileFields(compiling, possible, selections, above))
    .filter(({ length }) => length > 0)
  return { fields: [], alternatives }
}

/** What no variable decides is one number, and the way to the dearest field in it. Null: it costs nothing. */
function fold(cost: FieldCost & { kind: 'varying' }, { inputs: { costOf } }: Compiling): FieldCost | null {
  const { size, inputs, fields, alternatives } = cost
  const isFixed =
    size.given.every((given) => typeof given === 'number') &&
    inputs.every(({ value }) => value.kind === 'value') &&
    [fields, ...alternatives].every((each) => each.every(({ kind }) => kind === 'fixed'))
  if (!isFixed) return cost
  const total = costOfField(cost, {}, costOf)
  return total === 0 ? null : { kind: 'fixed', total, path: pathInto([cost], null, {}, costOf) }
}

function usualSize({ listSize }: Compiling, type: GraphQLOutputType): Size {
  return { given: [], otherwise: 1, times: listSize ** listLevels(type) }
}

function listLevels(type: GraphQLOutputType): number {
  const nullable = getNullableType(type)
  return isListType(nullable) ? 1 + listLevels(nullable.ofType) : 0
}

interface SizedField {
  readonly node: FieldNode
  readonly field: GraphQLField<unknown, unknown>
  readonly listSize: ListSizeRule | null
}

/** The field's own size, or that of fields below it. */
function sizedBy(
  compiling: Compiling,
  { node, field, listSize }: SizedField,
  path: readonly string[],
): { readonly own: Size | null; readonly fields: ReadonlyMap<string, Size> } {
  if (listSize === null) return { own: null, fields: new Map() }
  const slice = listSize.requireOneSlicingArgument ? requiredSlice(listSize, { node, field, path }) : null
  if (slice !== null) compiling.slices.push(slice)
  const levels = listLevels(field.type)
  const size = readSize(listSize, { node, field, usual: compiling.listSize, innerLevels: Math.max(0, levels - 1) })
  if (listSize.sizedFields.length === 0) return { own: levels === 0 ? null : size, fields: new Map() }
  return { own: null, fields: new Map(listSize.sizedFields.map((name) => [name, size])) }
}

function inputCosts(
  { inputs }: Compiling,
  field: GraphQLField<unknown, unknown>,
  { node, rule }: { readonly node: FieldNode; readonly rule: FieldCostRule | null },
): InputCost[] {
  return (node.arguments ?? []).flatMap(({ name, value }) => {
    const argument = field.args.find((each) => each.name === name.value)
    const weight = rule?.arguments.get(name.value) ?? null
    if (argument === undefined || (weight === null && inputs.isFree(argument.type))) return []
    const named = getNamedType(argument.type)
    return [{ type: named.name, weight, value: inputTemplate(value) }]
  })
}

/** Of an interface's field that has no rule of its own: the dearest that its types have. */
function ruleOf({ rules, schema }: Compiling, type: GraphQLCompositeType, name: string): FieldCostRule | null {
  const own = rules.fields.get(`${type.name}.${name}`)
  if (own !== undefined || !isInterfaceType(type)) return own ?? null
  const found = schema.getPossibleTypes(type).flatMap((possible) => rules.fields.get(`${possible.name}.${name}`) ?? [])
  const [first] = found
  if (first === undefined) return null
  const weights = found.flatMap(({ weight }) => weight ?? [])
  return { ...first, weight: weights.length === 0 ? null : Math.max(...weights) }
}

function typeWeight({ rules, schema }: Compiling, name: string): number {
  const own = rules.types.get(name)
  if (own !== undefined) return own
  const type = schema.getType(name)
  if (isAbstractType(type)) {
    return Math.max(1, ...schema.getPossibleTypes(type).flatMap((possible) => rules.types.get(possible.name) ?? []))
  }
  return isObjectType(type) ? 1 : 0
}

function collectFields(
  compiling: Compiling,
  type: GraphQLCompositeType,
  selections: Selections,
  found: Map<string, FieldNode[]> = new Map(),
): Map<string, FieldNode[]> {
  for (const { selections: each } of selections) {
    for (const selection of each) {
      if (isLeftOut(compiling, selection)) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value
        const known = found.get(key)
        if (known === undefined) found.set(key, [selection])
        else known.push(selection)
      } else {
        const fragment = fragmentOf(compiling, selection)
        if (fragment !== undefined && applies(compiling, fragment.condition, type)) {
          collectFields(compiling, type, [fragment.selectionSet], found)
        }
      }
    }
  }
  return found
}

interface Fragment {
  readonly condition: string | undefined
  readonly selectionSet: SelectionSetNode
}

function fragmentOf({ selected }: Compiling, selection: Exclude<SelectionNode, FieldNode>): Fragment | undefined {
  const node = selection.kind === Kind.INLINE_FRAGMENT ? selection : selected.fragments.get(selection.name.value)
  return node && { condition: node.typeCondition?.name.value, selectionSet: node.selectionSet }
}

function isLeftOut({ conditions }: Compiling, { directives = [] }: SelectionNode): boolean {
  return directives.some(({ name, arguments: given }) => {
    const value = given?.[0]?.value
    const is =
      value?.kind === Kind.BOOLEAN
        ? value.value
        : value?.kind === Kind.VARIABLE && conditions[value.name.value] === true
    return (name.value === 'skip' && is) || (name.value === 'include' && !is)
  })
}

/** Whether every object of the type meets the condition. */
function applies({ schema }: Compiling, condition: string | undefined, type: GraphQLCompositeType): boolean {
  if (condition === undefined || condition === type.name) return true
  const named = schema.getType(condition)
  return isAbstractType(named) && !isAbstractType(type) && schema.isSubType(named, type)
}

/** Whether a fragment is for some of the abstract type's objects only, or could be. */
function isNarrowed(compiling: Compiling, type: GraphQLCompositeType, selections: Selections): boolean {
  return selections.some(({ selections: each }) =>
    each.some((selection) => {
      if (selection.kind === Kind.FIELD) return false
      const fragment = fragmentOf(compiling, selection)
      if (fragment === undefined) return false
      if (!applies(compiling, fragment.condition, type)) return true
      return isNarrowed(compiling, type, [fragment.selectionSet])
    }),
  )
}
