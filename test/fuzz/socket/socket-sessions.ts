// Clients of the gateway's WebSocket that keep no rule: of the handshake, of frames, or of the graphql-transport-ws protocol.
import { deepJson, mutated, ODD_VALUES, oddText, pick, pickOf, upTo, type Random } from '../choices.ts'
import type { Exchange } from '../exchange.ts'
import { extensions, requestOf } from '../http/request-bodies.ts'
import type { StreamSource } from '../http/stream-requests.ts'
import { hostileToken } from '../http/tokens.ts'
import { brokenFrame, fragmented, frame } from './frames.ts'

const KEY = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='

export function upgrade(path = '/graphql', more: readonly string[] = []): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'host: localhost',
    'upgrade: websocket',
    'connection: upgrade',
    'sec-websocket-version: 13',
    KEY,
    'sec-websocket-protocol: graphql-transport-ws',
    ...more,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

export function hostileSocket(source: StreamSource, random: Random): Exchange {
  if (random() < 0.15) return { kind: 'handshake', chunks: [handshake(random), frame('{"type":"connection_init"}')] }
  const session = random() < 0.15 ? storm(source, random) : messages(source, random)
  // Most wait for the acknowledgement, without which nothing is taken.
  const init = frame('{"type":"connection_init"}')
  const opening = { chunks: [upgrade(), init], until: 'connection_ack' }
  const isPatient = random() < 0.8
  const sent = isPatient ? session : [upgrade(), ...(random() < 0.5 ? [init] : []), ...session]
  return {
    kind: 'socket',
    ...(isPatient ? { opening } : {}),
    chunks: random() < 0.3 ? [Buffer.concat(sent)] : sent,
    ends: pick(['waits', 'waits', 'half-closes', 'resets'], random),
    pauseMs: random() < 0.2 ? upTo(10, random) : 0,
  }
}

function handshake(random: Random): Buffer {
  return pickOf(
    [
      () => mutated(upgrade(), random),
      () => upgrade(pick(['/', '/graphql/', '//[', '/%', '/graphql?__proto__=1', '/metrics', '*'], random)),
      () => upgrade('/graphql', ['sec-websocket-protocol: graphql-ws']),
      () => upgrade('/graphql', [`sec-websocket-protocol: ${'a,'.repeat(upTo(3_000, random))}`]),
      () => upgrade('/graphql', ['sec-websocket-extensions: permessage-deflate; client_max_window_bits=99']),
      () => upgrade('/graphql', [`sec-websocket-extensions: ${pick(['', ',', 'x;;', '"'.repeat(3_000)], random)}`]),
      () => upgrade('/graphql', ['origin: http://evil.example']),
      () => upgrade('/graphql', ['origin: null']),
      () => upgrade('/graphql', ['authorization: Bearer x']),
      () => upgrade('/graphql', ['content-length: 50']),
      () => upgrade('/graphql', ['transfer-encoding: chunked']),
      () =>
        Buffer.from(
          upgrade()
            .toString()
            .replace('13', pick(['8', '0', '1e3', ''], random)),
        ),
      () =>
        Buffer.from(
          upgrade()
            .toString()
            .replace(KEY, pick(['sec-websocket-key: x', KEY.toUpperCase(), 'x: y'], random)),
        ),
      () =>
        Buffer.from(
          upgrade()
            .toString()
            .replace('GET', pick(['POST', 'HEAD', 'CONNECT'], random)),
        ),
      () =>
        Buffer.from(
          upgrade()
            .toString()
            .replace('graphql-transport-ws', pick(['x', '', '\u00ff'], random)),
          'latin1',
        ),
    ],
    random,
  )
}

const SOME_IDS = ['1', '2', '3', 'é', '__proto__', 'constructor', 'x'.repeat(200), ' ', '\u0000'] as const

function messages(source: StreamSource, random: Random): Buffer[] {
  return Array.from({ length: 1 + upTo(30, random) }, () => {
    const choice = random()
    if (choice < 0.08) return brokenFrame(random, true)
    const text = message(source, random)
    if (choice < 0.14) return mutated(frame(text.slice(0, 400)), random)
    if (choice < 0.2) return fragmented(text, 1 + upTo(20, random))
    return frame(text)
  })
}

function message(source: StreamSource, random: Random): string {
  const id = JSON.stringify(random() < 0.9 ? pick(SOME_IDS, random) : oddText(random))
  const value = pick(ODD_VALUES, random)
  const subscription = JSON.stringify(pick(source.subscriptions, random))
  return pickOf(
    [
      () => `{"type":"subscribe","id":${id},"payload":{"query":${subscription}}}`,
      () => `{"type":"subscribe","id":${id},"payload":{"query":${subscription},"extensions":${extensions(random)}}}`,
      () => `{"type":"subscribe","id":${id},"payload":${requestOf(source, random).slice(0, 300_000)}}`,
      () => `{"type":"subscribe","id":${id},"payload":${requestOf(source, random).slice(0, 300_000)}}`,
      () => `{"type":"subscribe","id":${value},"payload":{"query":"{ __typename }"}}`,
      () => `{"type":"subscribe","id":${id},"payload":${value}}`,
      () => `{"type":"subscribe","id":${id},"payload":{"query":${value}}}`,
      () =>
        `{"type":"subscribe","id":${id},"payload":{"query":"{ __typename }","variables":${value},"operationName":${value}}}`,
      () => `{"type":"complete","id":${id}}`,
      () => `{"type":"complete","id":${id}}`,
      () => `{"type":"complete","id":${value}}`,
      () => `{"type":"connection_init","payload":${value}}`,
      () =>
        `{"type":"connection_init","payload":{"authorization":${JSON.stringify(hostileToken(source.token, random))}}}`,
      () =>
        `{"type":"${pick(['ping', 'pong', 'connection_ack', 'next', 'error', 'data', '__proto__', 'start'], random)}","id":${id},"payload":${value}}`,
      () => `{"type":${value}}`,
      () => deepJson(upTo(100_000, random), random),
      () => value,
      () => '',
    ],
    random,
  )
}

/** Many operations begun and ended at once, with one id or with many. */
function storm(source: StreamSource, random: Random): Buffer[] {
  const query = JSON.stringify(pick(source.subscriptions, random))
  const sameId = random() < 0.4
  const completes = random() < 0.7
  const frames = Array.from({ length: 20 + upTo(400, random) }, (_, index) => {
    const id = sameId ? 'same' : `n${index}`
    const begin = frame(`{"type":"subscribe","id":"${id}","payload":{"query":${query}}}`)
    return completes ? Buffer.concat([begin, frame(`{"type":"complete","id":"${id}"}`)]) : begin
  })
  return [Buffer.concat(frames)]
}
