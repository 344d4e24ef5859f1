// A gateway that is told to stop, as its load balancer, its clients and its subscribers see it.
import { createClient as createSseClient } from 'graphql-sse'
import { createClient, type Client } from 'graphql-ws'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startLibrary, type Library } from './library-subgraphs.ts'
import { createProcesses, root } from './meshgate-process.ts'

let library: Library
const clients: { dispose: () => void | Promise<void> }[] = []
const processes = createProcesses(() => ({
  NODE_ENV: 'production',
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate'),
}))
beforeAll(async () => {
  library = await startLibrary()
})
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose()
  await processes.killAll()
})
afterAll(() => library.close())

async function start(environment: Readonly<Record<string, string>>) {
  const urls = ['--subgraph-url', `books=${library.booksUrl}`, '--subgraph-url', `loans=${library.loansUrl}`]
  const args = ['gateway', '-s', 'test/cli/apollo-composed.graphql', '--subgraph-sse', 'loans', ...urls]
  const running = processes.start(args, environment)
  return { running, url: await running.printed(/Gateway: (http:\S+)\//) }
}

async function ready(url: string): Promise<unknown> {
  const response = await fetch(`${url}/health/ready`, { headers: { connection: 'close' } })
  return { status: response.status, reasons: ((await response.json()) as { reasons: unknown }).reasons }
}

async function ask(url: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json', connection: 'close' }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: '{"query":"{ books { title } }"}' })
  return response.json()
}

const ANSWER = { data: { books: [{ title: 'One' }, { title: 'Two' }] } }

interface Subscriber {
  readonly client: Client
  /** The code of the error that ended its stream, and that of the socket's close. */
  readonly ended: Promise<{ readonly stream: unknown; readonly socket: number }>
}

function subscribe(url: string): Subscriber {
  const closed = Promise.withResolvers<number>()
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    on: { closed: (event) => closed.resolve((event as { code: number }).code) },
  })
  clients.push(client)
  const stream = new Promise<unknown>((resolve) => {
    const told = (errors: unknown): void =>
      resolve((errors as { extensions?: { code?: unknown } }[])[0]?.extensions?.code ?? errors)
    client.subscribe(
      { query: 'subscription { lent { isbn } }' },
      {
        next: ({ errors }) => errors !== undefined && told(errors),
        error: told,
        complete: () => resolve('completed'),
      },
    )
  })
  return { client, ended: Promise.all([stream, closed.promise]).then(([of, socket]) => ({ stream: of, socket })) }
}

async function metric(url: string, name: string): Promise<string | undefined> {
  const lines = (await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text()).split('\n')
  return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1)
}

test('is not ready first, serves on while it drains, then tells its subscribers and ends', async () => {
  const { running, url } = await start({ MESHGATE_DRAIN_DELAY_MS: '3000' })
  const subscriber = subscribe(url)
  await expect.poll(() => metric(url, 'meshgate_gateway_subscriptions')).toBe('1')
  const stopped = running.stop()
  await expect.poll(() => ready(url)).toEqual({ status: 503, reasons: ['stopping'] })
  expect(await ask(url)).toEqual(ANSWER)
  expect(await metric(url, 'meshgate_gateway_subscriptions')).toBe('1')
  expect(await subscriber.ended).toEqual({ stream: 'SUBSCRIPTION_RECONNECT', socket: 1001 })
  expect(await stopped).toMatchObject({ code: 0 })
})

test('ends at once at the second signal', async () => {
  const { running, url } = await start({ MESHGATE_DRAIN_DELAY_MS: '60000' })
  const stopped = running.stop()
  await expect.poll(() => ready(url)).toEqual({ status: 503, reasons: ['stopping'] })
  // Signals that follow at once are the same one.
  await expect
    .poll(async () => {
      running.child.kill('SIGTERM')
      return Promise.race([stopped, new Promise((resolve) => setImmediate(resolve))])
    })
    .toMatchObject({ code: 143 })
})

test('tells many subscribers, each once', async () => {
  const { running, url } = await start({})
  const client = createSseClient({ url: `${url}/graphql`, retryAttempts: 0 })
  clients.push(client)
  const streams = Array.from({ length: 200 }, async () => {
    const codes: unknown[] = []
    const query = `subscription { lent { isbn } }`
    for await (const { errors } of client.iterate({ query })) codes.push(errors?.[0]?.extensions?.['code'])
    return codes
  })
  await expect.poll(() => metric(url, 'meshgate_gateway_subscriptions')).toBe('200')
  const stopped = running.stop()
  const told = await Promise.all(streams)
  expect(told).toEqual(Array.from({ length: 200 }, () => ['SUBSCRIPTION_RECONNECT']))
  expect(await stopped).toMatchObject({ code: 0 })
})
