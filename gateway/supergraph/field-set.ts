// Parses the selections of @key, @requires and @provides. Composition has validated them.
import { Kind, parse, print, type SelectionSetNode } from 'graphql'
import type { FieldSet } from './supergraph.ts'

export function parseFieldSet(text: string): FieldSet {
  const definition = parse(`{${text}}`, { noLocation: true }).definitions[0]
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return []
  return toFieldSet(definition.selectionSet)
}

/** A key's own `__typename` says nothing: representations always carry it. */
export function parseKey(text: string): FieldSet {
  return parseFieldSet(text).filter((entry) => entry.kind === 'on' || entry.name !== '__typename')
}

function toFieldSet(selectionSet: SelectionSetNode): FieldSet {
  return selectionSet.selections.flatMap((selection): FieldSet => {
    switch (selection.kind) {
      case Kind.FIELD: {
        const { name, arguments: values = [], selectionSet: below } = selection
        const written = values.map((each) => print(each)).join(', ')
        const selections = below === undefined ? null : toFieldSet(below)
        return [{ kind: 'field', name: name.value, arguments: written, selections }]
      }
      case Kind.INLINE_FRAGMENT: {
        const selections = toFieldSet(selection.selectionSet)
        const condition = selection.typeCondition?.name.value
        return condition === undefined ? selections : [{ kind: 'on', type: condition, selections }]
      }
      case Kind.FRAGMENT_SPREAD:
        return []
      default:
        return selection satisfies never
    }
  })
}
