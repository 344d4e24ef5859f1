// How large an operation is for who plans it: fragments written out, those on interfaces and unions for each concrete type. Counts up to a
// bound and no further, since nested fragments double at every level.
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'

interface Counting {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly max: number
  count: number
}

/** Of the largest operation; at most `max + 1`. The document need not be valid: what is unknown counts once. */
export function countExpandedSelections(schema: GraphQLSchema, document: DocumentNode, max: number): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  let most = 0
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const counting: Counting = { schema, fragments, max, count: 0 }
    expand(definition.selectionSet, schema.getRootType(definition.operation), counting)
    most = Math.max(most, counting.count)
  }
  return most
}

type Parent = GraphQLCompositeType | null | undefined

function expand(selectionSet: SelectionSetNode, parent: Parent, counting: Counting): void {
  const isSplit = isAbstractType(parent) && selectionSet.selections.some(({ kind }) => kind !== Kind.FIELD)
  const types: readonly Parent[] = isSplit ? counting.schema.getPossibleTypes(parent) : [parent]
  for (const type of types) {
    for (const selection of selectionSet.selections) {
      if (++counting.count > counting.max) return
      if (selection.kind === Kind.FIELD) {
        if (selection.selectionSet === undefined) continue
        const field = type && 'getFields' in type ? type.getFields()[selection.name.value] : undefined
        const named = field && getNamedType(field.type)
        expand(selection.selectionSet, isCompositeType(named) ? named : null, counting)
      } else {
        const fragment =
          selection.kind === Kind.INLINE_FRAGMENT ? selection : counting.fragments.get(selection.name.value)
        const condition = fragment?.typeCondition?.name.value
        if (fragment === undefined || !applies(condition, type, counting.schema)) continue
        expand(fragment.selectionSet, type ?? asComposite(condition, counting.schema), counting)
      }
    }
  }
}

/** Whether an object of the type can meet the fragment. */
function applies(condition: string | undefined, type: Parent, schema: GraphQLSchema): boolean {
  if (condition === undefined || !isObjectType(type) || condition === type.name) return true
  const named = schema.getType(condition)
  return isAbstractType(named) && schema.isSubType(named, type)
}

function asComposite(name: string | undefined, schema: GraphQLSchema): Parent {
  const type = name === undefined ? undefined : schema.getType(name)
  return isCompositeType(type) ? type : null
}
