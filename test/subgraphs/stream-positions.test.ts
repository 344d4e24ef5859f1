// Who asks where a stream stands is told with every answer: two streams of one subscription can be laid over each other.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EventLog } from '../../platform/ports/event-log.ts'
import type { SubgraphResponse, SubscriptionExtension } from '../../platform/ports/subgraph-endpoint.ts'
import { reading, request, Telemetry } from './telemetry.ts'

let telemetry: Telemetry
beforeEach(async () => {
  telemetry = await Telemetry.open()
})
afterEach(() => telemetry.close())

const QUERY = 'subscription { readingCreated(sensorId: "1") { id } }'

function subscribe(meshgate: Readonly<Record<string, unknown>>): Promise<AsyncIterableIterator<SubgraphResponse>> {
  return telemetry.subgraph.endpoint.subscribe(request(QUERY, { extensions: { meshgate } }))
}

async function next(events: AsyncIterableIterator<SubgraphResponse>): Promise<SubscriptionExtension> {
  const { value, done } = await events.next()
  if (done === true) throw new Error('the subscription has ended')
  return value.extensions?.['meshgate'] as SubscriptionExtension
}

function appendTo(partition: number, id: string, sensorId: string): Promise<unknown> {
  return telemetry.append([telemetry.change(reading(id, { sensorId }))], partition)
}

test('a stream that is asked for its positions tells them at its start, with each event, and when it has caught up', async () => {
  const live = await subscribe({ started: true, positions: true })
  const start = await next(live)
  expect(start).toEqual({ started: true, cursor: expect.any(String) as string, positions: [0, 0, 0, 0] })
  await appendTo(0, 'a', '1')
  await appendTo(1, 'b', 'another')
  await appendTo(1, 'c', '1')
  const events = [await next(live), await next(live)]
  expect(
    events.map(({ key, at }) => [key, at]).toSorted((one, other) => String(one[0]).localeCompare(String(other[0]))),
  ).toEqual([
    ['a', [0, 0]],
    ['c', [1, 1]],
  ])
  expect(events[1]?.positions).toEqual([1, 2, 0, 0])
  await live.return?.()

  const resumed = await subscribe({ cursor: start.cursor, positions: true })
  expect(
    [(await next(resumed)).at, (await next(resumed)).at].toSorted((one, other) => (one?.[0] ?? 0) - (other?.[0] ?? 0)),
  ).toEqual([
    [0, 0],
    [1, 1],
  ])
  expect(await next(resumed)).toEqual({ caughtUp: true, cursor: expect.any(String) as string, positions: [1, 2, 0, 0] })
  await appendTo(0, 'd', '1')
  expect(await next(resumed)).toMatchObject({ key: 'd', at: [0, 1], positions: [2, 2, 0, 0] })
  await resumed.return?.()
})

test('nobody else is told of positions', async () => {
  const { cursor } = await next(await subscribe({ started: true }))
  await appendTo(0, 'a', '1')
  const resumed = await subscribe({ cursor })
  expect(await next(resumed)).toEqual({ key: 'a', cursor: expect.any(String) as string })
  await appendTo(0, 'b', '1')
  expect(await next(resumed)).toMatchObject({ key: 'b' })
  await resumed.return?.()
})

test('a stream comes to the head though changes never pause, and from then on reads nothing by itself', async () => {
  const { cursor } = await next(await subscribe({ started: true }))
  for (let number = 0; number < 20; number++) await appendTo(number % 4, `old-${number}`, '1')
  let reads = 0
  const log: EventLog = new Proxy(telemetry.log, {
    get(real, name) {
      if (name !== 'read') {
        const member: unknown = Reflect.get(real, name)
        return typeof member === 'function' ? (member.bind(real) as unknown) : member
      }
      return async (...given: Parameters<EventLog['read']>) => {
        await appendTo(given[0].partition, `new-${reads++}`, '1')
        return real.read(...given)
      }
    },
  })
  const subgraph = telemetry.another({ log })
  const events = await subgraph.endpoint.subscribe(
    request(QUERY, { extensions: { meshgate: { cursor, positions: true } } }),
  )
  const keys: (string | undefined)[] = []
  for (let told = await next(events); told.caughtUp !== true; told = await next(events)) {
    keys.push(told.key)
    expect(keys.length).toBeLessThan(200)
  }
  const read = reads
  await appendTo(0, 'last', '1')
  expect(await next(events)).toMatchObject({ key: 'last' })
  expect([new Set(keys).size, reads]).toEqual([20 + read, read])
  await subgraph.close()
})
