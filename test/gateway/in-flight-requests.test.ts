// Equal requests to a subgraph are sent once: who may join one under way, and what leaving it does to the others.
import { afterEach, describe, expect, test } from 'vitest'
import { nextArrival } from '../../gateway/endpoints/arrival.ts'
import { HttpEndpoint } from '../../gateway/endpoints/http-endpoint.ts'
import { InFlightRequests } from '../../gateway/endpoints/in-flight-requests.ts'
import { exchangeBy } from '../../gateway/endpoints/wire-caller.ts'
import { principalKey } from '../../gateway/principal-view.ts'
import type { Sharing } from '../../gateway/sharing.ts'
import { ANONYMOUS } from '../../platform/governance/principal.ts'
import { limits } from '../../platform/limits.ts'
import type { WireRequest, WireResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { http, RawServer } from './raw-server.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Shared {
  readonly server: RawServer
  readonly requests: InFlightRequests
  readonly ask: (request?: Partial<WireRequest>) => Promise<WireResponse>
  /** Answers what has not been answered, each with its number, once the server has been asked so often. */
  readonly answer: (count: number) => Promise<void>
}

async function share(sharing: Sharing): Promise<Shared> {
  const server = await RawServer.open(() => undefined)
  const endpoint = new HttpEndpoint({ name: 'remote', url: server.url })
  closing.push(
    () => server.close(),
    () => endpoint.close(),
  )
  const requests = new InFlightRequests(endpoint, sharing, principalKey)
  let answered = 0
  return {
    server,
    requests,
    ask: (request = {}) =>
      exchangeBy(requests, {
        body: '{"query":"{ a }"}',
        isMutation: false,
        principal: ANONYMOUS,
        arrival: nextArrival(),
        ...request,
      }),
    answer: async (count) => {
      await expect.poll(() => server.requests.length).toBe(count)
      const waiting = server.requests.slice(answered)
      answered = count
      for (const { socket, count: number } of waiting) socket.write(http(`{"data":{"number":${number}}}`))
    },
  }
}

/** The numbers of the requests that answered these. */
async function numbers(answers: readonly Promise<WireResponse>[]): Promise<number[]> {
  const responses = await Promise.all(answers)
  return responses.map(({ bytes }) => {
    const { data } = JSON.parse(Buffer.from(bytes).toString()) as { data: { number: number } }
    return data.number
  })
}

describe('by default', () => {
  test('a request joins one that was sent after it arrived', async () => {
    const { ask, answer } = await share('fresh')
    const [first, second] = [nextArrival(), nextArrival()]
    const answers = [ask({ arrival: first }), ask({ arrival: second })]
    await answer(1)
    expect(await numbers(answers)).toEqual([1, 1])
  })

  test('a request does not join one that was sent before it arrived, and later ones join the newer', async () => {
    const { ask, answer } = await share('fresh')
    const early = [nextArrival(), nextArrival()]
    const answers = [ask({ arrival: early[0] ?? 0 }), ask()]
    const arrival = nextArrival()
    answers.push(ask({ arrival: early[1] ?? 0 }), ask({ arrival }), ask({ arrival }))
    await answer(3)
    expect(await numbers(answers)).toEqual([1, 2, 2, 3, 3])
  })
})

for (const sharing of ['subgraph-requests', 'requests'] as const) {
  test(`with "${sharing}" a request joins any in flight, and none that has been answered`, async () => {
    const { ask, answer, requests } = await share(sharing)
    const answers = [ask(), ask(), ask()]
    await answer(1)
    expect(await numbers(answers)).toEqual([1, 1, 1])
    expect(requests.size).toBe(0)
    const later = ask()
    await answer(2)
    expect(await numbers([later])).toEqual([2])
  })
}

test('with "none" nothing is shared', async () => {
  const { ask, answer, requests } = await share('none')
  const arrival = nextArrival()
  const answers = [ask({ arrival }), ask({ arrival })]
  expect(requests.size).toBe(0)
  await answer(2)
  expect(await numbers(answers)).toEqual([1, 2])
})

