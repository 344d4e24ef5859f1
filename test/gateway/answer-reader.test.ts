// An HTTP/1.1 answer read from bytes: the same however they come in pieces, the same as Node's own parser reads it, and a failure where two
// readers could differ.
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AnswerReader, type Reading } from '../../gateway/endpoints/answer-reader.ts'
import { limits } from '../../platform/limits.ts'
import { seededInteger } from '../seeded-random.ts'

const BYTES_MAX = 1_000

function read(pieces: readonly Buffer[], closed = false): Reading {
  const reader = new AnswerReader(BYTES_MAX)
  let last: Reading = { kind: 'more' }
  for (const piece of pieces) {
    // As from a socket: the buffer is written to again afterwards.
    const shared = Buffer.from(piece)
    last = reader.read(shared)
    shared.fill(0)
    if (last.kind !== 'more') return last
  }
  return closed ? reader.end() : last
}

function readText(text: string, closed = false): Reading {
  return read([Buffer.from(text, 'latin1')], closed)
}

/** What matters of a reading, in a form to compare. */
function outcome(reading: Reading): unknown {
  if (reading.kind === 'failed') return reading.failure.kind
  if (reading.kind === 'more') return 'more'
  const { answer, keepAlive, keepAliveMs } = reading
  return { ...answer, bytes: Buffer.from(answer.bytes).toString('latin1'), keepAlive, keepAliveMs }
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
const answer = {
  status: 200,
  contentType: 'application/json',
  contentEncoding: '',
  isMarkedWhole: false,
  bytes: 'hello',
  keepAlive: true,
  keepAliveMs: null,
}

const GOOD: Record<string, [text: string, expected: unknown]> = {
  'content-length': [`${HEAD}content-length: 5\r\n\r\nhello`, answer],
  'chunks, with extensions and trailers': [
    `${HEAD}transfer-encoding: Chunked\r\n\r\n3;a="b"\r\nhel\r\n02\r\nlo\r\n0\r\nx-sum: 1\r\n\r\n`,
    answer,
  ],
  'no body at all': [`HTTP/1.1 204 No Content\r\n\r\n`, { ...answer, status: 204, contentType: '', bytes: '' }],
  'a reason that is missing': ['HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', { ...answer, contentType: '', bytes: '' }],
  'interim answers before it': [
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${HEAD}content-length: 5\r\n\r\nhello`,
    answer,
  ],
  'how long its connection is kept': [
    `${HEAD}keep-alive: timeout=65, max=100\r\ncontent-length: 5\r\n\r\nhello`,
    { ...answer, keepAliveMs: 65_000 },
  ],
  'that its connection closes': [
    `${HEAD}connection: foo, Close\r\ncontent-length: 5\r\n\r\nhello`,
    { ...answer, keepAlive: false },
  ],
  'HTTP/1.0': [
    'HTTP/1.0 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\nhello',
    { ...answer, keepAlive: false },
  ],
  'HTTP/1.0 that keeps its connection': [
    'HTTP/1.0 200 OK\r\ncontent-type: application/json\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\nhello',
    answer,
  ],
  'more than it says: its connection is not used again': [
    `${HEAD}content-length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n`,
    { ...answer, keepAlive: false },
  ],
  'its mark': [
    `${HEAD}meshgate-whole: 1\r\ncontent-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello`,
    { ...answer, isMarkedWhole: true, contentEncoding: 'gzip' },
  ],
  'a mark that stands twice is none': [
    `${HEAD}meshgate-whole: 1\r\nmeshgate-whole: 1\r\ncontent-length: 5\r\n\r\nhello`,
    answer,
  ],
}

const BAD: Record<string, string> = {
  'another protocol': 'SSH-2.0-OpenSSH_9.6\r\n',
  'HTTP/2': 'HTTP/2 200\r\n\r\n',
  TLS: '\u0015\u0003\u0001\u0000\u0002\u0002P',
  'a status that is none': 'HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n',
  'a bare LF': 'HTTP/1.1 200 OK\ncontent-length: 0\n\n\r\n\r\n',
  'a bare CR in a header': `${HEAD}a: b\rc\r\ncontent-length: 0\r\n\r\n`,
  'a NUL in a header': `${HEAD}a: b\0c\r\ncontent-length: 0\r\n\r\n`,
  'a folded header': `${HEAD}a: b\r\n c\r\ncontent-length: 0\r\n\r\n`,
  'a space before the colon': `${HEAD}content-length : 0\r\n\r\n`,
  'a header without a name': `${HEAD}: 0\r\n\r\n`,
  'a header without a colon': `${HEAD}content-length\r\n\r\n`,
  'both lengths': `${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'a length twice, though equal': `${HEAD}content-length: 5\r\ncontent-length: 5\r\n\r\nhello`,
  'two lengths': `${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`,
  'an empty length beside another': `${HEAD}content-length: 5\r\ncontent-length:\r\n\r\nhello`,
  'a length with a sign': `${HEAD}content-length: +5\r\n\r\nhello`,
  'a length in hexadecimals': `${HEAD}content-length: 0x5\r\n\r\nhello`,
  'another transfer coding': `${HEAD}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'a coding that looks like chunked': `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'chunked twice': `${HEAD}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  'chunks in HTTP/1.0': 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'a chunk without a size': `${HEAD}transfer-encoding: chunked\r\n\r\n\r\n`,
  'a size that is no number': `${HEAD}transfer-encoding: chunked\r\n\r\n-1\r\n`,
  'a size of too many digits': `${HEAD}transfer-encoding: chunked\r\n\r\n000000001\r\n`,
  'a size that a bare LF ends': `${HEAD}transfer-encoding: chunked\r\n\r\n1\n`,
  'a chunk that is longer than its size': `${HEAD}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`,
  'an extension with a bare LF': `${HEAD}transfer-encoding: chunked\r\n\r\n1;\nab\r\n`,
  'a change of protocol': 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n',
  'a flood of interim answers': 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(limits.subgraphInterimAnswersMax + 1),
  'a head without an end': `HTTP/1.1 200 OK\r\na: ${'b'.repeat(limits.subgraphHeadBytesMax)}`,
  'trailers without an end': `${HEAD}transfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(limits.subgraphHeadBytesMax / 4 + 1)}`,
}

describe('an answer', () => {
  for (const [title, [text, expected]] of Object.entries(GOOD)) {
    test(`is read: ${title}`, () => {
      expect(outcome(readText(text))).toEqual(expected)
    })
  }

  for (const [title, text] of Object.entries(BAD)) {
    test(`is none with ${title}`, () => {
      expect(outcome(readText(text))).toBe('protocol')
    })
  }

  test('without a length ends with its connection, and only then', () => {
    const text = `${HEAD}\r\nhello`
    expect(outcome(readText(text))).toBe('more')
    expect(outcome(readText(text, true))).toEqual({ ...answer, keepAlive: false })
  })

  test('whose connection ends before it does is none', () => {
    for (const text of ['', 'HTTP/1.1 2', `${HEAD}content-length: 6\r\n\r\nhello`]) {
      expect(outcome(readText(text, true))).toBe('connection')
    }
    expect(outcome(readText(`${HEAD}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n`, true))).toBe('connection')
  })

  test('has at most so many bytes, told before or found out', () => {
    const body = 'x'.repeat(BYTES_MAX)
    const chunk = `${HEAD}transfer-encoding: chunked\r\n\r\n${BYTES_MAX.toString(16)}\r\n${body}\r\n`
    expect(outcome(readText(`${HEAD}content-length: ${BYTES_MAX}\r\n\r\n${body}`))).toMatchObject({ bytes: body })
    expect(outcome(readText(`${chunk}0\r\n\r\n`))).toMatchObject({ bytes: body })
    expect(outcome(readText(`${HEAD}\r\n${body}`, true))).toMatchObject({ bytes: body })
    expect(outcome(readText(`${HEAD}content-length: ${BYTES_MAX + 1}\r\n\r\n`))).toBe('too-large')
    expect(outcome(readText(`${chunk}1\r\nx`))).toBe('too-large')
    expect(outcome(readText(`${HEAD}\r\n${body}x`))).toBe('too-large')
  })

  test('is the same however its bytes are cut into pieces', () => {
    const random = seededInteger(1)
    for (const text of [...Object.values(GOOD).map(([good]) => good), ...Object.values(BAD)]) {
      const whole = outcome(readText(text))
      const bytes = Buffer.from(text, 'latin1')
      for (let round = 0; round < 30; round += 1) {
        const pieces: Buffer[] = []
        for (let at = 0; at < bytes.length;) {
          const to = at + 1 + random(round === 0 ? 1 : Math.max(8, bytes.length / 8))
          pieces.push(bytes.subarray(at, to))
          at = to
        }
        expect([text, cleanOf(outcome(read(pieces)))]).toEqual([text, cleanOf(whole)])
      }
    }
  })
})

/** Up to the last byte of the answer: what follows it Node takes for a failure, and we for the end of the connection. */
function withoutRest(text: string): string {
  let end = text.length
  while (end > 0 && readText(text.slice(0, end - 1)).kind === 'answer') end -= 1
  return text.slice(0, end)
}

/** What comes in a later piece than the answer's end is found by its connection, not by the reader. */
function cleanOf(result: unknown): unknown {
  return typeof result === 'object' ? { ...result, keepAlive: undefined } : result
}

describe("beside Node's own client", () => {
  let text = Buffer.alloc(0)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(text))
  })
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  const nodeReads = (): Promise<unknown> =>
    new Promise((resolve) => {
      const { port } = server.address() as AddressInfo
      const sent = request({ port, host: '127.0.0.1', method: 'POST', agent: false }, (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', () => resolve('failed'))
        response.on('end', () =>
          resolve({ status: response.statusCode, bytes: Buffer.concat(pieces).toString('latin1') }),
        )
      })
      sent.on('upgrade', (_, socket) => {
        socket.destroy()
        resolve('failed')
      })
      sent.on('error', () => resolve('failed'))
      sent.end()
    })

  const BASES = Object.values(GOOD).map(([good]) => good)
  const SPICE = [
    '\r',
    '\n',
    '\r\n',
    ':',
    ' ',
    ';',
    '0',
    '5',
    'a',
    ',',
    '\0',
    'chunked',
    'content-length: 3\r\n',
    '\t',
    '-',
    'ÿ',
  ]

  test('reads what both accept alike: 1,500 damaged answers', { timeout: 60_000 }, async () => {
    const random = seededInteger(7)
    let accepted = 0
    for (let round = 0; round < 1_500; round += 1) {
      let damaged = BASES[random(BASES.length)] ?? ''
      for (let count = random(3); count > 0; count -= 1) {
        const at = random(damaged.length)
        damaged = damaged.slice(0, at) + (SPICE[random(SPICE.length)] ?? '') + damaged.slice(at + random(3))
      }
      const ours = outcome(readText(damaged, true))
      if (typeof ours !== 'object' || ours === null) continue
      accepted += 1
      text = Buffer.from(withoutRest(damaged), 'latin1')
      const { status, bytes } = ours as { status: number; bytes: string }
      expect([damaged, await nodeReads()]).toEqual([damaged, { status, bytes }])
    }
    expect(accepted).toBeGreaterThan(300)
  })
})
