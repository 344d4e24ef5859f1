// One client's WebSocket, as graphql-ws wants it: what the client or the network does wrong closes it with the right code and is no failure of
// ours; a client that is gone without a word is let go.
import type { Server } from 'graphql-ws'
import type { WebSocket } from 'ws'
import { limits } from '../../platform/limits.ts'
import { BAD_REQUEST, closeReason, isOfServers, letGoWhenSilent } from '../../platform/socket-closing.ts'

/** `onFailure` is told of what is a bug. */
export function hostSocket(protocol: Server<undefined>, socket: WebSocket, onFailure: (error: unknown) => void): void {
  letGoWhenSilent(socket, limits.socketKeepAliveMs)
  // ws closes it with the code that says what was wrong.
  socket.on('error', () => undefined)
  const fail = (error: unknown): void => {
    if (isOfServers(error)) return socket.close(BAD_REQUEST.code, BAD_REQUEST.reason)
    onFailure(error)
    socket.close(1011, 'Internal error')
  }
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) => send(socket, data),
      close: (code, reason) => socket.close(code, closeReason(reason ?? '')),
      onMessage: (handle) => {
        socket.on('message', (data) => void handle(Buffer.isBuffer(data) ? data.toString('utf8') : '').catch(fail))
      },
    },
    undefined,
  )
  socket.once('close', (code, reason) => {
    closed(code, String(reason)).catch(onFailure)
  })
}

/** Resolves when the operating system has taken it, or the client is gone: its close event ends what runs for it. */
function send(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    socket.send(data, () => resolve())
  })
}
