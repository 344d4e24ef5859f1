// Turns what subgraphs report, and their failing, into errors for clients: code from the registry, the subgraph named, the message
// of a thrown error hidden unless configured.
import type { GraphQLFormattedError } from 'graphql'
import { ERROR_CODES, MeshgateError } from '../../platform/errors.ts'
import { isObject, isTooDeep } from './plain-object.ts'

/** Codes that servers give to errors nobody foresaw: their messages are internals. */
const UNFORESEEN_CODES = new Set(['INTERNAL_SERVER_ERROR', 'INTERNAL'])

interface Exposure {
  readonly exposeSubgraphErrors: boolean
}

/** The subgraph gave no answer, or none that can be used. Without a path. */
export function formatSubgraphFailure(
  { exposeSubgraphErrors }: Exposure,
  service: string,
  error: unknown,
): GraphQLFormattedError {
  const code = failureCode(error)
  const detail = exposeSubgraphErrors && error instanceof Error ? ` ${error.message}` : ''
  const message = `${FAILURE_MESSAGES[code] ?? 'The subgraph cannot be used'} (subgraph "${service}").${detail}`
  return { message, extensions: { code, service } }
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

/** An error that the subgraph reported. Without a path. */
export function formatSubgraphError(
  { exposeSubgraphErrors: expose }: Exposure,
  service: string,
  error: unknown,
): GraphQLFormattedError {
  const { message: own, reported, subgraphCode, foreseen } = readError(error)
  const message =
    (expose || foreseen) && own !== null ? own : `A subgraph answered this field with an error (subgraph "${service}").`
  const known = foreseen && subgraphCode !== undefined && Object.hasOwn(ERROR_CODES, subgraphCode)
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

interface ReadError {
  readonly message: string | null
  readonly reported: Readonly<Record<string, unknown>>
  readonly subgraphCode: string | undefined
  /** It has a code of its own: it was meant for clients. */
  readonly foreseen: boolean
}

function readError(error: unknown): ReadError {
  const source = isObject(error) || error instanceof Error ? (error as { message?: unknown; extensions?: unknown }) : {}
  const reported = isObject(source.extensions) && !isTooDeep(source.extensions) ? source.extensions : {}
  const subgraphCode = typeof reported['code'] === 'string' ? reported['code'] : undefined
  const foreseen = subgraphCode !== undefined && !UNFORESEEN_CODES.has(subgraphCode)
  return { message: typeof source.message === 'string' ? source.message : null, reported, subgraphCode, foreseen }
}

/** What clients are not shown of reported errors, for the log: null where they see everything. */
export function describeHidden(
  { exposeSubgraphErrors }: Exposure,
  service: string,
  errors: readonly unknown[],
): MeshgateError | null {
  if (exposeSubgraphErrors) return null
  const hidden = errors.map(readError).filter(({ foreseen }) => !foreseen)
  const [first] = hidden
  if (first === undefined) return null
  const others = hidden.length === 1 ? '' : ` (and ${hidden.length - 1} more)`
  const message = `Subgraph "${service}" reported an error that clients do not see: ${first.message ?? 'it has no message'}${others}`
  return new MeshgateError('SUBGRAPH_ERROR', message, errors[0])
}
