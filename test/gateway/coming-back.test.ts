// Clients that come and go by their cursors, over a real subgraph: each sees every event once and in order, and those that have caught up are fed by
// one stream. And what becomes of streams when a new supergraph replaces the old.
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { composeSupergraph } from '../../gateway/compose/compose-supergraph.ts'
import type { EngineResult } from '../../gateway/engine-contract.ts'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import type { SubgraphEndpoint, SubgraphResponse } from '../../platform/ports/subgraph-endpoint.ts'
import { seededInteger } from '../seeded-random.ts'
import { reading, Telemetry } from '../subgraphs/telemetry.ts'

const QUERY = 'subscription { readingChanged { id value } }'
/** Without either guard of going over to a shared stream some of them fail. */
const SEEDS = (process.env['MESHGATE_TEST_SEEDS'] ?? '1,22,28,29,35').split(',').map(Number)
const PARTITIONS = 4

let telemetry: Telemetry
let gateway: Gateway
/** Streams of the subgraph that are open. */
let open = 0
let paces = seededInteger(0)
const closing: (() => Promise<unknown>)[] = []

function counted(endpoint: SubgraphEndpoint): SubgraphEndpoint {
  return {
    name: endpoint.name,
    execute: (request) => endpoint.execute(request),
    subscribe: async (request) => {
      const stream = await endpoint.subscribe(request)
      open += 1
      let isOpen = true
      const end = (): void => {
        if (isOpen) open -= 1
        isOpen = false
      }
      const following: AsyncIterableIterator<SubgraphResponse> = {
        next: async () => {
          const next = await stream.next()
          // One stream is behind another, now this one and now that.
          for (let turns = paces(12); turns > 0; turns -= 1) await new Promise(setImmediate)
          if (next.done === true) end()
          return next
        },
        return: async () => {
          end()
          await stream.return?.()
          return { done: true, value: undefined }
        },
        [Symbol.asyncIterator]: () => following,
      }
      return following
    },
    close: async () => undefined,
  }
}

function meshOf(further = '') {
  const { name, sdl, endpoint } = telemetry.subgraph
  const url = 'http://127.0.0.1:9/graphql'
  const composed = composeSupergraph([{ name, sdl: `${sdl}\n${further}`, url }])
  if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
  return { supergraphSdl: composed.supergraphSdl, endpoints: [counted(endpoint)] }
}

beforeEach(async () => {
  open = 0
  telemetry = await Telemetry.open()
  gateway = await startGateway({ mesh: meshOf(), port: 0, logger: pino({ level: 'silent' }) })
  closing.push(
    () => telemetry.close(),
    () => gateway.close(),
  )
})
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

type Stream = AsyncIterableIterator<EngineResult>

async function subscribe(extensions: Readonly<Record<string, unknown>>, query = QUERY): Promise<Stream> {
  const stream = await gateway.engine().subscribe({ query, extensions })
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream))
  return stream
}

/** Appends a change of reading `id` that no other is equal to. */
function change(id: number, value: number): Promise<unknown> {
  return telemetry.append([telemetry.change(reading(String(id), { value: String(value) }))], id % PARTITIONS)
}

function saidBy({ data, errors, extensions = {} }: EngineResult): {
  readonly told: string | null
  readonly cursor: string
} {
  if (errors !== undefined) throw new Error(JSON.stringify(errors))
  const row = (data?.['readingChanged'] ?? null) as { readonly id: string; readonly value: string } | null
  return { told: row === null ? null : `${row.id}=${row.value}`, cursor: String(extensions['cursor']) }
}

class Client {
  readonly told: string[] = []
  #cursor: string | null = null
  #stream: Stream | null = null
  #following: Promise<void> = Promise.resolve()

