// What a client asks of its stream, in the `extensions` of the subscribe request.
import type { GraphQLFormattedError } from 'graphql'

export interface StreamRequest {
  /** Where it goes on. */
  readonly cursor: string | undefined
  /** The rows that are there come first. */
  readonly snapshot: boolean
  /** Of what waits for the client, the latest of each key is enough. */
  readonly conflate: boolean
  /** Its first answer is where the stream begins. */
  readonly started: boolean
}

const SWITCHES = ['snapshot', 'conflate', 'started'] as const

/** An error where something is of another kind than it must be. */
export function readStreamRequest(
  extensions: Readonly<Record<string, unknown>> = {},
): StreamRequest | GraphQLFormattedError {
  const { cursor } = extensions
  if (cursor !== undefined && cursor !== null && typeof cursor !== 'string') {
    return problem('extensions.cursor must be the text that came with an event.')
  }
  const wrong = SWITCHES.find((name) => !['boolean', 'undefined'].includes(typeof (extensions[name] ?? undefined)))
  if (wrong !== undefined) return problem(`extensions.${wrong} must be true or false.`)
  const [snapshot = false, conflate = false, started = false] = SWITCHES.map((name) => extensions[name] === true)
  return { cursor: cursor ?? undefined, snapshot, conflate, started }
}

export function isStreamProblem(read: StreamRequest | GraphQLFormattedError): read is GraphQLFormattedError {
  return 'message' in read
}

function problem(message: string): GraphQLFormattedError {
  return { message, extensions: { code: 'REQUEST_INVALID' } }
}
