// Subscriptions over multipart/mixed: as Apollo Client speaks it, and byte for byte.
import {
  ApolloClient,
  CombinedGraphQLErrors,
  CombinedProtocolErrors,
  gql,
  HttpLink,
  InMemoryCache,
} from '@apollo/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { post, startStreams, type Streams } from './stream-mesh.ts'

const TICKS = gql`
  subscription {
    tick {
      count
    }
  }
`
const ACCEPT = { accept: 'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json' }

let streams: Streams
let client: ApolloClient
beforeAll(async () => {
  streams = await startStreams({ streamKeepAliveMs: 10 })
  client = new ApolloClient({ link: new HttpLink({ uri: streams.url }), cache: new InMemoryCache() })
})
afterAll(() => streams.close())

interface Seen {
  readonly results: unknown[]
  readonly completed: Promise<void>
  leave(): void
}

function watch(query = TICKS): Seen {
  const results: unknown[] = []
  const completed = Promise.withResolvers<void>()
  const subscription = client.subscribe({ query, errorPolicy: 'all', fetchPolicy: 'no-cache' }).subscribe({
    next: ({ data, error }) => results.push(error ?? data),
    error: completed.reject,
    complete: completed.resolve,
  })
  return { results, completed: completed.promise, leave: () => subscription.unsubscribe() }
}

const tick = (count: number) => ({ tick: { __typename: 'Tick', count } })

describe('Apollo Client', () => {
  test('gets every event in order through heartbeats, and then the end', async () => {
    const seen = watch()
    await expect.poll(() => streams.open()).toBe(1)
    for (const count of [1, 2]) {
      streams.emit(count)
      await expect.poll(() => seen.results.length).toBe(count)
    }
    streams.complete()
    await seen.completed
    expect(seen.results).toEqual(
      [tick(1), tick(2)].map(({ tick: { count } }) => ({ tick: { count, __typename: 'Tick' } })),
    )
  })

  test('gets errors of an event beside its data, and goes on', async () => {
    const seen = watch()
    await expect.poll(() => streams.open()).toBe(1)
    streams.emit(1, { errors: [{ message: 'text is late', path: ['tick', 'text'], extensions: { code: 'LATE' } }] })
    streams.emit(2)
    streams.complete()
    await seen.completed
    expect(seen.results[0]).toBeInstanceOf(CombinedGraphQLErrors)
    expect(seen.results[1]).toEqual(tick(2))
  })

  test('is told that the stream itself was lost', async () => {
    const seen = watch()
    await expect.poll(() => streams.open()).toBe(1)
    streams.fail(new Error('boom'))
    await seen.completed
    const [error] = seen.results
    expect(error).toBeInstanceOf(CombinedProtocolErrors)
    expect((error as CombinedProtocolErrors).errors[0]?.extensions).toEqual({
      code: 'RESUME_UNSUPPORTED',
      service: 'streams',
    })
  })

  test('is told what is wrong with its document', async () => {
    const seen = watch(gql('subscription { tock }'))
    await seen.completed
    expect(seen.results[0]).toBeInstanceOf(CombinedGraphQLErrors)
  })

  test('ends the upstream when it leaves', async () => {
    const seen = watch()
    await expect.poll(() => streams.open()).toBe(1)
    seen.leave()
    await expect.poll(() => streams.open()).toBe(0)
  })

  test('gets queries and mutations as ever', async () => {
    expect((await client.query({ query: gql('{ now }') })).data).toEqual({ now: 7 })
    expect((await client.mutate({ mutation: gql('mutation { add(amount: 1) }') })).data).toEqual({ add: 2 })
  })
})

test('each part is ended by the delimiter that follows it at once, the last by the closing one', async () => {
  const slow = await startStreams()
  const response = await post(slow.url, { query: 'subscription { tick { count } }' }, ACCEPT)
  slow.emit(1)
  slow.complete()
  const part = (json: string) => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`
  expect([response.headers.get('content-type'), await response.text()]).toEqual([
    'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
    `\r\n--graphql${part('{"payload":{"data":{"tick":{"count":1}}}}')}--\r\n`,
  ])
  await slow.close()
})

test('a client that takes nothing but multipart is told in it what is wrong', async () => {
  const response = await post(
    streams.url,
    { query: 'subscription { tock }' },
    { accept: 'multipart/mixed; subscriptionSpec="1.0"' },
  )
  expect(await response.text()).toMatch(
    /^\r\n--graphql\r\ncontent-type: application\/json\r\n\r\n\{"payload":\{"errors":\[.*\]\}\}\r\n--graphql--\r\n$/,
  )
})
