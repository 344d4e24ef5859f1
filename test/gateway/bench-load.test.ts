// What the bench of gateways measures with: its reader of HTTP, its latencies, and that it notices wrong answers.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ConnectionLoad, type LoadGroup } from '../../bench/gateway/load/connection-load.ts'
import { LatencyHistogram } from '../../bench/gateway/load/latency-histogram.ts'
import { MessageReader, type Message } from '../../bench/gateway/wire/message-reader.ts'

const servers: Server[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

const STREAM =
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst' +
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsec\r\n3\r\nond\r\n0\r\n\r\n' +
  'HTTP/1.1 204 No Content\r\n\r\n' +
  'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'

test.each([1, 2, 7, 10_000])('messages are read however the bytes are cut (%d at a time)', (size) => {
  const messages: Message[] = []
  const reader = new MessageReader((message) => messages.push(message))
  const bytes = Buffer.from(STREAM)
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
  expect(messages.map(({ head, body }) => [head.split('\r\n')[0], body.toString()])).toEqual([
    ['HTTP/1.1 200 OK', 'first'],
    ['HTTP/1.1 200 OK', 'second'],
    ['HTTP/1.1 204 No Content', ''],
    ['HTTP/1.1 200 OK', ''],
  ])
})

test('latencies are kept to two percent', () => {
  const histogram = new LatencyHistogram()
  for (let value = 1; value <= 10_000; value += 1) histogram.record(value / 10)
  for (const fraction of [0.01, 0.5, 0.95, 0.99, 1]) {
    const exact = fraction * 1_000
    expect(Math.abs(histogram.quantile(fraction) - exact)).toBeLessThan(0.02 * exact)
  }
})

async function serve(answer: (token: string | undefined) => { status: number; body: string }): Promise<number> {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const { status, body } = answer(request.headers.authorization)
      response.writeHead(status).end(body)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const group: LoadGroup = {
  name: 'load',
  connections: 3,
  operations: [{ body: '{"query":"{ a }"}', expected: '{"data":{"a":1}}' }],
  authorization: false,
  paceMs: 0,
}

/** Ends the load when the server was asked so many times. */
async function ask(
  times: number,
  answer: (number: number, token: string | undefined) => { status: number; body: string },
) {
  let number = 0
  const port = await serve((token) => {
    number += 1
    if (number === times) load.stop()
    return answer(number, token)
  })
  const load = new ConnectionLoad({ ...group, authorization: true }, { port, path: '/' })
  await load.run()
  return load.takeFigures()
}

test('an answer is right by its bytes or by what they mean, and wrong otherwise', async () => {
  const bodies = ['{"data":{"a":1}}', '{ "data": { "a": 1 } }', '{"data":{"a":2}}', '{"data":{"a":1},"errors":[]}']
  const figures = await ask(40, (number) => ({ status: 200, body: bodies[number % bodies.length] ?? '' }))
  const rest = figures.completed - 40
  expect(rest).toBeGreaterThanOrEqual(0)
  expect(figures.wrong - 20).toBeGreaterThanOrEqual(0)
  expect(figures.wrong - 20).toBeLessThanOrEqual(rest)
  expect(figures.failed).toBe(0)
  expect(figures.sample).toMatch(/"a":2|errors/)
})

test('a status that is not 200 has failed, whatever its body', async () => {
  const figures = await ask(10, () => ({ status: 500, body: '{"data":{"a":1}}' }))
  expect(figures.failed).toBe(figures.completed)
  expect(figures.wrong).toBe(0)
})

test('every request has a token of its own', async () => {
  const tokens: string[] = []
  await ask(20, (_, token) => {
    tokens.push(token ?? '')
    return { status: 200, body: '{"data":{"a":1}}' }
  })
  expect(new Set(tokens).size).toBe(tokens.length)
  expect(tokens.every((token) => token.startsWith('Bearer bench-'))).toBe(true)
})
