// Append to subscriber while records come at a steady rate: from sending a POST of records until the event of one of them has come over the
// gateway's WebSocket. The load and the subscriber are this process; the mesh is others.
import { createClient } from 'graphql-ws'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Agent, request } from 'undici'
import WebSocket from 'ws'
import { invariant } from '../../platform/errors.ts'
import { quantile } from '../measure.ts'
import { runMeshgate, startMeshgate, type MeshgateProcess } from '../processes/meshgate-process.ts'
import { serverEnvironment } from '../processes/separate-mesh.ts'
import type { BenchPart, RoundOptions } from './part.ts'
import { runParts } from './run-parts.ts'

const PRODUCT = fileURLToPath(new URL('products/live-orders.graphql', import.meta.url))
const RATE = 10_000
const SLOW_RATE = 2_000
const BATCH_RECORDS = 50
/** One record in so many is of the customer that the subscriber asked for. */
const CUSTOMERS = 100
const SECONDS = 30
const WARM_UP_SECONDS = 5
/** The servers compile what they run often, on the same cores: before that every answer takes a multiple. */
const SERVERS_WARM_UP_SECONDS = 45
const SUBSCRIPTION = 'subscription { orderChanged(customerId: "7") { id customerId total lines { quantity amount } } }'

interface LatencyMesh {
  readonly gatewayUrl: string
  readonly ingestUrl: string
  readonly topic: string
  stop(): Promise<void>
}

export const latencyEmbedded: BenchPart = {
  name: 'append to subscriber, embedded',
  about: `${RATE.toLocaleString('en-US')} records a second posted in batches of ${BATCH_RECORDS} to \`meshgate dev\`; one in ${CUSTOMERS} passes the subscription's filter. From sending the POST to the event at the WebSocket's client.`,
  aims: [
    { figure: 'p50Ms', atMost: 5 },
    { figure: 'p99Ms', atMost: 20 },
  ],
  servers: false,
  round: (options) => measureLatency(startEmbedded, options, { rate: RATE, warmUpSeconds: WARM_UP_SECONDS }),
}

export const latencyServers: BenchPart = {
  ...latencyEmbedded,
  name: 'append to subscriber, Kafka and Cassandra',
  about: `As embedded, with ingest, subgraph and gateway as processes of their own on Kafka and Cassandra.`,
  aims: [{ figure: 'p99Ms', atMost: 60 }],
  servers: true,
  // Beyond what the machine sustains: its spread says nothing.
  once: true,
  round: (options) => measureLatency(startSeparate, options, { rate: RATE, warmUpSeconds: SERVERS_WARM_UP_SECONDS }),
}

export const latencyServersSlower: BenchPart = {
  ...latencyEmbedded,
  name: `append to subscriber, Kafka and Cassandra, ${SLOW_RATE.toLocaleString('en-US')} a second`,
  about: 'The same below what the machine can do with both servers and every role on its two cores.',
  aims: [{ figure: 'p99Ms', atMost: 60 }],
  servers: true,
  round: (options) =>
    measureLatency(startSeparate, options, { rate: SLOW_RATE, warmUpSeconds: SERVERS_WARM_UP_SECONDS }),
}

