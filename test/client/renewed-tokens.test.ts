// Tokens that expire while a subscription runs: it goes on with a new one, once. And streams that begin and do not hold.
import { afterEach, expect, test, vi } from 'vitest'
import { createSubscriptionClient } from '../../client/subscription-client.ts'
import type { EventSink, OpenStream, StreamEvent, SubscriptionRequest } from '../../client/stream-types.ts'
import type { SubscriptionOptions } from '../../client/subscription-options.ts'

const EXPIRED = [{ message: 'expired', extensions: { code: 'TOKEN_EXPIRED', cursor: 'c2' } }]

/** The streams that were opened, which the test feeds. */
function transport() {
  const streams: { readonly request: SubscriptionRequest; readonly sink: EventSink }[] = []
  const open: OpenStream = (request, sink) => {
    streams.push({ request: request.current(), sink })
    return () => undefined
  }
  return { streams, open }
}

function follow(open: OpenStream, options: SubscriptionOptions) {
  const told: unknown[] = []
  createSubscriptionClient(open, { retryDelayMs: () => 0, ...options }).subscribe(
    { query: '' },
    { next: ({ data }) => told.push(data), error: (error) => told.push(error), complete: () => undefined },
  )
  return told
}

test('it goes on from the cursor of the error once there is a new token', async () => {
  const { streams, open } = transport()
  const renewed = Promise.withResolvers<void>()
  const told = follow(open, { renew: () => renewed.promise })
  streams[0]?.sink.next({ data: { a: 1 }, extensions: { cursor: 'c1' } })
  streams[0]?.sink.error(EXPIRED)
  await new Promise(setImmediate)
  expect(streams.length).toBe(1)
  renewed.resolve()
  await expect.poll(() => streams.length).toBe(2)
  expect(streams[1]?.request.extensions).toEqual({ cursor: 'c2', started: true })
  // What the first stream still says is not heard.
  streams[0]?.sink.next({ data: { a: 1 } })
  streams[1]?.sink.next({ data: { a: 2 }, extensions: { cursor: 'c3' } })
  expect(told).toEqual([{ a: 1 }, { a: 2 }])
})

test('a new token that is refused as well ends it, as does one that is not to be had, or that nobody gets', async () => {
  const [refused, failing, none] = [transport(), transport(), transport()]
  const down = new Error('The issuer is down')
  const told = [
    follow(refused.open, { renew: () => undefined }),
    follow(failing.open, { renew: () => Promise.reject(down) }),
    follow(none.open, {}),
  ]
  for (const { streams } of [refused, failing, none]) streams[0]?.sink.error(EXPIRED)
  await expect.poll(() => refused.streams.length).toBe(2)
  refused.streams[1]?.sink.error(EXPIRED)
  expect(told).toEqual([[EXPIRED], [EXPIRED], [EXPIRED]])
})

afterEach(() => {
  vi.useRealTimers()
})

test('a stream that begins and does not hold counts as an attempt, until an event comes or one has held', async () => {
  const { streams, open } = transport()
  const attempts: number[] = []
  follow(open, {
    retryDelayMs: (attempt) => {
      attempts.push(attempt)
      return 0
    },
  })
  vi.useFakeTimers({ toFake: ['performance'] })
  const fail = async (heldMs: number, event?: StreamEvent): Promise<void> => {
    const count = streams.length
    const { sink } = streams[count - 1] ?? {}
    sink?.next({ data: null, extensions: { cursor: 'c', started: true } })
    if (event !== undefined) sink?.next(event)
    vi.advanceTimersByTime(heldMs)
    sink?.error([{ message: 'lost', extensions: { code: 'SUBSCRIPTION_LOST' } }])
    await expect.poll(() => streams.length).toBe(count + 1)
  }
  await fail(1_000)
  await fail(1_000)
  await fail(1_000)
  await fail(1_000, { data: {}, extensions: { cursor: 'd' } })
  await fail(1_000)
  await fail(40_000)
  expect(attempts).toEqual([0, 1, 2, 0, 1, 0])
})
