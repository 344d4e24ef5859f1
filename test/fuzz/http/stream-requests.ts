// Clients of streams over HTTP: Server-Sent Events and multipart, odd positions to go on from, clients that leave in the middle.
import { pick, pickOf, randomBytes, upTo, type Random } from '../choices.ts'
import type { Exchange } from '../exchange.ts'
import { post, type HttpSource } from './http-requests.ts'
import { extensions, hostileBody, requestOf } from './request-bodies.ts'

export interface StreamSource extends HttpSource {
  /** Subscriptions that are valid. */
  readonly subscriptions: readonly [string, ...string[]]
}

const ACCEPTS = [
  'accept: text/event-stream',
  'accept: text/event-stream',
  'accept: multipart/mixed;subscriptionSpec=1.0, application/json',
  'accept: multipart/mixed;subscriptionSpec="1.0";boundary="\r\nx: y',
  'accept: text/event-stream;q=0',
  'accept: text/event-stream;q=0.1, application/json',
  'accept: text/event-stream, multipart/mixed;subscriptionSpec=1.0',
  'accept: */*',
] as const

export function hostileStream(source: StreamSource, random: Random): Exchange {
  const lines = [pick(ACCEPTS, random), 'content-type: application/json', ...position(random)]
  return pickOf<Exchange>(
    [
      () => ({ kind: 'stream', chunks: [post(subscribeBody(source, random), lines)], ends: leaving(random) }),
      () => ({ kind: 'stream', chunks: [post(subscribeBody(source, random), lines)], ends: leaving(random) }),
      () => ({ kind: 'stream of a query', chunks: [post(requestOf(source, random), lines)], ends: leaving(random) }),
      () => ({ kind: 'stream of nothing', chunks: [post(hostileBody(source, random), lines)] }),
      () => byGet(source, lines, random),
      () => singleConnection(source, random),
      () => ({
        kind: 'streams in a pipeline',
        chunks: Array.from({ length: 1 + upTo(10, random) }, () => post(subscribeBody(source, random), lines)),
        ends: leaving(random),
      }),
    ],
    random,
  )
}

function leaving(random: Random): 'waits' | 'half-closes' | 'resets' {
  return pick(['waits', 'half-closes', 'resets', 'resets'], random)
}

function subscribeBody(source: StreamSource, random: Random): string {
  const query = JSON.stringify(pick(source.subscriptions, random))
  const more = random() < 0.5 ? `,"extensions":${extensions(random)}` : ''
  return `{"query":${query}${more}}`
}

function position(random: Random): string[] {
  if (random() < 0.4) return []
  return [
    pickOf(
      [
        () => `last-event-id: ${randomBytes(upTo(120, random), random).toString('base64url')}`,
        () =>
          `last-event-id: ${randomBytes(upTo(40, random), random)
            .toString('latin1')
            .replace(/[\r\n\0]/g, 'x')}`,
        () => `last-event-id: ${'x'.repeat(upTo(9_000, random))}`,
        () => 'last-event-id: a\r\nlast-event-id: b',
        () => 'last-event-id: {"__proto__":1}',
      ],
      random,
    ),
  ]
}

function byGet(source: StreamSource, lines: readonly string[], random: Random): Exchange {
  const query = encodeURIComponent(pick(source.subscriptions, random))
  const head = [
    `GET /graphql?query=${query}&extensions=${encodeURIComponent(extensions(random))} HTTP/1.1`,
    'host: localhost',
    ...lines,
    pick(['connection: close', 'x: y'], random),
  ]
  return {
    kind: 'stream by get',
    chunks: [Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1')],
    ends: leaving(random),
  }
}

/** The single connection mode of graphql-sse, which is not spoken here. */
function singleConnection(source: StreamSource, random: Random): Exchange {
  const token = randomBytes(8, random).toString('hex')
  const accept = 'accept: text/event-stream'
  const line = (method: string, path: string): Buffer =>
    Buffer.from(
      `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nx-graphql-event-stream-token: ${token}\r\n${accept}\r\n\r\n`,
    )
  return {
    kind: 'single connection mode',
    chunks: [
      line('PUT', '/graphql'),
      post(subscribeBody(source, random), [
        `x-graphql-event-stream-token: ${token}`,
        'content-type: application/json',
        accept,
      ]),
      line('DELETE', `/graphql?operationId=${pick(['1', '__proto__', '%00'], random)}`),
      line('GET', `/graphql?token=${token}`),
    ],
    ends: leaving(random),
  }
}
