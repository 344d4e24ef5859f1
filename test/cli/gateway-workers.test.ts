// `meshgate gateway --workers N`: processes that answer as one, and are started again when they end.
import { createClient } from 'graphql-ws'
import { Agent, request } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { restartDelayMs } from '../../cli/workers/restart-delay.ts'
import { startLibrary, type Library } from './library-subgraphs.ts'
import { createProcesses, root, type MeshgateProcess } from './meshgate-process.ts'

let library: Library
const processes = createProcesses(() => ({
  NODE_ENV: 'production',
  NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'meshgate'),
}))

beforeAll(async () => {
  library = await startLibrary()
})
afterEach(() => processes.killAll())
afterAll(() => library.close())

const QUERY = JSON.stringify({ query: '{ books { title } }' })
const ANSWER = '{"data":{"books":[{"title":"One"},{"title":"Two"}]}}'

async function start(args: readonly string[] = []): Promise<{ running: MeshgateProcess; url: URL }> {
  const urls = ['--subgraph-url', `books=${library.booksUrl}`, '--subgraph-url', `loans=${library.loansUrl}`]
  const running = processes.start([
    'gateway',
    '-s',
    'test/cli/apollo-composed.graphql',
    '--workers',
    '2',
    ...urls,
    ...args,
  ])
  return { running, url: new URL(await running.printed(/Gateway: (http:\S+)\/ \(2 workers\)/)) }
}

/** Process of a worker, the n-th that has had its number. */
async function processOf(running: MeshgateProcess, worker: number, nth = 1): Promise<number> {
  return Number(await running.reported(new RegExp(`(?:"worker":${worker},"process":(\\d+)[^]*?){${nth}}`)))
}

/** On a connection of its own, as another client has it. */
function ask(url: URL): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { 'content-type': 'application/json' }, agent: new Agent() }
    const sent = request(new URL('/graphql', url), options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text))
    })
    sent.on('error', reject).end(QUERY)
  })
}

async function metric(url: URL, name: string): Promise<string | undefined> {
  const text = await (await fetch(new URL('/metrics', url))).text()
  return text
    .split('\n')
    .find((line) => line.startsWith(`${name} `))
    ?.slice(name.length + 1)
}

test('workers share a port that nobody has named, and tell their metrics as one', async () => {
  const { url } = await start()
  expect(await Promise.all(Array.from({ length: 10 }, () => ask(url)))).toEqual(
    Array.from({ length: 10 }, () => ANSWER),
  )
  expect({
    workers: await metric(url, 'meshgate_gateway_workers'),
    requests: await metric(url, 'meshgate_gateway_request_duration_seconds_count{kind="query"}'),
    // Not the sum of what each of them sees.
    books: await metric(url, 'meshgate_gateway_subgraph_up{subgraph="books"}'),
    restarts: await metric(url, 'meshgate_gateway_worker_restarts_total'),
  }).toEqual({ workers: '2', requests: '10', books: '1', restarts: '0' })
  expect(await (await fetch(new URL('/health/ready', url))).json()).toEqual({
    ready: true,
    reasons: [],
    supergraph: expect.any(String) as string,
  })
})

test('a worker that dies is started again while the other goes on', async () => {
  const { running, url } = await start()
  const first = await processOf(running, 1)
  process.kill(first, 'SIGKILL')
  await running.reported(/(Worker 1 ended \(SIGKILL\) and is started again)/)
  expect(await ask(url)).toBe(ANSWER)
  const second = await processOf(running, 1, 2)
  expect(second).not.toBe(first)
  await expect.poll(() => metric(url, 'meshgate_gateway_workers')).toBe('2')
  expect(await metric(url, 'meshgate_gateway_worker_restarts_total')).toBe('1')
})

test('a stop finishes requests in hand and leaves no process', async () => {
  const { running, url } = await start()
  const workers = [await processOf(running, 1), await processOf(running, 2)]
  const { promise, resolve } = Promise.withResolvers<undefined>()
  library.hold(promise)
  const before = library.requests()
  const answers = [ask(url), ask(url)]
  // One at each worker, so that neither joins the other's.
  await expect.poll(() => library.requests() - before).toBe(2)
  const stopped = running.stop()
  library.hold(Promise.resolve())
  resolve(undefined)
  expect(await Promise.all(answers)).toEqual([ANSWER, ANSWER])
  expect(await stopped).toMatchObject({ code: 0 })
  expect(workers.map(isAlive)).toEqual([false, false])
})

test('workers end when the process that has started them is gone', async () => {
  const { running } = await start()
  const workers = [await processOf(running, 1), await processOf(running, 2)]
  running.child.kill('SIGKILL')
  await expect.poll(() => workers.map(isAlive), { timeout: 20_000 }).toEqual([false, false])
})

test('a port that is taken is told once', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const args = ['gateway', '-s', 'test/cli/apollo-composed.graphql', '--workers', '2', '--port', String(port)]
  const urls = ['--subgraph-url', `books=${library.booksUrl}`, '--subgraph-url', `loans=${library.loansUrl}`]
  const { code, stderr } = await processes.run([...args, ...urls])
  await new Promise((resolve) => taken.close(resolve))
  expect({ code, lines: stderr.trim().split('\n') }).toEqual({
    code: 1,
    lines: [expect.stringMatching(/^PORT_IN_USE: /)],
  })
})

test('a subscription stays with the worker that has its socket', async () => {
  const { url } = await start(['--subgraph-sse', 'loans'])
  const address = `ws://${url.host}/graphql`
  const client = createClient({ url: address, webSocketImpl: WebSocket, retryAttempts: 0 })
  const first = client.iterate({ query: 'subscription { lent { isbn title } }' }).next()
  await library.subscribed
  library.lend('1')
  expect((await first).value).toEqual({ data: { lent: { isbn: '1', title: 'One' } } })
  await client.dispose()
})

test('a worker that keeps ending is started less and less often, one that has served long at once', () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8].reduce<number[]>(
    (known) => [...known, restartDelayMs(known.at(-1) ?? 0, 500)],
    [],
  )
  expect(delays).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
  expect(restartDelayMs(10_000, 60_000)).toBe(100)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a worker that is stuck is found out and started again', async () => {
  const { running, url } = await start()
  process.kill(await processOf(running, 1), 'SIGSTOP')
  await running.reported(/(Worker 1 has not answered for \d+ ms)/)
  await processOf(running, 1, 2)
  expect(await ask(url)).toBe(ANSWER)
})
