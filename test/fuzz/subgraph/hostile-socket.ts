// What a hostile subgraph sends over a WebSocket, from its answer to the handshake on.
import { createHash } from 'node:crypto'
import { deepJson, mutated, ODD_VALUES, pick, pickOf, randomBytes, upTo, type Random } from '../choices.ts'
import { brokenFrame, fragmented, frame } from '../socket/frames.ts'
import { hostileJson } from './hostile-answers.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const ID = /"id":"([^"]{1,200})"/

function accepted(key: string, more: readonly string[] = []): Buffer {
  const accept = createHash('sha1')
    .update(key + GUID)
    .digest('base64')
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'upgrade: websocket',
    'connection: Upgrade',
    `sec-websocket-accept: ${accept}`,
  ]
  return Buffer.from(`${[...lines, 'sec-websocket-protocol: graphql-transport-ws', ...more].join('\r\n')}\r\n\r\n`)
}

export function hostileHandshake(key: string, random: Random): Buffer {
  const right = accepted(key)
  if (random() < 0.8) return right
  return pickOf(
    [
      () => accepted(`${key}x`),
      () => accepted(key, ['sec-websocket-extensions: permessage-deflate']),
      () => accepted(key, ['sec-websocket-protocol: x']),
      () => mutated(right, random),
      () => Buffer.from(right.toString().replace('101', pick(['200', '404', '500', '301', '100'], random))),
      () => Buffer.from(right.toString().replace(/sec-websocket-protocol: .*\r\n/, '')),
      () => Buffer.from(`HTTP/1.1 101 x\r\n${'x: y\r\n'.repeat(upTo(5_000, random))}\r\n`),
      () => randomBytes(upTo(200, random), random),
    ],
    random,
  )
}

/** After something of the gateway's came: `heard` is all that did, unmasked. */
export function hostileFrames(good: Readonly<Record<string, unknown>>, heard: string, random: Random): Buffer[] {
  const id = ID.exec(heard)?.[1] ?? '1'
  const opening =
    heard.includes('connection_init') && random() < 0.95
      ? [frame('{"type":"connection_ack"}', { isMasked: false })]
      : []
  const count = heard.includes('"subscribe"') ? 1 + upTo(20, random) : upTo(3, random)
  return [...opening, ...Array.from({ length: count }, () => hostileFrame(good, id, random))]
}

function hostileFrame(good: Readonly<Record<string, unknown>>, id: string, random: Random): Buffer {
  if (random() < 0.07) return brokenFrame(random, false)
  const message = hostileMessage(good, id, random)
  if (random() < 0.1) return fragmented(message, 1 + upTo(20, random), false)
  return frame(message, { isMasked: false })
}

function hostileMessage(good: Readonly<Record<string, unknown>>, id: string, random: Random): Buffer | string {
  const value = pick(ODD_VALUES, random)
  const next = `{"type":"next","id":"${id}","payload":${JSON.stringify(good)}}`
  return pickOf<Buffer | string>(
    [
      () => next,
      () => next,
      () => next,
      () => mutated(Buffer.from(next), random),
      () =>
        Buffer.concat([
          Buffer.from(`{"type":"next","id":"${id}","payload":`),
          hostileJson(good, random),
          Buffer.from('}'),
        ]),
      () => `{"type":"next","id":"${id}","payload":${value}}`,
      () => `{"type":"next","id":${value},"payload":{}}`,
      () => `{"type":"error","id":"${id}","payload":${value}}`,
      () => `{"type":"error","id":"${id}","payload":[{"message":"no","extensions":{"code":${value}},"path":${value}}]}`,
      () => `{"type":"complete","id":"${random() < 0.5 ? id : 'other'}"}`,
      () => `{"type":"connection_ack","payload":${value}}`,
      () => `{"type":"ping","payload":${value}}`,
      () => `{"type":"pong"}`,
      () => `{"type":"${pick(['subscribe', 'connection_init', '__proto__', 'ka', 'data'], random)}","id":"${id}"}`,
      () => `{"type":"next","id":"${id}","payload":{"data":${deepJson(upTo(40_000, random), random)}}}`,
      () => deepJson(upTo(50_000, random), random),
      () => value,
      () => `{"type":"next","id":"${id}","payload":{"data":{"fed":{"id":"${'x'.repeat(upTo(300_000, random))}"}}}}`,
    ],
    random,
  )
}
