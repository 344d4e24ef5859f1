// The errors of fields that were not asked since whoever asks may not see them: the plan's, at their places in the client's document.
import type { GraphQLFormattedError } from 'graphql'
import type { SelectedOperation } from '../plan/operation.ts'
import { locateError } from './locate-errors.ts'

const MESSAGE = 'Whoever asks may not see this field or the type of its value.'

export function deniedErrors(
  paths: readonly (readonly string[])[],
  { operation, fragments }: SelectedOperation,
): readonly GraphQLFormattedError[] {
  return paths.map((path) => {
    const fields = path.filter((key) => key !== '@')
    const error = { message: MESSAGE, path: fields, extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } }
    return { ...locateError(error, operation, fragments), path }
  })
}
