// Subscriptions of the runtime, on the embedded log and store: what is told, resuming, repeats, gaps and slow subscribers.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { CHANGES, plain, reading, request, SOURCE, Telemetry } from './telemetry.ts'

let telemetry: Telemetry

beforeEach(async () => {
  telemetry = await Telemetry.open()
})

afterEach(async () => {
  await telemetry.close()
})

type Events = AsyncIterableIterator<SubgraphResponse>

const CREATED = 'subscription ($of: ID) { event: readingCreated(sensorId: $of) { id value } }'
const CHANGED = 'subscription ($of: ID) { event: readingChanged(sensorId: $of) { id value status } }'

const subscribe = (query: string, options: { of?: string | null; cursor?: string } = {}): Promise<Events> =>
  telemetry.subgraph.endpoint.subscribe(
    request(query, {
      variables: { of: options.of ?? null },
      ...(options.cursor === undefined ? {} : { extensions: { meshgate: { cursor: options.cursor } } }),
    }),
  )

async function next(events: Events): Promise<SubgraphResponse> {
  const { value, done } = await events.next()
  if (done === true) throw new Error('the subscription has ended')
  return value
}

interface Told {
  readonly key: string
  readonly cursor: string
}

const meshgate = ({ extensions = {} }: SubgraphResponse): Told => extensions['meshgate'] as Told
const cursorOf = (response: SubgraphResponse): string => meshgate(response).cursor

/** `[key, id and value]` of the next events. */
async function told(events: Events, count: number): Promise<unknown[]> {
  const found: unknown[] = []
  while (found.length < count) {
    const response = await next(events)
    if (response.errors !== undefined) throw new Error(JSON.stringify(response.errors))
    found.push([meshgate(response).key, plain(response.data?.['event'])])
  }
  return found
}

const refusalOf = async (events: Promise<Events>): Promise<unknown> => {
  const error: unknown = await events.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MeshgateError)) return error
  return [error.code, (error.cause as { extensions: { code: string } }[]).map(({ extensions }) => extensions.code)]
}

