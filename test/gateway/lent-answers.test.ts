// Responses are written into buffers that are used again: no client sees another's bytes, however slowly it reads.
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { createTextBuffers } from '../../gateway/http/text-buffers.ts'
import { startStreams } from './stream-mesh.ts'

const CLIENTS = limits.textBuffersMax + 16
/** Characters of one to four bytes. */
const ALPHABET = ['a', 'é', '€', '😀']
/** Of answers that fit a buffer, and of answers that are written in pieces. */
const SIZES = [200_000, 700_001]

test('clients that read slowly, more of them than there are buffers, each get their own answer', async () => {
  const streams = await startStreams()
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const letter = ALPHABET[index % ALPHABET.length] ?? 'a'
    const text = `${index}${letter}`
    const size = SIZES[Math.floor(index / ALPHABET.length) % SIZES.length] ?? 0
    const times = Math.floor(size / Buffer.byteLength(text))
    const body = JSON.stringify({ query: `{ long(text: "${text}", times: ${times}) }` })
    const socket = connect(streams.server.port, '127.0.0.1')
    socket.pause()
    socket.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
    return { socket, expected: JSON.stringify({ data: { long: text.repeat(times) } }) }
  })
  await expect.poll(() => streams.requests.length).toBe(CLIENTS)
  const bodies = await Promise.all(
    clients.map(async ({ socket }) => {
      const chunks: Buffer[] = []
      for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)
      const whole = Buffer.concat(chunks).toString('utf8')
      return whole.slice(whole.indexOf('\r\n\r\n') + 4)
    }),
  )
  const wrong = bodies.filter((body, index) => body !== clients[index]?.expected)
  expect(wrong.map((body) => body.slice(0, 100))).toEqual([])
  await streams.close()
})

test('lends a bounded number of buffers, and none for texts that are small or do not fit', () => {
  const buffers = createTextBuffers()
  const text = 'x'.repeat(10_000)
  const lent = Array.from({ length: limits.textBuffersMax }, () => buffers.lend(text))
  expect([lent.every((each) => each?.bytes.length === 10_000), buffers.lend(text)]).toEqual([true, null])
  lent[0]?.release()
  lent[0]?.abandon()
  expect(buffers.lend('€'.repeat(limits.textBufferBytes / 2))).toBeNull()
  expect([buffers.lend('small'), buffers.lend('x'.repeat(limits.textBufferBytes + 1))]).toEqual([null, null])
  expect(buffers.lend(text)?.bytes.buffer).toBe(lent[0]?.bytes.buffer)
  expect(buffers.lend(text)).toBeNull()
  // What nobody gives back makes room for another, and is never lent again.
  lent[1]?.abandon()
  lent[1]?.release()
  expect(buffers.lend(text)?.bytes.buffer).not.toBe(lent[1]?.bytes.buffer)
  expect(buffers.lend(text)).toBeNull()
})

test('a piece never ends within a character', () => {
  const buffers = createTextBuffers()
  const text = `a${'😀'.repeat(limits.textBufferBytes)}`
  const pieces: Buffer[] = []
  for (let from = 0; from < text.length;) {
    const piece = buffers.lendPiece(text, from)
    pieces.push(Buffer.from(piece.bytes))
    from += piece.characters
    piece.release()
  }
  expect(Buffer.concat(pieces).equals(Buffer.from(text))).toBe(true)
})
