// The spec's CollectFields, at compile time: which fields of a selection set an object of one type answers, in order. @skip and @include
// are decided here too: an operation is compiled once per combination of the variables they name, which also keeps the order exact.
import {
  isAbstractType,
  Kind,
  type DirectiveNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'

export interface CollectContext {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** Coerced, by the client's names. Only those that conditions name are read. */
  readonly variables: Readonly<Record<string, unknown>>
}

/** By response key, in the order of the response. */
export function collectFields(
  selectionSets: readonly SelectionSetNode[],
  type: GraphQLObjectType,
  context: CollectContext,
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  for (const selectionSet of selectionSets) collect(selectionSet, { type, context, fields, visited })
  return fields
}

interface Collecting {
  readonly type: GraphQLObjectType
  readonly context: CollectContext
  readonly fields: Map<string, FieldNode[]>
  readonly visited: Set<string>
}

function collect(selectionSet: SelectionSetNode, collecting: Collecting): void {
  const { context, fields, visited } = collecting
  for (const selection of selectionSet.selections) {
    if (!isIncluded(selection.directives ?? [], context.variables)) continue
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value
      const nodes = fields.get(key)
      if (nodes === undefined) fields.set(key, [selection])
      else nodes.push(selection)
      continue
    }
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      if (visited.has(selection.name.value)) continue
      visited.add(selection.name.value)
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? context.fragments.get(selection.name.value) : selection
    if (fragment === undefined) continue
    const condition = fragment.typeCondition?.name.value
    if (condition === undefined || applies(condition, collecting)) collect(fragment.selectionSet, collecting)
  }
}

function applies(condition: string, { type, context }: Collecting): boolean {
  if (condition === type.name) return true
  const named = context.schema.getType(condition)
  return isAbstractType(named) && context.schema.isSubType(named, type)
}

/** What @skip and @include say, by the values of their variables. */
export function isIncluded(directives: readonly DirectiveNode[], variables: CollectContext['variables']): boolean {
  return directives.every((directive) => {
    const name = directive.name.value
    if (name !== 'skip' && name !== 'include') return true
    const value = directive.arguments?.[0]?.value
    const decided =
      value?.kind === Kind.BOOLEAN ? value.value : value?.kind === Kind.VARIABLE && variables[value.name.value] === true
    return decided === (name === 'include')
  })
}