describe('a subscription', () => {
  test('tells what appears from then on, with key and cursor, and nothing else', async () => {
    await telemetry.append([telemetry.change(reading('0'))])
    const events = await subscribe(CREATED)
    await telemetry.append(
      [
        telemetry.change(reading('1')),
        telemetry.change(reading('1', { value: '2' }), { created: false, before: reading('1') }),
        telemetry.change({ id: '1' }, { op: 'DELETE', wrote: [], created: false, before: reading('1') }),
        telemetry.change(reading('3')),
      ],
      0,
    )
    expect(await told(events, 2)).toEqual([
      ['1', { id: '1', value: '1.5' }],
      ['3', { id: '3', value: '3.5' }],
    ])
    await events.return?.()
  })

  test('tells what first appears by a redrive, and does not tell again what a replay only repeats', async () => {
    const events = await subscribe(CREATED)
    await telemetry.append(
      [
        telemetry.change(reading('1'), { generation: 1, created: false, before: reading('1') }),
        telemetry.change(reading('2'), { generation: 1 }),
      ],
      0,
    )
    expect(await told(events, 1)).toEqual([['2', { id: '2', value: '2.5' }]])
    await events.return?.()
  })

  test('filters by its arguments; null and absence filter nothing', async () => {
    const [one, all] = [await subscribe(CREATED, { of: '1' }), await subscribe(CREATED)]
    await telemetry.append(
      [telemetry.change(reading('1', { sensorId: '2' })), telemetry.change(reading('2', { sensorId: '1' }))],
      0,
    )
    expect(await told(one, 1)).toEqual([['2', { id: '2', value: '2.5' }]])
    expect(await told(all, 2)).toEqual([
      ['1', { id: '1', value: '1.5' }],
      ['2', { id: '2', value: '2.5' }],
    ])
    await Promise.all([one.return?.(), all.return?.()])
  })

  test('tells a delete, and a move out of the filter, as null with the key', async () => {
    const events = await subscribe(CHANGED, { of: '1' })
    const moved = reading('1', { sensorId: '2' })
    await telemetry.append(
      [
        telemetry.change(moved, { created: false, before: reading('1') }),
        telemetry.change(reading('2', { sensorId: '2' }), { created: false, before: reading('2', { sensorId: '2' }) }),
        telemetry.change({ id: '3' }, { op: 'DELETE', wrote: [], created: false, before: reading('3') }),
        telemetry.change({ id: '4' }, { op: 'DELETE', wrote: [], created: false, before: moved }),
        // Ingest crashed between the write and the change: the second attempt finds it gone already.
        telemetry.change({ id: '5' }, { op: 'DELETE', wrote: [], created: false, before: null }),
      ],
      0,
    )
    expect(await told(events, 3)).toEqual([
      ['1', null],
      ['3', null],
      ['5', null],
    ])
    await events.return?.()
  })

  test('takes what the change wrote from it, and everything else as it is now', async () => {
    await telemetry.put([reading('1', { value: '9', status: 'FAULTY' })])
    const events = await subscribe(CHANGED)
    const row = reading('1', { value: '2' })
    await telemetry.append([telemetry.change(row, { wrote: ['id', 'value'], created: false, before: reading('1') })], 0)
    expect(await told(events, 1)).toEqual([['1', { id: '1', value: '2', status: 'FAULTY' }]])
    await events.return?.()
  })

  test('takes what it cannot find any more, because the entity is gone by now, from the change too', async () => {
    const events = await subscribe(CHANGED)
    // As a late delete makes it: the entity stays as it was, and the record wrote nothing.
    await telemetry.append([telemetry.change(reading('1'), { wrote: [], created: false, before: reading('1') })], 0)
    expect(await told(events, 1)).toEqual([['1', { id: '1', value: '1.5', status: reading('1').status }]])
    await events.return?.()
  })

  test('reads the store not at all when the change wrote all that is selected', async () => {
    const events = await subscribe(CREATED)
    await telemetry.append([telemetry.change(reading('1'))])
    expect(await told(events, 1)).toEqual([['1', { id: '1', value: '1.5' }]])
    expect(telemetry.counts.calls).toEqual({ read: 0, keys: 0, page: 0 })
    await events.return?.()
  })

  test('asks the store where the change does not say whether it matches', async () => {
    await telemetry.put([reading('1', { sensorId: '2' }), reading('2', { sensorId: '1' })])
    const events = await subscribe(CHANGED, { of: '1' })
    const narrow = (id: string) => {
      const { before: _before, ...change } = telemetry.change({ id, value: '5' }, { created: false })
      return change
    }
    await telemetry.append([narrow('1'), narrow('2')], 0)
    expect(await told(events, 1)).toEqual([['2', { id: '2', value: '5', status: 'OK' }]])
    await events.return?.()
  })

  test('ends at once when nobody wants it any more, though no event comes', async () => {
    const [returned, aborted] = [await subscribe(CREATED), new AbortController()]
    const waiting = returned.next()
    await returned.return?.()
    expect(await waiting).toEqual({ value: undefined, done: true })
    const signalled = await telemetry.subgraph.endpoint.subscribe(request(CREATED, { signal: aborted.signal }))
    const pending = signalled.next()
    aborted.abort()
    expect(await pending).toEqual({ value: undefined, done: true })
  })

  test('that cannot be is refused with its GraphQL errors', async () => {
    expect(await refusalOf(subscribe('subscription { nothing }'))).toEqual(['SUBGRAPH_REFUSED', ['BAD_USER_INPUT']])
    expect(await refusalOf(subscribe('{ reading(id: "1") { id } }'))).toEqual(['SUBGRAPH_REFUSED', ['BAD_USER_INPUT']])
  })
})

