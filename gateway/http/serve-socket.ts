// One client's WebSocket, as graphql-ws wants it, from its opening to its end.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { atTime } from '../authenticate/at-time.ts'
import { NOBODY } from '../authenticate/identity.ts'
import { invariant } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { Clock } from '../../platform/ports/clock.ts'
import { BAD_REQUEST, closeReason, FORBIDDEN, isOfServers, letGoWhenSilent } from '../../platform/socket-closing.ts'
import type { SocketPlace } from './client-limits.ts'
import type { HeaderForwarder } from './forwarded-headers.ts'
import { createSocketOperations, type SocketOperations } from './socket-operations.ts'
import type { SocketProtocol } from './socket-protocol.ts'
import { SocketWriter } from './socket-stream.ts'

export interface ServeSocketOptions {
  readonly clock: Clock
  /** Of the handshake's headers: what a client puts into connection_init are no headers, and are not forwarded. */
  readonly forwarded?: HeaderForwarder
  readonly onError: (error: unknown) => void
}

export interface ServedSocket {
  /** Takes no more operations. Resolves when those under way have ended, or the client has left. */
  readonly finish: () => Promise<void>
}

export interface OpenedSocket {
  readonly socket: WebSocket
  readonly connection: Duplex
  readonly request: IncomingMessage
  readonly place: SocketPlace
}

export function serveSocket(
  { socket, connection, request, place }: OpenedSocket,
  protocol: SocketProtocol,
  { forwarded, clock, onError }: ServeSocketOptions,
): ServedSocket {
  letGoWhenSilent(socket, limits.socketKeepAliveMs)
  // What the peer or the network did wrong: ws closes the socket with the right code, and it is no failure of ours.
  socket.on('error', () => undefined)
  let operations: SocketOperations | null = null
  let takeBack = (): void => undefined
  /** What is under way ends first: streams with their cursors. */
  const expire = async (): Promise<void> => {
    await operations?.finish()
    socket.close(FORBIDDEN, 'The token has expired: come back with a new one.')
  }
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) => send(socket, data),
      close: (code, reason) => socket.close(code, closeReason(reason ?? '')),
      onMessage: (handle) => {
        operations = createSocketOperations(handle, (error) => {
          if (isOfServers(error)) return socket.close(BAD_REQUEST.code, BAD_REQUEST.reason)
          onError(error)
          socket.close(1011, 'Internal error')
        })
      },
    },
    {
      request,
      place,
      close: (code, reason) => socket.close(code, closeReason(reason)),
      identity: NOBODY,
      expireAt: (timeMs) => {
        takeBack = atTime(clock, timeMs, () => void expire())
      },
      headers: forwarded?.(request),
      writer: new SocketWriter(socket, connection),
      operations: () => {
        invariant(operations, 'a socket that was given a subscription receives messages')
        return operations
      },
    },
  )
  socket.on('message', (data) => {
    operations?.receive(Buffer.isBuffer(data) ? data.toString('utf8') : '')
    // Whoever asks without reading the answers is not listened to until they are gone.
    if (socket.bufferedAmount > limits.socketBufferedBytesMax) socket.pause()
  })
  socket.once('close', (code, reason) => {
    takeBack()
    operations?.close()
    closed(code, String(reason)).catch(onError)
  })
  return { finish: async () => operations?.finish() }
}

/** Resolves when the operating system has taken it: a slow client slows its own streams. */
function send(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    socket.send(data, (error) => {
      // The client is gone: the close event ends what runs for it.
      if (error) socket.terminate()
      else if (socket.isPaused && socket.bufferedAmount <= limits.socketBufferedBytesMax) socket.resume()
      resolve()
    })
  })
}