  async come(): Promise<void> {
    const stream = await subscribe(this.#cursor === null ? { started: true } : { cursor: this.#cursor })
    this.#stream = stream
    if (this.#cursor === null) this.#cursor = saidBy((await stream.next()).value as EngineResult).cursor
    this.#following = this.#follow(stream)
  }

  async #follow(stream: Stream): Promise<void> {
    for await (const event of stream) {
      // What comes after it has left is another's to be told.
      if (this.#stream !== stream) return
      const { told, cursor } = saidBy(event)
      this.#cursor = cursor
      if (told !== null) this.told.push(told)
    }
  }

  async go(): Promise<void> {
    const stream = this.#stream
    this.#stream = null
    await stream?.return?.()
    await this.#following
  }
}

/** By reading: what was told of it, in order. */
function valuesById(told: readonly string[]): Map<string, number[]> {
  const values = new Map<string, number[]>()
  for (const each of told) {
    const [id = '', value] = each.split('=')
    values.set(id, [...(values.get(id) ?? []), Number(value)])
  }
  return values
}

const title = 'clients that come and go see every event once, in order, and end on one stream (seed %s)'
test.for(SEEDS)(title, async (seed) => {
  const random = seededInteger(seed)
  paces = seededInteger(seed)
  const clients = Array.from({ length: 12 }, () => new Client())
  for (const client of clients) await client.come()
  let value = 0
  const next = (): Promise<unknown> => change(random(20), (value += 1))
  const comeBack = async (client: Client): Promise<void> => {
    await client.go()
    if (random(2) === 0) await next()
    await client.come()
  }
  for (let round = 0; round < 40; round += 1) {
    const changes = Array.from({ length: random(4) }, next)
    const moves = clients.filter(() => random(3) === 0).map(comeBack)
    const replaced = random(8) === 0 ? gateway.replaceSupergraph(meshOf('scalar Another')) : null
    await Promise.all([...changes, ...moves, replaced])
  }
  await expect.poll(() => clients.map(({ told }) => told.length)).toEqual(clients.map(() => value))
  for (const { told } of clients) {
    expect(new Set(told).size).toBe(value)
    for (const values of valuesById(told).values()) expect(values).toEqual(values.toSorted((a, b) => a - b))
  }
  // Whatever they resumed has come to the head by the next event.
  await next()
  await expect.poll(() => clients.map(({ told }) => told.length)).toEqual(clients.map(() => value))
  expect(open).toBe(1)
  for (const client of clients) await client.go()
  await expect.poll(() => open).toBe(0)
})

describe('a new supergraph', () => {
  test('that lacks what a subscription asks ends it with the reason, and with its cursor', async () => {
    const stream = await subscribe({ started: true })
    const { cursor } = saidBy((await stream.next()).value as EngineResult)
    const { name } = telemetry.subgraph
    const composed = composeSupergraph([{ name, sdl: 'type Query { other: Int }', url: 'http://127.0.0.1:9/graphql' }])
    if (composed.kind === 'failed') throw new Error(JSON.stringify(composed.problems))
    const ended = stream.next()
    ended.catch(() => undefined)
    await gateway.replaceSupergraph({ supergraphSdl: composed.supergraphSdl, endpoints: [telemetry.subgraph.endpoint] })
    await expect(ended).rejects.toMatchObject({
      message: expect.stringContaining('The schema has no subscriptions'),
      extensions: { code: 'SUBSCRIPTION_REPLACED', cursor },
    })
    await expect.poll(() => open).toBe(0)
  })

  test('does not open a stream again that it asks of the same subgraph in the same way', async () => {
    const endpoint = counted(telemetry.subgraph.endpoint)
    await gateway.replaceSupergraph({ ...meshOf(), endpoints: [endpoint] })
    const stream = await subscribe({})
    const first = stream.next()
    await gateway.replaceSupergraph({ ...meshOf('scalar Another'), endpoints: [endpoint] })
    expect(open).toBe(1)
    await change(1, 1)
    expect(saidBy((await first).value as EngineResult).told).toBe('1=1')
    await stream.return?.()
  })
})

test('a client may come back while its events are joined by another plan, and begins where it was', async () => {
  const stream = await subscribe({ started: true })
  const { cursor } = saidBy((await stream.next()).value as EngineResult)
  await stream.return?.()
  for (let value = 1; value <= 50; value += 1) await change(value % 5, value)
  const resumed = await Promise.all(Array.from({ length: 5 }, () => subscribe({ cursor })))
  // Equal ones catch up together.
  expect(open).toBe(1)
  await gateway.replaceSupergraph(meshOf('scalar Another'))
  for (const each of resumed) {
    const told: (string | null)[] = []
    while (told.length < 50) told.push(saidBy((await each.next()).value as EngineResult).told)
    expect(new Set(told).size).toBe(50)
    await each.return?.()
  }
})

test('a client that asks for the latest of each key is told how many it was spared', async () => {
  const stream = await subscribe({ conflate: true })
  const all = await subscribe({})
  for (let value = 1; value <= 6; value += 1) await change(value % 2, value)
  // All of them have come.
  for (let value = 1; value <= 6; value += 1) await all.next()
  const latest = [(await stream.next()).value, (await stream.next()).value] as EngineResult[]
  const told = latest.map((event) => `${saidBy(event).told}, ${String(event.extensions?.['conflated'])} before it`)
  expect(new Set(told)).toEqual(new Set(['0=6, 2 before it', '1=5, 2 before it']))
  // Its cursor leaves out nothing that was not told, or replaced.
  const resumed = await subscribe({ cursor: String(latest[1]?.extensions?.['cursor']) })
  await change(3, 7)
  expect(saidBy((await resumed.next()).value as EngineResult).told).toBe('3=7')
})

test.each([
  [{ cursor: 7 }, 'extensions.cursor'],
  [{ snapshot: 'yes' }, 'extensions.snapshot'],
  [{ conflate: 1 }, 'extensions.conflate'],
])('what a client asks of its stream is checked: %j', async (extensions, named) => {
  const refused = await gateway.engine().subscribe({ query: QUERY, extensions })
  expect(refused).toMatchObject({
    errors: [{ message: expect.stringContaining(named), extensions: { code: 'REQUEST_INVALID' } }],
  })
})
