// Turns a validated operation into the documents the planner gets: named fragments inlined, variables and aliases renamed so that they
// collide with nothing of the plan's own, `__typename` asked of every abstract type, introspection and unused variables left out. @skip and
// @include are decided: a plan is for one combination of them, since the planner 0.0.38 loses what conditional fields require.
// A mutation becomes one document per root field, because the spec runs them one after the other, each with all that is below it.
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  print,
  visit,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type InlineFragmentNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
} from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { isIncluded } from '../execute/collect-fields.ts'
import { internalKey } from './internal-key.ts'

export interface PlanningDocuments {
  /** One operation each, to be executed in this order; none where nothing is asked of a subgraph. */
  readonly operations: readonly string[]
  /** Response keys (internal) at the root of each. */
  readonly rootKeys: readonly (readonly string[])[]
  /** Client's variable by its name in the documents. */
  readonly variableNames: ReadonlyMap<string, string>
}

interface Context {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** Client's name to the document's. */
  readonly variables: ReadonlyMap<string, string>
  /** Coerced values, for conditions. */
  readonly values: Readonly<Record<string, unknown>>
  /** Selections written so far. */
  readonly count: { selections: number }
}

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } }

/** Throws PLAN_FAILED where it would be too large. */
export function planningDocuments(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): PlanningDocuments {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const definitions = operation.variableDefinitions ?? []
  const variables = new Map(definitions.map((definition, index) => [definition.variable.name.value, `v${index}`]))
  const context: Context = { schema, fragments, variables, values, count: { selections: 0 } }
  const rootType = schema.getRootType(operation.operation)
  if (!rootType) return { operations: [], rootKeys: [], variableNames: new Map() }
  const roots = splitRoot(expand(operation.selectionSet, rootType, context).selections)
  const groups = operation.operation === 'mutation' ? roots : roots.length === 0 ? [] : [merged(roots)]
  return {
    operations: groups.map((group) => printOperation(operation, definitions, group.selections, context)),
    rootKeys: groups.map((group) => group.keys),
    variableNames: new Map([...variables].map(([client, internal]) => [internal, client])),
  }
}

interface RootGroup {
  readonly keys: readonly string[]
  readonly selections: readonly SelectionNode[]
}

/** Root fields by response key, in order; the fragments around them are kept for their conditions. Meta fields are left out. */
function splitRoot(selections: readonly SelectionNode[]): RootGroup[] {
  const groups = new Map<string, SelectionNode[]>()
  const collect = (inner: readonly SelectionNode[], wrap: (selection: SelectionNode) => SelectionNode): void => {
    for (const selection of inner) {
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value.startsWith('__')) continue
        const key = internalKey(selection.name.value, selection.alias?.value)
        const group = groups.get(key) ?? []
        group.push(wrap(selection))
        groups.set(key, group)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        collect(selection.selectionSet.selections, (field) =>
          wrap({ ...selection, selectionSet: { kind: Kind.SELECTION_SET, selections: [field] } }),
        )
      }
    }
  }
  collect(selections, (selection) => selection)
  // After expansion an alias is already the internal key.
  return [...groups].map(([key, group]) => ({ keys: [keyOf(group[0], key)], selections: group }))
}

function keyOf(selection: SelectionNode | undefined, fallback: string): string {
  let at = selection
  while (at?.kind === Kind.INLINE_FRAGMENT) at = at.selectionSet.selections[0]
  return at?.kind === Kind.FIELD ? (at.alias ?? at.name).value : fallback
}

function merged(groups: readonly RootGroup[]): RootGroup {
  return {
    keys: groups.flatMap((group) => group.keys),
    selections: groups.flatMap((group) => group.selections),
  }
}

