// The spec's CollectFields, at compile time: which fields of a selection set an object of one type answers, in order, each with the
// conditions (@skip, @include) under which each of its occurrences counts.
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

/** All must hold. Variables by the client's names. */
export type Conditions = readonly { readonly variable: string; readonly expected: boolean }[]

export interface Occurrence {
  readonly node: FieldNode
  readonly conditions: Conditions
}

export interface Selected {
  readonly selectionSet: SelectionSetNode
  readonly conditions: Conditions
}

export interface CollectContext {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

/** By response key, in the order of the response. */
export function collectFields(
  selected: readonly Selected[],
  type: GraphQLObjectType,
  context: CollectContext,
): Map<string, Occurrence[]> {
  const fields = new Map<string, Occurrence[]>()
  for (const { selectionSet, conditions } of selected) collect(selectionSet, conditions, { type, context, fields })
  return fields
}

interface Collecting {
  readonly type: GraphQLObjectType
  readonly context: CollectContext
  readonly fields: Map<string, Occurrence[]>
}

function collect(selectionSet: SelectionSetNode, outer: Conditions, collecting: Collecting): void {
  for (const selection of selectionSet.selections) {
    const conditions = withConditions(outer, selection.directives ?? [])
    if (conditions === 'never') continue
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value
      const occurrences = collecting.fields.get(key) ?? []
      occurrences.push({ node: selection, conditions })
      collecting.fields.set(key, occurrences)
      continue
    }
    const fragment =
      selection.kind === Kind.FRAGMENT_SPREAD ? collecting.context.fragments.get(selection.name.value) : selection
    if (fragment === undefined) continue
    const condition = fragment.typeCondition?.name.value
    if (condition === undefined || applies(condition, collecting))
      collect(fragment.selectionSet, conditions, collecting)
  }
}

function applies(condition: string, { type, context }: Collecting): boolean {
  if (condition === type.name) return true
  const named = context.schema.getType(condition)
  return isAbstractType(named) && context.schema.isSubType(named, type)
}

function withConditions(outer: Conditions, directives: readonly DirectiveNode[]): Conditions | 'never' {
  let conditions = outer
  for (const directive of directives) {
    const name = directive.name.value
    if (name !== 'skip' && name !== 'include') continue
    const value = directive.arguments?.[0]?.value
    const expected = name === 'include'
    if (value?.kind === Kind.BOOLEAN && value.value !== expected) return 'never'
    if (value?.kind === Kind.VARIABLE) conditions = [...conditions, { variable: value.name.value, expected }]
  }
  return conditions
}

/** Null where the field always counts. */
export function compileConditions(
  occurrences: readonly Occurrence[],
): ((variables: Readonly<Record<string, unknown>>) => boolean) | null {
  if (occurrences.some(({ conditions }) => conditions.length === 0)) return null
  return (variables) =>
    occurrences.some(({ conditions }) =>
      conditions.every(({ variable, expected }) => (variables[variable] === true) === expected),
    )
}
