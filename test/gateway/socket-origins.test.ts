// Which pages get a WebSocket: those of the gateway's own host, as the browser addressed it, and those that are listed. What a client or a proxy says
// of another host is not believed.
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { GatewayServerOptions } from '../../gateway/http/gateway-server.ts'
import { openSocket } from './open-socket.ts'
import { startStreams, type Streams } from './stream-mesh.ts'

let streams: Streams
afterEach(() => streams.close())

async function start(options: Partial<GatewayServerOptions> = {}): Promise<string> {
  streams = await startStreams(options)
  return new URL(streams.url).host
}

const open = (headers: Record<string, string>) => openSocket(streams.url, headers)

test.each([
  ['/graphql', 403, 'MESHGATE_CORS_ORIGINS'],
  ['/graph', 404, 'WebSockets are at /graphql.'],
])('one that is refused says what to do: %s', async (path, status, said) => {
  const host = await start()
  const socket = new WebSocket(`ws://${host}${path}`, 'graphql-transport-ws', {
    headers: { origin: 'http://app.example' },
  })
  socket.on('error', () => undefined)
  const refusal = await new Promise<IncomingMessage>((resolve) =>
    socket.on('unexpected-response', (_request, response) => resolve(response)),
  )
  expect([refusal.statusCode, await text(refusal)]).toEqual([status, expect.stringContaining(said)])
})

test('without a list only pages of the host that the browser asked, and who is no browser', async () => {
  const host = await start()
  expect(await open({})).toBe(101)
  expect(await open({ origin: `http://${host}` })).toBe(101)
  expect(await open({ origin: 'http://app.example', host: 'app.example' })).toBe(101)
  const others = ['http://app.example', `http://localhost:1`, `http://${host}.app.example`, 'null', 'nonsense', '']
  for (const origin of others) expect([origin, await open({ origin })]).toEqual([origin, 403])
})

test('no header that a proxy writes, or a client in its place, makes another host ours', async () => {
  await start({ trustedProxies: 1 })
  const origin = 'https://app.example'
  const said = { 'x-forwarded-host': 'app.example', forwarded: 'host=app.example', 'x-forwarded-for': '1.1.1.1' }
  expect(await open({ origin, ...said })).toBe(403)
  // A proxy that hands the host on as it was asked needs no list.
  expect(await open({ origin, host: 'app.example' })).toBe(101)
})

test('with a list those on it besides', async () => {
  const host = await start({ cors: { origins: ['https://app.example'] } })
  expect(await open({ origin: 'https://app.example' })).toBe(101)
  expect(await open({ origin: `http://${host}` })).toBe(101)
  for (const origin of ['http://app.example', 'https://app.example:8443', 'https://app.example.evil.example']) {
    expect([origin, await open({ origin })]).toEqual([origin, 403])
  }
})
