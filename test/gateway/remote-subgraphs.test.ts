// A gateway whose subgraph is another process, which comes and goes: what its clients notice, what its log says, and what it tells of it.
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import type { EngineResult } from '../../gateway/engine-contract.ts'
import { startGateway, type AnsweredRequest, type Gateway, type GatewayOptions } from '../../gateway/main.ts'
import type { Subgraph, SubgraphServer } from '../../subgraphs/runtime/subgraph.ts'
import { CHANGES, plain, reading, Telemetry } from '../subgraphs/telemetry.ts'
import { Proxy } from './proxy.ts'

const NAME = 'telemetry-readings'
const QUERY = '{ reading(id: "1") { id } }'
const CREATED = 'subscription { readingCreated { id } }'

let telemetry: Telemetry
let server: SubgraphServer
let way: Proxy
const closing: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  telemetry = await Telemetry.open()
  server = await telemetry.subgraph.serve(0)
  way = await Proxy.open(server.port)
  closing.push(
    () => telemetry.close(),
    () => way.close(),
  )
})

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function gatewayOver(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const { name, sdl } = telemetry.subgraph
  const composed = composeSupergraph([{ name, sdl, url: `http://127.0.0.1:${way.port}/graphql` }])
  if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
  const mesh = { supergraphSdl: composed.supergraphSdl }
  const gateway = await startGateway({ mesh, port: 0, logger: pino({ level: 'silent' }), ...options })
  closing.push(() => gateway.close())
  return gateway
}

type Stream = AsyncIterableIterator<EngineResult>

async function subscribe(gateway: Gateway, options: { cursor?: string; query?: string } = {}): Promise<Stream> {
  const { cursor, query = CREATED } = options
  const extensions = cursor === undefined ? {} : { cursor }
  const stream = await gateway.engine().subscribe({ query, extensions })
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
  return stream
}

async function next(stream: Stream): Promise<{ id: unknown; cursor: string }> {
  const { value } = (await stream.next()) as { value: EngineResult }
  if (value.errors !== undefined) throw new Error(JSON.stringify(value.errors))
  const { readingCreated } = plain(value.data) as { readingCreated: { id: string } }
  const { cursor } = (value.extensions ?? {}) as { cursor: string }
  return { id: readingCreated.id, cursor }
}

async function idsOf(stream: Stream, count: number): Promise<unknown[]> {
  const ids: unknown[] = []
  while (ids.length < count) ids.push((await next(stream)).id)
  return ids
}

const create = (...ids: string[]): Promise<void> =>
  telemetry.append(
    ids.map((id) => telemetry.change(reading(id))),
    0,
  )

/** Another process of the same subgraph. */
async function another(): Promise<{ subgraph: Subgraph; port: number }> {
  const subgraph = telemetry.another()
  closing.push(() => subgraph.close())
  return { subgraph, port: (await subgraph.serve(0)).port }
}

describe('a subscription', () => {
  test('goes on where it was when the connection breaks, without loss or repeat', async () => {
    const stream = await subscribe(await gatewayOver())
    await create('1', '2')
    expect(await idsOf(stream, 2)).toEqual(['1', '2'])
    way.cut()
    await create('3', '4')
    way.target = server.port
    await create('5')
    expect(await idsOf(stream, 3)).toEqual(['3', '4', '5'])
    await stream.return?.()
  })

  test('goes on at another process of the subgraph when its own is stopped', async () => {
    const stream = await subscribe(await gatewayOver())
    await create('1')
    expect(await idsOf(stream, 1)).toEqual(['1'])
    const other = await another()
    way.target = other.port
    await telemetry.subgraph.close()
    await create('2', '3')
    expect(await idsOf(stream, 2)).toEqual(['2', '3'])
    await stream.return?.()
  })

  test('that has had no event yet goes on from where it began', async () => {
    const gateway = await gatewayOver()
    const quiet = await subscribe(gateway, { query: 'subscription { readingCreated(sensorId: "2") { id } }' })
    const loud = await subscribe(gateway)
    await create('1')
    // On one socket: what the subgraph said of the quiet stream's beginning has come before.
    expect(await idsOf(loud, 1)).toEqual(['1'])
    way.cut()
    await telemetry.append([telemetry.change(reading('2', { sensorId: '2' }))], 0)
    way.target = server.port
    expect(await idsOf(quiet, 1)).toEqual(['2'])
    await Promise.all([quiet.return?.(), loud.return?.()])
  })

  test('whose changes are gone by the time the subgraph is back ends with a gap', async () => {
    const stream = await subscribe(await gatewayOver())
    await create('1')
    await next(stream)
    way.cut()
    await create('2', '3')
    telemetry.clock.advance(8 * 86_400_000)
    await telemetry.log.maintain({ force: true })
    expect((await telemetry.log.offsets(CHANGES))[0]?.earliest).toBe(3)
    way.target = server.port
    await expect(stream.next()).rejects.toMatchObject({ extensions: { code: 'SUBSCRIPTION_GAP', service: NAME } })
  })

  test('of one gateway goes on at another', async () => {
    const [first, second] = [await gatewayOver(), await gatewayOver()]
    const stream = await subscribe(first)
    await create('1', '2')
    const { cursor } = await next(stream)
    await stream.return?.()
    const resumed = await subscribe(second, { cursor })
    expect(await idsOf(resumed, 1)).toEqual(['2'])
    await resumed.return?.()
  })
})

