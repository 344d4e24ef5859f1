// A subgraph that knows no cursors, killed: whoever follows it is told that events are lost, and never goes on as if nothing had been. And a
// supergraph that no longer has what is followed: the end comes with the reason.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from 'graphql-ws'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import {
  resumeOverEventStream,
  resumeOverSocket,
  type StreamError,
  type SubscriptionClient,
} from '../../client/index.ts'
import { pickPort } from '../../services/free-port.ts'
import { createProcesses } from '../cli/meshgate-process.ts'

const HOST = '127.0.0.1'
const SDL = 'type Query { now: Int } type Subscription { tick: Int }'
const QUERY = 'subscription { tick }'
const SCRIPT = fileURLToPath(new URL('third-party-process.ts', import.meta.url))
const processes = createProcesses(() => ({}))
let directory = ''
let port = 0
let url = ''
let supergraph = ''
let subgraph: ChildProcess

async function startSubgraph(): Promise<void> {
  subgraph = spawn(process.execPath, [SCRIPT, String(port), SDL], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (subgraph.stdout !== null) await once(subgraph.stdout, 'data')
}

async function killSubgraph(): Promise<void> {
  subgraph.kill('SIGKILL')
  await once(subgraph, 'exit')
}

/** Into the file that the gateway looks at. */
async function compose(sdl: string): Promise<void> {
  const file = join(directory, 'ticks.graphql')
  await writeFile(file, sdl)
  const service = `ticks=http://${HOST}:${port}/graphql=${file}`
  const { code, stderr } = await processes.run(['compose', '--out', supergraph, service])
  if (code !== 0) throw new Error(stderr)
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'meshgate-third-party-'))
  port = await pickPort(HOST)
  await startSubgraph()
  supergraph = join(directory, 'supergraph.graphql')
  await compose(SDL)
  const gateway = processes.start(['gateway', '--supergraph', supergraph])
  url = `${(await gateway.printed(/Gateway: (\S+)\//)).replace('localhost', HOST)}/graphql`
})
afterEach(async () => {
  if (subgraph.exitCode === null && subgraph.signalCode === null) await killSubgraph()
  await processes.killAll()
  await rm(directory, { recursive: true, force: true })
})

const codesOf = (error: unknown): unknown => (error as StreamError[]).map(({ extensions }) => extensions?.['code'])

function socket() {
  return createClient({ url: url.replace('http', 'ws'), webSocketImpl: WebSocket, retryAttempts: 0 })
}

test('a plain client is told RESUME_UNSUPPORTED', async () => {
  const client = socket()
  const ending = Promise.withResolvers<unknown>()
  const begun = Promise.withResolvers<void>()
  client.subscribe({ query: QUERY }, { next: () => begun.resolve(), error: ending.resolve, complete: () => undefined })
  await begun.promise
  await killSubgraph()
  expect(await ending.promise).toMatchObject([{ extensions: { code: 'RESUME_UNSUPPORTED', service: 'ticks' } }])
  await client.dispose()
})

test.for(['socket', 'event stream'] as const)(
  'a client of meshgate/client goes on as it was told to (%s)',
  async (way) => {
    const connection = socket()
    const client: SubscriptionClient = way === 'socket' ? resumeOverSocket(connection) : resumeOverEventStream({ url })
    const ending = Promise.withResolvers<unknown>()
    const [ends, goesOn]: [number[], number[]] = [[], []]
    const restartedAt: number[] = []
    const gaps: string[] = []
    client.subscribe<{ tick: number }>(
      { query: QUERY },
      {
        next: ({ data }) => ends.push(data?.tick ?? -1),
        error: ending.resolve,
        complete: () => ending.resolve('completed'),
      },
    )
    const leave = client.subscribe<{ tick: number }>(
      { query: QUERY },
      {
        next: ({ data, extensions }) => {
          if (extensions?.restarted === true) restartedAt.push(goesOn.length)
          goesOn.push(data?.tick ?? -1)
        },
        error: ending.reject,
        complete: () => ending.reject(new Error('completed')),
      },
      {
        onGap: ({ code }) => {
          gaps.push(code)
          return 'restart'
        },
      },
    )
    await expect.poll(() => Math.min(ends.length, goesOn.length)).toBeGreaterThan(5)
    await killSubgraph()
    expect(codesOf(await ending.promise)).toEqual(['RESUME_UNSUPPORTED'])
    await startSubgraph()
    await expect.poll(() => restartedAt.length).toBe(1)
    await expect.poll(() => goesOn.length).toBeGreaterThan((restartedAt[0] ?? 0) + 5)
    expect(gaps).toEqual(['RESUME_UNSUPPORTED'])
    // It counts from its start: what came behind the gap is of another life.
    expect(goesOn[restartedAt[0] ?? 0]).toBeLessThan(goesOn[(restartedAt[0] ?? 0) - 1] ?? 0)
    leave()
    await connection.dispose()
  },
)

test.for(['socket', 'event stream'] as const)(
  'a new supergraph without what a client follows ends it with the reason (%s)',
  async (way) => {
    const connection = socket()
    const client = way === 'socket' ? resumeOverSocket(connection) : resumeOverEventStream({ url })
    const ending = Promise.withResolvers<unknown>()
    const begun = Promise.withResolvers<void>()
    client.subscribe(
      { query: QUERY },
      { next: () => begun.resolve(), error: ending.resolve, complete: () => undefined },
    )
    await begun.promise
    await compose('type Query { now: Int } type Subscription { tock: Int }')
    const reason = 'A new supergraph has replaced the old: Cannot query field "tick" on type "Subscription".'
    expect(await ending.promise).toMatchObject([
      { message: expect.stringContaining(reason) as string, extensions: { code: 'SUBSCRIPTION_REPLACED' } },
    ])
    await connection.dispose()
  },
)