function printOperation(
  operation: OperationDefinitionNode,
  definitions: readonly VariableDefinitionNode[],
  selections: readonly SelectionNode[],
  context: Context,
): string {
  const body: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: operation.operation,
    selectionSet: { kind: Kind.SELECTION_SET, selections },
  }
  const used = new Set<string>()
  visit(body, { Variable: (node) => void used.add(node.name.value) })
  const variableDefinitions = definitions.flatMap((definition): VariableDefinitionNode[] => {
    const name = context.variables.get(definition.variable.name.value)
    if (name === undefined || !used.has(name)) return []
    const variable = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } } as const
    return [{ ...definition, variable, directives: [] }]
  })
  return print({ ...body, variableDefinitions })
}

function expand(selectionSet: SelectionSetNode, type: GraphQLCompositeType, context: Context): SelectionSetNode {
  const selections = selectionSet.selections.flatMap((selection): SelectionNode[] => {
    if (++context.count.selections > limits.plannedSelectionsMax) throw tooLarge()
    if (!isIncluded(selection.directives ?? [], context.values)) return []
    if (selection.kind === Kind.FIELD) return [expandField(selection, type, context)]
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? context.fragments.get(selection.name.value) : selection
    if (fragment === undefined) return []
    return expandFragment(fragment, type, context)
  })
  if (isAbstractType(type) && !selections.some(isPlainTypename)) selections.unshift(TYPENAME)
  return { kind: Kind.SELECTION_SET, selections: selections.length === 0 ? [TYPENAME] : selections }
}

function tooLarge(): MeshgateError {
  const message = `The operation becomes more than ${limits.plannedSelectionsMax} selections once its fragments on interfaces and unions are written out for each type. Nest fewer of them, or ask for the types themselves.`
  return new MeshgateError('PLAN_FAILED', message)
}

function isPlainTypename(selection: SelectionNode): boolean {
  return selection.kind === Kind.FIELD && selection.name.value === '__typename' && selection.alias === undefined
}

/**
 * What of a fragment an object of the parent type can meet: nothing, its selections where its condition always holds, else one fragment per
 * concrete type (the planner 0.0.38 fails on some nestings of abstract types).
 */
function expandFragment(
  fragment: FragmentDefinitionNode | InlineFragmentNode,
  parent: GraphQLCompositeType,
  context: Context,
): SelectionNode[] {
  const named = fragment.typeCondition ? context.schema.getType(fragment.typeCondition.name.value) : parent
  const condition = isCompositeType(named) ? named : parent
  const possible = possibleTypes(parent, context)
  const met = possibleTypes(condition, context).filter((type) => possible.includes(type))
  const targets = met.length === possible.length ? [parent] : met
  return targets.flatMap((type): SelectionNode[] => {
    const selectionSet = expand(fragment.selectionSet, type, context)
    if (type === parent) return [...selectionSet.selections]
    const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: type.name } } as const
    return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet }]
  })
}

function possibleTypes(type: GraphQLCompositeType, { schema }: Context): readonly GraphQLObjectType[] {
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [type]
}

function expandField(field: FieldNode, parent: GraphQLCompositeType, context: Context): FieldNode {
  // Every object has its `__typename` under that name, so an alias of it needs no request of its own.
  if (field.name.value === '__typename') return TYPENAME
  const key = internalKey(field.name.value, field.alias?.value)
  const definition = 'getFields' in parent ? parent.getFields()[field.name.value] : undefined
  const type = definition ? getNamedType(definition.type) : undefined
  return {
    kind: Kind.FIELD,
    name: field.name,
    ...(key === field.name.value ? {} : { alias: { kind: Kind.NAME, value: key } as const }),
    arguments: (field.arguments ?? []).map((argument) => renameVariables(argument, context)),
    ...(field.selectionSet && isCompositeType(type) ? { selectionSet: expand(field.selectionSet, type, context) } : {}),
  }
}

function renameVariables<Node extends ArgumentNode>(node: Node, context: Context): Node {
  return visit(node, {
    Variable: (variable) => {
      const name = context.variables.get(variable.name.value) ?? variable.name.value
      return { ...variable, name: { ...variable.name, value: name } }
    },
  })
}
