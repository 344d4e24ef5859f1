// A rate limit on what operations cost, through the whole gateway: over HTTP, shared and alone, in batches and over a WebSocket.
import { createClient } from 'graphql-ws'
import pino from 'pino'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import type { Sharing } from '../../gateway/sharing.ts'
import { composeMesh, localEndpoint } from '../federation/merged-mesh.ts'
import { SHOP } from '../federation/shop.ts'
import { post } from './stream-mesh.ts'

const HOUR_MS = 3_600_000
let gateway: Gateway
afterEach(() => gateway.close())

async function start(sharing: Sharing, tell = false): Promise<(body: unknown) => Promise<Response>> {
  gateway = await startGateway({
    mesh: { supergraphSdl: composeMesh(SHOP), endpoints: SHOP.map((subgraph) => localEndpoint(subgraph)) },
    port: 0,
    logger: pino({ level: 'silent' }),
    sharing,
    batchMax: 5,
    cost: { max: 100, tell },
    rateLimit: { cost: 5, windowMs: HOUR_MS },
  })
  return (body) => post(`${gateway.url}/graphql`, body)
}

const ONE = '{ me { name } }'
const SEVEN = `{ ${Array.from({ length: 7 }, (_, index) => `a${index}: me { name }`).join(' ')} }`

test.each(['requests', 'fresh'] as const)(
  'what is spent comes back; what is larger than all needs a full window (%s)',
  async (sharing) => {
    const ask = await start(sharing)
    for (let paid = 0; paid < 4; paid++) expect((await ask({ query: ONE })).status).toBe(200)
    const refused = await ask({ query: SEVEN })
    expect(refused.status).toBe(429)
    // Four of five have to come back.
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan((HOUR_MS / 1_000 / 5) * 4 - 60)
    expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
    expect((await ask({ query: ONE })).status).toBe(200)
    expect((await ask({ query: ONE })).status).toBe(429)
  },
)

test('what is left of it is told where costs are, beside what is left of the operation’s own budget', async () => {
  const ask = await start('fresh', true)
  const cost = (remaining: number) => ({
    estimated: 1,
    max: 100,
    remaining: 99,
    window: { max: 5, remaining, windowMs: HOUR_MS },
  })
  const costOf = async () =>
    ((await (await ask({ query: ONE })).json()) as { extensions?: { cost?: unknown } }).extensions?.cost
  expect([await costOf(), await costOf()]).toEqual([cost(4), cost(3)])
  const batch = (await (await ask([{ query: ONE }, { query: ONE }])).json()) as { extensions: unknown }[]
  expect(batch.map(({ extensions }) => extensions)).toEqual([{ cost: cost(1) }, { cost: cost(1) }])
  const url = `${gateway.url.replace('http', 'ws')}/graphql`
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  expect((await client.iterate({ query: ONE }).next()).value).toMatchObject({ extensions: { cost: cost(0) } })
  await client.dispose()
})

test('over an event stream, too; of a debt nothing is left', async () => {
  await start('fresh', true)
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
  const body = JSON.stringify({ query: SEVEN })
  const stream = await (await fetch(`${gateway.url}/graphql`, { method: 'POST', headers, body })).text()
  const window = { max: 5, remaining: 0, windowMs: HOUR_MS }
  const cost = { estimated: 7, max: 100, remaining: 93, window }
  expect(JSON.parse(/^data: (.+)$/m.exec(stream)?.[1] ?? '')).toMatchObject({ extensions: { cost } })
})

test('an answer that others share tells nobody what one of them has left', async () => {
  const ask = await start('requests', true)
  const { extensions } = (await (await ask({ query: ONE })).json()) as { extensions?: { cost?: unknown } }
  expect(extensions?.cost).toEqual({ estimated: 1, max: 100, remaining: 99 })
})

test('an operation larger than all of it runs where nothing was spent, and leaves a debt', async () => {
  const ask = await start('fresh')
  expect((await ask({ query: SEVEN })).status).toBe(200)
  expect((await ask({ query: ONE })).status).toBe(429)
})

test('each operation of a batch and of a WebSocket is paid for', async () => {
  const ask = await start('fresh')
  const batch = (await (await ask([{ query: ONE }, { query: ONE }, { query: ONE }])).json()) as unknown[]
  expect(batch).toHaveLength(3)
  const url = `${gateway.url.replace('http', 'ws')}/graphql`
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
  const next = () => client.iterate({ query: ONE }).next()
  expect([await next(), await next()]).toMatchObject([{ value: { data: {} } }, { value: { data: {} } }])
  await expect(next()).rejects.toMatchObject([{ extensions: { code: 'RATE_LIMITED' } }])
  await client.dispose()
})
