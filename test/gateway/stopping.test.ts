import { createClient, type Client } from 'graphql-ws'
import { Agent, request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startGateway, type Gateway } from '../../gateway/main.ts'
import { createLogger } from '../../platform/telemetry/logger.ts'
import { composeMesh, localEndpoint, type TestSubgraph } from '../federation/merged-mesh.ts'
import { post } from './stream-mesh.ts'

const SLOW: TestSubgraph = {
  name: 'slow',
  sdl: 'type Query { now: Int  later: Int }  type Subscription { tick: Int }',
  resolvers: { Query: { now: () => 1, later: () => 2 } },
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Slow {
  readonly gateway: Gateway
  readonly url: string
  /** Requests for `later` that have come, which wait for `release`. */
  readonly asked: (count: number) => Promise<void>
  readonly release: () => void
}

async function start(): Promise<Slow> {
  const release = Promise.withResolvers<void>()
  let count = 0
  let onAsked = (): void => undefined
  const local = localEndpoint(SLOW)
  const gateway = await startGateway({
    mesh: {
      supergraphSdl: composeMesh([SLOW]),
      endpoints: [
        {
          ...local,
          execute: async (asked) => {
            if (asked.query.includes('later')) {
              count++
              onAsked()
              await release.promise
            }
            return local.execute(asked)
          },
          subscribe: async ({ signal }) => {
            const left = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
            return (async function* () {
              yield { data: { tick: 1 } }
              await left
            })()
          },
        },
      ],
    },
    port: 0,
    sharing: 'none',
    logger: createLogger({ level: 'silent', readable: false, write: () => undefined }),
  })
  closing.push(() => gateway.close())
  return {
    gateway,
    url: `${gateway.url}/graphql`,
    asked: (wanted) =>
      new Promise((resolve) => {
        onAsked = () => void (count >= wanted && resolve())
        onAsked()
      }),
    release: release.resolve,
  }
}

function connect(url: string): { readonly client: Client; readonly closed: Promise<unknown> } {
  const { promise: closed, resolve } = Promise.withResolvers<unknown>()
  const client = createClient({
    url: url.replace('http', 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    on: {
      closed: (event) => {
        const { code, reason } = event as CloseEvent
        resolve({ code, reason })
      },
    },
  })
  closing.push(async () => client.dispose())
  return { client, closed }
}

/** On a connection that the agent keeps; resolves with what its response says of that. */
function keepAlive(url: string, agent: Agent, query: string): Promise<{ connection: unknown; text: string }> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ query })
    const sent = request(
      url,
      { agent, method: 'POST', headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () => resolve({ connection: response.headers.connection, text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

const RECONNECT = {
  message: 'The gateway is stopping. Subscribe again.',
  extensions: { code: 'SUBSCRIPTION_RECONNECT' },
}
const GOING_AWAY = { code: 1001, reason: 'The gateway is stopping.' }

test('subscribers over WebSocket are told why before their socket is closed', async () => {
  const { gateway, url } = await start()
  const { client, closed } = connect(url)
  const events = client.iterate({ query: 'subscription { tick }' })
  expect((await events.next()).value).toEqual({ data: { tick: 1 } })
  const stopped = gateway.close()
  await expect(events.next()).rejects.toEqual([RECONNECT])
  expect(await closed).toEqual(GOING_AWAY)
  await stopped
})

test('operations in hand over WebSocket are answered, those that come later are not begun', async () => {
  const { gateway, url, asked, release } = await start()
  const { client, closed } = connect(url)
  const inHand = client.iterate({ query: '{ later }' }).next()
  await asked(1)
  const stopped = gateway.close()
  const late = expect(client.iterate({ query: '{ now }' }).next()).rejects.toMatchObject(GOING_AWAY)
  release()
  expect((await inHand).value).toEqual({ data: { later: 2 } })
  expect(await closed).toEqual(GOING_AWAY)
  await late
  await stopped
})

test('requests in hand over HTTP are answered, and their clients are told that the connection ends', async () => {
  const { gateway, url, asked, release } = await start()
  const agent = new Agent({ keepAlive: true })
  closing.push(async () => agent.destroy())
  const before = await keepAlive(url, agent, '{ now }')
  const inHand = keepAlive(url, agent, '{ later }')
  await asked(1)
  const stopped = gateway.close()
  release()
  expect([before, await inHand]).toEqual([
    { connection: 'keep-alive', text: '{"data":{"now":1}}' },
    { connection: 'close', text: '{"data":{"later":2}}' },
  ])
  await stopped
  await expect(post(url, { query: '{ now }' })).rejects.toThrow('fetch failed')
})

test('a request that is on its way when the server closes is answered', async () => {
  const { gateway, url } = await start()
  const agent = new Agent({ keepAlive: true })
  closing.push(async () => agent.destroy())
  await keepAlive(url, agent, '{ now }')
  // Sent, and not read yet.
  const onItsWay = keepAlive(url, agent, '{ now }')
  const stopped = gateway.close()
  expect(await onItsWay).toEqual({ connection: 'close', text: '{"data":{"now":1}}' })
  await stopped
})
