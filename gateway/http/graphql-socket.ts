// Answers /graphql over WebSocket (graphql-transport-ws): queries and mutations once, subscriptions as streams.
import { handleProtocols } from 'graphql-ws'
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { HostGuard } from './host-guard.ts'
import type { HttpProblem } from './http-problem.ts'
import { serveSocket, type ServedSocket, type ServeSocketOptions } from './serve-socket.ts'
import { createSocketProtocol, type SocketProtocolOptions } from './socket-protocol.ts'

export interface GraphqlSocketOptions extends SocketProtocolOptions, ServeSocketOptions {
  readonly path: string
  /** Told how many sockets are open whenever that changes. */
  readonly onSockets: (open: number) => void
  readonly hostGuard: HostGuard
  readonly originAllowed: (request: IncomingMessage) => boolean
  readonly messageBytesMax: number
}

export interface GraphqlSocket {
  /**
   * Takes no more sockets and operations, and closes every socket with 1001 when its operations have ended; what is left after `graceMs` is cut
   * off. An operation that comes too late gets no answer: clients send it again on their next socket.
   */
  close(reason: string, graceMs: number): Promise<void>
}

export function attachGraphqlSocket(server: Server, options: GraphqlSocketOptions): GraphqlSocket {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: options.messageBytesMax,
    perMessageDeflate: false,
  })
  const protocol = createSocketProtocol(options)
  const served = new Map<WebSocket, ServedSocket>()
  const upgrade = (request: IncomingMessage, connection: Duplex, head: Buffer): void => {
    const path = URL.parse(request.url ?? '/', 'http://localhost')?.pathname
    if (path !== options.path)
      return refuseUpgrade(connection, { status: 404, message: `WebSockets are at ${options.path}.` })
    const place =
      options.hostGuard(request) ??
      (options.originAllowed(request) ? options.clientLimits.openSocket(request) : FOREIGN)
    if (!('become' in place)) {
      options.refused({ via: 'websocket', request, problem: place })
      return refuseUpgrade(connection, place)
    }
    const told = (): void => options.onSockets(options.clientLimits.sockets)
    told()
    connection.once('close', () => {
      place.release()
      told()
    })
    sockets.handleUpgrade(request, connection, head, (socket) => {
      served.set(socket, serveSocket({ socket, connection, request, place }, protocol, options))
      socket.once('close', () => served.delete(socket))
    })
  }
  server.on('upgrade', upgrade)
  return {
    close: async (reason, graceMs) => {
      server.off('upgrade', upgrade)
      const timer = setTimeout(() => {
        for (const client of sockets.clients) client.terminate()
      }, graceMs)
      await Promise.all(
        [...served].map(async ([client, { finish }]) => {
          const closed = new Promise((resolve) => client.once('close', resolve))
          await Promise.race([finish(), closed])
          client.close(1001, reason)
          await closed
        }),
      )
      clearTimeout(timer)
      sockets.close()
    },
  }
}

const FOREIGN: HttpProblem = {
  status: 403,
  message: 'Pages of this origin may not ask. MESHGATE_CORS_ORIGINS (or --cors-origin) lists those that may.',
}

/** Browsers hide the text from the page; whoever looks for what is wrong sees it. */
function refuseUpgrade(connection: Duplex, { status, message, headers = [] }: HttpProblem): void {
  // From here on node:http does not look after the connection: a reset would end the process, a peer that stays would keep it open.
  connection.on('error', () => undefined)
  connection.once('finish', () => connection.destroy())
  const said = headers.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`
  const text = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(message)}\r\n`
  connection.end(`${line}\r\n${said}${text}connection: close\r\n\r\n${message}`)
}
