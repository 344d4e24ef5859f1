// WebSocket clients whose connections are cut at random and that come back with their last cursor, in a process of their own. The readings of a sensor
// are numbered from 1: each client looks whether it is told every number once. (Each reading is an entity of its own, so numbers may change places;
// test/gateway/coming-back.test.ts looks at the order of one entity's changes.)
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import type { SubscribersOrder } from './subscribers.ts'

const CONNECTING_AT_ONCE = 50
const AWAY_MS_MAX = 1_000

export interface ReturningReport {
  /** How many numbers each client was told. */
  readonly told: readonly number[]
  /** What was told twice. */
  readonly twice: readonly string[]
  readonly cuts: number
  readonly refused: readonly string[]
}

interface Message {
  readonly type: string
  readonly payload?: {
    readonly data?: { readonly readingChanged: { readonly value: number } } | null
    readonly extensions?: { readonly cursor?: string }
    readonly errors?: unknown
  }
}

const twice: string[] = []
const refused: string[] = []
const clients: ReturningClient[] = []
let cuts = 0

class ReturningClient {
  readonly told = new Set<number>()
  #cursor: string | null = null
  #socket: WebSocket | null = null
  readonly #url: string
  readonly #sensor: string

  constructor(url: string, sensor: string) {
    this.#url = url
    this.#sensor = sensor
  }

  /** Resolves when it knows where its stream begins. */
  async come(): Promise<void> {
    const socket = new WebSocket(this.#url, 'graphql-transport-ws', { perMessageDeflate: false })
    this.#socket = socket
    socket.on('error', () => undefined)
    await once(socket, 'open')
    socket.send('{"type":"connection_init"}')
    await once(socket, 'message')
    const query = `subscription { readingChanged(sensorId: "${this.#sensor}") { value } }`
    const extensions = { started: true, ...(this.#cursor === null ? {} : { cursor: this.#cursor }) }
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, extensions } }))
    const started = Promise.withResolvers<void>()
    socket.on('message', (data: Buffer) => {
      // What a cut connection had in its buffers is not read any more.
      if (this.#socket !== socket) return
      const message = JSON.parse(data.toString()) as Message
      if (message.type === 'error' || message.payload?.errors !== undefined) refused.push(data.toString())
      if (message.type !== 'next') return
      this.#take(message)
      started.resolve()
    })
    socket.once('close', () => started.resolve())
    await started.promise
  }

  async cut(awayMs: number): Promise<void> {
    const socket = this.#socket
    this.#socket = null
    socket?.terminate()
    cuts += 1
    await sleep(awayMs)
    await this.come()
  }

  #take({ payload }: Message): void {
    this.#cursor = payload?.extensions?.cursor ?? this.#cursor
    const value = payload?.data?.readingChanged.value
    if (value === undefined) return
    if (this.told.has(value)) twice.push(`${this.#sensor}: ${value}`)
    this.told.add(value)
  }
}

let cutting = false

process.on(
  'message',
  (message: { connect?: SubscribersOrder; cut?: { perSecond: number }; stop?: true; report?: true }) => {
    if (message.connect !== undefined) void connectAll(message.connect).then(() => process.send?.('connected'))
    if (message.cut !== undefined) {
      cutting = true
      void cutAtRandom(message.cut.perSecond).then(() => process.send?.('all are back'))
    }
    if (message.stop === true) cutting = false
    if (message.report === true) {
      const report: ReturningReport = { told: clients.map(({ told }) => told.size), twice, cuts, refused }
      process.send?.(report)
    }
  },
)

async function connectAll({ url, clients: count, sensors }: SubscribersOrder): Promise<void> {
  for (let from = 0; from < count; from += CONNECTING_AT_ONCE) {
    const some = Array.from({ length: Math.min(CONNECTING_AT_ONCE, count - from) }, (_, at) => {
      const client = new ReturningClient(url, sensors[(from + at) % sensors.length] ?? '')
      clients.push(client)
      return client.come()
    })
    await Promise.all(some)
  }
}

/** Resolves when all that were cut are back. */
async function cutAtRandom(perSecond: number): Promise<void> {
  const away = new Set<ReturningClient>()
  const coming: Promise<void>[] = []
  while (cutting) {
    const client = clients[Math.floor(Math.random() * clients.length)]
    if (client !== undefined && !away.has(client)) {
      away.add(client)
      coming.push(client.cut(Math.random() * AWAY_MS_MAX).then(() => void away.delete(client)))
    }
    await sleep(1_000 / perSecond)
  }
  await Promise.all(coming)
}
