// From what was gathered to the response: as bytes or text straight from the sources where nothing is amiss, else with every check made
// and every error at its place.
import type { GraphQLFormattedError } from 'graphql'
import type { SelectedOperation } from '../plan/operation.ts'
import type { CompiledOperation } from './compile-operation.ts'
import { deniedErrors } from './denied-fields.ts'
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
  const located = errors.map((error) => locateError(error, node, fragments))
  const all = [...deniedOf(operation), ...located]
  return all.length === 0 ? { data } : { errors: all, data }
}

function deniedOf({ compiled, selected }: RespondingOperation): readonly GraphQLFormattedError[] {
  return compiled.denied.length === 0 ? [] : deniedErrors(compiled.denied, selected)
}

function serialized(data: string, errors: readonly GraphQLFormattedError[]): SerializedResponse {
  if (errors.length === 0) return { body: `{"data":${data}}` }
  return { body: `{"errors":${JSON.stringify(errors)},"data":${data}}`, errors }
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
    if (data !== undefined) return serialized(data, deniedOf(operation))
  }
  const response = respond(operation, gathering, introspection)
  const { errors } = response
  return { body: JSON.stringify(response), ...(errors === undefined ? {} : { errors }) }
}
