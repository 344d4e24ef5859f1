// What becomes of a subscription where its stream cannot simply go on: gaps, refusals, subgraphs without cursors, and pages that are loaded again.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CursorStorage } from '../../client/cursor-saver.ts'
import { resumeOverEventStream } from '../../client/resume-over-event-stream.ts'
import { HttpFailure } from '../../client/stream-failure.ts'
import type { StreamError, StreamEvent, SubscriptionRequest } from '../../client/stream-types.ts'
import type { SubscriptionClient } from '../../client/subscription-client.ts'
import type { Gap, SubscriptionOptions } from '../../client/subscription-options.ts'
import { Proxy } from '../gateway/proxy.ts'
import { startStreams } from '../gateway/stream-mesh.ts'
import { CHANGES, reading } from '../subgraphs/telemetry.ts'
import { ClientMesh } from './client-mesh.ts'

const QUERY = 'subscription { event: readingChanged(sensorId: "1") { id } }'
const SNAPSHOT = { query: QUERY, extensions: { snapshot: true } }

let mesh: ClientMesh

beforeEach(async () => {
  mesh = await ClientMesh.open()
})

afterEach(async () => {
  await mesh.close()
})

interface Followed {
  readonly told: string[]
  readonly ending: Promise<unknown>
  readonly cursor: () => string | undefined
  readonly leave: () => void
}

/** `row 1`, `change 1`, `complete`; behind a gap with a star. */
function summaryOf({ extensions = {} }: StreamEvent): string {
  const star = extensions.restarted === true ? '*' : ''
  if (extensions.snapshotComplete === true) return `complete${star}`
  return `${extensions.snapshot === true ? 'row' : 'change'} ${extensions.key}${star}`
}

function follow(client: SubscriptionClient, request: SubscriptionRequest, options?: SubscriptionOptions): Followed {
  const told: string[] = []
  const ending = Promise.withResolvers<unknown>()
  const unsubscribe = client.subscribe(
    request,
    {
      next: (event) => told.push(summaryOf(event)),
      error: (error) => ending.resolve(error),
      complete: () => ending.resolve('completed'),
    },
    options,
  )
  return { told, ending: ending.promise, cursor: () => unsubscribe.cursor, leave: unsubscribe }
}

const codesOf = (error: unknown): unknown => (error as StreamError[]).map(({ extensions }) => extensions?.['code'])

const append = (...ids: string[]): Promise<void> =>
  mesh.telemetry.append(
    ids.map((id) => mesh.telemetry.change(reading(id))),
    0,
  )

/** Cuts the way until the log no longer holds what was appended meanwhile. */
async function losesChanges(): Promise<void> {
  mesh.proxy.cut()
  await append('lost')
  mesh.telemetry.clock.advance(8 * 86_400_000)
  await mesh.telemetry.log.maintain({ force: true })
  const [held] = await mesh.telemetry.log.offsets(CHANGES)
  expect(held?.earliest).toBeGreaterThan(1)
}

