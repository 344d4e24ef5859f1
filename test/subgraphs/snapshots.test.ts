// Snapshots of the runtime, on the embedded log and store: the rows first, then every change after them, resumed at any event.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { limits } from '../../platform/limits.ts'
import { MeshgateError } from '../../platform/errors.ts'
import type { SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { cursorContent, progressOf } from '../../subgraphs/runtime/change-progress.ts'
import { idOf, plain, reading, request, Telemetry } from './telemetry.ts'

let telemetry: Telemetry

beforeEach(async () => {
  telemetry = await Telemetry.open()
})

afterEach(async () => {
  await telemetry.close()
})

type Events = AsyncIterableIterator<SubgraphResponse>

const CHANGED = 'subscription ($of: ID) { event: readingChanged(sensorId: $of) { id value count } }'

interface Asked {
  readonly of?: string
  readonly cursor?: string
  readonly snapshot?: boolean
}

const subscribe = ({ of, ...meshgate }: Asked, query = CHANGED): Promise<Events> =>
  telemetry.subgraph.endpoint.subscribe(
    request(query, { variables: { of: of ?? null }, extensions: { meshgate: { snapshot: true, ...meshgate } } }),
  )

interface Told {
  readonly key?: string
  readonly cursor: string
  readonly snapshot?: true
  readonly snapshotComplete?: true
}

const meshgateOf = ({ extensions = {} }: SubgraphResponse): Told => extensions['meshgate'] as Told

async function next(events: Events): Promise<SubgraphResponse> {
  const { value, done } = await events.next()
  if (done === true) throw new Error('the subscription has ended')
  return value
}

/** `row 1`, `change 1`, `gone 1` or `complete`. */
function summaryOf(response: SubgraphResponse): string {
  if (response.errors !== undefined) return String(response.errors[0]?.extensions?.['code'])
  const { key, snapshot, snapshotComplete } = meshgateOf(response)
  if (snapshotComplete === true) return 'complete'
  if (snapshot === true) return `row ${key}`
  return `${response.data?.['event'] === null ? 'gone' : 'change'} ${key}`
}

async function summaries(events: Events, count: number): Promise<string[]> {
  const found: string[] = []
  while (found.length < count) found.push(summaryOf(await next(events)))
  return found
}

const refusalOf = async (events: Promise<Events>): Promise<unknown> => {
  const error: unknown = await events.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MeshgateError)) return error
  return (error.cause as { message: string; extensions: { code: string } }[]).map(({ message, extensions }) => [
    extensions.code,
    message,
  ])
}

const readings = (count: number, first = 1): ReturnType<typeof reading>[] =>
  Array.from({ length: count }, (_, index) => reading(String(first + index)))

describe('a snapshot', () => {
  test('is the rows that match, then a mark, then what changes', async () => {
    await telemetry.put([reading('1', { count: '7' }), reading('2', { sensorId: '2' }), reading('3')])
    const events = await subscribe({ of: '1' })
    const first = await next(events)
    expect(plain(first.data)).toEqual({ event: { id: '1', value: '1.5', count: '7' } })
    expect(meshgateOf(first)).toEqual({ key: '1', cursor: expect.any(String) as string, snapshot: true })
    expect(await summaries(events, 1)).toEqual(['row 3'])
    const mark = await next(events)
    expect([mark.data, meshgateOf(mark)]).toEqual([
      null,
      { cursor: expect.any(String) as string, snapshotComplete: true },
    ])
    await telemetry.append([telemetry.change(reading('4')), telemetry.change(reading('5', { sensorId: '2' }))], 0)
    await telemetry.append([telemetry.change({ id: '3' }, { op: 'DELETE', before: reading('3') })], 0)
    expect(await summaries(events, 2)).toEqual(['change 4', 'gone 3'])
    await events.return?.()
  })

  test('of nothing is the mark alone', async () => {
    const events = await subscribe({ of: '1' })
    expect(await summaries(events, 1)).toEqual(['complete'])
    await events.return?.()
  })

  test('has no rows that are deleted or have moved away, whatever their marks fill', async () => {
    await telemetry.put(readings(limits.snapshotPageRows * 2), true)
    await telemetry.put([reading('1000')])
    for (const of of ['1', undefined]) {
      const events = await subscribe(of === undefined ? {} : { of })
      expect(await summaries(events, 2)).toEqual(['row 1000', 'complete'])
      await events.return?.()
    }
  })

  test('without arguments is read by the scan that the product declares', async () => {
    await telemetry.put([reading('1'), reading('2', { sensorId: '2' })])
    const events = await subscribe({})
    expect((await summaries(events, 3)).toSorted()).toEqual(['complete', 'row 1', 'row 2'])
    await events.return?.()
  })

  test('tells changes from before its first row was read, in the order of the log', async () => {
    await telemetry.put([reading('1')])
    await telemetry.append([telemetry.change(reading('1'))], 0)
    const events = await subscribe({ of: '1' })
    // After the position, before the first read: the row has both, and is told them again.
    await telemetry.put([reading('1', { value: '3' })])
    await telemetry.append(
      [
        telemetry.change(reading('1', { value: '2' }), { created: false, before: reading('1') }),
        telemetry.change(reading('1', { value: '3' }), { created: false, before: reading('1', { value: '2' }) }),
      ],
      0,
    )
    const values: unknown[] = []
    for (let told = 0; told < 4; told++) values.push(plain((await next(events)).data))
    const event = (value: string): unknown => ({ event: { id: '1', value, count: null } })
    expect(values).toEqual([event('3'), null, event('2'), event('3')])
    await events.return?.()
  })

  test('does not tell again what was appended twice and is in its rows', async () => {
    const change = telemetry.change(reading('1'))
    await telemetry.put([reading('1')])
    await telemetry.append([change], 0)
    const events = await subscribe({ of: '1' })
    expect(await summaries(events, 2)).toEqual(['row 1', 'complete'])
    await telemetry.append([change, telemetry.change(reading('2'))], 0)
    expect(await summaries(events, 1)).toEqual(['change 2'])
    await events.return?.()
  })

  test('is read a page at a time, as its reader asks', async () => {
    await telemetry.put(readings(limits.snapshotPageRows * 3))
    const events = await subscribe({ of: '1' })
    await summaries(events, limits.snapshotPageRows)
    expect(telemetry.counts.calls.page).toBe(1)
    await summaries(events, 1)
    expect(telemetry.counts.calls.page).toBe(2)
    // Each row is whole: nothing is read for it.
    expect(telemetry.counts.calls.read).toBe(0)
    await events.return?.()
  })
})

