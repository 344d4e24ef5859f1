// The response keys at the root of a subgraph's operation, through fragments: what is null when the request fails.
import { Kind, parse, type DocumentNode, type SelectionSetNode } from 'graphql'

export function rootResponseKeys(operation: string): string[] {
  const document = parse(operation, { noLocation: true })
  const root = document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)
  const keys = new Set<string>()
  if (root?.kind === Kind.OPERATION_DEFINITION) collect(root.selectionSet, document, keys)
  return [...keys]
}

function collect(selectionSet: SelectionSetNode, document: DocumentNode, keys: Set<string>): void {
  for (const selection of selectionSet.selections) {
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value !== '__typename') keys.add((selection.alias ?? selection.name).value)
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      collect(selection.selectionSet, document, keys)
    } else {
      const name = selection.name.value
      const fragment = document.definitions.find(
        (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
      )
      if (fragment?.kind === Kind.FRAGMENT_DEFINITION) collect(fragment.selectionSet, document, keys)
    }
  }
}