describe('a subgraph that is away', () => {
  test('costs its own fields, is told of once, and is used again when it is back', async () => {
    const lines: { level: number; msg: string; subgraph?: string }[] = []
    const write = (line: string): void => void lines.push(JSON.parse(line) as (typeof lines)[number])
    const gateway = await gatewayOver({ logger: pino({}, { write }) })
    await telemetry.put([reading('1')])
    expect(plain(await gateway.engine().execute({ query: QUERY }))).toEqual({ data: { reading: { id: '1' } } })
    expect(gateway.subgraphs()).toEqual([{ name: NAME, reachable: true }])
    way.cut()
    for (let count = 0; count < 20; count++) {
      const { data, errors } = await gateway.engine().execute({ query: QUERY })
      expect([plain(data), errors?.map(({ extensions }) => extensions)]).toEqual([
        { reading: null },
        [{ code: 'SUBGRAPH_UNAVAILABLE', service: NAME }],
      ])
    }
    await expect
      .poll(() => gateway.subgraphs())
      .toEqual([
        {
          name: NAME,
          reachable: false,
          reason: expect.stringContaining('cannot be reached') as string,
          circuit: 'open',
        },
      ])
    way.target = server.port
    await expect.poll(() => gateway.subgraphs(), { timeout: 10_000 }).toEqual([{ name: NAME, reachable: true }])
    expect(plain(await gateway.engine().execute({ query: QUERY }))).toEqual({ data: { reading: { id: '1' } } })
    expect(lines.map(({ level, subgraph }) => ({ level, subgraph }))).toEqual([
      { level: 40, subgraph: NAME },
      { level: 30, subgraph: NAME },
    ])
  })

  test('is known from the start, without a request', async () => {
    way.cut()
    const gateway = await gatewayOver()
    await expect.poll(() => gateway.subgraphs()[0]?.reachable).toBe(false)
  })
})

test('an observer is told of each request and of how many subscriptions run', async () => {
  const requests: Omit<AnsweredRequest, 'durationMs'>[] = []
  const active: number[] = []
  const gateway = await gatewayOver({
    observer: {
      request: ({ durationMs, ...rest }) => {
        expect(durationMs).toBeGreaterThanOrEqual(0)
        requests.push(rest)
      },
      subscriptions: (count) => active.push(count),
    },
  })
  await gateway.engine().execute({ query: QUERY })
  await gateway.engine().execute({ query: '{ nothing }' })
  way.cut()
  await gateway.engine().execute({ query: QUERY })
  way.target = server.port
  const streams = [await subscribe(gateway), await subscribe(gateway)]
  for (const stream of streams) await stream.return?.()
  expect(requests).toEqual([
    { kind: 'query', codes: [] },
    { kind: 'refused', codes: ['DOCUMENT_INVALID'] },
    { kind: 'query', codes: ['SUBGRAPH_UNAVAILABLE'] },
    { kind: 'subscription', codes: [] },
    { kind: 'subscription', codes: [] },
  ])
  expect(active).toEqual([1, 2, 1, 0])
})
