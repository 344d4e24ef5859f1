// Clients over WebSocket that read slower than events come.
import { afterEach, expect, test } from 'vitest'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { gatewayObserver } from '../../cli/role-metrics.ts'
import { createMetrics, type Metrics } from '../../platform/telemetry/metrics.ts'
import { startStreams, type Streams } from './stream-mesh.ts'

const QUERY = 'subscription { tick { count text } }'
/** Of an event: so much that the buffers of a connection hold a few hundred. */
const TEXT = 'é'.repeat(10_000)

interface Message {
  readonly id?: string
  readonly type: string
  readonly payload?: {
    readonly data?: { readonly tick: { readonly count: number } } | null
    readonly extensions?: { readonly conflated?: number }
  } & readonly { readonly extensions: { readonly code: string; readonly cursor?: string } }[]
}

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(): Promise<{ streams: Streams; socket: WebSocket; messages: Message[]; metrics: Metrics }> {
  const metrics = createMetrics()
  const streams = await startStreams({}, gatewayObserver(metrics))
  const socket = new WebSocket(streams.url.replace('http', 'ws'), 'graphql-transport-ws')
  const messages: Message[] = []
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message))
  closing.push(
    () => streams.close(),
    () => socket.terminate(),
  )
  await once(socket, 'open')
  socket.send('{"type":"connection_init"}')
  await expect.poll(() => messages.length).toBe(1)
  return { streams, socket, messages, metrics }
}

async function subscribe(
  { streams, socket }: Awaited<ReturnType<typeof open>>,
  extensions: Record<string, unknown>,
): Promise<void> {
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY, extensions } }))
  await expect.poll(() => streams.open()).toBe(1)
}

const counts = (messages: readonly Message[]): (number | undefined)[] =>
  messages.filter(({ type }) => type === 'next').map(({ payload }) => payload?.data?.tick.count)

const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index)

test('one that catches up is waited for, however long it does not read', async () => {
  const opened = await open()
  await subscribe(opened, { cursor: 'c' })
  opened.socket.pause()
  for (const count of numbers(3_000)) opened.streams.emit(count, { cursor: `c${count}`, text: TEXT })
  opened.streams.complete()
  await new Promise((resolve) => void setTimeout(resolve, 300))
  opened.socket.resume()
  await expect.poll(() => opened.messages.at(-1)?.type, { timeout: 30_000 }).toBe('complete')
  expect(counts(opened.messages)).toEqual(numbers(3_000))
})

test('one that shares the stream of others ends with the cursor of its last event, and has all before it', async () => {
  const opened = await open()
  await subscribe(opened, {})
  opened.socket.pause()
  for (const count of numbers(3_000)) opened.streams.emit(count, { cursor: `c${count}`, text: TEXT })
  await expect.poll(() => opened.streams.open()).toBe(0)
  opened.socket.resume()
  await expect.poll(() => opened.messages.at(-1)?.type, { timeout: 30_000 }).toBe('error')
  const told = counts(opened.messages)
  expect(told.length).toBeGreaterThan(1_000)
  expect(told).toEqual(numbers(told.length))
  const [ending] = opened.messages.at(-1)?.payload ?? []
  expect(ending?.extensions).toMatchObject({ code: 'SUBSCRIPTION_SLOW', cursor: `c${told.length - 1}` })
  const metrics = await opened.metrics.text()
  expect(metrics).toContain('meshgate_gateway_stream_endings_total{code="SUBSCRIPTION_SLOW"} 1')
  expect(metrics).toContain('meshgate_gateway_upstreams 0')
})

test('one that asked for it has the latest of a key in place of all', async () => {
  const opened = await open()
  await subscribe(opened, { conflate: true })
  opened.socket.pause()
  for (const count of numbers(3_000)) opened.streams.emit(count, { cursor: `c${count}`, text: TEXT })
  await new Promise((resolve) => void setTimeout(resolve, 300))
  opened.socket.resume()
  await expect.poll(() => counts(opened.messages).at(-1), { timeout: 30_000 }).toBe(2_999)
  const told = counts(opened.messages)
  const last = opened.messages.at(-1)
  expect(last?.payload?.extensions?.conflated).toBe(2_999 - (told.at(-2) ?? 0) - 1)
  const metrics = await opened.metrics.text()
  expect(metrics).toContain(`meshgate_gateway_events_conflated_total ${3_000 - told.length}`)
  expect(metrics).toContain('meshgate_gateway_events_total 3000')
  expect(metrics).toContain('meshgate_gateway_upstreams 1')
})

test('one that asks while much waits for it is listened to again when it has read', async () => {
  const opened = await open()
  await subscribe(opened, {})
  const { socket, streams, messages } = opened
  socket.pause()
  for (const count of numbers(20)) streams.emit(count, { text: 'x'.repeat(1_500_000) })
  await new Promise((resolve) => void setTimeout(resolve, 100))
  // The first makes the gateway stop to listen, and has no answer.
  socket.send('{"type":"pong"}')
  await new Promise((resolve) => void setTimeout(resolve, 100))
  socket.resume()
  await expect.poll(() => counts(messages)).toEqual(numbers(20))
  socket.send('{"type":"ping"}')
  await expect.poll(() => messages.filter(({ type }) => type === 'pong').length, { timeout: 30_000 }).toBe(1)
})