describe.for(['a socket', 'an event stream'])('over %s', (way) => {
  const client = (): SubscriptionClient => (way === 'a socket' ? mesh.overSocket() : mesh.overEventStream())

  test('a gap begins anew with the snapshot that was asked for, and says so in its first event', async () => {
    await mesh.telemetry.put([reading('1')])
    const gaps: Gap[] = []
    const followed = follow(client(), SNAPSHOT, {
      onGap: (gap) => {
        gaps.push(gap)
        return 'snapshot'
      },
    })
    await expect.poll(() => followed.told).toEqual(['row 1', 'complete'])
    await append('2')
    await expect.poll(() => followed.told.at(-1)).toBe('change 2')
    const cursor = followed.cursor()
    await losesChanges()
    mesh.cut()
    await expect.poll(() => followed.told.slice(3)).toEqual(['row 1*', 'complete'])
    await append('3')
    await expect.poll(() => followed.told.at(-1)).toBe('change 3')
    expect(gaps.map((gap) => [gap.code, gap.cursor])).toEqual([['SUBSCRIPTION_GAP', cursor]])
    followed.leave()
  })

  test('a gap ends a subscription without a snapshot, unless it shall go on from now', async () => {
    const [ends, goesOn] = [
      follow(client(), { query: QUERY }),
      follow(client(), { query: QUERY }, { onGap: () => 'restart' }),
    ]
    await expect.poll(() => [ends.cursor(), goesOn.cursor()]).not.toContain(undefined)
    await append('1')
    await expect.poll(() => [ends.told, goesOn.told]).toEqual([['change 1'], ['change 1']])
    const before = goesOn.cursor()
    await losesChanges()
    mesh.cut()
    expect(codesOf(await ends.ending)).toEqual(['SUBSCRIPTION_GAP'])
    await expect.poll(() => goesOn.cursor()).not.toBe(before)
    await expect.poll(() => goesOn.cursor()).toBeTypeOf('string')
    await append('3')
    await expect.poll(() => goesOn.told).toEqual(['change 1', 'change 3*'])
    goesOn.leave()
  })

  test('an operation that is refused is an error, and is not sent again', async () => {
    const interruptions: unknown[] = []
    const followed = follow(
      client(),
      { query: 'subscription { nothing }' },
      { onInterruption: (error) => interruptions.push(error) },
    )
    expect(await followed.ending).toMatchObject([{ message: expect.stringContaining('nothing') as string }])
    expect(interruptions).toEqual([])
  })

  test('a subscription of another page goes on from the cursor in the storage', async () => {
    const kept = new Map<string, string>()
    const storage: CursorStorage = {
      load: async (id) => kept.get(id),
      save: (id, cursor) => void kept.set(id, cursor),
      remove: (id) => void kept.delete(id),
    }
    const first = follow(client(), { query: QUERY }, { storage, id: 'readings' })
    await expect.poll(() => first.cursor()).toBeTypeOf('string')
    await append('1', '2')
    await expect.poll(() => first.told).toEqual(['change 1', 'change 2'])
    first.leave()
    expect([...kept.keys()]).toEqual(['readings'])
    await append('3')
    const second = follow(client(), { query: QUERY }, { storage, id: 'readings' })
    await expect.poll(() => second.told).toEqual(['change 3'])
    second.leave()
    // A cursor of another operation is of no use.
    const other = follow(client(), { query: 'subscription { readingCreated { id } }' }, { storage, id: 'readings' })
    expect(codesOf(await other.ending)).toEqual(['CURSOR_INVALID'])
    expect(kept.size).toBe(0)
  })

  test('an iterator whose consumer is slow holds a bounded number of events, and loses none', async () => {
    const events = client().iterate({ query: QUERY }, { waitingEventsMax: 10 })
    const first = events.next()
    await mesh.telemetry.put([reading('0')])
    // Whatever comes before it is established is none of its business.
    const established = follow(client(), { query: QUERY })
    await expect.poll(() => established.cursor()).toBeTypeOf('string')
    const ids = Array.from({ length: 200 }, (_, index) => String(index))
    for (const id of ids) await append(id)
    await expect.poll(() => established.told.length).toBe(ids.length)
    established.leave()
    const found = [summaryOf((await first).value as StreamEvent)]
    while (found.at(-1) !== 'change 199') found.push(summaryOf((await events.next()).value as StreamEvent))
    expect(found).toEqual(ids.slice(ids.length - found.length).map((id) => `change ${id}`))
    expect(found.length).toBeGreaterThan(100)
    await events.return?.()
    expect(await events.next()).toEqual({ value: undefined, done: true })
  })

  test('a subscription that is left is told nothing more', async () => {
    const [followed, stays] = [follow(client(), { query: QUERY }), follow(client(), { query: QUERY })]
    await expect.poll(() => [followed.cursor(), stays.cursor()]).not.toContain(undefined)
    await append('1')
    await expect.poll(() => followed.told).toEqual(['change 1'])
    followed.leave()
    await append('2')
    await expect.poll(() => stays.told).toEqual(['change 1', 'change 2'])
    expect(followed.told).toEqual(['change 1'])
    stays.leave()
  })
})

