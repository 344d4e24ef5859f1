// What the server itself costs: an engine whose answer is constant behind the gateway's server, against the same bytes from bare node:http,
// in turn, in processor time of the serving process per request. Arguments: rounds and milliseconds of each window.
// With `serve` and a variant's name it is the server under test (run it with --cpu-prof for a profile).
import { fork, type ChildProcess } from 'node:child_process'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { buildSchema } from 'graphql'
import type { Engine, ReadyOperation, SerializedResult } from '../../gateway/engine-contract.ts'
import { startGatewayServer, type GatewayServerOptions } from '../../gateway/http/gateway-server.ts'

const ANSWER_BYTES = 86_772
const CONNECTIONS = 50
/** How long the constant engine takes where requests can be joined. */
const SHARED_WORK_MS = 2

const text = `{"data":{"text":"${'x'.repeat(ANSWER_BYTES - 20)}"}}`
const bytes = Buffer.from(text)
const QUERY = JSON.stringify({
  query: `query Everything { users { id name reviews { id body product { ...P } } } topProducts { ...P } } fragment P on Product { ${'inStock name price shippingEstimate upc weight '.repeat(12)}}`,
})

const variants: Record<string, () => Promise<number>> = {
  'node:http, constant': () => bare((_request, respond) => respond()),
  'node:http, body read': () =>
    bare((request, respond) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        JSON.parse(Buffer.concat(chunks).toString())
        respond()
      })
    }),
  'gateway, bytes': () => gateway(async () => ({ body: bytes, refused: false })),
  'gateway, text': () => gateway(async () => ({ body: text, refused: false })),
  'gateway, forwarding and CORS': () =>
    gateway(async () => ({ body: bytes, refused: false }), {
      forwardHeaders: ['authorization'],
      cors: { origins: ['http://localhost'] },
    }),
  'gateway, requests shared': () =>
    gateway(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, SHARED_WORK_MS))
        return { body: text, refused: false }
      },
      { sharing: 'requests' },
    ),
}

async function bare(answer: (request: IncomingMessage, respond: () => void) => void): Promise<number> {
  const server = createServer((request, response) => {
    answer(request, () => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length })
      response.end(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function gateway(
  runSerialized: () => Promise<SerializedResult>,
  options: Partial<GatewayServerOptions> = {},
): Promise<number> {
  const operation = { kind: 'query', prepared: {}, variables: {} } as unknown as ReadyOperation
  const refuse = async (): Promise<never> => {
    throw new Error('The constant engine only answers whole.')
  }
  const engine: Engine = {
    publicSchema: buildSchema('type Query { text: String }'),
    publicSdl: '',
    prepare: async () => operation,
    execute: refuse,
    run: refuse,
    runSerialized,
    subscribe: refuse,
    runSubscription: refuse,
    close: async () => undefined,
    idle: async () => undefined,
  }
  const server = await startGatewayServer({
    port: 0,
    host: '127.0.0.1',
    engine: () => engine,
    ready: () => ({ ready: true, reasons: [] }),
    routes: [],
    page: async () => false,
    onError: (message, error) => {
      throw new Error(message, { cause: error })
    },
    ...options,
  })
  return server.port
}

interface Load {
  readonly requests: number
  readonly cpuMicros: number
}

/** Requests one after the other on each connection, every answer read to its end. */
async function load(port: number, milliseconds: number): Promise<number> {
  const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\nOrigin: http://localhost\r\nAuthorization: Bearer x\r\n`
  const request = Buffer.from(`${head}Content-Length: ${Buffer.byteLength(QUERY)}\r\n\r\n${QUERY}`)
  const until = performance.now() + milliseconds
  let answered = 0
  const client = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(request))
      let missing = -1
      socket.on('error', reject)
      socket.on('data', (chunk: Buffer) => {
        // An answer begins with its head, whole: the gateway writes it at once.
        if (missing < 0) {
          const start = chunk.subarray(0, 1_024).toString('latin1')
          if (!start.startsWith('HTTP/1.1 200')) return reject(new Error(start))
          const length = Number(/content-length: (\d+)/i.exec(start)?.[1])
          missing = start.indexOf('\r\n\r\n') + 4 + length
        }
        missing -= chunk.length
        if (missing > 0) return
        missing = -1
        answered++
        if (performance.now() < until) return void socket.write(request)
        socket.destroy()
        resolve()
      })
    })
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  return answered
}

async function serve(variant: string): Promise<void> {
  const port = await variants[variant]?.()
  process.send?.({ port })
  process.on('message', () => process.send?.(process.cpuUsage()))
  process.on('disconnect', () => process.exit())
}

function ask<Answer>(child: ChildProcess, message?: string): Promise<Answer> {
  return new Promise((resolve) => {
    child.once('message', (answer) => resolve(answer as Answer))
    if (message !== undefined) child.send(message)
  })
}

async function measure(child: ChildProcess, port: number, milliseconds: number): Promise<Load> {
  const before = await ask<NodeJS.CpuUsage>(child, 'cpu')
  const requests = await load(port, milliseconds)
  const after = await ask<NodeJS.CpuUsage>(child, 'cpu')
  return { requests, cpuMicros: after.user + after.system - before.user - before.system }
}

async function compare(rounds: number, milliseconds: number): Promise<void> {
  const servers = await Promise.all(
    Object.keys(variants).map(async (name) => {
      const child = fork(fileURLToPath(import.meta.url), ['serve', name])
      const { port } = await ask<{ port: number }>(child)
      return { name, child, port, perSecond: [] as number[] }
    }),
  )
  // The first window of each warms it up.
  for (let round = 0; round <= rounds; round++) {
    for (const { child, port, perSecond } of servers) {
      const { requests, cpuMicros } = await measure(child, port, milliseconds)
      if (round > 0) perSecond.push((requests * 1_000_000) / cpuMicros)
    }
  }
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
  const base = median(servers[0]?.perSecond ?? [])
  for (const { name, child, perSecond } of servers) {
    const shown = perSecond.map((value) => Math.round(value)).join(' ')
    process.stdout.write(
      `${name}: ${Math.round(median(perSecond))}/s of CPU (${shown}), ${(median(perSecond) / base).toFixed(2)}\n`,
    )
    child.disconnect()
  }
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'serve') await serve(rest[0] ?? '')
else await compare(Number(mode ?? 3), Number(rest[0] ?? 1_500))
