// From what was gathered to the response: as bytes or text straight from the sources where nothing is amiss, else with every check made
// and every error at its place.
import type { GraphQLFormattedError } from 'graphql'
import type { SelectedOperation } from '../plan/operation.ts'
import type { CompiledOperation } from './compile-operation.ts'
import type { Gathering } from './gathering.ts'
import { locateError } from './locate-errors.ts'
import type { DataObject } from './plain-object.ts'

export interface RespondingOperation {
  readonly selected: SelectedOperation
  readonly compiled: CompiledOperation
}

export interface Response {
  readonly errors?: readonly GraphQLFormattedError[]
  readonly data: DataObject | null
}

export function respond(operation: RespondingOperation, gathering: Gathering, introspection: DataObject): Response {
  const { operation: node, fragments } = operation.selected
  const { data, errors } = operation.compiled.project(gathering, introspection)
  return errors.length === 0 ? { data } : { errors: errors.map((error) => locateError(error, node, fragments)), data }
}

export interface SerializedResponse {
  readonly body: string | Uint8Array
  readonly errors?: readonly GraphQLFormattedError[]
}

export function respondSerialized(
  operation: RespondingOperation,
  gathering: Gathering,
  introspection: DataObject,
): SerializedResponse {
  if (gathering.whole !== undefined) return { body: gathering.whole }
  if (gathering.incidents.length === 0) {
    const data = operation.compiled.write(gathering, introspection)
    if (data !== undefined) return { body: `{"data":${data}}` }
  }
  const response = respond(operation, gathering, introspection)
  const { errors } = response
  return { body: JSON.stringify(response), ...(errors === undefined ? {} : { errors }) }
}
