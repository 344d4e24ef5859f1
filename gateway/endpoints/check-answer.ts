// What counts as a GraphQL response, by the head of an HTTP answer; its body is parsed only where the head leaves it open.
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { isObject } from '../execute/plain-object.ts'
import type { HttpAnswer } from './http-transport.ts'

const GRAPHQL_TYPE = /^application\/graphql-response\+json\b/i
const WHOLE_TYPE = /^application\/(graphql-response\+)?json(; ?charset="?utf-8"?)?$/i

/**
 * Whether it says of itself, in a form that a client can be given, that it is whole. Throws SUBGRAPH_UNAVAILABLE where the status speaks
 * against a response, SUBGRAPH_PROTOCOL where the bytes are none.
 */
export function checkAnswer(answer: HttpAnswer, name: string): boolean {
  const { status, contentType, contentEncoding, isMarkedWhole } = answer
  if (contentEncoding !== '' && contentEncoding.toLowerCase() !== 'identity') {
    const message = `Subgraph "${name}" answered in content-encoding ${contentEncoding}, which it was not asked for.`
    throw new MeshgateError('SUBGRAPH_PROTOCOL', message)
  }
  if (status === 200 && isMarkedWhole && WHOLE_TYPE.test(contentType)) return true
  if (status >= 200 && status < 300) return false
  // Other statuses count as answers only in the media type that means them as such, or where an older server refuses a request.
  if (GRAPHQL_TYPE.test(contentType)) return false
  if (status >= 400 && status < 500 && isResponse(parseJson(answer.bytes))) return false
  throw new MeshgateError('SUBGRAPH_UNAVAILABLE', `Subgraph "${name}" answered with HTTP status ${status}.`)
}

/** Throws as `checkAnswer` does, and SUBGRAPH_PROTOCOL where the body is no GraphQL response. */
export function readAnswer(answer: HttpAnswer, name: string): SubgraphResponse {
  checkAnswer(answer, name)
  const parsed = parseJson(answer.bytes)
  if (isResponse(parsed)) return parsed
  const message = `Subgraph "${name}" answered with something that is no GraphQL response.`
  throw new MeshgateError(answer.status < 300 ? 'SUBGRAPH_PROTOCOL' : 'SUBGRAPH_UNAVAILABLE', message)
}

/** The errors of a subscription's first event that is none: servers say that way that they could not start it. Null for any other. */
export function refusalIn(event: unknown): readonly unknown[] | null {
  if (!isObject(event) || event['data'] !== undefined || event['extensions'] !== undefined) return null
  const { errors } = event
  return Array.isArray(errors) && errors.length > 0 ? errors : null
}

function isResponse(parsed: unknown): parsed is SubgraphResponse {
  return isObject(parsed) && ('data' in parsed || Array.isArray(parsed['errors']))
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
