// Gives errors of subgraphs their place in the client's document, and cuts paths that lead into fields the client did not ask for
// (keys and what @requires names are the plan's own).
import {
  getLocation,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLFormattedError,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

export function locateError(
  error: GraphQLFormattedError,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): GraphQLFormattedError {
  if (error.path === undefined || error.locations !== undefined) return error
  const path: (string | number)[] = []
  let selectionSets: readonly SelectionSetNode[] = [operation.selectionSet]
  let fields: readonly FieldNode[] = []
  for (const key of error.path) {
    if (typeof key === 'string') {
      const found = selectionSets.flatMap((selectionSet) => fieldsNamed(selectionSet, key, fragments))
      if (found.length === 0) break
      fields = found
      selectionSets = found.flatMap(({ selectionSet }) => (selectionSet ? [selectionSet] : []))
    }
    path.push(key)
  }
  const locations = fields.flatMap(({ loc }) => (loc ? [getLocation(loc.source, loc.start)] : []))
  return { ...error, path, ...(locations.length > 0 ? { locations: locations.slice(0, 1) } : {}) }
}

function fieldsNamed(
  selectionSet: SelectionSetNode,
  key: string,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): FieldNode[] {
  return selectionSet.selections.flatMap((selection): FieldNode[] => {
    if (selection.kind === Kind.FIELD) return (selection.alias ?? selection.name).value === key ? [selection] : []
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection
    return fragment === undefined ? [] : fieldsNamed(fragment.selectionSet, key, fragments)
  })
}
