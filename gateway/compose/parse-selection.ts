// Parses the text of `fields:` as a selection, or says why it is none.
import { GraphQLError, Kind, parse, type SelectionSetNode } from 'graphql'

export function parseSelection(text: string): SelectionSetNode | string {
  try {
    const [definition, ...more] = parse(`{${text}}`, { noLocation: true }).definitions
    if (definition?.kind !== Kind.OPERATION_DEFINITION || more.length > 0) {
      return 'it is not one selection of fields. Take the braces out of it'
    }
    return definition.selectionSet
  } catch (error) {
    const reason = error instanceof GraphQLError ? error.message : String(error)
    return `it is not a selection of fields: ${reason.replace(/\.$/, '')}`
  }
}

/** For those who leave it to others to report what is wrong with it. */
export function selectionOf(text: string | null): SelectionSetNode | null {
  const selection = text === null ? null : parseSelection(text)
  return typeof selection === 'string' ? null : selection
}
