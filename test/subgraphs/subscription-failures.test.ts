// What a subscriber is told when something fails on the way, that the cursor it gets loses and repeats nothing, and that coming back
// with it costs nobody else.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MeshgateError } from '../../platform/errors.ts'
import { limits } from '../../platform/limits.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import type { Row } from '../../schema/row.ts'
import type { Change } from '../../schema/record.ts'
import { CHANGES, plain, reading, request, Telemetry } from './telemetry.ts'

let telemetry: Telemetry

beforeEach(async () => {
  telemetry = await Telemetry.open()
})

afterEach(async () => {
  await telemetry.close()
})

type Events = AsyncIterableIterator<SubgraphResponse>

const CHANGED = 'subscription ($of: ID) { event: readingChanged(sensorId: $of) { id } }'

const subscribe = (of: string | null, cursor?: string, subgraph = telemetry.subgraph): Promise<Events> =>
  subgraph.endpoint.subscribe(
    request(CHANGED, { variables: { of }, ...(cursor === undefined ? {} : { extensions: { meshgate: { cursor } } }) }),
  )

async function next(events: Events): Promise<SubgraphResponse> {
  const { value, done } = await events.next()
  if (done === true) throw new Error('the subscription has ended')
  return value
}

const idIn = async (events: Events): Promise<unknown> =>
  (plain((await next(events)).data) as { event: { id: string } }).event.id

function cursorOf({ errors, extensions = {} }: SubgraphResponse): string {
  const { cursor } = extensions['meshgate'] as { cursor: string }
  if (errors !== undefined) expect(errors[0]?.extensions?.['cursor']).toBe(cursor)
  return cursor
}

/** A change of which only the store knows whether it matches the filter. */
function narrow(row: Row): Change {
  const { before: _before, ...change } = telemetry.change(row, { created: false })
  return change
}

describe('a subscription whose store fails', () => {
  test('ends with the cursor before the event that could not be told, so that it is told after a resume', async () => {
    await telemetry.put([reading('1'), reading('2')])
    const events = await subscribe('1')
    await telemetry.append([telemetry.change(reading('1'))], 0)
    expect(await idIn(events)).toBe('1')
    telemetry.counts.failure = new MeshgateError('STORE_UNAVAILABLE', 'The disk is gone')
    await telemetry.append([narrow({ id: '2', value: '5' })], 0)
    const failed = await next(events)
    expect(failed.errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['STORE_UNAVAILABLE'])
    telemetry.counts.failure = null
    const resumed = await subscribe('1', cursorOf(failed))
    expect(await idIn(resumed)).toBe('2')
    await resumed.return?.()
  })

  test('tells a failure that nobody foresaw as INTERNAL, and nothing of what it says', async () => {
    const events = await subscribe('1')
    telemetry.counts.failure = new TypeError('/var/lib/secret is undefined')
    await telemetry.append([narrow({ id: '2', value: '5' })], 0)
    const failed = await next(events)
    const cursor = cursorOf(failed)
    expect(failed.errors).toEqual([
      { message: 'Internal error error-1', extensions: { code: 'INTERNAL', id: 'error-1', cursor } },
    ])
    expect(telemetry.errors.map(({ details }) => (details as { err: Error }).err.cause)).toEqual([
      new TypeError('/var/lib/secret is undefined'),
    ])
  })
})

describe('a subscription that comes back', () => {
  test('lets everybody else have a turn while it reads what lies between', async () => {
    const events = await subscribe('1')
    await telemetry.append([telemetry.change(reading('1'))], 0)
    const cursor = cursorOf(await next(events))
    await events.return?.()
    const others = Array.from({ length: limits.replayReadRecordsMax * 3 }, (_, index) =>
      telemetry.change(reading(String(index), { sensorId: '2' })),
    )
    await telemetry.append([...others, telemetry.change(reading('2'))], 0)
    let turns = 0
    const count = (): NodeJS.Immediate => setImmediate(() => (turns++, (counting = count())))
    let counting = count()
    const resumed = await subscribe('1', cursor)
    expect(await idIn(resumed)).toBe('2')
    clearImmediate(counting)
    expect(turns).toBeGreaterThanOrEqual(3)
    await resumed.return?.()
  })
})

