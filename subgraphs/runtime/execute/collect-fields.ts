// The fields that a selection asks of an object type, by response key and in their order (section 6.3.2 of the specification), of documents
// without @skip and @include.
import {
  isAbstractType,
  Kind,
  typeFromAST,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  type NamedTypeNode,
  type SelectionSetNode,
} from 'graphql'

export interface Definitions {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

export function collectFields(
  definitions: Definitions,
  type: GraphQLObjectType,
  selections: readonly SelectionSetNode[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const { schema, fragments } = definitions
  const fields = new Map<string, FieldNode[]>()
  const spread = new Set<string>()
  const enter = (condition: NamedTypeNode | undefined, selection: SelectionSetNode): void => {
    if (condition === undefined || isOfType(schema, type, condition)) collect(selection)
  }
  const collect = ({ selections: selected }: SelectionSetNode): void => {
    for (const selection of selected) {
      switch (selection.kind) {
        case Kind.FIELD: {
          const key = selection.alias?.value ?? selection.name.value
          const nodes = fields.get(key)
          if (nodes === undefined) fields.set(key, [selection])
          else nodes.push(selection)
          break
        }
        case Kind.INLINE_FRAGMENT:
          enter(selection.typeCondition, selection.selectionSet)
          break
        case Kind.FRAGMENT_SPREAD: {
          const name = selection.name.value
          const fragment = fragments.get(name)
          if (fragment === undefined || spread.has(name)) break
          spread.add(name)
          enter(fragment.typeCondition, fragment.selectionSet)
        }
      }
    }
  }
  for (const selection of selections) collect(selection)
  return fields
}

function isOfType(schema: GraphQLSchema, type: GraphQLObjectType, condition: NamedTypeNode): boolean {
  const named = typeFromAST(schema, condition)
  return named === type || (isAbstractType(named) && schema.isSubType(named, type))
}
