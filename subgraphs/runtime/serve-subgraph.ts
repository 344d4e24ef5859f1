// A subgraph on a server: GraphQL over HTTP and graphql-transport-ws on one path. The server is the caller's (a face to mount), or one of
// its own, with health, where the path is `/graphql`.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { handleProtocols } from 'graphql-ws'
import { WebSocketServer } from 'ws'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import { answerGraphQL } from './answer-graphql.ts'
import { serveWebSocket } from './serve-websocket.ts'
import type { ServedSubgraph, SubgraphFace, SubgraphServer } from './subgraph.ts'

const PATH = '/graphql'

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] ?? '/'

function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}

export interface SubgraphServerOptions {
  readonly port: number
  readonly host: string | undefined
  readonly ready: (() => { readonly ready: boolean; readonly reasons: readonly string[] }) | undefined
}

function answerHealth(request: IncomingMessage, response: ServerResponse, ready: SubgraphServerOptions['ready']): void {
  switch (pathOf(request)) {
    case '/health/live':
      answerJson(response, 200, { status: 'live' })
      return
    case '/health/ready': {
      // Store and log are open before a subgraph is made: unless told otherwise, whoever listens is ready.
      const state = ready?.() ?? { ready: true, reasons: [] }
      answerJson(response, state.ready ? 200 : 503, { status: state.ready ? 'ready' : 'not ready', ...state })
      return
    }
    default:
      answerJson(response, 404, { error: `Nothing here; the subgraph is at ${PATH}` })
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const message = inUse
        ? `Port ${port} of ${host} is taken; end what listens there, or take another port`
        : `${host}:${port} cannot be listened on: ${error.message}`
      reject(new MeshgateError(inUse ? 'PORT_IN_USE' : 'CONFIG_INVALID', message, error))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** What a server of the caller's passes on to the subgraph. */
export function createFace(subgraph: ServedSubgraph, paths: readonly string[]): SubgraphFace {
  const socketServer = new WebSocketServer({
    noServer: true,
    handleProtocols,
    maxPayload: limits.subgraphMessageBytesMax,
  })
  const sockets = serveWebSocket(subgraph, socketServer)
  const inHand = new Set<Promise<void>>()
  return {
    async answer(request, response) {
      if (!paths.includes(pathOf(request))) return false
      const answered = answerGraphQL(subgraph, request, response)
      inHand.add(answered)
      await answered.finally(() => inHand.delete(answered))
      return true
    },
    upgrade(request, socket, head) {
      if (!paths.includes(pathOf(request))) return false
      socketServer.handleUpgrade(request, socket, head, (webSocket) =>
        socketServer.emit('connection', webSocket, request),
      )
      return true
    },
    async close() {
      const { promise: late, resolve: giveUp } = Promise.withResolvers<void>()
      const impatient = setTimeout(() => {
        for (const client of socketServer.clients) client.terminate()
        giveUp()
      }, limits.closeWaitMs)
      // What subscriptions have just been told as their end leaves before the sockets' closing.
      await setImmediate()
      const gone = [...socketServer.clients].map(
        (client) => new Promise<void>((resolve) => client.once('close', () => resolve())),
      )
      await sockets.dispose()
      await Promise.all([...gone, Promise.race([Promise.all(inHand), late])])
      clearTimeout(impatient)
    },
  }
}

/** Node has let go of the socket: a client that is gone already would end the process, one that stays would keep it open. */
function refuseUpgrade(socket: Duplex): void {
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n', () => socket.destroy())
}

async function closeAll(server: Server, face: SubgraphFace): Promise<void> {
  const faceClosed = face.close()
  const impatient = setTimeout(() => server.closeAllConnections(), limits.closeWaitMs)
  // What subscriptions have just been told as their end leaves first.
  await setImmediate()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  await faceClosed
  server.closeIdleConnections()
  await closed
  clearTimeout(impatient)
}

/** Subgraphs trust who asks them, so the default host is this machine's own. */
export async function serveSubgraph(
  subgraph: ServedSubgraph,
  { port: wantedPort, host = '127.0.0.1', ready }: SubgraphServerOptions,
): Promise<SubgraphServer> {
  const face = createFace(subgraph, [PATH])
  const server = createServer((request, response) => {
    void face.answer(request, response).then((answered) => {
      if (!answered) answerHealth(request, response, ready)
    })
  })
  server.on('upgrade', (request, socket, head) => {
    if (!face.upgrade(request, socket, head)) refuseUpgrade(socket)
  })
  const port = await listen(server, wantedPort, host)
  let closing: Promise<void> | null = null
  return {
    port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}${PATH}`,
    close: () => (closing ??= closeAll(server, face)),
  }
}