describe('a subscription that begins', () => {
  const started = { extensions: { meshgate: { started: true } } }

  test('says where, if it is asked, so that it can be resumed before its first event', async () => {
    await telemetry.append([telemetry.change(reading('1'))], 0)
    const events = await telemetry.subgraph.endpoint.subscribe(request(CHANGED, { variables: { of: '1' }, ...started }))
    const beginning = await next(events)
    const cursor = cursorOf(beginning)
    expect(beginning).toEqual({ data: null, extensions: { meshgate: { cursor, started: true } } })
    await events.return?.()
    await telemetry.append([telemetry.change(reading('2'))], 0)
    const another = telemetry.another()
    const resumed = await subscribe('1', cursor, another)
    expect(await idIn(resumed)).toBe('2')
    await another.close()
  })

  test('is not told what a late member of ingest appends of before, nor after it comes back', async () => {
    const changes = ['1', '2', '3'].map((id) => telemetry.change(reading(id)))
    await telemetry.append(changes, 0)
    const events = await subscribe('1')
    await telemetry.append([...changes, telemetry.change(reading('4'))], 0)
    const first = await next(events)
    expect(plain(first.data)).toEqual({ event: { id: '4' } })
    await events.return?.()
    await telemetry.append([...changes, telemetry.change(reading('5'))], 0)
    const resumed = await subscribe('1', cursorOf(first))
    expect(await idIn(resumed)).toBe('5')
    await resumed.return?.()
  })

  test('at one moment with others is told all that comes after it, and nothing of before', async () => {
    const early = await subscribe('1')
    for (let id = 1; id <= 20; id++) {
      const [late] = await Promise.all([subscribe('1'), telemetry.append([telemetry.change(reading(String(id)))], 0)])
      const later = await subscribe('1')
      await telemetry.append([telemetry.change(reading(`last-${id}`))], 0)
      const seen: unknown[] = []
      while (seen.at(-1) !== `last-${id}`) seen.push(await idIn(late))
      expect([[`last-${id}`], [String(id), `last-${id}`]]).toContainEqual(seen)
      expect(await idIn(later)).toBe(`last-${id}`)
      expect([await idIn(early), await idIn(early)]).toEqual([String(id), `last-${id}`])
      await Promise.all([late.return?.(), later.return?.()])
    }
    await early.return?.()
  })
})

describe('a subscription that ends', () => {
  test('has a cursor behind what it looked at and did not tell, so that silence never becomes a gap', async () => {
    const [quiet, all] = [await subscribe('1'), await subscribe(null)]
    const waiting = next(quiet)
    const others = Array.from({ length: 5 }, (_, index) => telemetry.change(reading(String(index), { sensorId: '2' })))
    await telemetry.append(others, 0)
    for (const { key } of others) expect(await idIn(all)).toBe(key)
    await telemetry.subgraph.close()
    const cursor = cursorOf(await waiting)
    telemetry.clock.advance(8 * 86_400_000)
    await telemetry.log.maintain({ force: true })
    expect((await telemetry.log.offsets(CHANGES))[0]?.earliest).toBe(others.length)
    const another = telemetry.another()
    const resumed = await subscribe('1', cursor, another)
    await telemetry.append([telemetry.change(reading('7'))], 0)
    expect(await idIn(resumed)).toBe('7')
    await another.close()
  })

  test('for overflow has a cursor before what was dropped, also when nothing was told', async () => {
    const events = await subscribe(null)
    const count = limits.subscriberEventsMax + 100
    const all = await subscribe('1')
    await telemetry.append(
      Array.from({ length: count }, (_, index) => telemetry.change(reading(String(index), { sensorId: '2' }))),
      0,
    )
    await telemetry.append([telemetry.change(reading('last'))], 0)
    expect(await idIn(all)).toBe('last')
    const failed = await next(events)
    expect(failed.errors?.map(({ extensions }) => extensions?.['code'])).toEqual(['SUBSCRIPTION_OVERFLOW'])
    const resumed = await subscribe(null, cursorOf(failed))
    const ids: unknown[] = []
    while (ids.length < count) ids.push(await idIn(resumed))
    expect(ids).toEqual(Array.from({ length: count }, (_, index) => String(index)))
    await Promise.all([resumed.return?.(), all.return?.()])
  })

  test('is refused where the subgraph closes while it begins', async () => {
    const beginning = subscribe(null)
    const closing = telemetry.subgraph.close()
    await expect(beginning).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    await closing
  })
})
