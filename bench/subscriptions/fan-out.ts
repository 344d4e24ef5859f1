// Many clients on few distinct subscriptions: how long an event takes from its POST to each of them, and what a client costs. Clients run in processes
// of their own; what they need of the machine is counted apart.
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { readLock } from '../../platform/data-directory.ts'
import { invariant } from '../../platform/errors.ts'
import { readUsage } from '../gateway/wire/process-usage.ts'
import type { BenchPart, RoundOptions } from '../ingest/part.ts'
import { quantile } from '../measure.ts'
import { startMeshgate } from '../processes/meshgate-process.ts'
import { EVENTS_PER_SECOND, ReadingsSource } from './readings-source.ts'
import type { SubscribersOrder, SubscribersReport } from './subscribers.ts'
import { makeTokenKey } from './tokens.ts'

const CLIENTS = 10_000
const SUBSCRIPTIONS = 100
const PROCESSES = 2
const SECONDS = 30
const WARM_UP_SECONDS = 10
const MEGABYTE = 1_048_576
const ARRIVED_MS_MAX = 60_000
const ASK_MS = 1_000

const subscribers = fileURLToPath(new URL('subscribers.ts', import.meta.url))

export const fanOut: BenchPart = {
  name: 'fan-out',
  about: `${CLIENTS.toLocaleString('en-US')} WebSocket clients on ${SUBSCRIPTIONS} distinct subscriptions, ${EVENTS_PER_SECOND} events a second in all, each for one of them, for ${SECONDS} s: so ${((CLIENTS / SUBSCRIPTIONS) * EVENTS_PER_SECOND).toLocaleString('en-US')} messages a second. Latency: from making the reading that is posted until its message is in the client. Memory per client: resident memory of \`meshgate dev\` with all clients over that with none, the sockets' own included.`,
  aims: [
    { figure: 'p99Ms', atMost: 100 },
    { figure: 'kilobytesPerClient', atMost: 20 },
  ],
  servers: false,
  round: (options) => round(options, { hasTokens: false }),
}

export const fanOutWithTokens: BenchPart = {
  name: 'fan-out with tokens',
  about: 'The same where each client has a token of its own (ES256), all with the same scopes.',
  aims: fanOut.aims,
  servers: false,
  round: (options) => round(options, { hasTokens: true }),
}

async function round(
  { scale, print }: RoundOptions,
  { hasTokens }: { readonly hasTokens: boolean },
): ReturnType<BenchPart['round']> {
  await using parts = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-subscriptions-'))
  parts.defer(() => rm(directory, { recursive: true, force: true }))
  const tokens = hasTokens ? await makeTokenKey(directory) : null
  const environment = { LOG_LEVEL: 'warn', MESHGATE_DATA_DIR: directory, ...tokens?.environment }
  const mesh = await startMeshgate({ args: ['dev', '--no-sample', 'telemetry/readings'], environment })
  parts.defer(async () => void (await mesh.stop()))
  await mesh.ready()
  const holder = await readLock(directory)
  invariant(holder !== null, 'the mesh holds its data directory')

  const sensors = Array.from({ length: SUBSCRIPTIONS }, (_, sensor) => `fan-${sensor}`)
  const clients = Math.round(CLIENTS * scale)
  // What starts once is there before the first client is counted.
  const source = new ReadingsSource(mesh.url, sensors)
  await source.post(SUBSCRIPTIONS)
  const rssBefore = await settledRss(holder.pid)
  const order = {
    url: `${mesh.url.replace('http', 'ws')}/graphql`,
    clients: clients / PROCESSES,
    sensors,
    ...(tokens === null ? {} : { tokenKey: tokens.privateKey }),
  }
  const processes = await Promise.all(Array.from({ length: PROCESSES }, () => start(order)))
  for (const process of processes) parts.defer(() => void process.kill())
  const rssIdle = await settledRss(holder.pid)
  print(`${clients} clients connected, ${((rssIdle - rssBefore) / clients / 1024).toFixed(1)} KB each`)

  const messagesOf = (events: number): number => (events * clients) / SUBSCRIPTIONS
  await allReceived(processes, messagesOf(await source.postFor(WARM_UP_SECONDS)))
  const [cpuBefore, startedMs] = [readUsage(holder.pid).cpuSeconds, performance.now()]
  const events = await source.postFor(SECONDS)
  const seconds = (performance.now() - startedMs) / 1_000
  const meshCpu = readUsage(holder.pid).cpuSeconds - cpuBefore
  const latencies = await allReceived(processes, messagesOf(events))
  return {
    clients,
    messagesPerSecond: latencies.length / seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    mostMs: quantile(latencies, 1),
    meshCores: meshCpu / seconds,
    kilobytesPerClient: (rssIdle - rssBefore) / clients / 1024,
    rssMegabytes: readUsage(holder.pid).rssBytes / MEGABYTE,
  }
}

async function start(order: SubscribersOrder): Promise<ChildProcess> {
  const child = fork(subscribers, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  child.send({ connect: order })
  await once(child, 'message')
  return child
}

/** How long each message took, when all are there. */
async function allReceived(processes: readonly ChildProcess[], messages: number): Promise<readonly number[]> {
  const latencies: number[] = []
  for (const startedMs = performance.now(); latencies.length < messages; await sleep(ASK_MS)) {
    const waited = performance.now() - startedMs
    invariant(waited < ARRIVED_MS_MAX, `every client has had every event: ${latencies.length} of ${messages}`)
    for (const { latenciesMs } of await reports(processes)) for (const each of latenciesMs) latencies.push(each)
  }
  invariant(latencies.length === messages, `every client has had every event once: ${latencies.length} of ${messages}`)
  return latencies
}

function reports(processes: readonly ChildProcess[]): Promise<readonly SubscribersReport[]> {
  return Promise.all(
    processes.map(async (process) => {
      process.send({ report: true })
      const [report] = (await once(process, 'message')) as [SubscribersReport]
      return report
    }),
  )
}

/** Until it has not grown for a second. */
async function settledRss(pid: number): Promise<number> {
  for (let before = 0; ;) {
    const now = await privateBytes(pid)
    if (now - before < MEGABYTE) return now
    before = now
    await sleep(1_000)
  }
}

async function privateBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  const [, kilobytes = '0'] = /^Rss:\s+(\d+) kB$/m.exec(rollup) ?? []
  return Number(kilobytes) * 1024
}