describe('a cursor', () => {
  test('goes on exactly behind its event, in the middle of changes, without loss or repeat', async () => {
    const rows = Array.from({ length: 400 }, (_, index) => reading(String(index)))
    const events = await subscribe(CREATED)
    const writing = (async () => {
      for (const row of rows) await telemetry.append([telemetry.change(row)])
    })()
    const keys: string[] = []
    let current = events
    for (const stop of [1, 7, 60, 61, 250, 400]) {
      let cursor = ''
      while (keys.length < stop) {
        const event = await next(current)
        keys.push(meshgate(event).key)
        cursor = cursorOf(event)
      }
      await current.return?.()
      current = await subscribe(CREATED, { cursor })
    }
    await writing
    await telemetry.append([telemetry.change(reading('1000'))])
    expect(await told(current, 1)).toEqual([['1000', { id: '1000', value: '1000.5' }]])
    expect(keys.length).toBe(400)
    expect(new Set(keys)).toEqual(new Set(rows.map(({ id }) => id)))
    await current.return?.()
  })

  test('remembers what was seen: a change appended twice is told once, also across it', async () => {
    const [first, second, third] = ['1', '2', '3'].map((id) => telemetry.change(reading(id)))
    if (first === undefined || second === undefined || third === undefined) throw new Error('no changes')
    const events = await subscribe(CREATED)
    await telemetry.append([first, second, first, second], 0)
    await next(events)
    const cursor = cursorOf(await next(events))
    await telemetry.append([first, second, third], 0)
    expect(await told(events, 1)).toEqual([['3', { id: '3', value: '3.5' }]])
    const resumed = await subscribe(CREATED, { cursor })
    expect(await told(resumed, 1)).toEqual([['3', { id: '3', value: '3.5' }]])
    // The same position in another generation is a replay, in another partition of changes another record of the source.
    await telemetry.append([{ ...third, key: '4', row: reading('4'), source: `${SOURCE}:1:0` }], 0)
    expect(await told(resumed, 1)).toEqual([['4', { id: '4', value: '4.5' }]])
    await Promise.all([events.return?.(), resumed.return?.()])
  })

  test('is good for the same field and arguments alone', async () => {
    const events = await subscribe(CREATED, { of: '1' })
    await telemetry.append([telemetry.change(reading('1'))])
    const cursor = cursorOf(await next(events))
    const refused = ['SUBGRAPH_REFUSED', ['CURSOR_INVALID']]
    expect(await refusalOf(subscribe(CREATED, { of: '2', cursor }))).toEqual(refused)
    expect(await refusalOf(subscribe(CREATED, { cursor }))).toEqual(refused)
    expect(await refusalOf(subscribe(CHANGED, { of: '1', cursor }))).toEqual(refused)
    expect(await refusalOf(subscribe(CREATED, { of: '1', cursor: `${cursor}A` }))).toEqual(refused)
    await events.return?.()
  })

  test('older than the retention is a gap, said at once', async () => {
    const events = await subscribe(CREATED)
    await telemetry.append([telemetry.change(reading('1'))], 0)
    const cursor = cursorOf(await next(events))
    await events.return?.()
    await telemetry.append(
      Array.from({ length: 5 }, (_, index) => telemetry.change(reading(String(index + 2)))),
      0,
    )
    telemetry.clock.advance(8 * 86_400_000)
    await telemetry.log.maintain({ force: true })
    const [held] = await telemetry.log.offsets(CHANGES)
    expect(held?.earliest).toBeGreaterThan(1)
    expect(await refusalOf(subscribe(CREATED, { cursor }))).toEqual(['SUBGRAPH_REFUSED', ['SUBSCRIPTION_GAP']])
  })

  test('far back is read at the pace of the subscriber, however much has happened since', async () => {
    const count = limits.subscriberEventsMax * 3
    const events = await subscribe(CREATED)
    await telemetry.append([telemetry.change(reading('0'))])
    const cursor = cursorOf(await next(events))
    await events.return?.()
    await telemetry.append(Array.from({ length: count }, (_, index) => telemetry.change(reading(String(index + 1)))))
    const resumed = await subscribe(CREATED, { cursor })
    expect(new Set((await told(resumed, count)).map((event) => (event as [string])[0])).size).toBe(count)
    await telemetry.append([telemetry.change(reading('live'))])
    expect(await told(resumed, 1)).toMatchObject([['live', { id: 'live' }]])
    await resumed.return?.()
  })
})

describe('a subscription that cannot go on', () => {
  test('because its client is slow ends with the cursor of the last event told, and nothing is lost', async () => {
    const events = await subscribe(CREATED)
    await telemetry.append([telemetry.change(reading('0'))])
    expect(await told(events, 1)).toMatchObject([['0', { id: '0' }]])
    const count = limits.subscriberEventsMax + 100
    const tail = await telemetry.log.tail({
      topic: CHANGES,
      from: 'end',
      onBatch: (batch) => arrived(batch.records.length),
      onError: () => undefined,
    })
    let missing = count
    const { promise: allArrived, resolve } = Promise.withResolvers<void>()
    const arrived = (records: number): void => {
      missing -= records
      if (missing === 0) resolve()
    }
    await telemetry.append(Array.from({ length: count }, (_, index) => telemetry.change(reading(String(index + 1)))))
    await allArrived
    await tail.close()
    const { errors } = await next(events)
    expect(errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['SUBSCRIPTION_OVERFLOW'])
    expect(await events.next()).toEqual({ value: undefined, done: true })
    const cursor = errors?.[0]?.extensions?.['cursor']
    if (typeof cursor !== 'string') throw new Error('no cursor')
    const resumed = await subscribe(CREATED, { cursor })
    expect(new Set((await told(resumed, count)).map((event) => (event as [string])[0])).size).toBe(count)
    await resumed.return?.()
  })

  test('because the subgraph closes says so, with the cursor', async () => {
    const events = await subscribe(CREATED)
    const waiting = next(events)
    await telemetry.subgraph.close()
    const ending = await waiting
    expect(ending.errors?.map((error) => error.extensions)).toEqual([
      { code: 'SUBSCRIPTION_LOST', retryable: true, cursor: cursorOf(ending) },
    ])
    expect(await events.next()).toEqual({ value: undefined, done: true })
    await expect(subscribe(CREATED)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
  })
})
