// Keeps the errors of fields that the response has. An interface object is asked for a field before its concrete type is known: where that
// type was not asked for it, its failure is none of the client's.
import type { GraphQLFormattedError } from 'graphql'
import { isObject, type DataObject } from './plain-object.ts'

export function errorsInResponse(
  errors: readonly GraphQLFormattedError[],
  data: DataObject | null,
): readonly GraphQLFormattedError[] {
  return errors.every((error) => stands(error, data)) ? errors : errors.filter((error) => stands(error, data))
}

/** At a field of the response, or below what became null. */
function stands({ path = [] }: GraphQLFormattedError, data: DataObject | null): boolean {
  let value: unknown = data
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)] as unknown
    else if (!isObject(value)) return true
    else if (!Object.hasOwn(value, step)) return false
    else value = value[step]
  }
  return true
}