test('a subgraph without cursors cannot be gone on with: that is a gap, and the default is to end', async () => {
  const streams = await startStreams()
  const proxy = await Proxy.open(streams.server.port)
  const client = resumeOverEventStream({ url: `http://127.0.0.1:${proxy.port}/graphql`, retryDelayMs: () => 1 })
  const codes: string[] = []
  const request = { query: 'subscription { tick { count } }' }
  const [ends, goesOn] = [
    follow(client, request),
    follow(client, request, {
      onGap: ({ code }) => {
        codes.push(code)
        return 'restart'
      },
    }),
  ]
  await expect.poll(() => streams.open()).toBe(1)
  while (ends.told.length === 0 || goesOn.told.length === 0) {
    streams.emit(1)
    await new Promise(setImmediate)
  }
  proxy.cut()
  proxy.target = streams.server.port
  await ends.ending
  await expect.poll(() => codes).toEqual(['RESUME_UNSUPPORTED'])
  const count = goesOn.told.length
  while (goesOn.told.length === count) {
    streams.emit(2)
    await new Promise(setImmediate)
  }
  expect(goesOn.told[count]).toBe('change undefined*')
  goesOn.leave()
  await proxy.close()
  await streams.close()
})

test('where there is no gateway the failure is told once the attempts are used up', async () => {
  const url = `http://127.0.0.1:${mesh.proxy.port}/nowhere`
  expect(await follow(resumeOverEventStream({ url }), { query: QUERY }).ending).toEqual(
    new HttpFailure(404, 'The server answered 404 in place of a stream.'),
  )
  mesh.proxy.cut()
  const attempts: number[] = []
  const followed = follow(
    mesh.overEventStream(),
    { query: QUERY },
    { attemptsMax: 3, onInterruption: (_, attempt) => attempts.push(attempt) },
  )
  expect(await followed.ending).toBeInstanceOf(TypeError)
  expect(attempts).toEqual([0, 1, 2])
})

test('a server that wants to be left alone for a while is', async () => {
  const asked: number[] = []
  const server = createServer((_, response) => {
    asked.push(performance.now())
    if (asked.length === 1) {
      response.writeHead(429, { 'retry-after': '1', 'content-type': 'application/json' })
      return response.end('{"errors":[{"message":"Later.","extensions":{"code":"RATE_LIMITED"}}]}')
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    return response.end('event: next\ndata: {"data":{"a":1},"extensions":{"key":"1"}}\n\nevent: complete\ndata:\n\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const followed = follow(resumeOverEventStream({ url, retryDelayMs: () => 0 }), { query: QUERY })
  expect(await followed.ending).toBe('completed')
  expect(followed.told).toEqual(['change 1'])
  expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThan(900)
  await new Promise((resolve) => server.close(resolve))
})

test('an event stream whose token has expired goes on with the headers of then', async () => {
  const tokens: (string | undefined)[] = []
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const expired = '{"errors":[{"message":"Expired.","extensions":{"code":"TOKEN_EXPIRED","cursor":"c"}}]}'
    const event = '{"data":{"a":1},"extensions":{"key":"1","cursor":"d"}}'
    response.end(`event: next\ndata: ${tokens.length === 1 ? expired : event}\n\nevent: complete\ndata:\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const headers = () => ({ authorization: `Bearer ${tokens.length}` })
  const followed = follow(resumeOverEventStream({ url, headers, retryDelayMs: () => 0 }), { query: QUERY })
  expect(await followed.ending).toBe('completed')
  expect([tokens, followed.told, followed.cursor()]).toEqual([['Bearer 0', 'Bearer 1'], ['change 1'], 'd'])
  await new Promise((resolve) => server.close(resolve))
})
