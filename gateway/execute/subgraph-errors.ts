// Turns what subgraphs report, and their failing, into errors for clients: code from the registry, the subgraph named, the message
// of a thrown error hidden unless configured.
import type { GraphQLFormattedError } from 'graphql'
import { limits } from '../../platform/limits.ts'
import { ERROR_CODES, MeshgateError } from '../../platform/errors.ts'
import type { Execution } from './execution.ts'
import { isObject } from './plain-object.ts'

type Path = readonly (string | number)[]

/** Codes that servers give to errors nobody foresaw: their messages are internals. */
const UNFORESEEN_CODES = new Set(['INTERNAL_SERVER_ERROR', 'INTERNAL'])

/** An error that the subgraph reported, at every place of the response that it concerns. */
export function reportSubgraphError(
  execution: Execution,
  service: string,
  error: unknown,
  paths: readonly Path[],
): void {
  const formatted = formatSubgraphError(error, service, execution.exposeSubgraphErrors)
  for (const path of paths) addError(execution, path.length === 0 ? formatted : { ...formatted, path })
}

/** The subgraph gave no answer, or none that can be used. */
export function reportSubgraphFailure(
  execution: Execution,
  service: string,
  error: unknown,
  paths: readonly Path[],
): void {
  execution.onSubgraphFailure(service, error)
  const code = failureCode(error)
  const detail = execution.exposeSubgraphErrors && error instanceof Error ? ` ${error.message}` : ''
  const message = `${FAILURE_MESSAGES[code] ?? 'The subgraph cannot be used'} (subgraph "${service}").${detail}`
  for (const path of paths) {
    addError(execution, { message, ...(path.length === 0 ? {} : { path }), extensions: { code, service } })
  }
}

const FAILURE_MESSAGES: Readonly<Record<string, string>> = {
  SUBGRAPH_UNAVAILABLE: 'A subgraph is not available',
  SUBGRAPH_TIMEOUT: 'A subgraph did not answer in time',
  SUBGRAPH_PROTOCOL: 'A subgraph answered something that is no GraphQL response',
  SUBGRAPH_REFUSED: 'A subgraph refused the request',
}

function failureCode(error: unknown): string {
  return error instanceof MeshgateError && error.code in FAILURE_MESSAGES ? error.code : 'SUBGRAPH_UNAVAILABLE'
}

export function addError(execution: Pick<Execution, 'errors'>, error: GraphQLFormattedError): void {
  if (execution.errors.length < limits.responseErrorsMax) execution.errors.push(error)
}

function formatSubgraphError(error: unknown, service: string, expose: boolean): GraphQLFormattedError {
  const source = isObject(error) || error instanceof Error ? (error as { message?: unknown; extensions?: unknown }) : {}
  const reported = isObject(source.extensions) ? source.extensions : {}
  const subgraphCode = typeof reported['code'] === 'string' ? reported['code'] : undefined
  const foreseen = subgraphCode !== undefined && !UNFORESEEN_CODES.has(subgraphCode)
  const message =
    (expose || foreseen) && typeof source.message === 'string'
      ? source.message
      : `A subgraph answered this field with an error (subgraph "${service}").`
  const known = foreseen && Object.hasOwn(ERROR_CODES, subgraphCode)
  const { code: _code, stacktrace: _stacktrace, exception: _exception, ...details } = reported
  return {
    message,
    extensions: {
      ...(expose ? reported : foreseen ? details : {}),
      code: known ? subgraphCode : 'SUBGRAPH_ERROR',
      service,
      ...(foreseen && !known ? { subgraphCode } : {}),
    },
  }
}
