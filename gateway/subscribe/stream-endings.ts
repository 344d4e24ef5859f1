// How a client's stream ends when it does not complete: errors with a code and, where there is one, the cursor to go on from.
import { GraphQLError } from 'graphql'
import { MeshgateError } from '../../platform/errors.ts'
import { isObject } from '../execute/plain-object.ts'
import type { Ending } from './event-queue.ts'

function streamError(message: string, extensions: Record<string, unknown>, cursor: string | undefined): GraphQLError {
  return new GraphQLError(message, {
    extensions: { ...extensions, ...(cursor === undefined ? {} : { cursor }) },
  })
}

/** What the subgraph said of the end by itself: its code and message are for the client. */
function reported(error: unknown): { readonly message: string; readonly extensions: Record<string, unknown> } | null {
  if (error instanceof GraphQLError) return { message: error.message, extensions: { ...error.extensions } }
  const [first]: unknown[] = error instanceof MeshgateError && Array.isArray(error.cause) ? error.cause : []
  if (!isObject(first) || typeof first['message'] !== 'string' || !isObject(first['extensions'])) return null
  const { code } = first['extensions']
  return typeof code === 'string' ? { message: first['message'], extensions: { code } } : null
}

/** Of a subgraph that gives no cursors. */
function unsupported(service: string, why: string): () => GraphQLError {
  const message = `${why} Subgraph "${service}" gives no cursors: events in between are not repeated. Subscribe again without a cursor.`
  return () => streamError(message, { code: 'RESUME_UNSUPPORTED', service }, undefined)
}

export const endings = {
  slow: (cursor: string | undefined) =>
    streamError(
      'The client reads slower than events come. Subscribe again with the cursor.',
      { code: 'SUBSCRIPTION_SLOW' },
      cursor,
    ),
  reconnect: (reason: string) => (cursor: string | undefined) =>
    streamError(`${reason} Subscribe again.`, { code: 'SUBSCRIPTION_RECONNECT' }, cursor),
  lost: (service: string, error: unknown) => (cursor: string | undefined) => {
    const known = reported(error)
    if (typeof known?.extensions['code'] === 'string') {
      return streamError(known.message, { ...known.extensions, service }, cursor)
    }
    if (cursor === undefined) return unsupported(service, 'Its stream was lost.')()
    const message = `The stream from subgraph "${service}" was lost. Subscribe again with the cursor.`
    return streamError(message, { code: 'SUBSCRIPTION_LOST', service }, cursor)
  },
  unsupported,
  expired: (cursor: string | undefined) =>
    streamError(
      `The token has expired. Subscribe again with a new one${cursor === undefined ? '' : ' and the cursor'}.`,
      { code: 'TOKEN_EXPIRED' },
      cursor,
    ),
  /** The operation cannot go on after a new supergraph. */
  replaced: (why: string) => (cursor: string | undefined) =>
    streamError(`A new supergraph has replaced the old: ${why}`, { code: 'SUBSCRIPTION_REPLACED' }, cursor),
} satisfies Record<string, Ending | ((...given: never[]) => Ending)>
