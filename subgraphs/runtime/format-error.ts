// Errors as clients see them: what they can act on keeps its message and code, everything else becomes INTERNAL with an id that is in the log.
import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql'
import { ERROR_CODES, MeshgateError, type FailureCode } from '../../platform/errors.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { OutageLog } from './outage-log.ts'

export interface SubgraphLogger {
  debug(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface ErrorFormatterOptions {
  readonly logger: SubgraphLogger
  readonly clock: Clock
  readonly newErrorId: () => string
  /** Name of the subgraph. */
  readonly subgraph: string
}

export type ErrorFormatter = (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError

/** Failures that tell the client what to do; their messages are written for it. */
const CLIENT_CODES: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'ARGUMENT_INVALID',
  'CURSOR_INVALID',
  'ROW_INCOMPLETE',
  'SNAPSHOT_NOT_SERVED',
  'SUBSCRIPTION_GAP',
  'SUBSCRIPTION_OVERFLOW',
  'SUBSCRIPTION_LOST',
  'TABLE_FILLING',
])

/** Parsing, validating and compiling recurse over documents, which gateways make and nobody measures here. */
function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack')
}

/** The failure below what graphql-js wrapped. */
function causeOf(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError !== undefined) cause = cause.originalError
  return cause
}

export function createErrorFormatter(options: ErrorFormatterOptions): ErrorFormatter {
  const { logger, newErrorId, subgraph } = options
  const outages = new OutageLog(options)
  return (formatted, error) => {
    const cause = causeOf(error)
    const located = {
      ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
      ...(formatted.path === undefined ? {} : { path: formatted.path }),
    }
    if (cause instanceof MeshgateError && CLIENT_CODES.has(cause.code)) {
      return { message: cause.message, ...located, extensions: { code: cause.code, retryable: cause.retryable } }
    }
    if (cause instanceof MeshgateError && cause.retryable) {
      // Its own message may name hosts and files.
      const { meaning, action } = ERROR_CODES[cause.code]
      outages.failed(cause, formatted.path)
      return { message: `${meaning} ${action}`, ...located, extensions: { code: cause.code, retryable: true } }
    }
    if (isStackOverflow(cause)) {
      return { message: 'The document nests too deeply.', extensions: { code: 'DOCUMENT_TOO_LARGE' } }
    }
    // Outside of a field (no path) it is about the request: syntax, validation, variables.
    const code = formatted.extensions?.['code']
    const isOfRequest =
      formatted.path === undefined && error instanceof GraphQLError && !(cause instanceof MeshgateError)
    // What graphql-js itself says of an operation (a mutation where there are none) has no code of its own.
    const isOwnWord = cause instanceof GraphQLError && cause.nodes?.[0]?.kind === Kind.OPERATION_DEFINITION
    if (isOfRequest && (isOwnWord || code !== 'INTERNAL_SERVER_ERROR')) {
      const told = isOwnWord || code === undefined ? 'BAD_USER_INPUT' : code
      return { message: formatted.message, ...located, extensions: { code: told } }
    }
    const id = newErrorId()
    logger.error({ err: cause, id, subgraph, path: formatted.path }, 'A field could not be resolved')
    return { message: `Internal error ${id}`, ...located, extensions: { code: 'INTERNAL', id } }
  }
}
