// What a server of graphql-transport-ws has to know of graphql-ws where clients break the protocol.

/** 4400, as graphql-ws closes on a message that is none. */
export const BAD_REQUEST = { code: 4400, reason: 'Invalid message received' } as const

/** A close frame has room for 123 bytes; graphql-ws puts a client's own id into it. */
export function closeReason(text: string): string {
  return Buffer.from(text).subarray(0, 120).toString('utf8').replaceAll('\uFFFD', '')
}

/** graphql-ws takes a message that only servers send (`next`, `error`, `connection_ack`) for a failure of ours. */
export function isOfServers(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type ')
}