describe('what differs is not shared:', () => {
  const arrival = nextArrival()
  const different: Record<string, readonly [Partial<WireRequest>, Partial<WireRequest>]> = {
    'mutations, never': [{ isMutation: true }, { isMutation: true }],
    'what follows a mutation, never': [{ isAfterMutation: true }, { isAfterMutation: true }],
    bodies: [{ body: '{"query":"{ a }"}' }, { body: '{"query":"{ b }"}' }],
    'forwarded headers': [{ headers: { authorization: 'a' } }, { headers: { authorization: 'b' } }],
    'a header that one has not': [{ headers: { authorization: 'a' } }, {}],
    subjects: [{ principal: { ...ANONYMOUS, subject: 'ann' } }, { principal: { ...ANONYMOUS, subject: 'ben' } }],
    roles: [{ principal: { ...ANONYMOUS, roles: ['a'] } }, { principal: ANONYMOUS }],
    scopes: [{ principal: { ...ANONYMOUS, scopes: ['a'] } }, { principal: ANONYMOUS }],
    purposes: [{ principal: { ...ANONYMOUS, purposes: ['a'] } }, { principal: ANONYMOUS }],
    claims: [{ principal: { ...ANONYMOUS, claims: { a: 1 } } }, { principal: { ...ANONYMOUS, claims: { a: 2 } } }],
  }
  for (const [title, [one, other]] of Object.entries(different)) {
    test(title, async () => {
      const { ask, answer } = await share('requests')
      const answers = [ask({ arrival, ...one }), ask({ arrival, ...other })]
      await answer(2)
      expect(await numbers(answers)).toEqual([1, 2])
    })
  }

  test('requests that are too large to compare', async () => {
    const { ask, answer } = await share('requests')
    const body = JSON.stringify({ query: 'x'.repeat(limits.sharedRequestCharactersMax) })
    const answers = [ask({ body }), ask({ body })]
    await answer(2)
    expect(await numbers(answers)).toEqual([1, 2])
  })
})

test('what is equal is shared though it is not the same object', async () => {
  const { ask, answer } = await share('requests')
  const answers = ['Authorization', 'authorization'].map((name) =>
    ask({ headers: { [name]: 'a', 'x-b': 'b' }, principal: { ...ANONYMOUS, claims: { a: 1 } } }),
  )
  await answer(1)
  expect(await numbers(answers)).toEqual([1, 1])
})

describe('a client that leaves', () => {
  test('does not end the request for the others, be it the first', async () => {
    const { ask, answer } = await share('requests')
    const leaving = [new AbortController(), new AbortController()] as const
    const answers = [ask({ signal: leaving[0].signal }), ask(), ask({ signal: leaving[1].signal })] as const
    for (const client of leaving) client.abort(new Error('left'))
    await expect(answers[0]).rejects.toThrow('left')
    await expect(answers[2]).rejects.toThrow('left')
    await answer(1)
    expect(await numbers([answers[1]])).toEqual([1])
  })

  test('ends it when it is the last, and nobody joins what has been ended', async () => {
    const { ask, requests, server, answer } = await share('requests')
    const leaving = [new AbortController(), new AbortController()]
    const answers = leaving.map(({ signal }) => ask({ signal }))
    await expect.poll(() => server.requests.length).toBe(1)
    for (const client of leaving) client.abort(new Error('left'))
    for (const asked of answers) await expect(asked).rejects.toThrow('left')
    await expect.poll(() => server.open).toBe(0)
    expect(requests.size).toBe(0)
    const later = ask()
    await answer(2)
    expect(await numbers([later])).toEqual([2])
  })

  test('before it asked sends nothing', async () => {
    const { ask, server } = await share('requests')
    await expect(ask({ signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left')
    expect(server.requests).toEqual([])
  })
})

test('a failure is everybody’s, and the next request is sent', async () => {
  const { ask, server, answer } = await share('requests')
  const answers = [ask(), ask()]
  await expect.poll(() => server.requests.length).toBe(1)
  server.requests[0]?.socket.end(http('{}', ['connection: close'], '500 No'))
  for (const asked of answers) await expect(asked).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
  const later = ask()
  await answer(2)
  expect(await numbers([later])).toEqual([2])
})
