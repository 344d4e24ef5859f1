// From what the engine answers to what Apollo Server takes from a gateway.
import { GraphQLError, type ExecutionResult, type GraphQLFormattedError } from 'graphql'
import type { EngineResult, SerializedResult } from '../engine-contract.ts'
import { DATA_BEGIN, serializedData } from './serialized-data.ts'

/** What Apollo Server refuses itself has codes of its own, and clients know those: the same fault has the same code whoever finds it. */
const APOLLO_CODES: Readonly<Record<string, string>> = {
  VARIABLES_INVALID: 'BAD_USER_INPUT',
  DOCUMENT_INVALID: 'GRAPHQL_VALIDATION_FAILED',
  REQUEST_INVALID: 'BAD_REQUEST',
}

/** Refused for a reason that is ours; other refusals are the client's, and answered with 400. */
const OWN_FAULTS = ['INTERNAL', 'PLAN_FAILED']
const INTERNAL_SERVER_ERROR = 500

export function toApolloResult({ data, errors, extensions }: EngineResult): ExecutionResult {
  const refused = data === undefined
  return {
    ...(refused ? {} : { data }),
    ...(errors === undefined ? {} : { errors: errors.map((error) => toGraphqlError(error, refused)) }),
    ...(extensions === undefined ? {} : { extensions: { ...extensions } }),
  }
}

/** Its `data` stays text until somebody looks at it. */
export function toLazyResult({ body, errors, extensions, refused }: SerializedResult): ExecutionResult {
  const text = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8')
  const before = errors === undefined ? DATA_BEGIN : `{"errors":${JSON.stringify(errors)},"data":`
  const isPlain = !refused && extensions === undefined && text.startsWith(`${before}{`)
  if (!isPlain) return toApolloResult(JSON.parse(text) as EngineResult)
  const data = serializedData(text, before.length)
  return errors === undefined ? { data } : { data, errors: errors.map((error) => toGraphqlError(error, false)) }
}

function toGraphqlError(
  { message, path, locations, extensions }: GraphQLFormattedError,
  refused: boolean,
): GraphQLError {
  const code = extensions?.['code']
  const error = new GraphQLError(message, {
    ...(path === undefined ? {} : { path }),
    extensions: {
      ...extensions,
      ...(typeof code === 'string' && refused ? { code: APOLLO_CODES[code] ?? code } : {}),
      ...(typeof code === 'string' && refused && OWN_FAULTS.includes(code)
        ? { http: { status: INTERNAL_SERVER_ERROR } }
        : {}),
    },
  })
  // The constructor takes them from nodes only, and ours come from a document that may have been parsed elsewhere.
  if (locations !== undefined) Object.defineProperty(error, 'locations', { value: locations, enumerable: true })
  return error
}
