// Clients of meshgate/client, in a process of their own, whose connections are cut at random: two of three over WebSockets, the third over event
// streams. The changes of a sensor are numbered from 1, over a few readings that are corrected again and again: each client looks whether it is told
// every number once, and those of one reading in order.
import { createClient } from 'graphql-ws'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { resumeOverEventStream } from '../../client/resume-over-event-stream.ts'
import { resumeOverSocket } from '../../client/resume-over-socket.ts'
import type { StreamEvent, Unsubscribe } from '../../client/stream-types.ts'
import type { SubscriptionClient } from '../../client/subscription-client.ts'
import type { SubscribersOrder } from './subscribers.ts'

const CONNECTING_AT_ONCE = 50
const AWAY_MS_MAX = 1_000
const POLL_MS = 10

export interface ReturningReport {
  /** How many numbers each client was told. */
  readonly told: readonly number[]
  /** What was told twice. */
  readonly twice: readonly string[]
  /** What came before an older change of the same reading. */
  readonly outOfOrder: readonly string[]
  readonly cuts: number
  /** Why subscriptions have ended. */
  readonly ended: readonly string[]
}

interface Told {
  readonly readingChanged: { readonly value: number }
}

const twice: string[] = []
const outOfOrder: string[] = []
const ended: string[] = []
const clients: ReturningClient[] = []
let cuts = 0

class ReturningClient {
  readonly told = new Set<number>()
  readonly #last = new Map<string, number>()
  readonly #sensor: string
  readonly #subscription: Unsubscribe
  /** Breaks the connection of now. */
  cut = (): void => undefined

  constructor(url: string, sensor: string, overSocket: boolean) {
    this.#sensor = sensor
    const client = overSocket ? this.#overSocket(url) : this.#overEventStream(url)
    const query = 'subscription ($sensorId: ID!) { readingChanged(sensorId: $sensorId) { value } }'
    this.#subscription = client.subscribe<Told>(
      { query, variables: { sensorId: sensor } },
      {
        next: (event) => this.#take(event),
        error: (error) => ended.push(`${sensor}: ${JSON.stringify(error)} ${String(error)}`),
        complete: () => ended.push(`${sensor}: completed`),
      },
    )
  }

  /** It knows where its stream begins: from here on it may be cut. */
  get hasBegun(): boolean {
    return this.#subscription.cursor !== undefined
  }

  #overSocket(url: string): SubscriptionClient {
    const opened = (socket: WebSocket): void => {
      this.cut = () => socket.terminate()
    }
    class Socket extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { perMessageDeflate: false })
        opened(this)
      }
    }
    const client = createClient({ url: url.replace('http', 'ws'), webSocketImpl: Socket, retryAttempts: 0 })
    return resumeOverSocket(client, { retryDelayMs })
  }

  #overEventStream(url: string): SubscriptionClient {
    const send: typeof fetch = (input, init) => {
      const breaking = new AbortController()
      this.cut = () => breaking.abort(new TypeError('cut'))
      const signals = [breaking.signal, init?.signal].filter((signal) => signal instanceof AbortSignal)
      return fetch(input, { ...init, signal: AbortSignal.any(signals) })
    }
    return resumeOverEventStream({ url, fetch: send, retryDelayMs })
  }

  #take({ data, extensions }: StreamEvent<Told>): void {
    const value = data?.readingChanged.value
    if (value === undefined) return
    const key = extensions?.key ?? ''
    if (this.told.has(value)) twice.push(`${this.#sensor}: ${value}`)
    if (value < (this.#last.get(key) ?? 0)) outOfOrder.push(`${key}: ${value}`)
    this.told.add(value)
    this.#last.set(key, value)
  }
}

const retryDelayMs = (): number => Math.random() * AWAY_MS_MAX

let cutting = false

process.on(
  'message',
  (message: { connect?: SubscribersOrder; cut?: { perSecond: number }; stop?: true; report?: true }) => {
    if (message.connect !== undefined) void connectAll(message.connect).then(() => process.send?.('connected'))
    if (message.cut !== undefined) void cutAtRandom(message.cut.perSecond).then(() => process.send?.('stopped'))
    if (message.stop === true) cutting = false
    if (message.report === true) {
      const told = clients.map((client) => client.told.size)
      process.send?.({ told, twice, outOfOrder, cuts, ended } satisfies ReturningReport)
    }
  },
)

async function connectAll({ url, clients: count, sensors }: SubscribersOrder): Promise<void> {
  while (clients.length < count) {
    const next = Math.min(CONNECTING_AT_ONCE, count - clients.length)
    for (let more = 0; more < next; more++) {
      const number = clients.length
      clients.push(new ReturningClient(url, sensors[number % sensors.length] ?? '', number % 3 !== 0))
    }
    while (!clients.every(({ hasBegun }) => hasBegun)) await sleep(POLL_MS)
  }
}

async function cutAtRandom(perSecond: number): Promise<void> {
  cutting = true
  for (const startedMs = performance.now(); cutting; await sleep(POLL_MS)) {
    for (const due = ((performance.now() - startedMs) / 1_000) * perSecond; cuts < due; cuts++) {
      clients[Math.floor(Math.random() * clients.length)]?.cut()
    }
  }
}