async function measureLatency(
  start: (options: RoundOptions) => Promise<LatencyMesh>,
  options: RoundOptions,
  { rate, warmUpSeconds }: { readonly rate: number; readonly warmUpSeconds: number },
): Promise<Readonly<Record<string, number>>> {
  const mesh = await start(options)
  const client = createClient({
    url: `${mesh.gatewayUrl.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
  })
  try {
    const sentMs = new Map<string, number>()
    const latenciesMs: number[] = []
    const events = followEvents(client.iterate<Event>({ query: SUBSCRIPTION }), sentMs, latenciesMs)
    const seconds = Math.max(2, SECONDS * options.scale)
    const load = new SteadyLoad(`${mesh.ingestUrl}/topics/${mesh.topic}`, { sentMs, rate })
    await load.run(warmUpSeconds)
    await untilEmpty(sentMs)
    latenciesMs.length = 0
    const startedMs = performance.now()
    const sent = await load.run(seconds)
    const postedSeconds = (performance.now() - startedMs) / 1_000
    await untilEmpty(sentMs)
    await client.dispose()
    await events
    return {
      recordsPerSecond: sent / postedSeconds,
      events: latenciesMs.length,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      p999Ms: quantile(latenciesMs, 0.999),
    }
  } finally {
    await client.dispose()
    await mesh.stop()
  }
}

interface Event {
  readonly orderChanged: { readonly id: string }
}

async function followEvents(
  events: AsyncIterableIterator<{ readonly data?: Event | null | undefined }>,
  sentMs: Map<string, number>,
  latenciesMs: number[],
): Promise<void> {
  for await (const { data } of events) {
    const id = data?.orderChanged.id ?? ''
    const startedMs = sentMs.get(id)
    if (startedMs === undefined) continue
    sentMs.delete(id)
    latenciesMs.push(performance.now() - startedMs)
  }
}

/** Until every record that the subscriber is to see has been seen: a lost one would hang, so it is bounded. */
async function untilEmpty(sentMs: ReadonlyMap<string, number>): Promise<void> {
  const deadlineMs = performance.now() + 60_000
  while (sentMs.size > 0) {
    invariant(performance.now() < deadlineMs, `${sentMs.size} records were never seen by the subscriber`)
    await sleep(20)
  }
}

/** Posts batches at their times, whether or not the ones before have been answered. */
class SteadyLoad {
  readonly #url: string
  readonly #sentMs: Map<string, number>
  readonly #rate: number
  readonly #agent = new Agent({ connections: 32 })
  #serial = 0
  #subscribed = false

  constructor(url: string, { sentMs, rate }: { readonly sentMs: Map<string, number>; readonly rate: number }) {
    this.#url = url
    this.#sentMs = sentMs
    this.#rate = rate
  }

  async run(seconds: number): Promise<number> {
    if (!this.#subscribed) await this.#untilSubscribed()
    const posts: Promise<void>[] = []
    const startedMs = performance.now()
    const batches = Math.floor((seconds * this.#rate) / BATCH_RECORDS)
    for (let batch = 0; batch < batches; batch += 1) {
      const dueMs = startedMs + (batch * BATCH_RECORDS * 1_000) / this.#rate
      const waitMs = dueMs - performance.now()
      if (waitMs > 0) await sleep(waitMs)
      posts.push(this.#post())
    }
    await Promise.all(posts)
    return batches * BATCH_RECORDS
  }

  /** The stream begins some time after it was asked for: posts until an event has come. */
  async #untilSubscribed(): Promise<void> {
    for (let seen = false; !seen;) {
      const before = this.#sentMs.size
      await this.#post()
      await sleep(100)
      seen = this.#sentMs.size <= before
    }
    this.#sentMs.clear()
    this.#subscribed = true
  }

  async #post(): Promise<void> {
    const lines: string[] = []
    const ids: string[] = []
    for (let at = 0; at < BATCH_RECORDS; at += 1) {
      const serial = (this.#serial += 1)
      const id = `order-${serial}`
      const customerId = String(serial % CUSTOMERS)
      if (customerId === '7') ids.push(id)
      lines.push(JSON.stringify({ id, customerId, placedAt: '2026-01-02T03:04:05Z', lines: LINES }))
    }
    const nowMs = performance.now()
    for (const id of ids) this.#sentMs.set(id, nowMs)
    const { statusCode, body } = await request(this.#url, {
      method: 'POST',
      dispatcher: this.#agent,
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines.join('\n'),
    })
    const text = await body.text()
    invariant(statusCode === 200, `HTTP ${statusCode}: ${text}`)
  }
}

const LINES = [
  { productId: '1', quantity: 2, amount: '5.70', cost: '2.00' },
  { productId: '22', quantity: 1, amount: '12.95', cost: '7.11' },
]

async function startEmbedded(): Promise<LatencyMesh> {
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-latency-'))
  const environment = { LOG_LEVEL: 'warn', MESHGATE_DATA_DIR: directory }
  const dev = await startMeshgate({ args: ['dev', PRODUCT, '--no-sample'], environment })
  await dev.ready()
  return {
    gatewayUrl: dev.url,
    ingestUrl: dev.url,
    topic: 'bench.live',
    stop: async () => {
      await dev.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function startSeparate({ servers }: RoundOptions): Promise<LatencyMesh> {
  invariant(servers !== null, 'the latency part for servers runs on servers')
  // A keyspace has its own topics: another is refused.
  const keyspace = `latency${Date.now()}`
  const topic = `${keyspace}.live`
  const environment = { LOG_LEVEL: 'warn', ...serverEnvironment({ ...servers, keyspace }) }
  const directory = await mkdtemp(join(tmpdir(), 'meshgate-latency-'))
  const product = join(directory, 'product.graphql')
  const sdl = await readFile(PRODUCT, 'utf8')
  await writeFile(
    product,
    sdl.replace('"bench.live"', `"${topic}"`).replace('domain: "bench"', `domain: "${keyspace}"`),
  )
  const roles: MeshgateProcess[] = []
  const role = async (...args: string[]): Promise<MeshgateProcess> => {
    const started = await startMeshgate({ args, environment })
    roles.push(started)
    await started.ready()
    return started
  }
  const ingest = await role('ingest', product)
  const subgraph = await role('subgraph', product)
  const supergraph = join(directory, 'supergraph.graphql')
  await runMeshgate(['compose', '--out', supergraph, `live=${subgraph.url}/graphql`], environment)
  const gateway = await role('gateway', '--supergraph', supergraph)
  return {
    gatewayUrl: gateway.url,
    ingestUrl: ingest.url,
    topic,
    stop: async () => {
      await Promise.all(roles.map((started) => started.stop()))
      await rm(directory, { recursive: true, force: true })
    },
  }
}

if (import.meta.main) await runParts([latencyEmbedded, latencyServersSlower, latencyServers], process.argv.slice(2))
