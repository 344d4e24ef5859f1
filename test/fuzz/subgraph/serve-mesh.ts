// Serves the mesh of the gateway that is attacked, a path for each subgraph. Where a request carries a seed, the answer is the hostile one of
// that seed; without one it is right, so that others can be asked what they get meanwhile.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { ANONYMOUS } from '../../../platform/governance/principal.ts'
import type { SubgraphEndpoint, SubgraphRequest } from '../../../platform/ports/subgraph-endpoint.ts'
import { localEndpoint } from '../../federation/merged-mesh.ts'
import { seededRandom } from '../../seeded-random.ts'
import type { Random } from '../choices.ts'
import { FUZZ_MESH } from './fuzz-mesh.ts'
import { hostileAnswer, http, type WireAnswer } from './hostile-answers.ts'
import { hostileEventStream } from './hostile-streams.ts'
import { hostileFrames, hostileHandshake } from './hostile-socket.ts'

export const SEED_HEADER = 'x-seed'
/** A stream that goes on ends by then: it has done what harm it can. */
const STREAM_MS = 1_500
const GOOD_EVENT = { data: { changed: { __typename: 'User', id: 'u1' }, fed: { __typename: 'User', id: 'u1' } } }

export interface ServedMesh {
  readonly urls: readonly { readonly name: string; readonly url: string }[]
  close(): Promise<void>
}

export async function serveMesh(): Promise<ServedMesh> {
  const endpoints = new Map(FUZZ_MESH.map((subgraph) => [`/${subgraph.name}`, localEndpoint(subgraph)]))
  const sockets = new Set<Duplex>()
  const server = createServer((request) => {
    const endpoint = endpoints.get(request.url ?? '')
    if (endpoint === undefined) return void request.socket.destroy()
    answer(request, endpoint).catch(() => request.socket.destroy())
  })
  // Bytes go to the sockets directly: node must not wait for responses that never come.
  server.requestTimeout = 0
  server.headersTimeout = 0
  server.on('clientError', (_error, socket) => void socket.destroy())
  server.on('connection', (socket) => {
    socket.on('error', () => undefined)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket) => upgrade(request, socket, randomOf(request) ?? seededRandom(0)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urls: FUZZ_MESH.map(({ name }) => ({ name, url: `http://127.0.0.1:${port}/${name}` })),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function randomOf(request: IncomingMessage): Random | null {
  const seed = request.headers[SEED_HEADER]
  return typeof seed === 'string' && /^\d+$/.test(seed) ? seededRandom(Number(seed)) : null
}

async function answer(request: IncomingMessage, endpoint: SubgraphEndpoint): Promise<void> {
  const { socket, headers } = request
  const asked = JSON.parse(await text(request)) as SubgraphRequest
  const random = randomOf(request)
  const isStream = headers.accept?.includes('text/event-stream') === true
  if (isStream && random !== null) {
    setTimeout(() => socket.destroy(), STREAM_MS).unref()
    return write(socket, hostileEventStream(GOOD_EVENT, random))
  }
  if (isStream) return stream(socket, endpoint, asked)
  const good = await endpoint.execute({ ...asked, principal: ANONYMOUS })
  if (random === null) return void socket.write(http(JSON.stringify(good)))
  await write(socket, hostileAnswer(good, random))
}

async function write(socket: Duplex, { pieces, pauseMs, ends }: WireAnswer): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    if (!socket.write(piece))
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), wait(STREAM_MS)])
    if (pauseMs > 0) await wait(pauseMs)
  }
  if (ends === 'closes') socket.end()
  else if (ends === 'resets') socket.destroy()
}

async function stream(socket: Duplex, endpoint: SubgraphEndpoint, asked: SubgraphRequest): Promise<void> {
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n')
  for await (const event of await endpoint.subscribe({ ...asked, principal: ANONYMOUS })) {
    socket.write(`event: next\ndata: ${JSON.stringify(event)}\n\n`)
  }
  socket.end('event: complete\ndata:\n\n')
}

function upgrade(request: IncomingMessage, socket: Duplex, random: Random): void {
  socket.on('error', () => undefined)
  socket.write(hostileHandshake(request.headers['sec-websocket-key'] ?? '', random))
  socket.on('data', (bytes: Buffer) => {
    for (const sent of hostileFrames(GOOD_EVENT, unmasked(bytes), random)) if (!socket.destroyed) socket.write(sent)
    if (random() < 0.2) socket.destroy()
  })
  setTimeout(() => socket.destroy(), STREAM_MS).unref()
}

/** The text of one frame as clients send it, mask and all. */
function unmasked(bytes: Buffer): string {
  const length = (bytes[1] ?? 0) & 0x7f
  const at = length < 126 ? 2 : length === 126 ? 4 : 10
  const mask = bytes.subarray(at, at + 4)
  return Buffer.from(bytes.subarray(at + 4).map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toString('latin1')
}
