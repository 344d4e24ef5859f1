// What a hostile subgraph sends over an event stream: right events, wrong ones, and what is no event at all.
import { deepJson, mutated, ODD_VALUES, pick, pickOf, randomBytes, upTo, type Random } from '../choices.ts'
import { hostileJson, type WireAnswer } from './hostile-answers.ts'

const OPENING = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n'

/** `good`: data of an event as asked for. */
export function hostileEventStream(good: Readonly<Record<string, unknown>>, random: Random): WireAnswer {
  const isChunked = random() < 0.5
  const events = Array.from({ length: 1 + upTo(40, random) }, () => streamPart(good, random))
  const parts =
    random() < 0.3 ? [...events, Buffer.from('event: complete\ndata:\n\n'), streamPart(good, random)] : events
  const pieces = random() < 0.5 ? parts : recut(Buffer.concat(parts), random)
  const framed = isChunked ? pieces.map(asChunk) : pieces
  const head = Buffer.from(`${OPENING}${isChunked ? 'transfer-encoding: chunked\r\n' : ''}\r\n`)
  return {
    pieces: random() < 0.95 ? [head, ...framed] : [mutated(head, random), ...framed],
    pauseMs: random() < 0.2 ? upTo(10, random) : 0,
    ends: pick(['stays', 'closes', 'resets'], random),
  }
}

function asChunk(piece: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
}

function recut(bytes: Buffer, random: Random): Buffer[] {
  const size = Math.max(1, Math.ceil(bytes.length / (1 + upTo(400, random))))
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

export function streamPart(good: Readonly<Record<string, unknown>>, random: Random): Buffer {
  const data = JSON.stringify(good)
  const end = pick(['\n', '\r', '\r\n'], random)
  const next = (text: string): string => `event: next${end}data: ${text}${end}${end}`
  return pickOf(
    [
      () => Buffer.from(next(data)),
      () => Buffer.from(next(data)),
      () => Buffer.from(next(data)),
      () =>
        Buffer.from(
          `event: next${end}${data
            .split('')
            .map((character) => `data:${character}`)
            .join(end)}${end}${end}`,
        ),
      () => Buffer.concat([Buffer.from(`event: next${end}data: `), hostileJson(good, random), Buffer.from(end + end)]),
      () => mutated(Buffer.from(next(data)), random),
      () => Buffer.from(next(pick(ODD_VALUES, random))),
      () => Buffer.from(next(deepJson(upTo(60_000, random), random))),
      () => Buffer.from(`data: ${data}${end}${end}`),
      () =>
        Buffer.from(
          `event: ${pick(['message', 'error', '__proto__', 'next ', ''], random)}${end}data: ${data}${end}${end}`,
        ),
      () =>
        Buffer.from(
          `id: ${'x'.repeat(upTo(9_000, random))}\0${end}retry: ${pick(['0', '-1', '1e9', 'x'], random)}${end}${next(data)}`,
        ),
      () => Buffer.from(`:${'c'.repeat(upTo(5_000, random))}${end}`.repeat(1 + upTo(60, random))),
      () => Buffer.from(`data${end}`.repeat(1 + upTo(20_000, random))),
      () => Buffer.from(`data: ${'x'.repeat(upTo(400_000, random))}`),
      () => Buffer.from(next(JSON.stringify({ data: { changed: { id: 'x'.repeat(upTo(500_000, random)) } } }))),
      () => Buffer.from(end.repeat(1 + upTo(3_000, random))),
      () => Buffer.from(next(data).repeat(1 + upTo(3_000, random))),
      () => Buffer.concat([Buffer.from('\ufeffdata: '), randomBytes(upTo(100, random), random), Buffer.from('\n\n')]),
      () => Buffer.from(`event: next${end}data: {"errors":[${pick(ODD_VALUES, random)}]}${end}${end}`),
    ],
    random,
  )
}
