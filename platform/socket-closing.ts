// How servers of graphql-transport-ws close sockets: of clients that break the protocol, that may not come in, and that are gone.
import type { WebSocket } from 'ws'

/** 4400, as graphql-ws closes on a message that is none. */
export const BAD_REQUEST = { code: 4400, reason: 'Invalid message received' } as const

/** As graphql-ws has it. */
export const FORBIDDEN = 4403
export const TRY_AGAIN_LATER = 1013

/** A close frame has room for 123 bytes; graphql-ws puts a client's own id into it. */
export function closeReason(text: string): string {
  return Buffer.from(text).subarray(0, 120).toString('utf8').replaceAll('\uFFFD', '')
}

/** graphql-ws takes a message that only servers send (`next`, `error`, `connection_ack`) for a failure of ours. */
export function isOfServers(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Unexpected message of type ')
}

/** A client that is gone without a word answers no ping. */
export function letGoWhenSilent(socket: WebSocket, everyMs: number): void {
  let alive = true
  const ping = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, everyMs)
  socket.on('pong', () => (alive = true))
  socket.once('close', () => clearInterval(ping))
}