describe('the cursor of a row', () => {
  test('goes on behind it, at every event of a snapshot and behind', async () => {
    const count = limits.snapshotPageRows + 20
    const rows = readings(count)
    await telemetry.put(rows)
    const found: string[] = []
    let events = await subscribe({ of: '1' })
    while (found.length < count + 11) {
      // What changes meanwhile comes behind the mark.
      if (found.length % 12 === 5) await telemetry.append([telemetry.change(reading(String(found.length)))], 0)
      const response = await next(events)
      found.push(summaryOf(response))
      await events.return?.()
      events = await subscribe({ of: '1', cursor: meshgateOf(response).cursor })
    }
    const changes = Array.from({ length: 10 }, (_, index) => `change ${index * 12 + 5}`)
    expect(found).toEqual([...rows.map((row) => `row ${idOf(row)}`), 'complete', ...changes])
    await events.return?.()
  })

  test('needs no word of a snapshot, and is of use to another instance', async () => {
    await telemetry.put(readings(3))
    const events = await subscribe({ of: '1' })
    const { cursor } = meshgateOf(await next(events))
    await events.return?.()
    const other = telemetry.another()
    const resumed = await other.endpoint.subscribe(
      request(CHANGED, { variables: { of: '1' }, extensions: { meshgate: { cursor } } }),
    )
    expect(await summaries(resumed, 3)).toEqual(['row 2', 'row 3', 'complete'])
    await resumed.return?.()
    await other.close()
  })

  test('that the retention has passed is a gap, said at once', async () => {
    await telemetry.put(readings(3))
    const events = await subscribe({ of: '1' })
    const { cursor } = meshgateOf(await next(events))
    await telemetry.append(
      readings(5, 4).map((row) => telemetry.change(row)),
      0,
    )
    telemetry.clock.advance(8 * 86_400_000)
    await telemetry.log.maintain({ force: true })
    expect(await refusalOf(subscribe({ of: '1', cursor }))).toMatchObject([['SUBSCRIPTION_GAP', /retention/]])
    // Whoever reads on is told when the changes are to come, and before that is told the rows.
    expect(await summaries(events, 3)).toEqual(['row 2', 'row 3', 'SUBSCRIPTION_GAP'])
  })

  test('goes on where the subgraph was closed', async () => {
    await telemetry.put(readings(3))
    const closing = telemetry.another()
    const events = await closing.endpoint.subscribe(
      request(CHANGED, { variables: { of: '1' }, extensions: { meshgate: { snapshot: true } } }),
    )
    await next(events)
    await closing.close()
    const ending = await next(events)
    expect(summaryOf(ending)).toBe('SUBSCRIPTION_LOST')
    const resumed = await subscribe({ of: '1', cursor: meshgateOf(ending).cursor })
    expect(await summaries(resumed, 3)).toEqual(['row 2', 'row 3', 'complete'])
    await resumed.return?.()
  })

  test('goes on where the store failed', async () => {
    await telemetry.put(readings(limits.snapshotPageRows + 1))
    const events = await subscribe({ of: '1' })
    await summaries(events, limits.snapshotPageRows)
    telemetry.counts.failure = new MeshgateError('STORE_UNAVAILABLE', 'The disk is gone')
    const failed = await next(events)
    expect(summaryOf(failed)).toBe('STORE_UNAVAILABLE')
    telemetry.counts.failure = null
    const resumed = await subscribe({ of: '1', cursor: meshgateOf(failed).cursor })
    expect(await summaries(resumed, 2)).toEqual([`row ${limits.snapshotPageRows + 1}`, 'complete'])
    await resumed.return?.()
  })
})

test('a snapshot is asked for by true or false', async () => {
  const asked = telemetry.subgraph.endpoint.subscribe(
    request(CHANGED, { extensions: { meshgate: { snapshot: 'yes' } } }),
  )
  expect(await refusalOf(asked)).toMatchObject([['ARGUMENT_INVALID', /snapshot/]])
})

test('partitions that the topic has got since the cursor are read from their first record', () => {
  const content = cursorContent({ positions: [4, 5], seen: [new Map([['a', 1]]), new Map()] })
  expect(progressOf(content, 3)).toEqual({
    positions: [4, 5, 0],
    seen: [new Map([['a', 1]]), new Map(), new Map()],
  })
  expect(() => progressOf(content, 1)).toThrow(expect.objectContaining({ code: 'SUBSCRIPTION_GAP' }) as Error)
})
