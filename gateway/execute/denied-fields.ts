// The errors of fields that were not asked since whoever asks may not see them: the plan's, at their places in the client's document. They are the
// same at every request, and kept with the document.
import type { GraphQLFormattedError } from 'graphql'
import type { SelectedOperation } from '../plan/operation.ts'
import { locateError } from './locate-errors.ts'

const MESSAGE = 'Whoever asks may not see this field or the type of its value.'

type Paths = readonly (readonly string[])[]

interface Kept {
  readonly paths: Paths
  readonly errors: readonly GraphQLFormattedError[]
}

/** Of the plan that a document was last asked with: principals who may see the same share one. */
const kept = new WeakMap<SelectedOperation, Kept>()

export function deniedErrors(paths: Paths, selected: SelectedOperation): readonly GraphQLFormattedError[] {
  const known = kept.get(selected)
  if (known?.paths === paths) return known.errors
  const errors = paths.map((path) => locateDenied(path, selected))
  kept.set(selected, { paths, errors })
  return errors
}

function locateDenied(path: readonly string[], { operation, fragments }: SelectedOperation): GraphQLFormattedError {
  const fields = path.filter((key) => key !== '@')
  const error = { message: MESSAGE, path: fields, extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } }
  return { ...locateError(error, operation, fragments), path }
}
