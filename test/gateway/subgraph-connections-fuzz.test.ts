// Many requests over few connections to a server that does everything a server can do wrong, from clients that leave: each request ends once,
// with its own answer or with a failure that says why, and nothing is left over.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'
import { InFlightRequests } from '../../gateway/endpoints/in-flight-requests.ts'
import { exchangeBy } from '../../gateway/endpoints/wire-caller.ts'
import { nextArrival } from '../../gateway/endpoints/arrival.ts'
import { principalKey } from '../../gateway/principal-view.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { MeshgateError } from '../../platform/errors.ts'
import { seededInteger } from '../seeded-random.ts'
import { http, RawServer, type RawRequest } from './raw-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const CONNECTIONS_MAX = 8
const CLIENTS = 40
const REQUESTS = 4_000
const SEED = 11

type Behaviour = (request: RawRequest, random: (below: number) => number) => void

function chunked(body: string, random: (below: number) => number): string {
  let text = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
  for (let at = 0; at < body.length;) {
    const piece = body.slice(at, at + 1 + random(200))
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`
    at += piece.length
  }
  return `${text}0\r\n\r\n`
}

/** In pieces, with turns of the loop between them. */
async function dribble({ socket }: RawRequest, text: string, random: (below: number) => number): Promise<void> {
  for (let at = 0; at < text.length;) {
    const to = at + 1 + random(400)
    socket.write(text.slice(at, to))
    at = to
    await sleep(0)
  }
}

const GOOD: readonly Behaviour[] = [
  ({ socket, body }) => socket.write(http(body)),
  ({ socket, body }, random) => socket.write(chunked(body, random)),
  (request, random) => void dribble(request, http(request.body), random),
  (request, random) => void dribble(request, chunked(request.body, random), random),
  ({ socket, body }) => socket.end(http(body, ['connection: close'])),
  ({ socket, body }) => socket.write(http(body, ['keep-alive: timeout=1'])),
  ({ socket, body }) => socket.write(`HTTP/1.1 100 Continue\r\n\r\n${http(body)}`),
  ({ socket, body }) => socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n${body}`),
  ({ socket, body }) => socket.write(http(body) + http('{"data":"smuggled"}')),
  ({ socket, body }) => {
    socket.write(http(body))
    setImmediate(() => socket.destroy())
  },
]

const BAD: readonly Behaviour[] = [
  ({ socket }) => socket.resetAndDestroy(),
  ({ socket }) => socket.end(),
  ({ socket, body }, random) => socket.end(http(body).slice(0, random(100))),
  ({ socket, body }, random) => {
    socket.write(http(body).slice(0, 20 + random(80)))
    setImmediate(() => socket.resetAndDestroy())
  },
  ({ socket }) => socket.write('garbage\r\n\r\n'),
  ({ socket, body }) => socket.write(http(body, ['transfer-encoding: chunked'])),
  ({ socket }) => socket.write(http('{}', [], '503 No')),
  () => undefined,
]

test(`of ${REQUESTS} requests each has its own answer or its failure`, { timeout: 120_000 }, async () => {
  const random = seededInteger(SEED)
  let openMax = 0
  const server = await RawServer.open((request) => {
    openMax = Math.max(openMax, server.open)
    const behaviours = random(3) === 0 ? BAD : GOOD
    behaviours[random(behaviours.length)]?.(request, random)
  })
  const { port } = server
  const url = `http://127.0.0.1:${port}/graphql`
  const endpoint = new HttpEndpoint({ name: 'wild', url, timeoutMs: 150, connectionsMax: CONNECTIONS_MAX })
  closing.push(
    () => server.close(),
    () => endpoint.close(),
  )
  const requests = new InFlightRequests(endpoint, 'fresh', principalKey)
  const outcomes = new Map<string, number>()
  let sent = 0
  const client = async (): Promise<void> => {
    while (sent < REQUESTS) {
      sent += 1
      // Few enough bodies that some are shared, long enough that they come in pieces.
      const number = random(REQUESTS / 4)
      const body = JSON.stringify({ number, padding: 'x'.repeat(number) })
      const leaving = new AbortController()
      if (random(8) === 0) setTimeout(() => leaving.abort(new Error('left')), random(20))
      const request = { body, isMutation: random(5) === 0, principal: ANONYMOUS, arrival: nextArrival() }
      const outcome = await exchangeBy(requests, { ...request, signal: leaving.signal }).then(
        ({ bytes }) => (Buffer.from(bytes).toString() === body ? 'own answer' : 'ANOTHER ANSWER'),
        (error: unknown) => (error instanceof MeshgateError ? error.code : (error as Error).message),
      )
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  expect([...outcomes.keys()].toSorted()).toEqual([
    'SUBGRAPH_PROTOCOL',
    'SUBGRAPH_TIMEOUT',
    'SUBGRAPH_UNAVAILABLE',
    'left',
    'own answer',
  ])
  expect([...outcomes.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(REQUESTS)
  expect(outcomes.get('own answer')).toBeGreaterThan(REQUESTS / 3)
  expect(requests.size).toBe(0)
  // A socket that the client has closed may be open at the server for a moment.
  expect(openMax).toBeLessThanOrEqual(CONNECTIONS_MAX * 2)
})
