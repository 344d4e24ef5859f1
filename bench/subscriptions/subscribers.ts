// Many WebSocket clients in one process, as light as the protocol allows: what they cost is not what is measured. Told by its parent to connect and to
// report. Each client has one subscription, of one sensor; an event's reading says when it was posted.
import { once } from 'node:events'
import WebSocket from 'ws'
import { tokensBy } from './tokens.ts'

const CONNECTING_AT_ONCE = 50

export interface SubscribersOrder {
  readonly url: string
  /** Client n subscribes to `sensors[n % sensors.length]`. */
  readonly clients: number
  readonly sensors: readonly string[]
  /** PKCS #8: each client has a token of its own. Absent: none has one. */
  readonly tokenKey?: string
}

export interface SubscribersReport {
  readonly latenciesMs: readonly number[]
  readonly cpuSeconds: number
}

const TIME = '"at":"'
const TIME_CHARACTERS = 24

let latenciesMs: number[] = []

process.on('message', (message: { readonly connect?: SubscribersOrder; readonly report?: true }) => {
  if (message.connect !== undefined) void connectAll(message.connect).then(() => process.send?.('connected'))
  if (message.report === true) {
    const { user, system } = process.cpuUsage()
    const report: SubscribersReport = { latenciesMs, cpuSeconds: (user + system) / 1e6 }
    latenciesMs = []
    process.send?.(report)
  }
})

async function connectAll({ url, clients, sensors, tokenKey }: SubscribersOrder): Promise<void> {
  const tokenOf = tokenKey === undefined ? null : await tokensBy(tokenKey)
  for (let from = 0; from < clients; from += CONNECTING_AT_ONCE) {
    const some = Array.from({ length: Math.min(CONNECTING_AT_ONCE, clients - from) }, (_, at) => from + at)
    await Promise.all(
      some.map(async (client) => {
        const token = await tokenOf?.(`client-${process.pid}-${client}`)
        await connect(url, sensors[client % sensors.length] ?? '', token)
      }),
    )
  }
}

async function connect(url: string, sensor: string, token: string | undefined): Promise<void> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false })
  await once(socket, 'open')
  const payload = token === undefined ? {} : { authorization: `Bearer ${token}` }
  socket.send(JSON.stringify({ type: 'connection_init', payload }))
  await once(socket, 'message')
  const query = `subscription { readingChanged(sensorId: "${sensor}") { at value sensorId } }`
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
  socket.on('message', (data: Buffer) => {
    const at = data.indexOf(TIME) + TIME.length
    const postedMs = Date.parse(data.toString('latin1', at, at + TIME_CHARACTERS))
    latenciesMs.push(Date.now() - postedMs)
  })
}
